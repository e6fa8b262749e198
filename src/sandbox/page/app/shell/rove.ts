/**
 * Arrow keys among the buttons of a list that is one tab stop.
 * @returns true when the key was one of these
 */
export function rove(event: KeyboardEvent, list: Element, selector: string): boolean {
  const all = [...list.querySelectorAll<HTMLElement>(selector)].filter((it) => it.offsetParent !== null);
  const at = all.findIndex((it) => it.matches(':focus'));
  if (at < 0) return false;
  const to =
    event.key === 'ArrowDown'
      ? all[at + 1]
      : event.key === 'ArrowUp'
        ? all[at - 1]
        : event.key === 'Home'
          ? all[0]
          : event.key === 'End'
            ? all.at(-1)
            : undefined;
  if (!to) return false;
  event.preventDefault();
  for (const it of all) it.tabIndex = it === to ? 0 : -1;
  to.focus();
  return true;
}

/** F6 goes to the next region of the page, Shift F6 to the one before. */
export function regionKeys(event: KeyboardEvent): void {
  if (event.key !== 'F6') return;
  const all = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (it) => it.getClientRects().length > 0,
  );
  if (all.length === 0) return;
  event.preventDefault();
  const at = all.findIndex((it) => it.contains(document.activeElement));
  const step = event.shiftKey ? -1 : 1;
  const next = all[(at + step + all.length) % all.length];
  const inside =
    next?.querySelector<HTMLElement>('[data-entry]') ??
    next?.querySelector<HTMLElement>(
      'textarea, [tabindex="0"], button:not([tabindex="-1"]), a[href], select, input',
    );
  inside?.focus();
}
