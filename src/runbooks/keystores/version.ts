import { createHash } from 'node:crypto';
import type { Fingerprint, Secret } from '../secret.js';

/**
 * A version for stores that keep none: the same for the same keys, another one when any key differs.
 * Made of fingerprints, so nobody without the pepper can test guesses with it. Not of the file's time or inode: a tool
 * that writes the same content again would void every approval for nothing.
 * @param places each place that must agree, in a fixed order
 */
export function versionOf(
  places: Array<Iterable<readonly [id: string, key: Secret]>>,
  fingerprint: Fingerprint,
): string {
  const rows = places.map((keys) =>
    Array.from(keys, ([id, key]) => JSON.stringify([id, fingerprint(key)])).sort(),
  );
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 32);
}
