import { closed } from './direction.js';
import type { Block, EntryBlock, Span } from './document.js';
import { safeLink } from './links.js';
import { mdCode, mdLines, mdLink, mdText } from './md-text.js';

/**
 * Writes a document as Markdown (CommonMark, with GFM's strikethrough and task lists), a block at a time.
 * A text of several lines keeps them in its entry, list item or paragraph; in headings and fields its newlines are references.
 */
export async function* writeMarkdown(
  blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<string, void, undefined> {
  let before: Block['is'] | null = null;
  for await (const block of blocks) {
    // Lines of one list stand together; everything else has a blank line between.
    const together =
      before === block.is && (block.is === 'entry' || block.is === 'item' || block.is === 'task');
    yield `${before === null || together ? '' : '\n'}${written(block)}\n`;
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
  // Struck from the number to the name: beside our own words the tildes mean strikethrough whatever the text begins with.
  const line = `[#${entry.n}] ${kind}${text} — ${mdText(closed(entry.who))}${edited}`;
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
