import { Parser } from 'commonmark';
import MarkdownIt from 'markdown-it';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as plain } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';

/** Text of a Markdown document as each of three readers sees it: blocks apart, formatting gone. */
export const readers: Record<string, (markdown: string) => string[]> = {
  commonmark: (markdown) => {
    const blocks: string[] = [];
    const walker = new Parser().parse(markdown).walker();
    for (let event = walker.next(); event; event = walker.next()) {
      const { node } = event;
      if (!event.entering) continue;
      if (['paragraph', 'heading', 'code_block', 'html_block'].includes(node.type))
        blocks.push(node.literal ?? '');
      else if (node.type === 'softbreak' || node.type === 'linebreak') blocks[blocks.length - 1] += '\n';
      else if (node.literal !== null) blocks[blocks.length - 1] += node.literal;
    }
    return blocks;
  },
  'GFM by markdown-it': (markdown) => {
    const tokens = new MarkdownIt({ linkify: true, html: true }).parse(markdown, {});
    return tokens
      .filter(
        (token) =>
          token.type === 'inline' ||
          token.type === 'fence' ||
          token.type === 'code_block' ||
          token.type === 'html_block',
      )
      .map((token) =>
        (token.children ?? [token])
          .map((child) => (child.type === 'softbreak' || child.type === 'hardbreak' ? '\n' : child.content))
          .join(''),
      );
  },
  // Makes links of bare addresses as GitHub does.
  'GFM by micromark': (markdown) => {
    const blocks: string[] = [];
    const walk = (node: { type: string; children?: unknown[] }) => {
      if (['paragraph', 'heading', 'code', 'html', 'table'].includes(node.type))
        blocks.push(plain(broken(node)));
      else for (const child of node.children ?? []) walk(child as typeof node);
    };
    walk(fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
    return blocks;
  },
};

/** `mdast-util-to-string` passes over hard breaks. */
function broken(node: object): object {
  if ('type' in node && node.type === 'break') return { type: 'text', value: '\n' };
  if (!('children' in node)) return node;
  return { ...node, children: (node.children as object[]).map(broken) };
}

/** Undoing Markdown's encoding as a reader of the source would: backslashes and references, and links around addresses. */
export function undone(markdown: string): string {
  const unwrapped = markdown.replace(
    /\\.|\[((?:\\.|[^\]\\])*)\]\((?:<(?:\\.|[^>\\])*>|[^)]*)\)/gsu,
    (whole, label?: string) => label ?? whole,
  );
  return unwrapped.replace(/\\([!-/:-@[-`{-~])|&#(\d+);/g, (_, character?: string, code?: string) =>
    code === undefined ? (character ?? '') : String.fromCodePoint(Number(code)),
  );
}

export const page = (html: string): Tree.Document => parse(html);

/** Every element of a page with that class or tag name. */
export function elements(document: Tree.Document, name: string): Tree.Element[] {
  const found: Tree.Element[] = [];
  const walk = (node: Tree.Node) => {
    if ('tagName' in node) {
      const classes = node.attrs.find((a) => a.name === 'class')?.value.split(' ') ?? [];
      if (node.tagName === name || classes.includes(name)) found.push(node);
    }
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(document);
  return found;
}

export function textOf(node: Tree.Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}
