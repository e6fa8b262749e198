import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
  readonly detail?: string;
  readonly danger?: boolean;
  /** A line above it. */
  readonly apart?: boolean;
}

/** A button that opens a menu: arrows, Home, End, first letters; Escape and a click elsewhere close it. */
export function MenuButton({
  label,
  items,
  children,
  class: name = 'icon-button',
  tabIndex,
  onToggle,
}: {
  label: string;
  items: readonly MenuItem[];
  children: ComponentChildren;
  class?: string;
  tabIndex?: number;
  onToggle?: (open: boolean) => void;
}) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const turn = (on: boolean) => {
    setOpen(on);
    onToggle?.(on);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={name}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        tabIndex={tabIndex}
        onClick={() => turn(!open)}
      >
        {children}
      </button>
      {open && (
        <Menu
          label={label}
          items={items}
          anchor={button.current}
          close={(chosen) => {
            turn(false);
            if (!chosen) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

/** The open menu, beside the element it belongs to. @param close `true`: something was chosen */
export function Menu({
  label,
  items,
  anchor,
  close,
}: {
  label: string;
  items: readonly MenuItem[];
  anchor: Element | null;
  close: (chosen: boolean) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  useBeside(box, anchor);
  useEffect(() => box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus(), []);
  useOutside(box, anchor, () => close(true));
  const keys = (event: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = all.findIndex((it) => it.matches(':focus'));
    const to = targetOf(event.key, at, all);
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      close(false);
    } else if (to) {
      event.preventDefault();
      to.focus();
    }
  };
  return (
    <div class="action-menu floating" role="menu" aria-label={label} ref={box} tabIndex={-1} onKeyDown={keys}>
      {items.map((it) => (
        <button
          key={it.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          class={`${it.danger ? 'is-danger' : ''} ${it.apart ? 'apart' : ''}`}
          onClick={() => {
            close(true);
            it.run();
          }}
        >
          <span>{it.label}</span>
          {it.detail && <small>{it.detail}</small>}
        </button>
      ))}
    </div>
  );
}

function targetOf(key: string, at: number, all: readonly HTMLElement[]): HTMLElement | undefined {
  if (key === 'ArrowDown') return all[(at + 1) % all.length];
  if (key === 'ArrowUp') return all[(at - 1 + all.length) % all.length];
  if (key === 'Home') return all[0];
  if (key === 'End') return all.at(-1);
  if (key.length !== 1 || key === ' ') return undefined;
  const later = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  return later.find((it) => it.textContent?.toLowerCase().startsWith(key.toLowerCase()));
}

/** Puts a floating box beside an element, inside the window. */
export function useBeside(box: { current: HTMLElement | null }, anchor: Element | null): void {
  useLayoutEffect(() => {
    const it = box.current;
    if (!it || !anchor) return;
    const from = anchor.getBoundingClientRect();
    const { width, height } = it.getBoundingClientRect();
    const below = from.bottom + 4;
    const top = below + height <= innerHeight - 8 ? below : Math.max(8, from.top - height - 4);
    it.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
    it.style.left = `${Math.max(8, Math.min(from.right - width, innerWidth - width - 8))}px`;
  }, [box, anchor]);
}

/** Tells of a press outside of a floating box and of what it belongs to. */
export function useOutside(
  box: { current: HTMLElement | null },
  anchor: Element | null,
  tell: () => void,
): void {
  useEffect(() => {
    const press = (event: PointerEvent) => {
      const on = event.target;
      if (on instanceof Node && !box.current?.contains(on) && !anchor?.contains(on)) tell();
    };
    addEventListener('pointerdown', press);
    return () => removeEventListener('pointerdown', press);
  });
}
