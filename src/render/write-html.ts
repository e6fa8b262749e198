import { closed } from './direction.js';
import type { Block, EntryBlock, Span } from './document.js';
import { PAGE_END, pageStart } from './html-style.js';
import { htmlText } from './html-text.js';
import { safeLink } from './links.js';

/** The element around blocks of one kind that follow each other. */
const LISTS: Partial<Record<Block['is'], readonly [string, string]>> = {
  entry: ['<ol>\n', '</ol>\n'],
  item: ['<ul>\n', '</ul>\n'],
  task: ['<ul class="tasks">\n', '</ul>\n'],
};

/** Writes a document as a complete HTML page, a block at a time. The first block must be the title. */
export async function* writeHtml(
  blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<string, void, undefined> {
  let open: readonly [string, string] | undefined;
  let last: Block['is'] | null = null;
  let main = true;
  for await (const block of blocks) {
    const list = LISTS[block.is];
    if (list !== open) {
      yield `${open?.[1] ?? ''}${list?.[0] ?? ''}`;
      open = list;
    }
    if (last === null) yield pageStart(htmlText(plain(block)));
    if (block.is === 'footer' && main) {
      yield '</main>\n';
      main = false;
    }
    yield `${written(block)}\n`;
    last = block.is;
  }
  yield `${open?.[1] ?? ''}${main ? '</main>\n' : ''}${PAGE_END}`;
}

function written(block: Block): string {
  switch (block.is) {
    case 'title':
      return `<h1 dir="auto">${inline(block.spans)}</h1>`;
    case 'heading':
      return `<h2>${htmlText(block.text)}</h2>`;
    case 'fields': {
      const rows = block.rows.map(
        (row) => `<dt>${htmlText(row.label)}</dt><dd class="say">${inline(row.spans)}</dd>`,
      );
      return `<dl>\n${rows.join('\n')}\n</dl>`;
    }
    case 'sentence':
      return `<p class="say">${inline(block.spans)}</p>`;
    case 'item':
      return `<li class="say">${inline(block.spans)}</li>`;
    case 'task':
      return `<li class="say">${block.done ? '☑ <span class="kind">done</span>' : '☐ <span class="kind">to do</span>'} ${inline(block.spans)}</li>`;
    case 'question':
      return `<p class="question say"><strong>Open question:</strong> ${inline(block.spans)}</p>`;
    case 'prompt':
      return `<p class="prompt">(${htmlText(block.text)})</p>`;
    case 'day':
      return `<h3><time datetime="${block.date}">${block.date}</time></h3>`;
    case 'shift':
      return `<p class="shift">(the clocks change here, from ${block.from} to ${block.to})</p>`;
    case 'entry':
      return entryItem(block);
    case 'footer':
      return `<footer>${inline(block.spans)}</footer>`;
    default: {
      const unknown: never = block;
      throw new Error(`a block of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

function entryItem(entry: EntryBlock): string {
  const link = safeLink(entry.link);
  const bare = htmlText(entry.text);
  const linked = link === null ? bare : `<a href="${htmlText(link)}" rel="noreferrer">${bare}</a>`;
  const text = `<bdi class="text">${linked}</bdi>`;
  const kind =
    entry.kind === 'note' || entry.kind === 'message' ? '' : `<span class="kind">${entry.kind}</span> `;
  const line = entry.struck ? `${kind}<s>${text}</s>` : kind + text;
  const edited = entry.edited ? ' · edited' : '';
  const reason = entry.struck?.reason ? `: <bdi>${htmlText(entry.struck.reason)}</bdi>` : '';
  const struck = entry.struck ? ` · struck${reason}` : '';
  const meta = `<span class="meta">#${entry.n} · <bdi>${htmlText(closed(entry.who))}</bdi>${edited}${struck}</span>`;
  const time = `<time datetime="${entry.datetime}">${htmlText(entry.time)}</time>`;
  return `<li id="e${entry.n}">${time} <div>${line}<br>${meta}</div></li>`;
}

function inline(spans: Span[]): string {
  return spans
    .map((span, i) => {
      if (typeof span === 'string') return htmlText(i === spans.length - 1 ? span : closed(span));
      if ('cite' in span) return `<a class="cite" href="#e${span.cite}">[#${span.cite}]</a>`;
      if ('code' in span) return `<code>${htmlText(span.code)}</code>`;
      return `<strong>${htmlText(span.strong)}</strong>`;
    })
    .join('');
}

function plain(block: Block): string {
  if (block.is !== 'title') throw new Error('a page begins with its title');
  return block.spans.map((span) => (typeof span === 'string' ? span : '')).join('');
}
