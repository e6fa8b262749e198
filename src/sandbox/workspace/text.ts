import type { Fields } from '../fields.js';
import type { World } from './world.js';

const CONTROL =
  /<(?:@[UW][A-Z0-9]+(?:\|[^<>]*)?|#C[A-Z0-9]+(?:\|[^<>]*)?|![^<>]+|(?:https?|mailto|tel):[^<>\s]+(?:\|[^<>]*)?|(?:https?|mailto):[^<>|]+\|[^<>]*)>/g;
const ENTITY = /&(?!(?:amp|lt|gt);)/g;
const URL_IN_TEXT = /\bhttps?:\/\/[^\s<>|]+/g;
// Slack leaves the full stop, comma or bracket that follows an address outside of the link.
const TRAILING = /[.,;:!?'")\]}]+$/;

/** `&`, `<` and `>` as entities: the only three characters that Slack escapes. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * How Slack keeps the text that an app posts: control sequences and entities stay, every other `&`, `<`, `>` is
 * escaped, and bare addresses become links.
 */
export function keptText(text: string): string {
  let kept = '';
  let from = 0;
  for (const match of text.matchAll(CONTROL)) {
    kept += keptPlain(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return kept + keptPlain(text.slice(from));
}

function keptPlain(text: string): string {
  return linkUrls(text.replace(ENTITY, '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
}

function linkUrls(escaped: string): string {
  return escaped.replace(URL_IN_TEXT, (found) => {
    // An entity that ends the address belongs to the text around it.
    const whole = found.replace(/&(?:lt|gt);.*$/, '');
    const url = whole.replace(TRAILING, '');
    return `<${url}>${found.slice(url.length)}`;
  });
}

/** Kept text as the elements of a rich text section, whose characters are not encoded. */
export function richElements(kept: string): Fields[] {
  const elements: Fields[] = [];
  const plain = (text: string) => {
    const decoded = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    if (decoded !== '') elements.push({ type: 'text', text: decoded });
  };
  let from = 0;
  for (const match of kept.matchAll(CONTROL)) {
    plain(kept.slice(from, match.index));
    from = match.index + match[0].length;
    const [body = '', label] = match[0].slice(1, -1).split('|');
    if (body.startsWith('@')) elements.push({ type: 'user', user_id: body.slice(1) });
    else if (body.startsWith('#')) elements.push({ type: 'channel', channel_id: body.slice(1) });
    else if (body.startsWith('!subteam^')) elements.push({ type: 'usergroup', usergroup_id: body.slice(9) });
    else if (body.startsWith('!')) elements.push({ type: 'broadcast', range: body.slice(1) });
    else
      elements.push({ type: 'link', url: body.replaceAll('&amp;', '&'), ...(label ? { text: label } : {}) });
  }
  plain(kept.slice(from));
  return elements;
}

/** What Slack makes of a line that a person types: entities, mentions, channels and links. */
export function typedText(world: World, text: string, options: { labels?: boolean } = {}): string {
  return mention(world, linkUrls(escapeText(text)), options.labels ?? false);
}

function mention(world: World, text: string, labels: boolean): string {
  return text.replace(
    /(^|[\s(,;:"'“])([@#])([\p{L}\p{N}._-]+)/gu,
    (whole, before: string, sign: string, word: string) => {
      const name = word.replace(/[._-]+$/, '');
      const rest = word.slice(name.length);
      const found = sign === '@' ? mentionUser(world, name, labels) : mentionChannel(world, name);
      return found ? `${before}${found}${rest}` : whole;
    },
  );
}

function mentionUser(world: World, name: string, labels: boolean): string | undefined {
  if (name === 'here' || name === 'channel' || name === 'everyone') return `<!${name}>`;
  const user = world.userNamed(name);
  if (user) return labels ? `<@${user.id}|${user.name}>` : `<@${user.id}>`;
  for (const group of world.usergroups.values()) if (group.handle === name) return `<!subteam^${group.id}>`;
  return undefined;
}

function mentionChannel(world: World, name: string): string | undefined {
  const channel = world.channelNamed(name);
  // The name of a private channel is not told to the app.
  return channel ? `<#${channel.id}|${channel.isPrivate ? '' : channel.name}>` : undefined;
}

/** Length as Slack's limits count it here: UTF-16 units, the stricter reading. */
export function lengthOf(text: string): number {
  return text.length;
}
