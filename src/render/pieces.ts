/** Characters that are handed on together: few enough for memory, enough not to write to a socket for every line. */
const PIECE = 16_384;

/** Gathers small pieces of text into larger ones; the text stays the same. */
export async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let waiting: string[] = [];
  let size = 0;
  for await (const text of texts) {
    waiting.push(text);
    size += text.length;
    if (size < PIECE) continue;
    yield waiting.join('');
    waiting = [];
    size = 0;
  }
  if (size > 0) yield waiting.join('');
}
