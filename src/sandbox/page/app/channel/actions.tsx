import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { isFields, listOf, textOf } from '../../../fields.js';
import type { Conversation } from '../../protocol.js';
import { Icon } from '../shell/icon.js';
import { Confirm } from '../shell/overlay/dialog.js';
import { Menu, type MenuItem } from '../shell/overlay/menu.js';
import type { Session } from '../state/session.js';
import { useSession } from '../state/use.js';
import { EmojiPicker } from '../writing/emoji-picker.js';
import { isSystem, type Shown } from './shown.js';

type What = 'react' | 'menu' | 'delete';

interface Doing {
  readonly what: What;
  readonly message: Shown;
  readonly anchor: Element;
}

/** What is being done to a message of a list: at most one thing to one of them. */
export interface Actions {
  readonly doing: Signal<Doing | undefined>;
  /** Time of the message that is written anew. */
  readonly editing: Signal<string | undefined>;
  start(what: What, message: Shown, anchor: Element): void;
  edit(ts: string | undefined): void;
  /** Does what a key stands for. @returns false when it stands for nothing here */
  key(key: string, message: Shown, anchor: HTMLElement): boolean;
}

const QUICK = ['white_check_mark', 'eyes', 'raised_hands'];

/** The actions of one list of messages. */
export function useActions(): Actions {
  const session = useSession();
  const doing = useSignal<Doing | undefined>(undefined);
  const editing = useSignal<string | undefined>(undefined);
  return useMemo<Actions>(() => {
    const actions: Actions = {
      doing,
      editing,
      start: (what, message, anchor) => {
        doing.value = { what, message, anchor };
      },
      edit: (ts) => {
        editing.value = ts;
      },
      key: (key, message, anchor) => {
        if (message.only || isSystem(message)) return false;
        const mine = isMine(session, message);
        if (key === 'r') actions.start('react', message, anchor);
        else if (key === 'Enter' || key === 'm') actions.start('menu', message, anchor);
        else if (key === 't') void session.openThread(textOf(message.thread_ts) ?? message.ts);
        else if (key === 'e' && mine) actions.edit(message.ts);
        else if (key === 'Delete' && mine) actions.start('delete', message, anchor);
        else return false;
        return true;
      },
    };
    return actions;
  }, [session, doing, editing]);
}

/** The buttons that appear on a message under the pointer or with the focus. */
export function Toolbar({
  channel,
  message,
  actions,
  inThread,
  tabbed,
}: {
  channel: Conversation;
  message: Shown;
  actions: Actions;
  inThread: boolean;
  /** Whether the buttons are tab stops. */
  tabbed: boolean;
}) {
  const session = useSession();
  const names = session.names.value;
  if (message.only || isSystem(message) || channel.isArchived || !channel.isMember) return null;
  const tab = tabbed ? 0 : -1;
  return (
    <div class="toolbar" role="toolbar" aria-label="Message actions">
      {QUICK.map((name) => {
        const drawn = names.emoji(name);
        return (
          <button
            key={name}
            type="button"
            tabIndex={tab}
            aria-label={`React with ${name}`}
            title={`React with :${name}:`}
            onClick={() => void react(session, channel, message, name)}
          >
            {drawn && 'char' in drawn ? drawn.char : name}
          </button>
        );
      })}
      <button
        type="button"
        tabIndex={tab}
        aria-label="Add a reaction"
        title="Add a reaction (r)"
        onClick={(event) => actions.start('react', message, event.currentTarget)}
      >
        <Icon name="smile" />
      </button>
      {!inThread && (
        <button
          type="button"
          tabIndex={tab}
          aria-label="Reply in thread"
          title="Reply in thread (t)"
          onClick={() => void session.openThread(textOf(message.thread_ts) ?? message.ts)}
        >
          <Icon name="reply" />
        </button>
      )}
      <button
        type="button"
        tabIndex={tab}
        aria-label="More actions"
        aria-haspopup="menu"
        title="More actions (m)"
        onClick={(event) => actions.start('menu', message, event.currentTarget)}
      >
        <Icon name="more" />
      </button>
    </div>
  );
}

/** The menu, picker or question that is open on a message of the list. */
export function ActionOverlay({
  channel,
  actions,
  back,
}: {
  channel: Conversation;
  actions: Actions;
  /** Puts the focus back to the message. */
  back: (ts: string) => void;
}) {
  const session = useSession();
  const doing = actions.doing.value;
  if (!doing) return null;
  const { what, message, anchor } = doing;
  const close = (focus: boolean) => {
    actions.doing.value = undefined;
    if (focus) back(message.ts);
  };
  if (what === 'react') {
    return (
      <EmojiPicker
        anchor={anchor}
        close={() => close(true)}
        choose={(name) => {
          close(true);
          void react(session, channel, message, name);
        }}
      />
    );
  }
  if (what === 'menu') {
    return (
      <Menu
        label="More actions"
        anchor={anchor}
        items={itemsFor(session, channel, message, actions, anchor)}
        close={(chosen) => close(!chosen)}
      />
    );
  }
  return (
    <Confirm
      title="Delete message"
      text="Are you sure you want to delete this message? This cannot be undone."
      yes="Delete"
      close={() => close(true)}
      run={() => void session.act('message/delete', { channel: channel.id, ts: message.ts })}
    />
  );
}

function itemsFor(
  session: Session,
  channel: Conversation,
  message: Shown,
  actions: Actions,
  anchor: Element,
): MenuItem[] {
  const on = { channel: channel.id, ts: message.ts };
  const pinned = isFields(message.pinned_info);
  const items: MenuItem[] = [
    { label: 'Add a reaction…', detail: 'r', run: () => actions.start('react', message, anchor) },
    {
      label: 'Reply in thread',
      detail: 't',
      run: () => void session.openThread(textOf(message.thread_ts) ?? message.ts),
    },
    {
      label: pinned ? 'Unpin from channel' : 'Pin to channel',
      run: () => void session.act('pin', { ...on, remove: pinned }),
    },
    { label: 'Copy link', run: () => void copyLink(session, channel, message) },
    ...session.facts.shortcuts
      .filter((it) => it.type === 'message')
      .map((it, index) => ({
        label: it.name,
        detail: session.facts.appName,
        apart: index === 0,
        run: () => void session.act('shortcut', { callback_id: it.callback_id, ...on }),
      })),
  ];
  if (!isMine(session, message)) return items;
  return [
    ...items,
    { label: 'Edit message', detail: 'e', apart: true, run: () => actions.edit(message.ts) },
    {
      label: 'Delete message…',
      detail: 'delete',
      danger: true,
      run: () => actions.start('delete', message, anchor),
    },
  ];
}

function isMine(session: Session, message: Shown): boolean {
  return message.user === session.me && message.bot_id === undefined;
}

async function react(session: Session, channel: Conversation, message: Shown, name: string): Promise<void> {
  const mine = listOf(message.reactions).some(
    (it) => it.name === name && Array.isArray(it.users) && it.users.includes(session.me),
  );
  await session.act('reaction', { channel: channel.id, ts: message.ts, name, remove: mine });
}

async function copyLink(session: Session, channel: Conversation, message: Shown): Promise<void> {
  const thread = textOf(message.thread_ts);
  const query = thread && thread !== message.ts ? `?thread_ts=${thread}&cid=${channel.id}` : '';
  const link = `${location.origin}/archives/${channel.id}/p${message.ts.replace('.', '')}${query}`;
  try {
    await navigator.clipboard.writeText(link);
    session.notices.show('Link copied.');
  } catch {
    session.notices.show(link);
  }
}
