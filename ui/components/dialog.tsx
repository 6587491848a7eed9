/** A question or a form over the page. Escape and B close it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { focusFirst } from "../navigation/focus.ts";

export function Dialog(
  { title, onClose, children, testId }: {
    title: string;
    onClose: () => void;
    children: ComponentChildren;
    testId?: string;
  },
) {
  const box = useRef<HTMLDivElement>(null);
  useFocusScope(box, onClose);
  return (
    <div
      class="dialog-backdrop"
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div
        class="dialog"
        role="dialog"
        aria-modal="true"
        aria-label={title}
        data-focus-scope
        data-testid={testId}
        ref={box}
      >
        <h2>{title}</h2>
        {children}
      </div>
    </div>
  );
}

/** Keeps the focus within an element marked `data-focus-scope`; "back" closes it. */
export function useFocusScope(
  box: { current: HTMLElement | null },
  onClose: () => void,
): void {
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const element = box.current!;
    const before = document.activeElement;
    focusFirst(element);
    const back = () => close.current();
    element.addEventListener("gamelan-back", back);
    return () => {
      element.removeEventListener("gamelan-back", back);
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
}
