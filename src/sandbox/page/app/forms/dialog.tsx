import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex]:not([tabindex="-1"])';

interface DialogProps {
  /** Id of its heading. */
  labelledBy: string;
  describedBy?: string;
  class?: string;
  /** Stays inside its positioned ancestor, and leaves what is outside of that alone. */
  contained?: boolean;
  /** `alertdialog` for a question that must be answered. */
  urgent?: boolean;
  /** Escape. */
  onClose(): void;
  /** Changes when what is shown is another thing: then the focus begins again. */
  subject?: string;
  children: ComponentChildren;
}

/**
 * A dialog that keeps the focus inside and gives it back when it goes. It takes the focus to the element marked
 * `data-focus`, else to the first input, else to the first thing that can have it.
 */
export function Dialog({ contained, onClose, subject, children, ...more }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    if (contained) dialog?.show();
    else dialog?.showModal();
    return () => {
      // Nothing outside of a modal dialog can have the focus before it is closed.
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [contained]);
  // Another subject takes the focus anew.
  useLayoutEffect(() => first(box.current)?.focus(), [subject]);
  // What had the focus may be gone from the new content.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) first(box.current)?.focus();
  });
  return (
    <dialog
      ref={box}
      class={`dialog ${more.class ?? ''} ${contained ? 'contained' : ''}`}
      role={more.urgent ? 'alertdialog' : undefined}
      aria-modal="true"
      aria-labelledby={more.labelledBy}
      aria-describedby={more.describedBy}
      tabIndex={-1}
      onKeyDown={(event) => {
        // Keys of a dialog are no keys of the page.
        event.stopPropagation();
        if (event.key === 'Tab') keepInside(event, box.current);
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        onClose();
      }}
      onCancel={(event) => {
        // A bubbled `cancel` is that of a file picker within.
        if (event.target !== box.current) return;
        event.preventDefault();
        onClose();
      }}
    >
      {children}
    </dialog>
  );
}

function focusable(box: HTMLElement | null): HTMLElement[] {
  return [...(box?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].filter(
    (it) => it.tabIndex >= 0 && it.getClientRects().length > 0 && !it.closest('dialog dialog'),
  );
}

function first(box: HTMLElement | null): HTMLElement | null {
  const all = focusable(box);
  const marked = box?.querySelector<HTMLElement>('[data-focus]');
  return marked ?? all.find((it) => it.matches('input, select, textarea')) ?? all[0] ?? box;
}

function keepInside(event: KeyboardEvent, box: HTMLElement | null): void {
  const all = focusable(box);
  const [start, end] = [all[0], all.at(-1)];
  if (!start || !end) {
    event.preventDefault();
    return;
  }
  const here = document.activeElement;
  const leaving = event.shiftKey ? here === start || here === box : here === end;
  if (!leaving) return;
  event.preventDefault();
  (event.shiftKey ? end : start).focus();
}
