/**
 * Clipboard text both ways. The page's clipboard is read when the player comes back to it and when
 * they paste; browsers ask for permission or offer it on secure pages only, and then it stays off.
 */
const MAX_TEXT = 200000;

export class ClipboardShare {
  #last = "";
  #send: (text: string) => void;
  #enabled: () => boolean;

  constructor(send: (text: string) => void, enabled: () => boolean) {
    this.#send = send;
    this.#enabled = enabled;
    addEventListener("focus", this.#offer);
    document.addEventListener("paste", this.#pasted);
  }

  /** Text that the game copied. */
  async received(text: string): Promise<void> {
    if (!this.#enabled()) return;
    this.#last = text;
    // Refused without focus or permission: the text stays in the game.
    await navigator.clipboard?.writeText(text).catch(() => {});
  }

  stop(): void {
    removeEventListener("focus", this.#offer);
    document.removeEventListener("paste", this.#pasted);
  }

  #offer = async () => {
    if (!this.#enabled() || !navigator.clipboard?.readText) return;
    try {
      // Only where it was allowed before: coming back to the page must not open a question.
      const permission = await navigator.permissions.query(
        { name: "clipboard-read" as PermissionName },
      );
      if (permission.state === "granted") this.#pass(await navigator.clipboard.readText());
    } catch {
      // This browser has no such permission: it passes on paste only.
    }
  };

  #pasted = (event: ClipboardEvent) => {
    if (this.#enabled()) this.#pass(event.clipboardData?.getData("text/plain") ?? "");
  };

  #pass(text: string): void {
    if (text === "" || text === this.#last || text.length > MAX_TEXT) return;
    this.#last = text;
    this.#send(text);
  }
}
