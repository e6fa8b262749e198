import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Message } from '../../../protocol.js';
import { ask } from '../../state/server.js';
import { useSession } from '../../state/use.js';
import { Dialog } from './dialog.js';

interface Found {
  readonly key: string;
  readonly label: string;
  readonly detail: string;
  readonly run: () => Promise<void>;
}

/** Channels, people and messages by a few letters. */
export function Jump({ close }: { close: () => void }) {
  const session = useSession();
  const [words, setWords] = useState('');
  const [messages, setMessages] = useState<ReadonlyArray<{ channel: string; message: Message }>>([]);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    setAt(0);
    setMessages([]);
    if (words.trim().length < 2) return;
    const wait = setTimeout(() => {
      void ask<typeof messages>('/page/search', { user: session.me, words: words.trim() }).then(
        setMessages,
        () => {},
      );
    }, 150);
    return () => clearTimeout(wait);
  }, [words, session]);
  const found = useMemo<Found[]>(() => {
    const wanted = words.trim().toLowerCase();
    const places = [...session.conversations.value.values()]
      .map((it) => ({ it, title: session.title(it) }))
      .filter(({ title }) => title.toLowerCase().includes(wanted))
      .sort((a, b) => rank(a.title, wanted) - rank(b.title, wanted) || (a.it.latest < b.it.latest ? 1 : -1))
      .slice(0, 8)
      .map(({ it, title }) => ({
        key: it.id,
        label: it.kind === 'channel' ? `#${title}` : title,
        detail: it.kind === 'channel' ? (it.isArchived ? 'Archived channel' : 'Channel') : 'Direct message',
        run: () => session.goTo(it.id),
      }));
    const written = messages.map(({ channel, message }) => {
      const it = session.conversations.value.get(channel);
      return {
        key: `${channel} ${message.ts}`,
        label: String(message.text ?? '').slice(0, 120),
        detail: `${session.label(String(message.user))} in ${it ? session.title(it) : channel}`,
        run: () => session.goTo(channel, message.ts),
      };
    });
    return [...places, ...written];
  }, [words, messages, session]);
  const take = (one: Found | undefined) => {
    if (!one) return;
    close();
    void one.run();
  };
  const keys = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step) {
      event.preventDefault();
      const next = (at + step + found.length) % Math.max(1, found.length);
      setAt(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(found[at]);
    }
  };
  return (
    <Dialog title="Jump to or search" close={close} wide>
      <input
        type="text"
        role="combobox"
        class="jump-box"
        aria-label="Channel, person or words of a message"
        aria-expanded={found.length > 0}
        aria-controls="jump-found"
        aria-autocomplete="list"
        aria-activedescendant={found[at] ? `jump-${at}` : undefined}
        placeholder="Channel, person or words of a message"
        autocomplete="off"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
        onKeyDown={keys}
      />
      <div id="jump-found" role="listbox" aria-label="Found" class="rows found" ref={list}>
        {found.map((it, index) => (
          <div
            key={it.key}
            id={`jump-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            class={index === at ? 'row-main is-on' : 'row-main'}
            onPointerDown={(event) => event.preventDefault()}
            onPointerUp={() => take(it)}
          >
            <span>
              <b>{it.label}</b>
              <small>{it.detail}</small>
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="muted">Nothing found.</p>}
    </Dialog>
  );
}

function rank(title: string, wanted: string): number {
  return title.toLowerCase().startsWith(wanted) ? 0 : 1;
}
