import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImportJob } from "../protocol/library.ts";
import { logSettings } from "../system/log.ts";
import { Inbox } from "./inbox.ts";

// What cannot be imported is what some of these tests are about.
logSettings.write = () => {};

/** Test double of the imports: keeps what it was asked for. */
class StandInImports {
  readonly added: string[] = [];
  readonly refused: [string, string][] = [];
  #changed = Promise.withResolvers<void>();

  add(_id: string, source: string): void {
    if (!this.added.includes(source)) this.added.push(source);
    this.#tell();
  }

  refuse(_id: string, source: string, error: string): void {
    this.refused.push([source, error]);
    this.#tell();
  }

  /** Resolves once so many packages were added and refused. */
  async until(added: number, refused: number): Promise<void> {
    while (this.added.length < added || this.refused.length < refused) {
      await this.#changed.promise;
    }
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

async function withInbox(
  test: (inbox: Inbox, imports: StandInImports) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const imports = new StandInImports();
  const inbox = new Inbox(dataDir, imports);
  try {
    await test(inbox, imports);
  } finally {
    await inbox.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

const ended = (source: string, state: ImportJob["state"]) => ({ source, state });
const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("packages that lie in the inbox and those that come later are imported", () =>
  withInbox(async (inbox, imports) => {
    await Deno.mkdir(inbox.folder);
    const [first, second] = ["chess", "go"].map((name) => join(inbox.folder, `${name}.erofs`));
    await Deno.writeTextFile(first, "a package");
    await Deno.writeTextFile(`${first}.sig`, "{}");
    // Half written.
    await Deno.writeTextFile(join(inbox.folder, ".go.erofs.part"), "a pack");
    await inbox.open();
    assert.deepEqual(imports.added, [first]);
    await Deno.rename(join(inbox.folder, ".go.erofs.part"), second);
    await imports.until(2, 0);
    assert.deepEqual(imports.added, [first, second]);
  }));

Deno.test("what was imported is remembered and removed; what failed is removed only", () =>
  withInbox(async (inbox, imports) => {
    await inbox.open();
    const [good, bad] = ["chess", "bad"].map((name) => join(inbox.folder, `${name}.erofs`));
    await Deno.writeTextFile(good, "a package");
    await Deno.writeTextFile(`${good}.sig`, "{}");
    await Deno.utime(good, 1_700_000_000.9, 1_700_000_000.9);
    await Deno.writeTextFile(bad, "no package");
    await imports.until(2, 0);
    inbox.update(ended(good, "running"));
    assert.deepEqual(await names(inbox.folder), ["bad.erofs", "chess.erofs", "chess.erofs.sig"]);
    inbox.update(ended(good, "done"));
    inbox.update(ended(bad, "failed"));
    inbox.update(ended("/elsewhere/other.erofs", "failed"));
    await inbox.close();
    assert.deepEqual(await names(inbox.folder), ["taken"]);
    const taken = await Deno.readTextFile(join(inbox.folder, "taken"));
    assert.equal(taken, "9 1700000000 chess.erofs\n");
  }));

Deno.test("an import that is broken off by the end of this process is made by the next one", () =>
  withInbox(async (inbox, imports) => {
    await inbox.open();
    const path = join(inbox.folder, "chess.erofs");
    await Deno.writeTextFile(path, "a package");
    await imports.until(1, 0);
    await inbox.close();
    inbox.update(ended(path, "failed"));
    assert.deepEqual(await names(inbox.folder), ["chess.erofs"]);
  }));

Deno.test("why a package could not be copied is shown once", () =>
  withInbox(async (inbox, imports) => {
    await inbox.open();
    const path = join(inbox.folder, "huge.erofs");
    await Deno.writeTextFile(`${path}.error`, "It needs 9000 MB.\n");
    await imports.until(0, 1);
    assert.deepEqual(imports.refused, [[path, "It needs 9000 MB."]]);
    assert.deepEqual(await names(inbox.folder), []);
  }));
