import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

// Room that a list needs before it opens upwards.
const COMFORT_PX = 260;
const EDGE_PX = 8;

/** Shows a `popover` element under its anchor, or above where there is more room; it scrolls away with its anchor. */
export function usePopover(
  open: boolean,
  anchor: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  close: () => void,
): void {
  useLayoutEffect(() => {
    const [at, box] = [anchor.current, list.current];
    if (!open || !at || !box) return;
    box.showPopover();
    const place = () => {
      const here = at.getBoundingClientRect();
      const below = innerHeight - here.bottom - EDGE_PX;
      const above = here.top - EDGE_PX;
      const up = below < Math.min(COMFORT_PX, box.scrollHeight) && above > below;
      box.style.minWidth = `${Math.min(here.width, innerWidth - 2 * EDGE_PX)}px`;
      box.style.maxHeight = `${Math.max(80, up ? above : below)}px`;
      const left = Math.min(here.left, innerWidth - box.offsetWidth - EDGE_PX);
      box.style.left = `${Math.max(EDGE_PX, left)}px`;
      box.style.top = up ? `${Math.max(EDGE_PX, here.top - box.offsetHeight - 2)}px` : `${here.bottom + 2}px`;
    };
    place();
    const outside = (event: Event) => {
      if (event.target instanceof Node && !at.contains(event.target) && !box.contains(event.target)) close();
    };
    const resized = new ResizeObserver(place);
    resized.observe(box);
    resized.observe(at);
    // Scrolling of any ancestor, which does not bubble.
    document.addEventListener('scroll', place, true);
    document.addEventListener('pointerdown', outside);
    addEventListener('resize', place);
    return () => {
      resized.disconnect();
      document.removeEventListener('scroll', place, true);
      document.removeEventListener('pointerdown', outside);
      removeEventListener('resize', place);
      if (box.isConnected) box.hidePopover();
    };
  });
}
