import type { Section } from './file.js';

const HEADING = /^(#{1,3})\s+\S/;
const ITEM = /^\s*([-*+]|\d+\.)\s+/;

/** What a canvas may not hold, in words; undefined when all is well. */
export function canvasProblem(markdown: string): string | undefined {
  for (const line of markdown.split('\n')) {
    if (/^>\s*([-*+]|\d+\.)\s/.test(line)) return 'Unsupported nesting: a list inside a block quote';
    if (/^\s*([-*+]|\d+\.)\s+>/.test(line)) return 'Unsupported nesting: a block quote inside a list';
    if (/^\s*([-*+]|\d+\.)\s+#{1,6}\s/.test(line)) return 'Unsupported nesting: a heading inside a list';
  }
  return undefined;
}

/**
 * Markdown in the parts that a canvas can be changed by: headings, lists, code and paragraphs, each by itself.
 * @param id makes the id of a part
 */
export function sectionsOf(markdown: string, id: () => string): Section[] {
  const parts: string[][] = [];
  let fenced = false;
  let open = false;
  for (const line of markdown.split('\n')) {
    const fence = line.startsWith('```');
    const blank = line.trim() === '' && !fenced;
    const heading = !fenced && HEADING.test(line);
    const last = parts.at(-1);
    if (blank) open = false;
    else if (last && open && !heading && (fenced || isItem(line) === isItem(last[0] ?? ''))) last.push(line);
    else {
      parts.push([line]);
      open = !heading;
    }
    if (fence) fenced = !fenced;
  }
  return parts.map((lines) => ({ id: id(), markdown: lines.join('\n') }));
}

/** `h1` … `h3`, or undefined for a part that is no heading. */
export function headingOf(section: Section): string | undefined {
  const signs = HEADING.exec(section.markdown)?.[1];
  return signs ? `h${signs.length}` : undefined;
}

/** The whole canvas as Markdown. */
export function canvasText(sections: readonly Section[]): string {
  return sections.map((section) => section.markdown).join('\n\n');
}

function isItem(line: string): boolean {
  return ITEM.test(line);
}
