import { useSession } from '../state/use.js';
import { Icon } from './icon.js';

/** Sentences about what failed, and the lines that only screen readers hear. */
export function NoticeBoard() {
  const { notices } = useSession();
  return (
    <>
      <div class="notices" role="status">
        {notices.shown.value.map((it) => (
          <div key={it.id} class={it.bad ? 'notice is-bad' : 'notice'}>
            <span>{it.text}</span>
            <button
              type="button"
              class="icon-button"
              aria-label="Dismiss"
              onClick={() => notices.hide(it.id)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
      <div class="unseen" role="log" aria-label="New messages" aria-live="polite" aria-relevant="additions">
        {notices.spoken.value.map((it) => (
          <p key={it.id}>{it.text}</p>
        ))}
      </div>
    </>
  );
}
