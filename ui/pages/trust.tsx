/**
 * Walks a device through trusting the house's certificate. Served over plain HTTP too, to whoever
 * asks, because it comes before everything else.
 */
import { useEffect, useState } from "preact/hooks";
import type { TrustInfo } from "../../src/protocol/api.ts";
import { Notice } from "../components/controls.tsx";
import { Gong, Icon, type IconName } from "../components/icons.tsx";
import { QrCode } from "../components/qr_code.tsx";
import { api } from "../state/api.ts";

interface Guide {
  id: string;
  title: string;
  icon: IconName;
  /** Matches navigator.userAgent of such devices. */
  agent: RegExp;
  steps: string[];
}

/** In the order of asking: a TV says Linux or Android too, an iPad says Macintosh. */
const GUIDES: Guide[] = [
  {
    id: "tv",
    title: "TV",
    icon: "tv",
    agent: /\b(TV|SmartTV|Web0S|Tizen|BRAVIA|AFT[A-Z]|CrKey)\b/i,
    steps: [
      "Most TV browsers cannot import a certificate: open the secure address and accept the warning once.",
      "Android TV with a browser of its own: Settings, Device preferences, Security, Install certificate, then choose the downloaded file.",
      "If the TV refuses both, connect a phone or a small computer to it.",
    ],
  },
  {
    id: "android",
    title: "Android",
    icon: "phone",
    agent: /Android/,
    steps: [
      "Download the certificate with the button above.",
      "Open Settings and search for “CA certificate” (under Security, More security settings, Install from storage).",
      "Confirm “Install anyway” and choose gamelan-ca.crt from your downloads.",
      "Open the secure address.",
    ],
  },
  {
    id: "ios",
    title: "iPhone and iPad",
    icon: "phone",
    agent: /iPhone|iPad/,
    steps: [
      "In Safari, download the certificate with the button above and allow the profile.",
      "Open Settings, General, VPN & Device Management, and install the profile “Gamelan”.",
      "Open Settings, General, About, Certificate Trust Settings, and switch full trust on for it.",
      "Open the secure address. Share, Add to Home Screen makes it an app.",
    ],
  },
  {
    id: "windows",
    title: "Windows",
    icon: "laptop",
    agent: /Windows/,
    steps: [
      "Download the certificate and open it.",
      "Choose Install Certificate, Current User, and “Place all certificates in the following store”.",
      "Browse to Trusted Root Certification Authorities, finish, and answer Yes.",
      "Restart the browser and open the secure address.",
    ],
  },
  {
    id: "macos",
    title: "macOS",
    icon: "laptop",
    agent: /Macintosh/,
    steps: [
      "Download the certificate and open it: it lands in Keychain Access, in the login keychain.",
      "Double-click it there, unfold Trust, and choose Always Trust.",
      "Close the window, enter your password, and open the secure address.",
    ],
  },
  {
    id: "linux",
    title: "Linux",
    icon: "laptop",
    agent: /Linux|X11|CrOS/,
    steps: [
      "Chromium, Chrome: Settings, Privacy and security, Security, Manage certificates, Installed by you, Import, and trust it for websites.",
      "Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import, and trust it for websites.",
      "Whole system (Debian, Ubuntu): copy it to /usr/local/share/ca-certificates/gamelan-ca.crt and run sudo update-ca-certificates.",
      "Open the secure address.",
    ],
  },
];

/** The guide for a device by its user agent. */
export function guideFor(userAgent: string, touchPoints: number): string {
  // iPads call themselves Macintosh; no Mac has a touch screen.
  if (/Macintosh/.test(userAgent) && touchPoints > 1) return "ios";
  return GUIDES.find((guide) => guide.agent.test(userAgent))?.id ?? "linux";
}

export function TrustPage() {
  const [info, setInfo] = useState<TrustInfo>();
  const [failed, setFailed] = useState(false);
  const [shown, setShown] = useState(() => guideFor(navigator.userAgent, navigator.maxTouchPoints));
  useEffect(() => {
    api.trust().then(setInfo, () => setFailed(true));
  }, []);
  const guide = GUIDES.find(({ id }) => id === shown)!;
  const secure = location.protocol === "https:";
  const here = `${location.origin}/trust`;
  return (
    <main class="trust" data-testid="trust">
      <header class="trust-head">
        <div>
          <a class="brand" href="/">
            <Gong />
            <span class="brand-name">Gamelan</span>
          </a>
          <h1>Trust this house</h1>
          <p class="lead">
            Gamepads, fullscreen keys and the microphone work on secure pages only. This house makes
            its own certificate, so each device is told once that it may trust it.
          </p>
          {secure && isSecureContext && (
            <Notice kind="info">This page is already secure on this device.</Notice>
          )}
          {failed && <Notice kind="error">The house does not answer. Reload the page.</Notice>}
          {info && info.httpsUrl === null && (
            <Notice kind="warning">
              HTTPS is switched off in this house's configuration.
            </Notice>
          )}
          {info?.httpsUrl && info.caFingerprintSha256 === null && (
            <Notice kind="info">
              This house has a certificate of its owner: open the secure address, nothing is to be
              installed.
            </Notice>
          )}
          <div class="actions">
            {info?.caFingerprintSha256 && (
              <a
                class="button primary large"
                href={guide.id === "ios" ? "/ca.mobileconfig" : "/ca.crt"}
                download={guide.id === "ios" ? "gamelan.mobileconfig" : "gamelan-ca.crt"}
                data-testid="ca-download"
                data-autofocus
              >
                <Icon name="download" /> Download the certificate
              </a>
            )}
            {info?.httpsUrl && (
              <a class="button large" href={info.httpsUrl} target="_self" data-testid="https-link">
                <Icon name="shield" /> Open the secure address
              </a>
            )}
          </div>
        </div>
        <figure class="trust-qr">
          <QrCode text={here} label="This page" />
          <figcaption>Scan to open this page on another device</figcaption>
        </figure>
      </header>
      <div class="tabs" role="tablist" aria-label="Devices">
        {GUIDES.toSorted((a, b) => a.title.localeCompare(b.title)).map(({ id, title, icon }) => (
          <button
            key={id}
            type="button"
            role="tab"
            aria-selected={id === shown}
            data-testid={`trust-${id}`}
            onClick={() => setShown(id)}
          >
            <Icon name={icon} /> {title}
          </button>
        ))}
      </div>
      <ol class="guide" aria-label={guide.title}>
        {guide.steps.map((step) => <li key={step}>{step}</li>)}
      </ol>
      {info?.caFingerprintSha256 && (
        <p class="fingerprint">
          SHA-256 of the certificate, to compare with the machine's own:
          <code>{info.caFingerprintSha256}</code>
        </p>
      )}
    </main>
  );
}
