import { useEffect, useMemo } from 'preact/hooks';
import type { Conversation } from '../../protocol.js';
import { Icon } from '../shell/icon.js';
import { useSession } from '../state/use.js';
import { Composer } from '../writing/composer.js';
import { MessageList } from './list.js';
import { shownWhisper } from './shown.js';

/** A thread beside its channel. */
export function Thread({ channel, ts }: { channel: Conversation; ts: string }) {
  const session = useSession();
  const open = session.thread.value;
  const whispers = session.whispers.value;
  const bot = session.facts.botUserId;
  const shown = useMemo(() => {
    const own = whispers.filter((it) => it.channel === channel.id && it.thread_ts === ts);
    const all = [...(open?.ts === ts ? open.messages : []), ...own.map((it) => shownWhisper({ ...it }, bot))];
    return all.sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }, [open, whispers, channel.id, ts, bot]);
  useReturn();
  const title = channel.kind === 'channel' ? `#${channel.name}` : session.title(channel);
  return (
    <aside class="panel" aria-label="Thread" data-region="panel">
      <header class="panel-head">
        <div>
          <h2>Thread</h2>
          <small class="muted">{title}</small>
        </div>
        <button
          type="button"
          class="icon-button"
          aria-label="Close thread"
          onClick={() => void session.openThread(undefined)}
        >
          <Icon name="close" />
        </button>
      </header>
      <MessageList channel={channel} shown={shown} label={`Thread in ${title}`} inThread />
      {channel.isMember && !channel.isArchived && (
        <Composer key={ts} channel={channel} thread={ts} label="Reply…" />
      )}
    </aside>
  );
}

/** Whoever opens a thread writes in it next, and is where they were when it closes. */
function useReturn(): void {
  useEffect(() => {
    const before = document.activeElement;
    if (before !== document.body) document.querySelector<HTMLElement>('#reply')?.focus();
    return () => {
      const lost = document.activeElement === document.body || document.activeElement === null;
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
}
