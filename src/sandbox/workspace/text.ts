import type { World } from './world.js';
import { namedEmoji } from './writing/emoji.js';

/** The sequences in angle brackets: people, channels, broadcasts, dates, links. */
export const CONTROL =
  /<(?:@[UW][A-Z0-9]+(?:\|[^<>]*)?|#C[A-Z0-9]+(?:\|[^<>]*)?|![^<>]+|(?:https?|mailto|tel):[^<>\s]+(?:\|[^<>]*)?|(?:https?|mailto):[^<>|]+\|[^<>]*)>/g;
const ENTITY = /&(?!(?:amp|lt|gt);)/g;
const URL_IN_TEXT = /\bhttps?:\/\/[^\s<>|]+/g;
// Slack leaves the full stop, comma or bracket that follows an address outside of the link.
const TRAILING = /[.,;:!?'")\]}]+$/;

/** `&`, `<` and `>` as entities: the only three characters that Slack escapes. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What an app asks of its text beside the usual. */
export interface Parsing {
  /** `none`: bare addresses stay as they are; `full`: names and addresses become links. */
  readonly parse?: string | undefined;
  /** Names of people, groups and channels become mentions, in this workspace. */
  readonly names?: World | undefined;
}

/**
 * How Slack keeps the text that an app posts: control sequences and entities stay, every other `&`, `<`, `>` is
 * escaped, bare addresses become links, and emoji are kept by name.
 */
export function keptText(text: string, { parse, names }: Parsing = {}): string {
  const plain = (part: string): string => {
    const escaped = part.replace(ENTITY, '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const linked = namedEmoji(parse === 'none' ? escaped : linkUrls(escaped));
    return names ? mention(names, linked, false) : linked;
  };
  let kept = '';
  let from = 0;
  for (const match of text.matchAll(CONTROL)) {
    kept += plain(text.slice(from, match.index)) + match[0];
    from = match.index + match[0].length;
  }
  return kept + plain(text.slice(from));
}

function linkUrls(escaped: string): string {
  return escaped.replace(URL_IN_TEXT, (found) => {
    // An entity that ends the address belongs to the text around it.
    const whole = found.replace(/&(?:lt|gt);.*$/, '');
    const url = whole.replace(TRAILING, '');
    return `<${url}>${found.slice(url.length)}`;
  });
}

/** What Slack makes of a line that a person types: entities, mentions, channels and links. */
export function typedText(world: World, text: string, options: { labels?: boolean } = {}): string {
  return mention(world, linkUrls(escapeText(text)), options.labels ?? false);
}

/**
 * What Slack's editor sends of a message that a person types: as {@link typedText}, but code stays as it is, emoji are
 * kept by name, and lines that begin with `-` or `*` become a list.
 */
export function typedMessage(world: World, text: string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]+`)/)
    .map((part, index) =>
      index % 2 === 1
        ? escapeText(part)
        : namedEmoji(typedText(world, part.replace(/^(\s*)[-*] (?=\S)/gm, '$1• '))),
    )
    .join('');
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
