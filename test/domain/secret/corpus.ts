import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ALPHABETS: Record<string, string> = {
  hex: '0123456789abcdef',
  HEX: '0123456789ABCDEF',
  alnum: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  b64_: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  UPPER: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  digits: '0123456789',
};

/** Numbers that look like chance, and are the same every time (mulberry32). */
function chance(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let t = Math.imul(at ^ (at >>> 15), 1 | at);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** @returns the line with `{hex40}`, `{uuid}` and the like made out, `\n` a line break and `\\n` its two characters */
export function madeOut(line: string, seed: number): string {
  const next = chance(seed);
  const letters = (of: string, count: number) =>
    Array.from({ length: count }, () => of[Math.floor(next() * of.length)]).join('');
  const hex = (count: number) => letters(ALPHABETS.hex ?? '', count);
  return line
    .replace(/\\(\\|n|r)/g, (_, what: string) => ({ n: '\n', r: '\r' })[what] ?? '\\')
    .replace(/\{uuid\}/g, () => [8, 4, 4, 4, 12].map(hex).join('-'))
    .replace(/\{(hex|HEX|alnum|b64_|UPPER|digits)(\d+)\}/g, (_, kind: string, count: string) =>
      letters(ALPHABETS[kind] ?? '', Number(count)),
    );
}

export function linesOf(name: string): string[] {
  return readFileSync(join(process.cwd(), 'test/domain/secret', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '));
}
