import { closed } from './clock.js';
import { type Block, type Blocks, type EntryBlock, type Span, safeLink } from './document.js';

/**
 * Writes a document as Markdown (CommonMark, with GFM's strikethrough and task lists), a block at a time.
 * A text of several lines keeps them in its entry, list item or paragraph; in headings and fields its newlines are references.
 */
export async function* writeMarkdown(blocks: Blocks): AsyncIterable<string> {
  let before: Block['is'] | null = null;
  for await (const block of blocks) {
    // Lines of one list follow each other; everything else has a blank line between.
    const sameList =
      before === block.is && (block.is === 'entry' || block.is === 'item' || block.is === 'task');
    yield `${before === null || sameList ? '' : '\n'}${written(block)}\n`;
    before = block.is;
  }
}

function written(block: Block): string {
  switch (block.is) {
    case 'title':
      return `# ${inline(block.spans)}`;
    case 'heading':
      return `## ${mdText(block.text)}`;
    case 'fields':
      return block.rows.map((row) => `- **${mdText(row.label)}:** ${inline(row.spans)}`).join('\n');
    case 'sentence':
      return inline(block.spans, '');
    case 'item':
      return `- ${inline(block.spans, '  ')}`;
    case 'task':
      return `- [${block.done ? 'x' : ' '}] ${inline(block.spans, '  ')}`;
    case 'question':
      return `> Open question: ${inline(block.spans)}`;
    case 'prompt':
      return `*(${mdText(block.text)})*`;
    case 'day':
      return `### ${block.date}`;
    case 'shift':
      return `*(the clocks change here, from ${block.from} to ${block.to})*`;
    case 'entry':
      return entryLine(block);
    case 'picture':
      return mdText(block.alt);
    case 'footer':
      return `---\n\n${inline(block.spans)}`;
    default: {
      const unknown: never = block;
      throw new Error(`a block of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

function entryLine(entry: EntryBlock): string {
  const link = safeLink(entry.link);
  const words = closed(entry.text);
  const text = link === null ? mdLines(words, '  ') : mdLink(mdLines(words, '  ', true), link);
  const kind = entry.kind === 'note' || entry.kind === 'message' ? '' : `*${entry.kind}* `;
  const edited = entry.edited ? ' (edited)' : '';
  const deleted = entry.deleted === null ? '' : ` (deleted in Slack ${entry.deleted})`;
  const files =
    entry.files.length === 0
      ? ''
      : ` · ${entry.files.map((file) => mdText(`📎 ${closed(file.replace(/\s+/g, ' '))}`)).join(', ')}`;
  // Struck from the number to the name: beside our own words the tildes mean strikethrough whatever the text begins with.
  const line = `[#${entry.n}] ${kind}${text} — ${mdText(closed(entry.who))}${edited}${deleted}${files}`;
  const reason = entry.struck?.reason ? `: ${mdText(closed(entry.struck.reason))}` : '';
  return `- ${mdText(entry.time)} ${entry.struck ? `~~${line}~~ (struck${reason})` : line}`;
}

/** @param indent of further lines; null: all of it stands on one line */
function inline(spans: Span[], indent: string | null = null): string {
  return spans
    .map((span, i) => {
      const last = i === spans.length - 1;
      if (typeof span === 'string') return between(last ? span : closed(span), i > 0, !last, indent);
      if ('cite' in span) return `[#${span.cite}]`;
      if ('code' in span) return mdCode(span.code);
      return `**${mdText(span.strong)}**`;
    })
    .join('');
}

/** A space before or after another span may stay a space; at the end of a line it would be dropped. */
function between(span: string, before: boolean, after: boolean, indent: string | null): string {
  const first = before && span.startsWith(' ') ? 1 : 0;
  const last = after && span.length > first && span.endsWith(' ') ? span.length - 1 : span.length;
  const words = span.slice(first, last);
  return span.slice(0, first) + (indent === null ? mdText(words) : mdLines(words, indent)) + span.slice(last);
}

/**
 * Text as Markdown that a CommonMark or GFM reader turns back into exactly that text: backslashes before what would mean
 * something, references for white space that a reader would drop, and links where GFM would make them of addresses.
 * On one line, for the inside of a line: never the first thing in a block.
 * @param linked it stands in a link already, and links hold no links
 */
export function mdText(text: string, linked = false): string {
  return withLinks(text, linked).replace(DROPPED, references);
}

/** White space that readers strip at the ends of a text or a line. */
const DROPPED = /^[\p{Zs}\u2028\u2029\uFEFF\f]+|[\p{Zs}\u2028\u2029\uFEFF\f]+$/gu;
const AROUND = /^([\p{Zs}\u2028\u2029\uFEFF\f\t\r\n]*)(.*?)([\p{Zs}\u2028\u2029\uFEFF\f\t\r\n]*)$/su;

/**
 * The same on as many lines as the text has, each but the first begun with `indent`: for the inside of a paragraph.
 * A stack trace stays one to the eye, in the source and in what a reader makes of it.
 */
function mdLines(text: string, indent: string, linked = false): string {
  const [, start = '', body = '', end = ''] = AROUND.exec(text) ?? [];
  if (!body.includes('\n')) return mdText(text, linked);
  const [first = '', ...lines] = body.split('\n');
  let written = references(start) + line(first, linked);
  for (const [i, next] of lines.entries()) {
    // An empty line would end the paragraph; a backslash at a line's end is a break as well.
    const before = i === 0 ? first : lines[i - 1];
    // What is left at the end becomes references, and no address may stand right before one.
    const last = i === lines.length - 1 ? end : '';
    written += `${before === '' ? '\\' : '  '}\n${indent}${begun(line(next + last, linked))}`;
  }
  return written;
}

/** A line among others: readers strip the blanks at its ends. Of those at its start one reference keeps them all. */
function line(text: string, linked: boolean): string {
  const [, kept = '', rest = ''] = /^([\p{Zs}\u2028\u2029\uFEFF\f]?)(.*)$/su.exec(text) ?? [];
  return references(kept) + withLinks(rest, linked).replace(/[\p{Zs}\u2028\u2029\uFEFF\f]+$/u, references);
}

/** What would begin a list, a heading's underline or a table at the start of a line. */
function begun(markdown: string): string {
  return markdown.replace(/^[-+=:]/, '\\$&').replace(/^(\d{1,9})([.)])/, '$1\\$2');
}

const ADDRESS = /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"`\\\p{Cc}\p{Cf}]+/giu;
/** An address in which nothing needs a backslash, wherever readers see its end: GFM makes a link of it as it stands. */
const BARE =
  /^https?:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?(?:[/?#](?:[a-z0-9\-./?=&,;:+!'()#]|(?<=[^a-z0-9_~])[_~](?=[a-z0-9])|(?<=[a-z0-9])_(?=[a-z0-9]))*)?$/i;
const REFERENCE = /&#?\w+;/;

/**
 * Addresses stay clickable: bare where that is safe, else as links around their own text. Elsewhere the backslashes go
 * where GFM would make a link of what is none.
 */
function withLinks(text: string, linked: boolean): string {
  if (linked) return escaped(text, true);
  let written = '';
  let at = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    if (index < at) continue;
    const run = /^[^\t\n\f\r ]*/.exec(text.slice(index))?.[0] ?? found;
    const after = text.slice(index + run.length);
    // A reference right behind it would be read as part of it.
    const ends = after === '' || (after.startsWith(' ') && after.trim() !== '');
    const bare = ends && BARE.test(run) && !REFERENCE.test(run) && !/xn--/i.test(run);
    const address = bare ? run : withoutTail(found);
    if (!/^https?:\/\/[\p{L}\p{N}]/iu.test(address)) continue;
    const before = escaped(text.slice(at, index));
    if (bare) written += before + run;
    // `![…](…)` would be a picture.
    else written += before.replace(/!$/, '\\!') + mdLink(escaped(address, true), address);
    at = index + address.length;
  }
  return written + escaped(text.slice(at));
}

/** An address without what belongs to the sentence around it: full stops, and brackets that it did not open. */
function withoutTail(address: string): string {
  let rest = address;
  for (;;) {
    const short = rest.replace(/[?!.,:;*_~'|]+$/, '');
    const last = short.at(-1) ?? '';
    const opener = { ')': '(', ']': '[', '}': '{' }[last];
    const unopened = opener !== undefined && short.split(opener).length < short.split(last).length;
    if (!unopened) return short;
    rest = short.slice(0, -1);
  }
}

/** @param linked it is the text of a link */
function escaped(text: string, linked = false): string {
  const plain = text
    .replace(/[\\`*~[\]<>|#$]/g, '\\$&')
    // Only what would be read as a reference: `R&D` stays readable.
    .replace(/&(?=#?[A-Za-z0-9]+;)/g, '\\&')
    // Between letters an underscore means nothing, and most are in names of things.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/[\t\n\r]/g, references);
  // In a link's own text no reader makes another, but one looks for where an address ends, takes a backslash along, and
  // takes what stands between two quotes for a part of it, also where the second stands in the link's own address.
  if (linked && !/[[\]'"]/.test(text)) return plain;
  // GFM makes links of addresses before it undoes backslashes, and would show the backslashes in them.
  return plain
    .replace(/(?<=[A-Za-z]):(?=\/\/)|(?<=mailto|xmpp):(?=\S)/gi, '\\:')
    .replace(/(?<=www)\./gi, '\\.');
}

/** A link around text that is Markdown already. */
function mdLink(markdown: string, address: string): string {
  const plain = /^[!-~]+$/.test(address) && !/[()<>\\`]|&#?\w+;/.test(address);
  return `[${markdown}](${plain ? address : `<${address.replace(/[<>\\`&]/g, '\\$&')}>`})`;
}

/** Code in backticks; only for our own words, which hold none. */
function mdCode(text: string): string {
  return `\`${text}\``;
}

function references(space: string): string {
  return [...space].map((character) => `&#${character.codePointAt(0)};`).join('');
}
