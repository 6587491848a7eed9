/**
 * A game's picture. Photographs fill the tile; small icons stand on a gong of the game's own hue, as
 * do the initials of a game that has neither.
 */
import { useState } from "preact/hooks";
import type { GameInfo } from "../../src/protocol/library.ts";

/** A hue that stays with the id. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (const character of id) hash = Math.imul(hash ^ character.codePointAt(0)!, 16777619);
  return (hash >>> 0) % 360;
}

/** At most two letters of a title. */
export function initialsOf(title: string): string {
  const words = title.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (words.length === 0) return "?";
  const letters = words.length === 1
    ? [...words[0]].slice(0, 2)
    : words.slice(0, 2).map((word) => [...word][0]);
  return letters.join("").toUpperCase();
}

export function Artwork({ game }: { game: Pick<GameInfo, "id" | "title" | "kind" | "artwork"> }) {
  const [shape, setShape] = useState<"loading" | "icon" | "picture" | "none">(
    game.artwork ? "loading" : "none",
  );
  if (game.kind === "testcard") return <TestCardArt />;
  return (
    <div class={`artwork artwork-${shape}`} style={{ "--hue": hueOf(game.id) }}>
      <svg class="artwork-rings" viewBox="0 0 200 200" aria-hidden="true">
        {[92, 74, 56, 38, 20].map((radius) => <circle key={radius} cx="100" cy="100" r={radius} />)}
      </svg>
      {shape === "none" && <span class="artwork-initials">{initialsOf(game.title)}</span>}
      {game.artwork && shape !== "none" && (
        <img
          src={game.artwork}
          alt=""
          decoding="async"
          draggable={false}
          onLoad={(event) => {
            const { naturalWidth: width, naturalHeight: height } = event.currentTarget;
            setShape(width >= 320 && width / height > 1.2 ? "picture" : "icon");
          }}
          onError={() => setShape("none")}
        />
      )}
    </div>
  );
}

/** Colour bars in the house's own metals. */
function TestCardArt() {
  const bars = ["#f3e3c8", "#e2a458", "#4fb3a2", "#7fae5c", "#b0568e", "#c3503c", "#4a63b8"];
  return (
    <div class="artwork artwork-testcard">
      <svg viewBox="0 0 160 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        {bars.map((colour, i) => (
          <rect
            key={colour}
            x={i * 160 / 7}
            y="0"
            width={160 / 7 + 0.5}
            height="100"
            fill={colour}
          />
        ))}
        <rect y="74" width="160" height="26" fill="#14100d" />
        <g fill="none" stroke="#14100d" stroke-width="1.200">
          <circle cx="80" cy="46" r="34" fill="#14100dcc" />
          <circle cx="80" cy="46" r="28" stroke="#e2a458" />
          <circle cx="80" cy="46" r="14" stroke="#e2a458" />
          <path d="M46 46h68M80 12v68" stroke="#f3e3c8" stroke-width=".6" />
        </g>
        <circle cx="80" cy="46" r="5" fill="#e2a458" />
      </svg>
    </div>
  );
}
