import { look } from './api.js';

/** What the page knows: the last state, who we are, where we look, and what was typed in modals. */
export const store = {
  state: undefined,
  me: localStorage.getItem('sandbox.me') ?? 'ana',
  channel: undefined,
  thread: undefined,
  panel: undefined,
  home: false,
  target: undefined,
  seen: new Map(),
  typed: new Map(),
  errors: new Map(),
};

/** Fetches what the chosen person sees. */
export async function refresh() {
  store.state = await look(store.me);
  const { channels } = store.state;
  const mine = channels.filter((it) => it.members.includes(me().id) && it.kind === 'channel');
  if (!channels.some((it) => it.id === store.channel))
    store.channel = (mine.find((it) => it.name === 'incidents') ?? mine[0] ?? channels[0])?.id;
}

export const me = () => store.state.users.find((it) => it.name === store.me) ?? store.state.users[0];
export const user = (id) => store.state.users.find((it) => it.id === id);
export const channel = (id = store.channel) => store.state.channels.find((it) => it.id === id);
export const nameOf = (it) => it?.display_name || it?.real_name || it?.name;

/** Look-ups for text with mentions. */
export const names = {
  user: (id) => nameOf(user(id)),
  channel: (id) => channel(id)?.name,
  group: (id) => store.state.usergroups.find((it) => it.id === id)?.handle,
};

/** Choices of menus for people and channels. */
export const people = () => ({
  users: store.state.users
    .filter((it) => !it.deleted && it.id !== 'USLACKBOT')
    .map((it) => [it.id, nameOf(it)]),
  channels: store.state.channels.filter((it) => it.kind === 'channel').map((it) => [it.id, `#${it.name}`]),
});

/** How a direct conversation is called: by the others in it. */
export function titleOf(it) {
  if (it.kind === 'channel') return it.name;
  return it.members
    .filter((id) => id !== me().id)
    .map((id) => nameOf(user(id)))
    .join(', ');
}
