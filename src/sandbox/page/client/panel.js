import { act, complain } from './api.js';
import { el } from './html.js';
import { file, one, thread } from './messages.js';
import { channel, nameOf, store, user } from './store.js';

/** The right-hand side: a thread, the pins, the files or the members. */
export function panel(open) {
  const node = document.getElementById('panel');
  const it = channel();
  node.hidden = !store.panel || store.home || !it;
  if (node.hidden) return;
  const kind = store.panel;
  const draft = node.querySelector('form input')?.value ?? '';
  const title = { thread: 'Thread', pins: 'Pinned messages', files: 'Files', members: 'Members' }[kind];
  const close = el('button', { title: 'Close', 'aria-label': 'Close', onclick: () => open(undefined) }, '×');
  node.replaceChildren(el('header', {}, title, close), ...content(kind, it, open));
  if (kind === 'thread') node.append(reply(it, draft));
}

function content(kind, it, open) {
  const onThread = (ts) => open('thread', ts);
  if (kind === 'thread') return thread(it, store.thread, onThread);
  if (kind === 'pins')
    return orEmpty(
      it.messages
        .filter((message) => it.pins.includes(message.ts))
        .map((message) => one(it, message, onThread, true)),
      'Nothing is pinned.',
    );
  if (kind === 'files') {
    const files = store.state.files.filter((other) => [...other.channels, ...other.groups].includes(it.id));
    return orEmpty(
      files.map((other) => el('div', { class: 'message' }, file(other))),
      'No files.',
    );
  }
  return it.members.map((id) =>
    el(
      'div',
      { class: 'message' },
      el(
        'div',
        { class: 'body' },
        el('b', {}, nameOf(user(id)) ?? id),
        ' ',
        el('span', { class: 'time' }, user(id)?.tz ?? 'no time zone'),
      ),
    ),
  );
}

function orEmpty(nodes, text) {
  return nodes.length > 0 ? nodes : [el('p', { class: 'empty' }, text)];
}

function reply(it, draft) {
  const input = el('input', { type: 'text', placeholder: 'Reply…', 'aria-label': 'Reply', value: draft });
  const send = async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text.startsWith('/'))
      return complain({ ok: false, error: 'Commands do not work in threads, as in Slack' });
    input.value = '';
    if (text)
      complain(await act('message', { user: store.me, channel: it.id, text, thread_ts: store.thread }));
  };
  return el(
    'form',
    { onsubmit: send },
    input,
    el('button', { class: 'send', 'aria-label': 'Send reply' }, '➤'),
  );
}
