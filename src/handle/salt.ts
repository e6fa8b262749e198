import { randomFillSync } from 'node:crypto';

/** How many values one call of the system's generator makes: a call for each would cost more than the hash that it salts. */
const AHEAD = 256;

/** @returns a source of random values of `bytes` bytes, as hex, each given once. */
export function fresh(bytes: number): () => string {
  const pool = Buffer.alloc(bytes * AHEAD);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const value = pool.toString('hex', at, at + bytes);
    // What was given is not kept: a salt is as secret as the text until it is erased.
    pool.fill(0, at, at + bytes);
    at += bytes;
    return value;
  };
}
