import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from '../icon.js';

const FOCUSABLE =
  'button:not([disabled]):not([tabindex="-1"]), input:not([disabled]), select, textarea, a[href], [tabindex="0"]';

/** A dialog over the page: everything else is out of reach until it closes, then focus is where it was. */
export function Dialog({
  title,
  close,
  children,
  wide,
}: {
  title: string;
  close: () => void;
  children: ComponentChildren;
  wide?: boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const it = box.current;
    const before = document.activeElement;
    it?.showModal();
    it?.querySelector<HTMLElement>('[autofocus], .dialog-body input, .dialog-body button')?.focus();
    return () => {
      it?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key !== 'Tab') return;
    const all = [...(box.current?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])].filter(
      (it) => it.offsetParent !== null,
    );
    const [edge, other] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
    if (document.activeElement !== edge) return;
    event.preventDefault();
    other?.focus();
  };
  return (
    <dialog
      ref={box}
      class={wide ? 'sheet is-wide' : 'sheet'}
      aria-labelledby={id}
      onKeyDown={keys}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        if (event.target === box.current) close();
      }}
    >
      <div class="dialog-frame">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body">{children}</div>
      </div>
    </dialog>
  );
}

/** Asks before something is done that cannot be undone. */
export function Confirm({
  title,
  text,
  yes,
  run,
  close,
}: {
  title: string;
  text: string;
  yes: string;
  run: () => void;
  close: () => void;
}) {
  return (
    <Dialog title={title} close={close}>
      <p>{text}</p>
      <div class="dialog-feet">
        <button type="button" class="btn" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="btn is-danger"
          onClick={() => {
            close();
            run();
          }}
        >
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
