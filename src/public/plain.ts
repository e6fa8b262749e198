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

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/giu;

/** Takes the http(s) addresses out of a text; put together again, the pieces are the text. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutStop(found);
    const url = linkOf(address);
    if (url === null) continue;
    if (index > done) pieces.push(text.slice(done, index));
    pieces.push({ url, text: address });
    done = index + address.length;
  }
  if (done < text.length) pieces.push(text.slice(done));
  return pieces;
}

/** What ends a sentence is no part of the address, nor is a bracket that was opened before it. */
function withoutStop(found: string): string {
  let end = found.length;
  let open = 0;
  for (const character of found) open += character === '(' ? 1 : character === ')' ? -1 : 0;
  for (; end > 0; end--) {
    const last = found[end - 1] ?? '';
    if (last === ')' && open < 0) open++;
    else if (!/[.,;:!?\]}*_~]/.test(last)) break;
  }
  return found.slice(0, end);
}

/** An address with a name in front of its host (`https://bank.example@elsewhere`) only looks like where it leads to. */
function linkOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
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
