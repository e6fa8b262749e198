import { act, complain } from './api.js';
import { el } from './html.js';
import { channel, me, store, titleOf } from './store.js';

const box = document.getElementById('text');
const hints = document.getElementById('hints');

/** Where people write: messages, and commands with a leading slash. */
export function startCompose() {
  document.getElementById('write').addEventListener('submit', send);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) send(event);
    if (event.key === 'Escape') hints.hidden = true;
  });
  box.addEventListener('input', () => {
    box.style.height = 'auto';
    box.style.height = `${box.scrollHeight}px`;
    suggest();
  });
}

/** Placeholder, shortcuts, and whether one may write here at all. */
export function compose() {
  const it = channel();
  const form = document.getElementById('write');
  form.hidden = store.home || !it;
  if (form.hidden) return;
  const member = it.members.includes(me().id);
  box.disabled = it.is_archived;
  box.placeholder = it.is_archived
    ? 'This channel is archived.'
    : member
      ? `Message ${it.kind === 'channel' ? '#' : ''}${titleOf(it)}, or a command such as ${store.state.commands[0]?.command ?? '/command'}`
      : `You are not in #${it.name}: sending joins it`;
  const global = store.state.shortcuts.filter((shortcut) => shortcut.type === 'global');
  document.getElementById('shortcuts').replaceChildren(
    ...global.map((shortcut) =>
      el(
        'button',
        {
          type: 'button',
          class: 'plain',
          title: shortcut.description,
          onclick: () =>
            act('shortcut', { user: store.me, callback_id: shortcut.callback_id }).then(complain),
        },
        `⚡ ${shortcut.name}`,
      ),
    ),
  );
}

async function send(event) {
  event.preventDefault();
  const text = box.value.trim();
  const it = channel();
  if (text === '' || !it) return;
  box.value = '';
  box.style.height = 'auto';
  hints.hidden = true;
  if (!it.members.includes(me().id)) await act('join', { user: store.me, channel: it.id });
  const [first = '', ...rest] = text.split(/(?<=^\S+)\s/);
  // A path such as /etc/hosts is no command.
  if (/^\/[\p{L}\p{N}_-]+$/u.test(first)) {
    complain(await act('command', { user: store.me, channel: it.id, command: first, text: rest.join('') }));
  } else complain(await act('message', { user: store.me, channel: it.id, text }));
}

function suggest() {
  const typed = box.value;
  const found =
    typed.startsWith('/') && !typed.includes(' ')
      ? store.state.commands.filter((it) => it.command.startsWith(typed))
      : [];
  hints.hidden = found.length === 0;
  hints.replaceChildren(
    ...found.map((it) =>
      el(
        'button',
        { type: 'button', onclick: () => take(it.command) },
        el('b', {}, it.command),
        ` ${it.usage_hint ?? ''}`,
        el('small', {}, it.description),
      ),
    ),
  );
}

function take(command) {
  box.value = `${command} `;
  hints.hidden = true;
  box.focus();
}
