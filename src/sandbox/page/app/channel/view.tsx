import { useEffect, useMemo } from 'preact/hooks';
import type { Conversation } from '../../protocol.js';
import { Icon, type IconName } from '../shell/icon.js';
import { useSession } from '../state/use.js';
import type { Tab, Where } from '../state/where.js';
import { Composer } from '../writing/composer.js';
import { About } from './about.js';
import { Bookmarks, Canvas, Files, Pins } from './details.js';
import { MessageList } from './list.js';
import { shownWhisper } from './shown.js';
import { Thread } from './thread.js';

type Here = Where & { view: 'channel' };

/** A channel or direct conversation: its head, messages or another tab, where one writes, and a panel. */
export function ChannelView({ where, menu }: { where: Here; menu: preact.ComponentChildren }) {
  const session = useSession();
  const channel = session.places.value.get(where.channel);
  if (!channel) {
    return (
      <main class="main" id="main" aria-label="Channel">
        <header class="head">{menu}</header>
        <p class="empty">There is no such channel, or you cannot see it.</p>
      </main>
    );
  }
  const about = (on: boolean) => {
    const { thread: _thread, about: _about, ...rest } = where;
    void session.go(on ? { ...rest, about: true } : rest, 'replace');
  };
  return (
    <>
      <main class="main" id="main" aria-label={session.title(channel)}>
        <Head channel={channel} where={where} menu={menu} about={() => about(!where.about)} />
        <Bookmarks channel={channel} />
        {where.tab === 'messages' && <Messages channel={channel} where={where} />}
        {where.tab === 'pins' && <Pins channel={channel} />}
        {where.tab === 'files' && <Files channel={channel} />}
        {where.tab === 'canvas' && <Canvas channel={channel} />}
        {where.tab === 'messages' || where.tab === 'files' ? <Foot channel={channel} /> : null}
      </main>
      {where.thread ? (
        <Thread key={where.thread} channel={channel} ts={where.thread} />
      ) : where.about ? (
        <About channel={channel} close={() => about(false)} />
      ) : null}
    </>
  );
}

const TABS: ReadonlyArray<{ tab: Tab; label: string; icon: IconName }> = [
  { tab: 'messages', label: 'Messages', icon: 'reply' },
  { tab: 'canvas', label: 'Canvas', icon: 'canvas' },
  { tab: 'pins', label: 'Pins', icon: 'pin' },
  { tab: 'files', label: 'Files', icon: 'file' },
];

function Head({
  channel,
  where,
  menu,
  about,
}: {
  channel: Conversation;
  where: Here;
  menu: preact.ComponentChildren;
  about: () => void;
}) {
  const session = useSession();
  const title = session.title(channel);
  return (
    <header class="head" data-region="head">
      {menu}
      <div class="head-title">
        <h1 id="title">
          {channel.kind === 'channel' && <Icon name={channel.isPrivate ? 'lock' : 'hash'} />}
          <span>{title}</span>
          {channel.isArchived && <span class="app-badge">ARCHIVED</span>}
          {channel.isShared && <span class="app-badge">SHARED</span>}
        </h1>
        <p id="topic" class="muted" title={channel.topic}>
          {channel.topic}
        </p>
      </div>
      <nav class="tabs" aria-label="Tabs of this channel">
        {TABS.filter(({ tab }) => tab !== 'canvas' || channel.canvas !== undefined).map(
          ({ tab, label, icon }) => (
            <button
              key={tab}
              type="button"
              class={tab === where.tab ? 'tab is-on' : 'tab'}
              aria-current={tab === where.tab ? 'page' : undefined}
              onClick={() => {
                const { target: _target, ...rest } = where;
                void session.go({ ...rest, tab }, 'replace');
              }}
            >
              <Icon name={icon} />
              <span>{label}</span>
              {tab === 'pins' && channel.pinCount > 0 && <span class="pin-count">{channel.pinCount}</span>}
            </button>
          ),
        )}
      </nav>
      <button type="button" class="tab" aria-expanded={where.about === true} onClick={about}>
        <Icon name="people" />
        <span class="unseen">About this conversation, members: </span>
        <span>{channel.memberCount}</span>
      </button>
    </header>
  );
}

function Messages({ channel, where }: { channel: Conversation; where: Here }) {
  const session = useSession();
  const timeline = session.timeline(channel.id);
  const { messages, older, newer, ready } = timeline.loaded.value;
  const whispers = session.whispers.value;
  const bot = session.facts.botUserId;
  const shown = useMemo(() => {
    const own = whispers.filter((it) => it.channel === channel.id && !it.thread_ts);
    if (own.length === 0) return messages;
    return [...messages, ...own.map((it) => shownWhisper({ ...it }, bot))].sort((a, b) =>
      a.ts < b.ts ? -1 : 1,
    );
  }, [messages, whispers, channel.id, bot]);
  // A permalink or the page's start: nobody has asked for the messages yet.
  useEffect(() => {
    if (!timeline.loaded.peek().ready) void session.go(session.where.peek(), 'none');
  }, [timeline, session]);
  if (!ready) return <p class="empty">Loading…</p>;
  if (shown.length === 0) return <Beginning channel={channel} />;
  return (
    <MessageList
      key={channel.id}
      channel={channel}
      shown={shown}
      label={`Messages in ${session.title(channel)}`}
      older={older}
      newer={newer}
      more={(direction) => void timeline.more(direction)}
      latest={() => void timeline.load()}
      atEnd={() => {
        if (document.visibilityState !== 'visible') return;
        session.markRead(channel.id);
        timeline.trim();
      }}
      newFrom={session.newFrom.value}
      target={where.target}
    />
  );
}

function Beginning({ channel }: { channel: Conversation }) {
  const session = useSession();
  const command = session.facts.commands[0]?.command;
  return (
    <div class="empty beginning">
      <h2>
        {channel.kind === 'channel'
          ? `This is the very beginning of #${channel.name}`
          : session.title(channel)}
      </h2>
      <p>
        Nothing here yet. Write something below
        {command ? (
          <>
            , or try <code>{command}</code>
          </>
        ) : null}
        .
      </p>
    </div>
  );
}

/** Where one writes, or why one cannot. */
function Foot({ channel }: { channel: Conversation }) {
  const session = useSession();
  const title = channel.kind === 'channel' ? `#${channel.name}` : session.title(channel);
  if (channel.isArchived)
    return (
      <div class="foot-note" data-region="composer">
        <p>
          <b>{title}</b> is archived. It can be read, and nobody can write in it.
        </p>
      </div>
    );
  if (!channel.isMember)
    return (
      <div class="foot-note" data-region="composer">
        <p>
          You are looking at <b>{title}</b>
        </p>
        <button
          type="button"
          class="btn is-primary"
          data-entry
          onClick={() => void session.act('join', { channel: channel.id })}
        >
          Join channel
        </button>
      </div>
    );
  return <Composer key={channel.id} channel={channel} label={`Message ${title}`} />;
}
