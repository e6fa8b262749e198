import { isFields, listOf, textOf } from '../../../fields.js';
import type { Conversation } from '../../protocol.js';
import { Attachments } from '../blocks/attachments.js';
import { Blocks } from '../blocks/blocks.js';
import { Face } from '../shell/face.js';
import { Icon } from '../shell/icon.js';
import { usePlace, useSession } from '../state/use.js';
import { Mrkdwn } from '../text/mrkdwn.js';
import { Editor } from '../writing/editor.js';
import type { Actions } from './actions.js';
import { FileCard } from './file-card.js';
import { isSystem, type Shown } from './shown.js';
import { lastText, timeText, wholeText } from './when.js';

/** One message with all that belongs to it. */
export function MessageBody({
  channel,
  message,
  id,
  compact,
  inThread,
  actions,
}: {
  channel: Conversation;
  message: Shown;
  /** Ids of its parts begin with it. */
  id: string;
  /** The one before is by the same person: no face, no name. */
  compact: boolean;
  inThread: boolean;
  actions: Actions;
}) {
  const session = useSession();
  const author = session.people.value.get(textOf(message.user) ?? '');
  const profile = isFields(message.bot_profile) ? textOf(message.bot_profile.name) : undefined;
  const name = textOf(message.username) ?? profile ?? session.label(textOf(message.user) ?? 'unknown');
  const app = author?.bot || message.bot_id !== undefined;
  const time = (
    <a
      class="message-time"
      href={`/archives/${channel.id}/p${message.ts.replace('.', '')}`}
      title={wholeText(message.ts)}
      tabIndex={-1}
      onClick={(event) => {
        event.preventDefault();
        void session.goTo(channel.id, message.ts);
      }}
    >
      {timeText(message.ts)}
    </a>
  );
  return (
    <>
      <Notes message={message} />
      <div class="message-row">
        <div class="message-side">
          {compact ? time : <Face person={author ?? undefined} name={author?.bot ? undefined : name} />}
        </div>
        <div class="message-main">
          <div class={compact ? 'message-head unseen' : 'message-head'} id={`${id}-who`}>
            <span class="name">{name}</span>
            {app && <span class="app-badge">APP</span>}
            {compact ? <span>{timeText(message.ts)}</span> : time}
          </div>
          {actions.editing.value === message.ts ? (
            <Editor channel={channel} message={message} done={() => actions.edit(undefined)} />
          ) : (
            <Content channel={channel} message={message} id={id} />
          )}
          {listOf(message.files).map((file) => (
            <FileCard key={String(file.id)} file={file} />
          ))}
          <Reactions channel={channel} message={message} actions={actions} />
          {!inThread && <Replies message={message} />}
        </div>
      </div>
    </>
  );
}

function Notes({ message }: { message: Shown }) {
  const session = useSession();
  const { pinned_info: pinned } = message;
  const by = isFields(pinned) ? textOf(pinned.pinned_by) : undefined;
  return (
    <>
      {message.only && (
        <div class="note only">
          <Icon name="eye" /> Only visible to you
        </div>
      )}
      {by && (
        <div class="note">
          <Icon name="pin" /> Pinned by {by === session.me ? 'you' : session.label(by)}
        </div>
      )}
      {message.subtype === 'thread_broadcast' && (
        <div class="note">
          <Icon name="reply" />
          <button
            type="button"
            class="text-button"
            onClick={() => void session.openThread(textOf(message.thread_ts))}
          >
            replied to a thread
          </button>
        </div>
      )}
    </>
  );
}

function Content({ channel, message, id }: { channel: Conversation; message: Shown; id: string }) {
  const place = usePlace({ channel: channel.id, ts: message.ts });
  const blocks = listOf(message.blocks);
  const attachments = listOf(message.attachments);
  const text = textOf(message.text) ?? '';
  const names = ['text', isSystem(message) && 'system', message.subtype === 'me_message' && 'me'];
  return (
    <div id={`${id}-body`} class={names.filter(Boolean).join(' ')}>
      {blocks.length > 0 ? (
        <Blocks blocks={blocks} place={place} />
      ) : (
        <Mrkdwn text={text} names={place.names} {...(place.open ? { open: place.open } : {})} />
      )}
      {isFields(message.edited) && <span class="edited"> (edited)</span>}
      {attachments.length > 0 && <Attachments attachments={attachments} place={place} />}
    </div>
  );
}

function Reactions({
  channel,
  message,
  actions,
}: {
  channel: Conversation;
  message: Shown;
  actions: Actions;
}) {
  const session = useSession();
  const all = listOf(message.reactions);
  if (all.length === 0) return null;
  const names = session.names.value;
  return (
    <div class="reactions">
      {all.map((it) => {
        const name = textOf(it.name) ?? '';
        const users = Array.isArray(it.users) ? it.users.filter((user) => typeof user === 'string') : [];
        const mine = users.includes(session.me);
        const drawn = names.emoji(name);
        const who = users.map((user) => (user === session.me ? 'you' : session.label(user))).join(', ');
        return (
          <button
            key={name}
            type="button"
            class={mine ? 'reaction is-mine' : 'reaction'}
            aria-pressed={mine}
            aria-label={`${name}, ${users.length}: ${who}`}
            title={`${who} reacted with :${name}:`}
            onClick={() =>
              void session.act('reaction', { channel: channel.id, ts: message.ts, name, remove: mine })
            }
          >
            {drawn && 'url' in drawn ? <img src={drawn.url} alt="" /> : (drawn?.char ?? `:${name}:`)}
            <span>{users.length}</span>
          </button>
        );
      })}
      <button
        type="button"
        class="reaction add"
        aria-label="Add a reaction"
        title="Add a reaction"
        onClick={(event) => actions.start('react', message, event.currentTarget)}
      >
        <Icon name="smile" />
      </button>
    </div>
  );
}

function Replies({ message }: { message: Shown }) {
  const session = useSession();
  const count = Number(message.reply_count ?? 0);
  if (!count) return null;
  const users = Array.isArray(message.reply_users) ? message.reply_users : [];
  const last = textOf(message.latest_reply);
  return (
    <button type="button" class="replies" onClick={() => void session.openThread(message.ts)}>
      <span class="reply-faces">
        {users.slice(0, 4).map((user) => (
          <Face
            key={String(user)}
            small
            person={session.people.value.get(String(user))}
            name={session.label(String(user))}
          />
        ))}
      </span>
      <b>{count === 1 ? '1 reply' : `${count} replies`}</b>
      {last && <span class="muted">Last reply {lastText(last, session.now())}</span>}
    </button>
  );
}
