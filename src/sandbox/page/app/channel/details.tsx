import { useEffect, useState } from 'preact/hooks';
import { listOf, textOf } from '../../../fields.js';
import type { Conversation, Details } from '../../protocol.js';
import { Blocks } from '../blocks/blocks.js';
import { Face } from '../shell/face.js';
import { Icon } from '../shell/icon.js';
import { labelOf } from '../state/directory.js';
import { ask } from '../state/server.js';
import { usePlace, useSession } from '../state/use.js';
import { FileCard } from './file-card.js';
import { MessageList } from './list.js';

const WAIT_MS = 120;

/** Members, pins and files of a channel; fetched again when something in it changed. */
export function useDetails(channel: string): Details | undefined {
  const session = useSession();
  const stamp = session.stamps.value.get(channel) ?? 0;
  const [found, setFound] = useState<{ channel: string; details: Details }>();
  useEffect(() => {
    let late = false;
    const look = async () => {
      const details = await ask<Details>('/page/details', { user: session.me, channel });
      if (!late) setFound({ channel, details });
    };
    const wait = setTimeout(() => void look().catch(() => {}), found?.channel === channel ? WAIT_MS : 0);
    return () => {
      late = true;
      clearTimeout(wait);
    };
  }, [channel, stamp]);
  return found?.channel === channel ? found.details : undefined;
}

/** What is pinned. */
export function Pins({ channel }: { channel: Conversation }) {
  const details = useDetails(channel.id);
  if (!details) return <p class="empty">Loading…</p>;
  if (details.pins.length === 0)
    return <p class="empty">Nothing is pinned here yet. Pin a message from its menu.</p>;
  return <MessageList channel={channel} shown={details.pins} label="Pinned messages" />;
}

/** What was uploaded. */
export function Files({ channel }: { channel: Conversation }) {
  const session = useSession();
  const details = useDetails(channel.id);
  if (!details) return <p class="empty">Loading…</p>;
  if (details.files.length === 0)
    return <p class="empty">No files here yet. Attach one to a message, or drop it into the box below.</p>;
  return (
    <ul class="files" aria-label="Files">
      {details.files.map((file) => (
        <li key={String(file.id)}>
          <FileCard file={file} />
          <small class="muted">Shared by {session.label(textOf(file.user) ?? '')}</small>
        </li>
      ))}
    </ul>
  );
}

/** The canvas of the channel. */
export function Canvas({ channel }: { channel: Conversation }) {
  const place = usePlace({ channel: channel.id, ts: 'canvas' });
  const details = useDetails(channel.id);
  if (!details) return <p class="empty">Loading…</p>;
  const { canvas } = details;
  if (!canvas) return <p class="empty">This channel has no canvas.</p>;
  return (
    <article class="canvas">
      <h2>{canvas.title || 'Untitled'}</h2>
      {canvas.markdown === '' ? (
        <p class="muted">This canvas is empty.</p>
      ) : (
        <Blocks blocks={[{ type: 'markdown', block_id: 'canvas', text: canvas.markdown }]} place={place} />
      )}
    </article>
  );
}

/** Links above the messages. */
export function Bookmarks({ channel }: { channel: Conversation }) {
  const session = useSession();
  const names = session.names.value;
  const all = listOf(channel.bookmarks);
  if (all.length === 0) return null;
  return (
    <nav class="bookmarks" aria-label="Bookmarks">
      {all.map((it) => {
        const drawn = names.emoji((textOf(it.emoji) ?? '').replaceAll(':', ''));
        return (
          <a key={String(it.id)} href={safe(textOf(it.link))} target="_blank" rel="noreferrer">
            {drawn && 'char' in drawn ? (
              <span aria-hidden="true">{drawn.char}</span>
            ) : (
              <Icon name="bookmark" />
            )}
            {textOf(it.title)}
          </a>
        );
      })}
    </nav>
  );
}

function safe(link: string | undefined): string | undefined {
  return link && /^https?:\/\//i.test(link) ? link : undefined;
}

/** Who is in a channel. */
export function Members({ channel }: { channel: Conversation }) {
  const session = useSession();
  const details = useDetails(channel.id);
  const people = session.people.value;
  if (!details) return <p class="muted">Loading…</p>;
  return (
    <ul class="rows" aria-label="Members">
      {details.members.map((id) => {
        const it = people.get(id);
        return (
          <li key={id}>
            <button
              type="button"
              class="row-main"
              onClick={() => {
                session.profile.value = id;
              }}
            >
              <Face small person={it} />
              <span>
                <b>{labelOf(it) ?? id}</b>
                <small>
                  {it?.realName}
                  {it?.bot ? ' · app' : it?.guest ? ' · guest' : ''}
                  {it?.deleted ? ' · deactivated' : ''}
                </small>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
