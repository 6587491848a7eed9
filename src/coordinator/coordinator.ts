import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { FromNode, Link, ToNode } from "../protocol/node.ts";
import type { UiAssets } from "../protocol/ui_assets.ts";
import { lockDataDir } from "../system/data_lock.ts";
import { pinToken, tokenSecret } from "../system/link.ts";
import { logger } from "../system/log.ts";
import { Accounts } from "./accounts/accounts.ts";
import { newToken } from "./accounts/token.ts";
import { isLoopback, lanAddresses } from "./http/addresses.ts";
import { HouseCertificate } from "./http/certificate.ts";
import { EventSockets } from "./http/events.ts";
import { Listener } from "./http/listener.ts";
import type { ApplianceControl, BackupControl } from "./http/machine.ts";
import type { SystemControl } from "./http/update_routes.ts";
import { createHandler } from "./http/server.ts";
import { shownFingerprint } from "./http/trust.ts";
import type { Artwork } from "./rooms/artwork.ts";
import { House } from "./rooms/house.ts";
import { isOver } from "./rooms/node_state.ts";
import { Viewers } from "./rooms/viewers.ts";
import { SqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";

const log = logger("coordinator");

export interface CoordinatorOptions {
  config: Config;
  /** The built web page. */
  ui: UiAssets;
  version: string;
  /** A game's picture, of a library on this machine; nodes are asked for what it does not have. */
  artwork?: (gameId: string) => Promise<Artwork | undefined>;
  /** Where the machine is nothing but this house: its network, keys and factory reset. */
  appliance?: ApplianceControl;
  /** Where the house's games are on this machine. */
  backups?: BackupControl;
  /** Where the machine is an appliance with system slots. */
  system?: SystemControl;
  /** How often the certificate is looked at; absent: every minute. */
  certificateCheckMs?: number;
}

/** A running coordinator. */
export interface Coordinator {
  /** For a browser on this machine, such as `http://localhost:8080`. */
  readonly url: string;
  /** Such as `https://localhost:8443`; absent where HTTPS is off. */
  readonly httpsUrl?: string;
  /** For the other devices of the network; absent where only this machine is served. */
  readonly lanUrl?: string;
  /** Of the house's authority, `AB:CD:…`, for an owner to compare; absent where it has none. */
  readonly caFingerprintSha256?: string;
  /** Until somebody claims the house. */
  readonly claimCode?: string;
  /** Serves a node; its first message must be `hello`. */
  attachNode(link: Link<ToNode, FromNode>): void;
  /** Tells pages to come back, stops listening and resolves when all is closed. Sessions run on. */
  close(): Promise<void>;
}

/**
 * Starts the web page and the coordinator: store, accounts, rooms and listeners.
 *
 * @throws StoreError, CertificateError, or an Error that names the port that is taken
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { config, ui, version } = options;
  Deno.mkdirSync(config.data_dir, { recursive: true });
  using starting = new DisposableStack();
  starting.use(lockDataDir(config.data_dir, "house"));
  const certificate = config.https.enabled ? HouseCertificate.open(config) : undefined;
  const store = await openStore(config);
  const accounts = await Accounts.open(store);
  const events = new EventSockets();
  const viewers = new Viewers();
  const house = await House.open(store, {
    event: (event) => events.send(event),
    dismissed: (who) => {
      events.dismiss(who);
      viewers.dismiss(who);
    },
    signal: (sessionId, viewerId, message) => viewers.signal(sessionId, viewerId, message),
    session: (session) => {
      viewers.session(session);
      if (!isOver(session)) return;
      store.deleteInvites(session.id).catch((error) =>
        log.warn("invitations not deleted", { session: session.id, error })
      );
    },
  });
  viewers.house = house;

  const caFingerprintSha256 = certificate?.authority && shownFingerprint(certificate.authority);
  let https: Listener | undefined;
  const httpsPort = () => https?.port;
  const handler = createHandler({
    config,
    version,
    ui,
    accounts,
    house,
    viewers,
    events,
    httpsPort,
    authority: () => certificate?.authority,
    artwork: async (gameId) => await options.artwork?.(gameId) ?? await house.artwork(gameId),
    nodeSecret: nodeSecret(config, certificate?.authoritySha256),
    trust: () => ({
      httpsUrl: httpsUrlFor(config, httpsPort()) ?? null,
      caFingerprintSha256: caFingerprintSha256 ?? null,
    }),
    appliance: options.appliance,
    backups: options.backups,
    system: options.system,
    checkReady: () => store.ping(),
  });

  const http = await Listener.open(config.http.host, config.http.port, handler);
  if (certificate) {
    try {
      https = await Listener.open(
        config.http.host,
        config.https.port,
        handler,
        certificate.current,
      );
    } catch (error) {
      await http.close();
      await store.close();
      throw error;
    }
    certificate.watch((next) => https!.replaceCertificate(next), options.certificateCheckMs);
  }
  const { host } = config.http;
  const here = ["", "0.0.0.0", "::", "127.0.0.1", "::1", "localhost"].includes(host);
  const shownHost = here ? "localhost" : bracketed(host);
  const held = starting.move();
  log.info("serving", { http: http.port, https: https?.port });

  return {
    url: `http://${shownHost}:${http.port}`,
    httpsUrl: https && `https://${shownHost}:${https.port}`,
    get lanUrl() {
      return lanUrl(config, http.port, https?.port);
    },
    caFingerprintSha256,
    get claimCode() {
      return accounts.claimCode;
    },
    attachNode: (link) => house.attach(link),
    async close() {
      certificate?.close();
      viewers.close();
      events.close();
      await house.close();
      await Promise.all([http.close(), https?.close()]);
      await store.close();
      held.dispose();
    },
  };
}

async function openStore(config: Config): Promise<Store> {
  if (!config.store.redis) return new SqliteStore(join(config.data_dir, "house.db"));
  // Loaded only where it is used: a house of one machine starts faster without it.
  const { RedisStore } = await import("./store/redis.ts");
  return await RedisStore.open(config.store.redis);
}

/** What remote nodes must know: from the configuration, or made once and kept beside the data. */
function nodeSecret(config: Config, authoritySha256: string | undefined): string {
  if (config.node.token) return tokenSecret(config.node.token);
  const path = join(config.data_dir, "node-token");
  let kept = "";
  try {
    kept = Deno.readTextFileSync(path).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const secret = tokenSecret(kept) || newToken();
  const token = pinToken(secret, authoritySha256);
  if (token !== kept) {
    Deno.writeTextFileSync(path, token + "\n", { mode: 0o600 });
    Deno.chmodSync(path, 0o600);
  }
  return secret;
}

const bracketed = (host: string) => host.includes(":") ? `[${host}]` : host;

/** The address by which other devices reach this machine. */
function lanHost(config: Config): string | undefined {
  const { host } = config.http;
  if (isLoopback(host) || host === "localhost") return undefined;
  if (config.http.names.length > 0) return config.http.names[0];
  const own = host === "" || host === "0.0.0.0" || host === "::" ? lanAddresses()[0] : host;
  return own && bracketed(own);
}

function httpsUrlFor(config: Config, port: number | undefined): string | undefined {
  if (port === undefined) return undefined;
  return `https://${lanHost(config) ?? "localhost"}:${port}`;
}

function lanUrl(config: Config, httpPort: number, httpsPort: number | undefined) {
  const host = lanHost(config);
  if (!host) return undefined;
  return httpsPort === undefined ? `http://${host}:${httpPort}` : `https://${host}:${httpsPort}`;
}
