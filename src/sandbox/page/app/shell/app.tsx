import { useEffect, useState } from 'preact/hooks';
import { ChannelView } from '../channel/view.js';
import { ModalStack } from '../forms/modals.js';
import { usePlace, useSession } from '../state/use.js';
import { whereOf } from '../state/where.js';
import { TrafficView } from '../traffic/traffic.js';
import { Face } from './face.js';
import { HomePage } from './home-page.js';
import { Icon } from './icon.js';
import { NoticeBoard } from './notices.js';
import { OpenDialog } from './overlay/openings.js';
import { Profile } from './overlay/profile.js';
import { regionKeys } from './rove.js';
import { type Opening, Sidebar, Who } from './sidebar.js';
import { isColumn } from './who.js';

/** The whole page of one person. */
export function App() {
  const session = useSession();
  const [opening, setOpening] = useState<Opening>();
  const [drawer, setDrawer] = useState(false);
  const where = session.where.value;
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      regionKeys(event);
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        setOpening('jump');
      }
      if (event.key === 'Escape') setDrawer(false);
    };
    const back = () => {
      const to = whereOf(new URL(location.href));
      if (to) void session.go(to, 'none');
    };
    addEventListener('keydown', keys);
    addEventListener('popstate', back);
    return () => {
      removeEventListener('keydown', keys);
      removeEventListener('popstate', back);
    };
  }, [session]);
  useTitle();
  const unread = [...session.conversations.value.values()].some((it) => it.mentions > 0);
  const menu = (
    <button
      type="button"
      class="icon-button menu-button"
      aria-label={unread ? 'Channels, unread' : 'Channels'}
      aria-expanded={drawer}
      onClick={() => setDrawer(!drawer)}
    >
      <Icon name="menu" />
      {unread && <span class="dot" />}
    </button>
  );
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to the message box
      </button>
      {isColumn(session.keep) && (
        <header class="column-who">
          <Face small person={session.person} />
          <Who id="column-me" />
        </header>
      )}
      <div class={`app ${drawer ? 'drawer-open' : ''} ${isBeside(where) ? 'with-panel' : ''}`}>
        <aside class="side" aria-label="Workspace" data-region="side">
          <Sidebar
            done={() => setDrawer(false)}
            open={(what) => {
              setDrawer(false);
              setOpening(what);
            }}
          />
        </aside>
        {drawer && <div class="veil" aria-hidden="true" onPointerDown={() => setDrawer(false)} />}
        {where.view === 'channel' && <ChannelView where={where} menu={menu} />}
        {where.view === 'home' && <HomePage menu={menu} />}
        {where.view === 'traffic' && <TrafficView menu={menu} />}
      </div>
      {opening && (
        <OpenDialog key={opening} what={opening} close={() => setOpening(undefined)} open={setOpening} />
      )}
      <Profile />
      <Modals />
      <NoticeBoard />
    </>
  );
}

/** To where one writes, or where there is nothing to write, to what there is to read. */
function skip(): void {
  const entry = document.querySelector<HTMLElement>('.main [data-entry]');
  (entry ?? document.querySelector<HTMLElement>('#main [tabindex="0"]'))?.focus();
}

function isBeside(where: ReturnType<typeof useSession>['where']['value']): boolean {
  return where.view === 'channel' && (where.thread !== undefined || where.about === true);
}

/** The modals that the app has opened for this person. */
function Modals() {
  const session = useSession();
  const place = usePlace({ kind: 'modal' });
  const views = session.views.value;
  if (views.length === 0) return null;
  return (
    <ModalStack
      views={views}
      place={place}
      submit={async (view, values) => {
        const outcome = await session.quietly('view/submit', { view_id: view.id, values });
        return outcome;
      }}
      close={async (view, all) => {
        await session.act('view/close', { view_id: view.id, all });
      }}
    />
  );
}

/** How many messages wait, where one is and who: what tells tabs apart. */
function useTitle(): void {
  const session = useSession();
  const where = session.where.value;
  const all = session.conversations.value;
  const here = where.view === 'channel' ? all.get(where.channel) : undefined;
  const count = [...all.values()].reduce((sum, it) => sum + (it.isMember ? it.mentions : 0), 0);
  const place = here ? session.title(here) : where.view === 'traffic' ? 'Traffic' : session.facts.appName;
  const title = `${count > 0 ? `(${count}) ` : ''}${here?.kind === 'channel' ? '#' : ''}${place} · ${session.label(session.me)}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
