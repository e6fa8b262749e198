// A page for tests of who writes and who reads it, in this process and in others: every file says its revision all over.
import { appendFileSync, statSync } from 'node:fs';

/** What is recorded: each byte is a fact, so that several processes record without asking each other. */
export const record = (source: string): void => appendFileSync(source, '.');
export const recorded = (source: string): number => statSync(source).size;

/** How many incidents there are of ten: not always as many, so that files go as well. */
const incidents = (revision: number) => 3 + (revision % 7);

export function* filesOf(revision: number): Generator<[string, string]> {
  for (let n = 1; n <= incidents(revision); n++) yield [`incidents/INC-${n}.html`, textOf(revision, 200)];
  yield ['style.css', 'body { color: black }'];
  yield ['feed.atom', textOf(revision, 400)];
  yield ['api/v2/summary.json', JSON.stringify({ revision })];
  yield ['index.html', textOf(revision, 4_000)];
}

const textOf = (revision: number, lines: number) =>
  `<head>\n${`revision ${revision}\n`.repeat(lines)}</html>\n`;

/** @returns the revision of a text that is whole. @throws where it is not */
export function revisionIn(text: string, lines = 4_000): number {
  const [, revision = ''] = /^<head>\nrevision (\d+)\n/.exec(text) ?? [];
  if (text !== textOf(Number(revision), lines))
    throw new Error(`half a page: ${text.length} bytes, ${text.slice(0, 40)}…${text.slice(-40)}`);
  return Number(revision);
}
