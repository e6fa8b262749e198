import { HomeView } from '../forms/home.js';
import { usePlace, useSession } from '../state/use.js';
import { Icon } from './icon.js';
import { openAppMessages } from './sidebar.js';

/** The Home tab of the app. */
export function HomePage({ menu }: { menu: preact.ComponentChildren }) {
  const session = useSession();
  const place = usePlace({ kind: 'home' });
  const view = session.home.value;
  const { appName } = session.facts;
  return (
    <main class="main home-page" id="main" aria-label={`${appName}, home`}>
      <header class="head" data-region="head">
        {menu}
        <div class="head-title">
          <h1 id="title">{appName}</h1>
        </div>
        <nav class="tabs" aria-label="Tabs of this app">
          <button type="button" class="tab is-on" aria-current="page">
            <Icon name="home" />
            <span>Home</span>
          </button>
          <button type="button" class="tab" onClick={() => void openAppMessages(session)}>
            <Icon name="reply" />
            <span>Messages</span>
          </button>
        </nav>
      </header>
      <section class="home-body" aria-label="Home" data-region="home">
        <h2 class="unseen">Home</h2>
        {view ? (
          <HomeView view={view} place={place} />
        ) : (
          <p class="empty">{appName} has not published its home yet.</p>
        )}
      </section>
    </main>
  );
}
