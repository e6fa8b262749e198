import { createHash } from 'node:crypto';
import { closed } from './clock.js';
import { type Block, type Blocks, type Dossier, type EntryBlock, type Span, safeLink } from './document.js';

/** The element around blocks of one kind that follow each other. */
const LISTS: Partial<Record<Block['is'], readonly [string, string]>> = {
  entry: ['<ol>\n', '</ol>\n'],
  item: ['<ul>\n', '</ul>\n'],
  task: ['<ul class="tasks">\n', '</ul>\n'],
};

/**
 * Writes a document as a complete HTML page, a block at a time. The first block must be the title.
 * @param image gives the bytes of images that are kept, which then stand in the page; absent: there are none
 */
export async function* writeHtml(blocks: Blocks, image?: Dossier['image']): AsyncIterable<string> {
  let open: readonly [string, string] | undefined;
  let last: Block['is'] | null = null;
  let main = true;
  for await (const block of blocks) {
    const list = LISTS[block.is];
    if (list !== open) {
      yield `${open?.[1] ?? ''}${list?.[0] ?? ''}`;
      open = list;
    }
    if (last === null) yield pageStart(htmlText(plain(block)), image !== undefined);
    if (block.is === 'footer' && main) {
      yield '</main>\n';
      main = false;
    }
    const pictures = block.is === 'entry' && image ? await imagesIn(block, image) : '';
    yield `${written(block, pictures)}\n`;
    last = block.is;
  }
  yield `${open?.[1] ?? ''}${main ? '</main>\n' : ''}${PAGE_END}`;
}

function written(block: Block, pictures: string): string {
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
      return entryItem(block, pictures);
    case 'picture':
      return pictureFigure(block);
    case 'footer':
      return `<footer>${inline(block.spans)}</footer>`;
    default: {
      const unknown: never = block;
      throw new Error(`a block of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

/** One at a time in memory. Bytes that are not those of which the record has the digest are not shown as if they were. */
async function imagesIn({ n, images }: EntryBlock, image: NonNullable<Dossier['image']>): Promise<string> {
  let shown = '';
  for (const { id, name, type, digest } of images) {
    const bytes = await image(n, id);
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== digest) continue;
    const source = `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
    shown += `<br><img src="${source}" alt="${htmlText(name)}">`;
  }
  return shown;
}

function entryItem(entry: EntryBlock, pictures: string): string {
  const link = safeLink(entry.link);
  const bare = htmlText(entry.text);
  const linked = link === null ? bare : `<a href="${htmlText(link)}" rel="noreferrer">${bare}</a>`;
  const text = `<bdi class="text">${linked}</bdi>`;
  const kind =
    entry.kind === 'note' || entry.kind === 'message' ? '' : `<span class="kind">${entry.kind}</span> `;
  const line = entry.struck ? `${kind}<s>${text}</s>` : kind + text;
  const edited = entry.edited ? ' · edited' : '';
  const deleted = entry.deleted === null ? '' : ` · deleted in Slack ${htmlText(entry.deleted)}`;
  const files = entry.files
    .map((file) => `<br><span class="meta">📎 <bdi>${htmlText(closed(file))}</bdi></span>`)
    .join('');
  const reason = entry.struck?.reason ? `: <bdi>${htmlText(entry.struck.reason)}</bdi>` : '';
  const struck = entry.struck ? ` · struck${reason}` : '';
  const meta = `<span class="meta">#${entry.n} · <bdi>${htmlText(closed(entry.who))}</bdi>${edited}${deleted}${struck}</span>`;
  const time = `<time datetime="${entry.datetime}">${htmlText(entry.time)}</time>`;
  return `<li id="e${entry.n}">${time} <div>${line}<br>${meta}${files}${pictures}</div></li>`;
}

/** Whatever stands in the drawing is ours: times, counts and names of milestones. */
function pictureFigure({ svg, head, rows }: Extract<Block, { is: 'picture' }>): string {
  const cells = (of: string[], tag: string) =>
    of.map((cell) => `<${tag}>${htmlText(cell)}</${tag.split(' ')[0]}>`).join('');
  return [
    // A `figure` would be indented from both sides, and the style is part of every page that was ever exported.
    `<div role="figure">${svg}`,
    '<details><summary>The same as a table</summary>',
    `<table><thead><tr>${cells(head, 'th scope="col"')}</tr></thead><tbody>`,
    ...rows.map((row) => `<tr>${cells(row, 'td')}</tr>`),
    '</tbody></table></details></div>',
  ].join('\n');
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

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // An HTML reader turns a bare CR into LF.
  '\r': '&#13;',
};

/** Text as HTML, for between tags and inside quoted attributes. */
function htmlText(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => REFERENCES[character] ?? character);
}

/** Everything that an exported page looks like. No fonts, images or scripts are fetched: the page works from a disk. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5c6370; --line: #d9dce1; --page: #fff; --mark: #8a4b00; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7e9; --soft: #a2a8b3; --line: #3a3e45; --page: #16181b; --mark: #f0b565; --link: #8ab8f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 54rem; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; color: var(--soft); font-variant-numeric: tabular-nums; }
h1, .text, .say { white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
p { margin: .5rem 0; }
ul { margin: .5rem 0; padding-left: 1.25rem; }
ul.tasks { list-style: none; padding-left: 0; }
ol { list-style: none; margin: 0; padding: 0; }
ol li { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0 1rem; padding: .4rem 0; border-top: 1px solid var(--line); }
time { font-variant-numeric: tabular-nums; }
.meta, .shift, .prompt, footer { color: var(--soft); font-size: .875rem; }
.kind { color: var(--soft); }
.question { border-left: .25rem solid var(--mark); padding-left: .75rem; }
.question strong { color: var(--mark); }
a { color: var(--link); text-underline-offset: .15em; }
a.cite { text-decoration: none; font-size: .875em; }
:target { outline: 2px solid var(--link); outline-offset: 2px; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
@media (max-width: 34rem) { ol li { grid-template-columns: 1fr; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --mark: #000; --link: #000; } body { padding: 0; max-width: none; font-size: 10pt; } ol li, .question { break-inside: avoid; } h2, h3 { break-after: avoid; } }
`;

/** Of pages with images alone: the others are, byte for byte, what they always were. */
const IMAGE_STYLE = '\nimg { max-width: 100%; height: auto; }\n';

const hashed = (style: string) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** The page may use these styles, and images that stand in it, and nothing else: no script, no form, no fetching. */
const policyOf = (images: boolean) =>
  [
    "default-src 'none'",
    `style-src ${[STYLE, ...(images ? [IMAGE_STYLE] : [])].map(hashed).join(' ')}`,
    ...(images ? ['img-src data:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** What a server says of every page beforehand; the page itself may say less. */
export const PAGE_POLICY = policyOf(true);

/** @param title as HTML. @param images there may be some. @returns the beginning of a page, up to its `<main>` */
function pageStart(title: string, images: boolean): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(images)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>${images ? `<style>${IMAGE_STYLE}</style>` : ''}
</head>
<body>
<main>
`;
}

const PAGE_END = '</body>\n</html>\n';
