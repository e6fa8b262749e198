import { useRef } from 'preact/hooks';
import type { Conversation } from '../../protocol.js';
import { useSession } from '../state/use.js';
import { Face } from './face.js';
import { Icon, type IconName } from './icon.js';
import { rove } from './rove.js';
import { ThemeChoice } from './theme.js';
import { changePerson, isColumn } from './who.js';

export type Opening = 'browse' | 'create' | 'direct' | 'jump' | 'columns';

/** People, channels, direct messages, the app, and the tools of whoever develops it. */
export function Sidebar({ open, done }: { open: (what: Opening) => void; done: () => void }) {
  const session = useSession();
  const { facts } = session;
  const where = session.where.value;
  const list = useRef<HTMLElement>(null);
  const all = [...session.conversations.value.values()];
  const here = where.view === 'channel' ? where.channel : undefined;
  const channels = all
    .filter((it) => it.kind === 'channel' && (it.id === here || (it.isMember && !it.isArchived)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const directs = all
    .filter((it) => it.kind !== 'channel' && !isApp(it, facts.botUserId))
    .sort((a, b) => (a.latest < b.latest ? 1 : -1));
  const app = all.find((it) => isApp(it, facts.botUserId));
  const inApp = where.view === 'home' || (app !== undefined && here === app.id);
  const visit = (go: () => Promise<void>) => {
    done();
    void go();
  };
  const entry = here ?? (inApp ? 'app' : channels[0]?.id);
  return (
    <div class="side-inside">
      <header class="side-head">
        <div class="team">{facts.teamName}</div>
        {!isColumn(session.keep) && <Who />}
      </header>
      <button type="button" class="jump" onClick={() => open('jump')}>
        <Icon name="search" />
        <span>Jump to or search</span>
        <kbd>Ctrl K</kbd>
      </button>
      <nav
        ref={list}
        class="places"
        aria-label="Channels and messages"
        onKeyDown={(event) => list.current && rove(event, list.current, '.place')}
      >
        <Section title="Channels">
          {channels.map((it) => (
            <Item
              key={it.id}
              icon={it.isPrivate ? 'lock' : 'hash'}
              label={it.name}
              said={it.isPrivate ? 'private channel' : 'channel'}
              it={it}
              on={it.id === here}
              entry={it.id === entry}
              go={() => visit(() => session.goTo(it.id))}
            />
          ))}
          <Tool icon="search" label="Browse channels" run={() => open('browse')} />
          <Tool icon="plus" label="Create a channel" run={() => open('create')} />
        </Section>
        <Section title="Direct messages">
          {directs.map((it) => {
            const other = it.people?.find((id) => id !== session.me) ?? session.me;
            return (
              <Item
                key={it.id}
                face={<Face small person={session.people.value.get(other)} />}
                label={session.title(it)}
                said="direct message"
                it={it}
                on={it.id === here}
                entry={it.id === entry}
                go={() => visit(() => session.goTo(it.id))}
              />
            );
          })}
          <Tool icon="plus" label="New message" run={() => open('direct')} />
        </Section>
        <Section title="Apps">
          <Item
            face={<Face small person={session.people.value.get(facts.botUserId)} />}
            label={facts.appName}
            said="app"
            it={app}
            on={inApp}
            entry={entry === 'app'}
            go={() => visit(() => (facts.homeTab ? session.go({ view: 'home' }) : openAppMessages(session)))}
          />
        </Section>
        <Section title="For developers">
          <Tool
            icon="traffic"
            label="Traffic"
            on={where.view === 'traffic'}
            run={() => visit(() => session.go({ view: 'traffic' }))}
          />
          {!isColumn(session.keep) && (
            <Tool icon="columns" label="Side by side" run={() => open('columns')} />
          )}
        </Section>
      </nav>
      <footer class="side-feet">
        <ThemeChoice />
        <span class="api" title="SLACK_API_URL of an app">
          {facts.apiUrl}
        </span>
      </footer>
    </div>
  );
}

/** Goes to the direct conversation with the app, which is made when there is none. */
export async function openAppMessages(session: ReturnType<typeof useSession>): Promise<void> {
  const outcome = await session.act('dm');
  if (!outcome.ok) return;
  await session.goTo(String(outcome.channel));
  await session.quietly('home', { tab: 'messages' });
}

function isApp(it: Conversation, bot: string): boolean {
  return it.kind === 'im' && (it.people ?? []).includes(bot);
}

/** Whom this page belongs to, and who else one may be. */
export function Who({ id = 'me' }: { id?: string }) {
  const session = useSession();
  const choices = [...session.people.value.values()].filter((it) => !it.deleted && !it.bot);
  return (
    <label class="who">
      <span>You are</span>
      <select
        id={id}
        value={session.me}
        onChange={(event) => {
          const chosen = session.people.value.get(event.currentTarget.value);
          if (chosen) changePerson(chosen.name, session.keep);
        }}
      >
        {choices.map((it) => (
          <option key={it.id} value={it.id}>
            {it.realName}
            {it.guest ? ' (guest)' : ''}
          </option>
        ))}
      </select>
    </label>
  );
}

function Section({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

function Item({
  icon,
  face,
  label,
  said,
  it,
  on,
  entry,
  go,
}: {
  icon?: IconName;
  face?: preact.ComponentChildren;
  label: string;
  said: string;
  it: Conversation | undefined;
  on: boolean;
  entry: boolean;
  go: () => void;
}) {
  const unread = it && it.unread > 0 && !on;
  const names = ['place', on && 'is-on', unread && 'unread'].filter(Boolean).join(' ');
  const count = it?.mentions ?? 0;
  const told = unread ? `, ${it.unread === 100 ? '99+' : it.unread} unread` : '';
  return (
    <li>
      <button
        type="button"
        class={names}
        data-channel={it?.id}
        aria-current={on ? 'page' : undefined}
        title={label}
        tabIndex={entry ? 0 : -1}
        onClick={go}
      >
        {icon ? <Icon name={icon} /> : face}
        <span class="place-label">{label}</span>
        <span class="unseen">{`, ${said}${it?.isArchived ? ', archived' : ''}${told}`}</span>
        {unread && count > 0 && (
          <span class="badge" aria-hidden="true">
            {count > 99 ? '99+' : count}
          </span>
        )}
      </button>
    </li>
  );
}

function Tool({
  icon,
  label,
  run,
  on = false,
}: {
  icon: IconName;
  label: string;
  run: () => void;
  on?: boolean;
}) {
  return (
    <li>
      <button
        type="button"
        class={on ? 'place tool is-on' : 'place tool'}
        aria-current={on ? 'page' : undefined}
        tabIndex={on ? 0 : -1}
        onClick={run}
      >
        <Icon name={icon} />
        <span class="place-label">{label}</span>
      </button>
    </li>
  );
}
