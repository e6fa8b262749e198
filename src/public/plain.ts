const BREAKS = /\r\n?|[\u0085\u2028\u2029]/g;

/**
 * Whatever cannot be seen: control characters but line breaks and tabs, halves of surrogate pairs, marks that turn the
 * direction of writing round, spaces without width, tags; and places in Unicode that are no characters, some of which XML
 * cannot hold. What scripts and emoji join their letters with stays.
 */
const UNSEEN =
  /[^\P{Cc}\n\t]|\p{Cs}|\p{Noncharacter_Code_Point}|[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/**
 * A text that people wrote, as the public is given it, in whichever form: without what cannot be seen, and with `\n` for
 * every kind of line break. It is not encoded: HTML, XML and JSON each do that.
 */
export function shown(text: string): string {
  return text.replace(BREAKS, '\n').replace(UNSEEN, '');
}

/** The same for a title: on one line, and never empty, because readers show it as the link. */
export function shownLine(text: string): string {
  return shown(text).replace(/\s+/g, ' ').trim() || '–';
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML, for between tags and inside quoted attributes. `>` too, so that no `]]>` can ever end a CDATA section. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => REFERENCES[character] ?? character);
}

/** A part of a text: words, or an address that becomes a link. */
type Piece = string | { readonly url: string; readonly text: string };

const ADDRESS =
  /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"'`{}|\\^\u00ab\u00bb\u201c\u201d\u2018\u2019\u3000-\u303f\uff01-\uff60]+/giu;
/** Longer than any address that somebody means to be followed. */
const ADDRESS_LIMIT = 2_048;

/** @returns an address without the punctuation of the sentence around it; a bracket that it opens itself is its own */
function addressIn(found: string): string {
  const spare = { ')': surplus(found, '(', ')'), ']': surplus(found, '[', ']') };
  let end = found.length;
  for (; end > 0; end--) {
    const last = found[end - 1] ?? '';
    if (last === ')' || last === ']') {
      if (spare[last] <= 0) break;
      spare[last]--;
    } else if (!/[.,;:!?*_~…]/.test(last)) break;
  }
  return found.slice(0, end);
}

/** How many more closing brackets than opening ones. */
const surplus = (text: string, open: string, close: string) =>
  text.split(close).length - text.split(open).length;

/** Takes the http(s) addresses out of a text; put together again, the pieces are the text. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = addressIn(found);
    const url = linkOf(address);
    if (url === null) continue;
    if (index > done) pieces.push(text.slice(done, index));
    pieces.push({ url, text: address });
    done = index + address.length;
  }
  if (done < text.length) pieces.push(text.slice(done));
  return pieces;
}

/** An address with a name in front of its host (`https://bank.example@elsewhere`) only looks like where it leads to. */
function linkOf(address: string): string | null {
  if (address.length > ADDRESS_LIMIT || !URL.canParse(address)) return null;
  const url = new URL(address);
  return url.username === '' && url.password === '' ? url.href : null;
}

/** A text that people wrote as HTML: encoded, with its line breaks, and with links where it has addresses. */
export function textAsHtml(text: string): string {
  return piecesOf(shown(text))
    .map((piece) => {
      if (typeof piece === 'string') return escaped(piece).replaceAll('\n', '<br>');
      return `<a href="${escaped(piece.url)}" rel="nofollow noopener noreferrer">${escaped(piece.text)}</a>`;
    })
    .join('');
}
