/** Which letters the keys are for the game. */
import { Notice } from "../components/controls.tsx";
import { Icon } from "../components/icons.tsx";
import { preferences, setPreferences } from "../state/preferences.ts";

/** xkeyboard-config layouts that most players need, by their name in their own language. */
const LAYOUTS: { layout: string; variant?: string; title: string }[] = [
  { layout: "us", title: "English (US)" },
  { layout: "gb", title: "English (UK)" },
  { layout: "us", variant: "intl", title: "English (US, international)" },
  { layout: "us", variant: "dvorak", title: "English (Dvorak)" },
  { layout: "us", variant: "colemak", title: "English (Colemak)" },
  { layout: "de", title: "Deutsch" },
  { layout: "de", variant: "nodeadkeys", title: "Deutsch (ohne Tottasten)" },
  { layout: "at", title: "Deutsch (Österreich)" },
  { layout: "ch", title: "Deutsch (Schweiz)" },
  { layout: "ch", variant: "fr", title: "Français (Suisse)" },
  { layout: "fr", title: "Français" },
  { layout: "be", title: "Belge" },
  { layout: "ca", title: "Français (Canada)" },
  { layout: "es", title: "Español" },
  { layout: "latam", title: "Español (Latinoamérica)" },
  { layout: "it", title: "Italiano" },
  { layout: "pt", title: "Português" },
  { layout: "br", title: "Português (Brasil)" },
  { layout: "nl", title: "Nederlands" },
  { layout: "dk", title: "Dansk" },
  { layout: "no", title: "Norsk" },
  { layout: "se", title: "Svenska" },
  { layout: "fi", title: "Suomi" },
  { layout: "is", title: "Íslenska" },
  { layout: "pl", title: "Polski" },
  { layout: "cz", title: "Čeština" },
  { layout: "sk", title: "Slovenčina" },
  { layout: "hu", title: "Magyar" },
  { layout: "ro", title: "Română" },
  { layout: "hr", title: "Hrvatski" },
  { layout: "si", title: "Slovenščina" },
  { layout: "rs", title: "Српски" },
  { layout: "bg", title: "Български" },
  { layout: "gr", title: "Ελληνικά" },
  { layout: "tr", title: "Türkçe" },
  { layout: "ru", title: "Русский" },
  { layout: "ua", title: "Українська" },
  { layout: "il", title: "עברית" },
  { layout: "ara", title: "العربية" },
  { layout: "jp", title: "日本語" },
  { layout: "kr", title: "한국어" },
];

export function KeyboardSettings() {
  const chosen = preferences.value.keyboard;
  return (
    <>
      <p class="lead">
        Games get the physical keys. The layout decides which letters they write.
      </p>
      <div class="layout-list" role="radiogroup" aria-label="Keyboard layout">
        {LAYOUTS.map(({ layout, variant = "", title }) => {
          const checked = chosen.layout === layout && chosen.variant === variant;
          return (
            <button
              key={layout + variant}
              type="button"
              role="radio"
              aria-checked={checked}
              data-testid={`keyboard-layout-${layout}${variant && `-${variant}`}`}
              onClick={() => setPreferences({ keyboard: { layout, variant } })}
            >
              <span>{title}</span>
              {checked && <Icon name="check" />}
            </button>
          );
        })}
      </div>
      <section class="panel">
        <h2>While playing</h2>
        <dl class="details keys">
          {[
            ["Menu", "M"],
            ["Statistics", "S"],
            ["Fullscreen", "F"],
            ["Free the mouse", "Z"],
            ["Screenshot", "P"],
          ].map(([what, key]) => (
            <div key={key}>
              <dt>{what}</dt>
              <dd>
                <kbd>Ctrl</kbd> <kbd>Alt</kbd> <kbd>Shift</kbd> <kbd>{key}</kbd>
              </dd>
            </div>
          ))}
        </dl>
        <Notice kind="info">
          In fullscreen also keys such as Escape and Alt+Tab go to the game where the browser can
          lock the keyboard; hold Escape to get out.
        </Notice>
      </section>
    </>
  );
}
