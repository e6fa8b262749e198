import type { Told } from '../../protocol.js';
import type { Session } from './session.js';

// Browsers allow six connections to one place: a page that nobody looks at gives its own back.
const HIDDEN_MS = 20_000;

/** Keeps a session up to date over the stream, and catches up after it was cut. */
export function listen(session: Session): void {
  let source: EventSource | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    clearTimeout(resting);
    if (source) return;
    source = new EventSource(`/live?${new URLSearchParams({ user: session.me, after: session.mark })}`);
    source.onmessage = (event: MessageEvent<string>) => {
      const told: Told[] = JSON.parse(event.data);
      session.hear(told, Number(event.lastEventId.split(':')[1]));
    };
  };
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') {
      open();
      return;
    }
    resting = setTimeout(() => {
      source?.close();
      source = undefined;
    }, HIDDEN_MS);
  });
  open();
}
