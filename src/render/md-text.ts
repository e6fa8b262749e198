/**
 * Text as Markdown that a CommonMark or GFM reader turns back into exactly that text: backslashes before what would mean
 * something, references for white space that a reader would drop. For the inside of a line: never the first thing in a block.
 */
export function mdText(text: string): string {
  return (
    text
      .replace(/[\\`*~[\]<>|#$]/g, '\\$&')
      // Only what would be read as a reference: `R&D` stays readable.
      .replace(/&(?=#?[A-Za-z0-9]+;)/g, '\\&')
      // Between letters an underscore means nothing, and most are in names of things.
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      // GFM makes links of addresses before it undoes backslashes, and would show the backslashes in them.
      .replace(/(?<=[A-Za-z]):(?=\S)/g, '\\:')
      .replace(/(?<=www)\./gi, '\\.')
      // White space that readers strip, or take for the end of the line.
      .replace(/[\t\n\r]|^[\p{Zs}\u2028\u2029\uFEFF\f]+|[\p{Zs}\u2028\u2029\uFEFF\f]+$/gu, references)
  );
}

/** A link around text that is Markdown already. */
export function mdLink(markdown: string, address: string): string {
  const plain = /^[!-~]+$/.test(address) && !/[()<>\\`]|&#?\w+;/.test(address);
  return `[${markdown}](${plain ? address : `<${address.replace(/[<>\\`&]/g, '\\$&')}>`})`;
}

/** Code in backticks; only for our own words, which hold none. */
export function mdCode(text: string): string {
  return `\`${text}\``;
}

function references(space: string): string {
  return [...space].map((character) => `&#${character.codePointAt(0)};`).join('');
}
