import { emoji } from './emoji.js';
import { el, link } from './html.js';

const decode = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** Slack's text with its markup, as nodes. `names` looks up people, channels and groups. */
export function mrkdwn(text, names) {
  const nodes = [];
  // Code first: nothing inside it is formatted.
  for (const [i, part] of text.split(/```\n?([\s\S]*?)```/).entries()) {
    if (i % 2 === 1) nodes.push(el('span', { class: 'pre' }, decode(plainControls(part))));
    else nodes.push(...lines(part, names));
  }
  return nodes;
}

/** Plain text with emoji names turned into characters. */
export function plain(text, withEmoji = true) {
  return withEmoji ? text.replace(/:([a-z0-9_+-]+):/g, (_all, name) => emoji(name)) : text;
}

function lines(text, names) {
  const nodes = [];
  let quote;
  text.split('\n').forEach((line, index) => {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      if (quote) quote.append(el('br'));
      else {
        quote = el('span', { class: 'quote' });
        nodes.push(quote);
      }
      quote.append(...inline(quoted[1], names));
      return;
    }
    if (index > 0 && !quote) nodes.push(el('br'));
    quote = undefined;
    nodes.push(...inline(line, names));
  });
  return nodes;
}

function inline(text, names) {
  const nodes = [];
  const pattern =
    /`([^`]+)`|<([^<>]+)>|(?<![\p{L}\p{N}*])\*(\S|\S[^*]*?\S)\*(?![\p{L}\p{N}*])|(?<![\p{L}\p{N}_])_(\S|\S[^_]*?\S)_(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}~])~(\S|\S[^~]*?\S)~(?![\p{L}\p{N}~])|:([a-z0-9_+-]+):/gu;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) nodes.push(decode(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const [, code, control, bold, italic, strike, name] = match;
    if (code !== undefined) nodes.push(el('code', {}, decode(plainControls(code))));
    else if (control !== undefined) nodes.push(controlNode(control, names));
    else if (bold !== undefined) nodes.push(el('b', {}, inline(bold, names)));
    else if (italic !== undefined) nodes.push(el('i', {}, inline(italic, names)));
    else if (strike !== undefined) nodes.push(el('s', {}, inline(strike, names)));
    else nodes.push(emoji(name));
  }
  if (from < text.length) nodes.push(decode(text.slice(from)));
  return nodes;
}

function plainControls(text) {
  return text.replace(/<([^<>|]+)\|([^<>]*)>/g, '$2').replace(/<((?:https?|mailto):[^<>]+)>/g, '$1');
}

function controlNode(control, names) {
  const [target, label] = split(control);
  if (target.startsWith('@')) return mention(`@${names.user(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith('#')) {
    const channel = names.channel(target.slice(1));
    return mention(`#${channel ?? (label || 'private channel')}`);
  }
  if (target.startsWith('!date^')) return date(target, label);
  if (target.startsWith('!subteam^')) return mention(`@${names.group(target.slice(9)) ?? label ?? 'group'}`);
  if (target.startsWith('!')) return mention(`@${target.slice(1)}`);
  return link(decode(target), decode(label ?? target));
}

function split(control) {
  const at = control.indexOf('|');
  return at < 0 ? [control, undefined] : [control.slice(0, at), control.slice(at + 1)];
}

const mention = (text) => el('span', { class: 'mention' }, text);

function date(target, fallback) {
  const [, seconds, format = '', url] = target.split('^');
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime())) return decode(fallback ?? '');
  const show = (options) => new Intl.DateTimeFormat('en-US', options).format(when);
  const day = { month: 'long', day: 'numeric', year: 'numeric' };
  const tokens = {
    date_num: when.toISOString().slice(0, 10),
    date: show(day),
    date_pretty: show(day),
    date_short: show({ ...day, month: 'short' }),
    date_short_pretty: show({ ...day, month: 'short' }),
    date_long: show({ ...day, weekday: 'long' }),
    date_long_pretty: show({ ...day, weekday: 'long' }),
    time: show({ hour: 'numeric', minute: '2-digit' }),
    time_secs: show({ hour: 'numeric', minute: '2-digit', second: '2-digit' }),
    ago: `${Math.max(0, Math.round((Date.now() - when.getTime()) / 60000))} minutes ago`,
  };
  const text = decode(format).replace(/\{(\w+)\}/g, (all, token) => tokens[token] ?? all);
  return url ? link(url, text) : el('time', { title: when.toISOString() }, text);
}
