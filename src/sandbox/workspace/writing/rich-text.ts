import type { Fields } from '../../fields.js';
import { CONTROL } from '../text.js';
import { emojiElement, isEmoji } from './emoji.js';

type Style = Readonly<Record<string, true>>;

const FENCE = /```\n?([\s\S]*?)\n?```/g;
const QUOTE = /^&gt; ?(.*)$/;
const BULLET = /^(\s*)([•◦▪])\s(.*)$/;
const NUMBER = /^(\s*)(\d+)\.\s(.*)$/;
const BULLETS = '•◦▪';
const STYLED = { '*': 'bold', _: 'italic', '~': 'strike' } as const;
// A sign opens a style at the beginning of a word and closes it at an end; inside of words it is a sign.
const INLINE = new RegExp(
  [
    `(?<control>${CONTROL.source})`,
    '`(?<code>[^`\\n]+)`',
    ":(?<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
    '(?<![\\p{L}\\p{N}*_~])(?<sign>[*_~])(?=\\S)(?<styled>(?:(?!\\k<sign>)[^\\n])+?)(?<=\\S)\\k<sign>(?![\\p{L}\\p{N}])',
  ].join('|'),
  'gu',
);

/**
 * The elements of the `rich_text` block that Slack's editor sends with a message.
 * @param kept the message's text as Slack keeps it: entities, control sequences, `*bold*`, lists, quotes, code
 * @param custom the workspace's own emoji, by name
 */
export function richText(kept: string, custom: ReadonlyMap<string, unknown> = new Map()): Fields[] {
  const parts: Fields[] = [];
  let from = 0;
  const between = (to?: number) => {
    const text = kept.slice(from, to);
    // The line breaks around a fence belong to it.
    const inner = from > 0 ? text.replace(/^\n/, '') : text;
    parts.push(...paragraphs(to === undefined ? inner : inner.replace(/\n$/, ''), custom));
  };
  for (const match of kept.matchAll(FENCE)) {
    between(match.index);
    const code = decoded(match[1] ?? '');
    if (code !== '')
      parts.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text: code }], border: 0 });
    from = match.index + match[0].length;
  }
  between();
  return parts;
}

/** A run of lines of one kind. */
interface Run {
  kind: 'section' | 'quote' | 'bullet' | 'ordered';
  indent: number;
  /** Of a numbered list, the number of its first line. */
  first: number;
  lines: string[];
}

function paragraphs(text: string, custom: ReadonlyMap<string, unknown>): Fields[] {
  if (text === '') return [];
  const runs: Run[] = [];
  for (const line of text.split('\n')) {
    const run = runOf(line);
    const last = runs.at(-1);
    if (last && last.kind === run.kind && last.indent === run.indent) last.lines.push(...run.lines);
    else runs.push(run);
  }
  return runs.map((run) => renderRun(run, custom));
}

function runOf(line: string): Run {
  const bullet = BULLET.exec(line);
  if (bullet) {
    const [, space = '', sign = '•', words = ''] = bullet;
    const indent = Math.max(BULLETS.indexOf(sign), Math.floor(space.length / 4));
    return { kind: 'bullet', indent, first: 1, lines: [words] };
  }
  const number = NUMBER.exec(line);
  if (number) {
    const [, space = '', first = '1', words = ''] = number;
    return { kind: 'ordered', indent: Math.floor(space.length / 4), first: Number(first), lines: [words] };
  }
  const quote = QUOTE.exec(line);
  if (quote) return { kind: 'quote', indent: 0, first: 1, lines: [quote[1] ?? ''] };
  return { kind: 'section', indent: 0, first: 1, lines: [line] };
}

function renderRun({ kind, indent, first, lines }: Run, custom: ReadonlyMap<string, unknown>): Fields {
  if (kind === 'section' || kind === 'quote') {
    const elements = inline(lines.join('\n'), {}, custom);
    return { type: kind === 'quote' ? 'rich_text_quote' : 'rich_text_section', elements };
  }
  return {
    type: 'rich_text_list',
    style: kind,
    indent,
    ...(first > 1 ? { offset: first - 1 } : {}),
    border: 0,
    elements: lines.map((line) => ({ type: 'rich_text_section', elements: inline(line, {}, custom) })),
  };
}

function inline(text: string, style: Style, custom: ReadonlyMap<string, unknown>): Fields[] {
  const elements: Fields[] = [];
  const marked = Object.keys(style).length > 0 ? { style } : {};
  const plain = (part: string) => {
    const last = elements.at(-1);
    // What looked like an emoji and is none belongs to the words around it.
    if (last?.type === 'text' && typeof last.text === 'string' && last.style === marked.style)
      last.text += decoded(part);
    else if (part !== '') elements.push({ type: 'text', text: decoded(part), ...marked });
  };
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const { control, code, emoji, sign, styled } = match.groups ?? {};
    plain(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (control) elements.push({ ...controlElement(control), ...marked });
    else if (code) elements.push({ type: 'text', text: decoded(code), style: { ...style, code: true } });
    else if (emoji)
      isEmoji(emoji, custom) ? elements.push({ ...emojiElement(emoji), ...marked }) : plain(match[0]);
    else if (sign === '*' || sign === '_' || sign === '~')
      elements.push(...inline(styled ?? '', { ...style, [STYLED[sign]]: true }, custom));
  }
  plain(text.slice(from));
  return elements;
}

function controlElement(sequence: string): Fields {
  const [body = '', label] = sequence.slice(1, -1).split('|');
  if (body.startsWith('@')) return { type: 'user', user_id: body.slice(1) };
  if (body.startsWith('#')) return { type: 'channel', channel_id: body.slice(1) };
  if (body.startsWith('!subteam^')) return { type: 'usergroup', usergroup_id: body.slice(9) };
  if (body.startsWith('!date^')) {
    const [, at = '0', format = '', url] = body.split('^');
    const link = url ? { url } : {};
    return { type: 'date', timestamp: Number(at), format, ...link, ...(label ? { fallback: label } : {}) };
  }
  if (body.startsWith('!')) return { type: 'broadcast', range: body.slice(1) };
  return { type: 'link', url: decoded(body), ...(label ? { text: decoded(label) } : {}) };
}

function decoded(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
