/**
 * Moving focus through the pages with arrows or a gamepad. A dialog or menu (`data-focus-scope`)
 * keeps the focus within while it is open.
 */
import { type Direction, nextInDirection } from "./spatial.ts";

const FOCUSABLE =
  "a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]), select:not([disabled]), textarea:not([disabled]), [tabindex='0']";

/** The part of the page that the focus may move in now: the last scope opened, or all. */
export function focusScope(): HTMLElement {
  const scopes = document.querySelectorAll<HTMLElement>("[data-focus-scope]");
  return scopes[scopes.length - 1] ?? document.body;
}

/** What can take the focus, in the order of the document. */
export function focusables(root: HTMLElement = focusScope()): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((element) =>
    element.getClientRects().length > 0 && !element.closest("[inert], [aria-hidden='true']")
  );
}

/** Moves the focus; true where there was somewhere to go. */
export function moveFocus(direction: Direction): boolean {
  const root = focusScope();
  const active = document.activeElement;
  const all = focusables(root);
  if (!(active instanceof HTMLElement) || !root.contains(active) || active === document.body) {
    return focusFirst(root);
  }
  const others = all.filter((element) => element !== active);
  const boxes = others.map((element) => element.getBoundingClientRect());
  const next = others[nextInDirection(active.getBoundingClientRect(), boxes, direction)];
  if (!next) return false;
  focusOn(next);
  return true;
}

/** Focuses the marked (`data-autofocus`) or first element of a scope. */
export function focusFirst(root: HTMLElement = focusScope()): boolean {
  const all = focusables(root);
  const first = all.find((element) => "autofocus" in element.dataset) ??
    all.find((element) => !element.closest("[data-focus-last]")) ?? all[0];
  if (!first) return false;
  focusOn(first);
  return true;
}

function focusOn(element: HTMLElement): void {
  element.focus({ preventScroll: true });
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({
    block: "nearest",
    inline: "nearest",
    behavior: smooth ? "smooth" : "instant",
  });
}

/** Whether keys typed now belong to a text field. */
export function isTextField(element: Element | null): element is HTMLInputElement {
  return element instanceof HTMLTextAreaElement ||
    (element instanceof HTMLInputElement &&
      !["checkbox", "radio", "range", "button", "submit"].includes(element.type));
}
