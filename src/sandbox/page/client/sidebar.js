import { el } from './html.js';
import { channel, me, store, titleOf } from './store.js';

const node = (id) => document.getElementById(id);

/** People, channels, direct messages and the app. */
export function sidebar(go) {
  const { state } = store;
  const picker = node('me');
  const choices = state.users.filter((it) => !it.deleted && !it.is_bot && it.id !== 'USLACKBOT');
  picker.replaceChildren(
    ...choices.map((it) =>
      el(
        'option',
        { value: it.name, selected: it.name === store.me },
        `${it.real_name}${it.is_guest ? ' (guest)' : ''}`,
      ),
    ),
  );
  const listed = state.channels.filter(
    (it) => it.kind === 'channel' && (!it.is_archived || it.id === store.channel),
  );
  const mine = (it) => it.members.includes(me().id);
  listed.sort((a, b) => Number(mine(b)) - Number(mine(a)) || a.name.localeCompare(b.name));
  node('channels').replaceChildren(...listed.map((it) => item(it, it.is_private ? '🔒' : '#', it.name, go)));
  const directs = state.channels.filter((it) => it.kind !== 'channel');
  node('directs').replaceChildren(...directs.map((it) => item(it, '●', titleOf(it), go)));
  node('directs').previousElementSibling.hidden = directs.length === 0;
  const app = el(
    'button',
    { class: store.home ? 'on' : '', onclick: () => go(undefined, true) },
    el('b', {}, '⚡'),
    el('span', {}, state.identity.appName),
  );
  node('apps').replaceChildren(el('li', {}, app));
}

function item(it, sign, name, go) {
  const last = it.messages.at(-1)?.ts ?? '0';
  const on = !store.home && it.id === store.channel;
  if (on || !store.seen.has(it.id)) store.seen.set(it.id, last);
  const classes = [
    on && 'on',
    store.seen.get(it.id) < last && 'new',
    !it.members.includes(me().id) && 'not-in',
  ];
  const label = it.is_archived ? `${name} (archived)` : name;
  return el(
    'li',
    {},
    el(
      'button',
      { class: classes.filter(Boolean).join(' '), title: label, onclick: () => go(it.id, false) },
      el('b', {}, sign),
      el('span', {}, label),
    ),
  );
}

/** Title, topic, and what there is to open. */
export function head(open) {
  const it = channel();
  if (store.home || !it) {
    node('title').textContent = store.state.identity.appName;
    node('topic').textContent = 'App home';
    node('facts').replaceChildren();
    node('bookmarks').replaceChildren();
    return;
  }
  node('title').textContent = `${it.kind === 'channel' ? (it.is_private ? '🔒 ' : '# ') : ''}${titleOf(it)}`;
  node('topic').textContent = it.topic || 'No topic';
  node('topic').title = it.topic;
  const pins = el('button', { onclick: () => open('pins') }, count(it.pins.length, 'pin'));
  const files = store.state.files.filter((file) => [...file.channels, ...file.groups].includes(it.id));
  node('facts').replaceChildren(
    el('button', { onclick: () => open('members') }, count(it.members.length, 'member')),
    pins,
    el('button', { onclick: () => open('files') }, count(files.length, 'file')),
  );
  node('bookmarks').replaceChildren(
    ...it.bookmarks.map((mark) =>
      el('a', { href: mark.link, target: '_blank', rel: 'noreferrer' }, mark.title),
    ),
  );
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
