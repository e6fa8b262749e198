import { type Fields, isFields, listOf } from '../../../fields.js';
import type { Place } from '../place.js';
import { type Inline, parseMrkdwn } from '../text/mrkdwn-tree.js';

/**
 * What somebody wrote with marks (`*bold*`, `_italic_`, `~struck~`, code, `>` quotes, `-` and `1.` lists) as a
 * `rich_text` block; null when it is blank. `@name` and `#name` become mentions of those that the place knows.
 */
export function richTextOf(text: string, place: Place): Fields | null {
  if (text.trim() === '') return null;
  const known = (name: string) => place.names.emoji(name) !== undefined;
  const elements: Fields[] = [];
  for (const part of parseMrkdwn(text, { known, autolink: true })) {
    if (part.kind === 'pre') {
      elements.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text: part.text }] });
    } else if (part.kind === 'quote') {
      elements.push({ type: 'rich_text_quote', elements: inlineOf(part.inside, place) });
    } else {
      elements.push(...linesOf(inlineOf(part.inside, place)));
    }
  }
  return { type: 'rich_text', elements };
}

/** Parts the lines into paragraphs and lists. */
function linesOf(elements: readonly Fields[]): Fields[] {
  const lines: Fields[][] = [[]];
  for (const element of elements) {
    const pieces = element.type === 'text' ? String(element.text).split('\n') : [undefined];
    pieces.forEach((piece, index) => {
      if (index > 0) lines.push([]);
      if (piece === undefined) lines.at(-1)?.push(element);
      else if (piece !== '') lines.at(-1)?.push({ ...element, text: piece });
    });
  }
  const parts: Fields[] = [];
  for (const line of lines) {
    const [first] = line;
    const mark = first?.type === 'text' ? /^( *)(?:([-•])|\d+[.)]) +/.exec(String(first.text)) : null;
    const last = parts.at(-1);
    if (!mark || !first) {
      const inside = last?.type === 'rich_text_section' ? listOf(last.elements) : undefined;
      if (inside && last) last.elements = [...inside, { type: 'text', text: '\n' }, ...line];
      else if (line.length > 0) parts.push({ type: 'rich_text_section', elements: line });
      continue;
    }
    const style = mark[2] === undefined ? 'ordered' : 'bullet';
    const indent = Math.floor((mark[1] ?? '').length / 2);
    const text = String(first.text).slice(mark[0].length);
    const rest = text === '' ? line.slice(1) : [{ ...first, text }, ...line.slice(1)];
    const item = { type: 'rich_text_section', elements: rest };
    if (last?.type === 'rich_text_list' && last.style === style && last.indent === indent) {
      last.elements = [...listOf(last.elements), item];
    } else {
      parts.push({ type: 'rich_text_list', style, indent, elements: [item] });
    }
  }
  return parts;
}

function inlineOf(inside: readonly Inline[], place: Place, style: Fields = {}): Fields[] {
  const styled = Object.keys(style).length > 0 ? { style } : {};
  return inside.flatMap((it): Fields[] => {
    switch (it.kind) {
      case 'text':
        return mentionsIn(it.text, place).map((found) => ({ ...found, ...styled }));
      case 'bold':
      case 'italic':
      case 'strike':
        return inlineOf(it.inside, place, { ...style, [it.kind]: true });
      case 'code':
        return [{ type: 'text', text: it.text, style: { ...style, code: true } }];
      case 'emoji':
        return [{ type: 'emoji', name: it.name, ...styled }];
      case 'link':
        return [{ type: 'link', url: it.url, ...(it.label ? { text: it.label } : {}), ...styled }];
      case 'user':
        return [{ type: 'user', user_id: it.id, ...styled }];
      case 'channel':
        return [{ type: 'channel', channel_id: it.id, ...styled }];
      case 'group':
        return [{ type: 'usergroup', usergroup_id: it.id, ...styled }];
      case 'broadcast':
        return [{ type: 'broadcast', range: it.range, ...styled }];
      default:
        return [{ type: 'text', text: it.fallback, ...styled }];
    }
  });
}

/** Text with the people and channels that it names. */
function mentionsIn(text: string, place: Place): Fields[] {
  const found: Fields[] = [];
  for (const piece of text.split(/(?<![\w@#])([@#][\p{L}\p{N}._-]*[\p{L}\p{N}])/u)) {
    const name = piece.slice(1).toLowerCase();
    const named = (label: string) => label.replace(/^[@#]/, '').toLowerCase() === name;
    const person = piece.startsWith('@') && place.people.find((it) => named(it.label));
    const channel = piece.startsWith('#') && place.channels.find((it) => named(it.label));
    if (person) found.push({ type: 'user', user_id: person.id });
    else if (channel) found.push({ type: 'channel', channel_id: channel.id });
    else if (/^@(here|channel|everyone)$/.test(piece))
      found.push({ type: 'broadcast', range: piece.slice(1) });
    else if (piece !== '') found.push({ type: 'text', text: piece });
  }
  return found;
}

/** A `rich_text` block as somebody would write it with marks. */
export function marksOf(block: unknown, place: Place): string {
  if (!isFields(block)) return '';
  return listOf(block.elements)
    .map((part) => {
      const elements = listOf(part.elements);
      switch (part.type) {
        case 'rich_text_preformatted':
          return `\`\`\`\n${elements.map((it) => String(it.text ?? it.url ?? '')).join('')}\n\`\`\``;
        case 'rich_text_quote':
          return lineOf(elements, place).replace(/^/gm, '> ');
        case 'rich_text_list':
          return elements
            .map((item, index) => {
              const mark = part.style === 'ordered' ? `${Number(part.offset ?? 0) + index + 1}.` : '-';
              return `${'  '.repeat(Number(part.indent ?? 0))}${mark} ${lineOf(listOf(item.elements), place)}`;
            })
            .join('\n');
        default:
          return lineOf(elements, place);
      }
    })
    .join('\n');
}

function lineOf(elements: readonly Fields[], place: Place): string {
  return elements.map((it) => around(wordsOf(it, place), it.style)).join('');
}

function wordsOf(element: Fields, place: Place): string {
  const { names } = place;
  switch (element.type) {
    case 'link':
      return element.text ? `<${String(element.url)}|${String(element.text)}>` : String(element.url);
    case 'emoji':
      return `:${String(element.name)}:`;
    case 'user':
      return names.user(String(element.user_id))
        ? `@${names.user(String(element.user_id))}`
        : `<@${String(element.user_id)}>`;
    case 'channel':
      return `<#${String(element.channel_id)}>`;
    case 'usergroup':
      return `<!subteam^${String(element.usergroup_id)}>`;
    case 'broadcast':
      return `<!${String(element.range)}>`;
    default:
      return String(element.text ?? element.value ?? element.fallback ?? '');
  }
}

function around(words: string, style: unknown): string {
  if (!isFields(style)) return words;
  let text = words;
  if (style.code) text = `\`${text}\``;
  if (style.bold) text = `*${text}*`;
  if (style.italic) text = `_${text}_`;
  if (style.strike) text = `~${text}~`;
  return text;
}
