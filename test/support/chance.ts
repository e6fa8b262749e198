import { randomInt } from 'node:crypto';

/** Random numbers that come again with the same seed. */
export interface Chance {
  /** 0 ≤ it < 1. */
  next(): number;
  /** A whole number, 0 ≤ it < `n`. */
  below(n: number): number;
  bytes(n: number): Buffer;
  /** @returns one of them; undefined: there is none */
  pick<T>(of: readonly T[]): T | undefined;
  /** @returns the same, in another order */
  shuffle<T>(of: readonly T[]): T[];
}

/** One for all that is random in this process: `npm test` and `npm run soak` hand it to every file, and print it. */
const SEED = Number(process.env.TOCSIN_SEED) || randomInt(1, 2 ** 31);
const told = process.env.TOCSIN_SEED !== undefined;

/** @param name what is random: each has numbers of its own, so that one more of the others does not move them */
export function chanceOf(name: string): Chance {
  if (!told) process.stderr.write(`${name}: TOCSIN_SEED=${SEED}\n`);
  return chanceFrom(mixed(SEED, name));
}

/** For a process that is handed its seed. */
export function chanceFrom(seed: number): Chance {
  let state = seed | 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    bytes: (n) => Buffer.from(Array.from({ length: n }, () => below(256))),
    pick: (of) => of[below(of.length)],
    shuffle<T>(of: readonly T[]) {
      const all = [...of];
      for (let i = all.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [all[i], all[j]] = [all[j] as T, all[i] as T];
      }
      return all;
    },
  };
}

function mixed(seed: number, name: string): number {
  let hash = seed;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}
