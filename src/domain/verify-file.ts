import { type Broken, type Verified, verifyFacts } from './verify.js';

/** Longer than any fact can be: a file without line ends must not fill the memory. */
const LONGEST_LINE = 16 * 1024 * 1024;

class NotText extends Error {}

/**
 * Checks a `facts` export as bytes, as read from a file. Beside what verifyFacts checks, the bytes must be UTF-8:
 * a lenient reader shows a damaged character as the same U+FFFD that another text may rightly hold.
 */
export async function verifyFile(
  bytes: AsyncIterable<Uint8Array>,
  options: { head?: string } = {},
): Promise<Verified | Broken> {
  const count = { lines: 0 };
  try {
    return await verifyFacts(linesOf(bytes, count), options);
  } catch (error) {
    if (error instanceof NotText) return { ok: false, line: count.lines + 1, why: error.message };
    throw error;
  }
}

/** Splits at LF only: node:readline also splits at U+2028, which a text may hold. */
async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
  count: { lines: number },
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const line = () => {
    const text = decoded(Buffer.concat(parts));
    parts = [];
    size = 0;
    if (count.lines === 0 && text.startsWith('\uFEFF')) {
      throw new NotText('it begins with a byte order mark, which an export does not');
    }
    count.lines++;
    return text;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      from = at + 1;
      yield line();
    }
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > LONGEST_LINE) throw new NotText('a line too long to be a fact');
  }
  if (size > 0) yield line();
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotText('not UTF-8');
  }
}
