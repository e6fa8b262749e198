import { act } from './api.js';
import { compose, startCompose } from './compose.js';
import { conversation } from './messages.js';
import { home, modal } from './modal.js';
import { panel } from './panel.js';
import { head, sidebar } from './sidebar.js';
import { refresh, store } from './store.js';

const list = document.getElementById('messages');

function paint() {
  const bottom = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  sidebar(go);
  head(open);
  list.replaceChildren(...(store.home ? home() : conversation((ts) => open('thread', ts))));
  compose();
  panel(open);
  modal();
  const target = store.target && list.querySelector(`[data-ts="${CSS.escape(store.target)}"]`);
  if (target) target.scrollIntoView({ block: 'center' });
  else if (bottom) list.scrollTop = list.scrollHeight;
}

async function go(channelId, toHome) {
  store.home = toHome;
  store.panel = undefined;
  store.target = undefined;
  if (channelId) store.channel = channelId;
  if (toHome) await act('home', { user: store.me });
  else history.replaceState(null, '', `/archives/${store.channel}`);
  list.scrollTop = list.scrollHeight;
  await update();
  list.scrollTop = list.scrollHeight;
}

function open(kind, ts) {
  store.panel = kind;
  store.thread = ts;
  paint();
}

let running = false;
let again = false;

/** One look at a time; changes meanwhile mean one look more. */
async function update() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  do {
    again = false;
    await refresh();
    paint();
  } while (again);
  running = false;
}

document.getElementById('me').addEventListener('change', (event) => {
  store.me = event.target.value;
  localStorage.setItem('sandbox.me', store.me);
  store.typed.clear();
  // As in Slack, what only one person saw is gone with the page; the server keeps it for tests.
  void update();
});

// A permalink opens its message: /archives/C…/p1700000000000001
const [, , channelId, mark] = location.pathname.split('/');
if (channelId) store.channel = channelId;
if (mark?.startsWith('p')) store.target = `${mark.slice(1, -6)}.${mark.slice(-6)}`;

startCompose();
await update();
list.scrollTop = list.scrollHeight;
document.getElementById('link').textContent = `Web API at ${store.state.identity.url}/api/`;

const live = new EventSource('/live');
live.onmessage = () => void update();
