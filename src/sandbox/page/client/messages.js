import { act, complain } from './api.js';
import { blocks } from './blocks.js';
import { emoji } from './emoji.js';
import { el } from './html.js';
import { mrkdwn } from './mrkdwn.js';
import { channel, me, nameOf, names, people, store, user } from './store.js';

const COLOURS = ['#2f6f9f', '#7d4e9e', '#b3541e', '#2b7a4b', '#a23b5a', '#5b6b1f'];

/** Everything in a channel that this person sees, oldest first. */
export function conversation(onThread) {
  const it = channel();
  if (!it) return [el('p', { class: 'empty' }, 'No channel here yet.')];
  const own = store.state.ephemerals
    .filter((other) => other.channel === it.id && !other.thread_ts)
    .map((other) => ({ ...other, only: true }));
  const shown = it.messages.filter(
    (message) =>
      !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast',
  );
  const all = [...shown, ...own].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  if (all.length === 0)
    return [el('p', { class: 'empty' }, 'Nothing here yet. Write something, or try a command.')];
  const nodes = [];
  let day;
  for (const message of all) {
    const date = new Date(Number(message.ts.split('.')[0]) * 1000);
    const today = date.toLocaleDateString('en-GB', {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
    });
    if (today !== day) nodes.push(el('div', { class: 'day' }, el('span', {}, today)));
    day = today;
    nodes.push(one(it, message, onThread));
  }
  return nodes;
}

/** A thread: its parent and the replies. */
export function thread(it, ts, onThread) {
  const own = store.state.ephemerals
    .filter((other) => other.channel === it.id && other.thread_ts === ts)
    .map((other) => ({ ...other, only: true }));
  return [...it.messages.filter((message) => message.ts === ts || message.thread_ts === ts), ...own].map(
    (message) => one(it, message, onThread, true),
  );
}

/** One message with its tools. */
export function one(it, message, onThread, inThread = false) {
  const from = message.from === 'slackbot' ? user('USLACKBOT') : user(message.user);
  const author = message.only && message.from === 'app' ? user(store.state.identity.botUserId) : from;
  const name = message.username ?? nameOf(author) ?? message.user;
  const time = new Date(Number(message.ts.split('.')[0]) * 1000);
  const pinned = Boolean(message.pinned_info);
  const system = /^(channel|group)_/.test(message.subtype ?? '');
  const classes = [
    'message',
    pinned && 'pinned',
    message.only && 'only',
    system && 'system',
    store.target === message.ts && 'target',
  ];
  return el(
    'article',
    { class: classes.filter(Boolean).join(' '), 'data-ts': message.ts },
    el(
      'div',
      { class: 'face', style: { background: colour(author?.id ?? name) } },
      author?.is_bot ? '⚡' : name.slice(0, 1),
    ),
    el(
      'div',
      { class: 'body' },
      message.only && el('span', { class: 'note' }, 'Only visible to you'),
      pinned &&
        el('span', { class: 'note' }, `Pinned by ${names.user(message.pinned_info.pinned_by) ?? 'someone'}`),
      message.subtype === 'thread_broadcast' && el('span', { class: 'note' }, 'replied to a thread'),
      el('span', { class: 'name' }, name),
      author?.is_bot && el('span', { class: 'badge' }, 'APP'),
      el(
        'time',
        { class: 'time', title: time.toISOString() },
        time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }),
      ),
      content(it, message),
      (message.files ?? []).map(file),
      reactions(it, message),
      !inThread &&
        message.reply_count &&
        el(
          'button',
          { class: 'thread', onclick: () => onThread(message.ts) },
          `${message.reply_count} ${message.reply_count === 1 ? 'reply' : 'replies'}`,
        ),
    ),
    !message.only && !system && tools(it, message, onThread),
  );
}

function content(it, message) {
  const use = (block, element, value) => press(it, message, block, element, value);
  const context = { names, people: people(), use };
  const edited = message.edited && el('span', { class: 'time' }, ' (edited)');
  const attached = (message.attachments ?? []).map((attachment) =>
    el(
      'div',
      {
        class: 'attachment',
        style: { borderColor: /^#[0-9a-f]{3,8}$/i.test(attachment.color ?? '') ? attachment.color : '' },
      },
      mrkdwn(
        [
          attachment.pretext,
          attachment.title,
          attachment.text ?? (attachment.blocks ? '' : attachment.fallback),
        ]
          .filter(Boolean)
          .join('\n'),
        names,
      ),
      blocks(attachment.blocks, context),
    ),
  );
  const body = message.blocks?.length ? blocks(message.blocks, context) : mrkdwn(message.text ?? '', names);
  return [el('div', { class: 'text' }, body, edited), ...attached];
}

async function press(it, message, block, element, value) {
  const body = {
    user: store.me,
    channel: it.id,
    ts: message.ts,
    block_id: block.block_id,
    action_id: element.action_id,
  };
  complain(await act('action', value === undefined ? body : { ...body, value }));
}

function reactions(it, message) {
  if (!message.reactions?.length) return undefined;
  const chip = (reaction) => {
    const mine = reaction.users.includes(me().id);
    const toggle = () =>
      act('reaction', {
        user: store.me,
        channel: it.id,
        ts: message.ts,
        name: reaction.name,
        remove: mine,
      }).then(complain);
    const who = reaction.users.map((id) => names.user(id)).join(', ');
    return el(
      'button',
      { class: mine ? 'mine' : '', title: who, onclick: toggle },
      `${emoji(reaction.name)} ${reaction.count}`,
    );
  };
  return el('div', { class: 'reactions' }, message.reactions.map(chip));
}

function tools(it, message, onThread) {
  const react = (name) =>
    act('reaction', { user: store.me, channel: it.id, ts: message.ts, name }).then(complain);
  const quick = ['pushpin', 'eyes', 'white_check_mark'].map((name) =>
    el('button', { title: `React with :${name}:`, onclick: () => react(name) }, emoji(name)),
  );
  const shortcuts = store.state.shortcuts
    .filter((shortcut) => shortcut.type === 'message')
    .map((shortcut) =>
      el(
        'button',
        {
          title: shortcut.description,
          onclick: () =>
            act('shortcut', {
              user: store.me,
              callback_id: shortcut.callback_id,
              channel: it.id,
              ts: message.ts,
            }).then(complain),
        },
        `⚡ ${shortcut.name}`,
      ),
    );
  return el(
    'div',
    { class: 'tools' },
    quick,
    el(
      'button',
      { title: 'Reply in thread', onclick: () => onThread(message.thread_ts ?? message.ts) },
      'Reply',
    ),
    shortcuts,
  );
}

/** An uploaded file as a card. */
export function file(it) {
  const size = it.size < 1024 ? `${it.size} B` : `${(it.size / 1024).toFixed(1)} kB`;
  return el(
    'a',
    { class: 'file', href: `/view-file/${encodeURIComponent(it.id)}`, target: '_blank' },
    '📄',
    el('span', {}, el('b', {}, it.title || it.name), el('small', {}, `${it.name}, ${size}`)),
  );
}

function colour(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return COLOURS[sum % COLOURS.length];
}
