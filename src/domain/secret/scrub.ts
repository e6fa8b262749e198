import { plainReading } from '../status/reading.js';
import { secretsIn } from './find.js';
import { SECRET_KINDS, type SecretFound, type SecretKind } from './kind.js';

/** What stands where a secret stood. */
export const markerOf = (kind: SecretKind): string => `[secret removed: ${kind}]`;

/** Our own marks, and those of secrets that are known by their value. What only looks like one is looked at as any text. */
const MARKER = new RegExp(`\\[secret (?:removed: (?:${SECRET_KINDS.join('|')})|fp:[0-9a-f]{12})\\]`, 'g');

/** @returns places of marks of ours, for those who must not pass them on unread */
export function markersIn(text: string): Array<{ start: number; end: number }> {
  return [...text.matchAll(MARKER)].map(({ index, 0: all }) => ({ start: index, end: index + all.length }));
}

/** A text as it may be kept, and what was taken out of it, each kind once. */
export interface Scrubbed {
  readonly text: string;
  readonly removed: readonly SecretKind[];
}

/** What is taken out may leave beside it what looks like another; it is over when nothing is found. */
const PASSES = 8;

/**
 * Takes out what is a secret for sure, and says in its place what it was: never a part of it, nor its length. The same text
 * gives the same result, and the result gives itself.
 * @param keep kinds that are left alone
 */
export function scrubSecrets(text: string, keep: ReadonlySet<SecretKind> = new Set()): Scrubbed {
  const removed = new Set<SecretKind>();
  let clean = text;
  for (let pass = 0; pass < PASSES; pass++) {
    const places = placesIn(clean, keep);
    if (places.length === 0) break;
    for (const { kind } of places) removed.add(kind);
    clean = replaced(clean, places);
  }
  return { text: clean, removed: [...removed] };
}

/** The lines of one paste: a private key may begin on one and end on another. */
export function scrubLines(
  lines: readonly string[],
  keep: ReadonlySet<SecretKind> = new Set(),
): { lines: string[]; removed: SecretKind[] } {
  const removed = new Set<SecretKind>();
  const blocks = lines.some((line) => line.includes('-----BEGIN')) ? withoutBlocks(lines, keep) : null;
  if (blocks?.found) removed.add('private key');
  const clean = (blocks?.lines ?? lines).map((line) => {
    const one = scrubSecrets(line, keep);
    for (const kind of one.removed) removed.add(kind);
    return one.text;
  });
  return { lines: clean, removed: [...removed] };
}

/** The same with every text in a value, whatever it is made of; what is no text stays as it is. */
export function scrubAll<T>(
  value: T,
  keep: ReadonlySet<SecretKind> = new Set(),
): { value: T; removed: SecretKind[] } {
  const removed = new Set<SecretKind>();
  const clean = (of: unknown): unknown => {
    if (typeof of === 'string') {
      const one = scrubSecrets(of, keep);
      for (const kind of one.removed) removed.add(kind);
      return one.text;
    }
    if (Array.isArray(of)) return of.map(clean);
    if (typeof of !== 'object' || of === null || of instanceof Date) return of;
    return Object.fromEntries(Object.entries(of).map(([key, item]) => [key, clean(item)]));
  };
  // Texts become texts, and nothing else changes.
  return { value: clean(value) as T, removed: [...removed] };
}

interface Place {
  kind: SecretKind;
  start: number;
  end: number;
}

/** In the text itself, in order, no two of them overlapping. */
function placesIn(text: string, keep: ReadonlySet<SecretKind>): Place[] {
  const { text: plain, from, to } = plainReading(text);
  // Blanks in place of marks: what was taken out ends a word, and is no value.
  const readable = plain.replace(MARKER, (mark) => ' '.repeat(mark.length));
  const sure = secretsIn(readable)
    .filter((one) => one.sure && one.to > one.from && !keep.has(one.kind))
    .sort((a, b) => a.from - b.from || b.to - a.to);
  const places: Place[] = [];
  for (const one of sure) {
    const start = from[one.from] ?? 0;
    const end = to[one.to - 1] ?? start;
    const last = places.at(-1);
    if (!last || start >= last.end) places.push({ kind: one.kind, start, end });
    else {
      last.end = Math.max(last.end, end);
      if (rank(one) < rank(last)) last.kind = one.kind;
    }
  }
  return places;
}

/** The more that a name says, the sooner it is told: what looks like Stripe's is more than a password. */
const rank = ({ kind }: Pick<SecretFound, 'kind'>) => SECRET_KINDS.indexOf(kind);

function replaced(text: string, places: readonly Place[]): string {
  let out = '';
  let at = 0;
  for (const { kind, start, end } of places) {
    out += text.slice(at, start) + markerOf(kind);
    at = end;
  }
  return out + text.slice(at);
}

/** What of a block stands on a line is taken out of that line; the lines stay as many as they were. */
function withoutBlocks(
  lines: readonly string[],
  keep: ReadonlySet<SecretKind>,
): { lines: string[]; found: boolean } {
  const blocks = keep.has('private key')
    ? []
    : placesIn(lines.join('\n'), keep).filter(({ kind }) => kind === 'private key');
  let at = 0;
  const clean = lines.map((line) => {
    const [start, end] = [at, at + line.length];
    at = end + 1;
    const here = blocks
      .filter((block) => block.start < end && block.end > start)
      .map(({ kind, ...block }) => ({
        kind,
        start: Math.max(block.start, start) - start,
        end: Math.min(block.end, end) - start,
      }));
    return replaced(line, here);
  });
  return { lines: clean, found: blocks.length > 0 };
}
