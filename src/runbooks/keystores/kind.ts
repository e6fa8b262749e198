import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Fingerprint, Secret } from '../secret.js';
import { type KeyStore, NotWritten } from './keystore.js';

/** What a key store may ask for when it is opened. */
export interface StoreSurroundings {
  fingerprint: Fingerprint;
  /** Resolves `secret:NAME`, at every call anew, and has it scrubbed from then on. @throws ActionFailed when it is not there */
  secret(reference: SecretReference): Secret;
}

/** An open key store. Opening connects to nothing: that is done by the first read or write. */
export interface OpenKeyStore extends KeyStore {
  /** Ends connections, if there are any; never throws. */
  close?(): Promise<void>;
}

/**
 * A kind of key store. One file each in this folder, one line in keystores.ts.
 * `S`: what tocsin.yml says under `keystores: NAME:`, without `type`. Whatever may be secret in it (an address with a
 * password, a header) is `secretReference`, never a text.
 */
export interface KeyStoreKind<S = unknown> {
  type: string;
  /** What it is, in a few words, for messages and lists. */
  is: string;
  settings: z.ZodType<S>;
  /** @param name as under `keystores:`; it begins every message */
  open(name: string, settings: S, surroundings: StoreSurroundings): OpenKeyStore;
}

/** @returns whether every store gives it back as it was: some text, no NUL, no half of a character, no member of every object. */
const isKeepable = (text: string): boolean =>
  text !== '' && text !== '__proto__' && !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/** Asked before anything is written. @throws NotWritten */
export function mustBeKeepable(store: string, id: string, value: Secret): void {
  if (!isKeepable(id) || !isKeepable(value.reveal()))
    throw new NotWritten(
      `${store}: an id and its key must be texts that are not empty, without NUL, and not __proto__`,
    );
}

/** How a setting names a secret: `secret:NAME`, with NAME under `secrets:` in tocsin.yml. */
export type SecretReference = `secret:${string}`;

/** For settings that may be secret. The message does not repeat what stands there: it may be the secret itself. */
export const secretReference = z.custom<SecretReference>(
  (value) => typeof value === 'string' && /^secret:[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value),
  'must be a reference such as secret:NAME, with NAME under `secrets:`; the value itself must not stand in this file',
);

/** @returns NAME of `secret:NAME` */
export const secretName = (reference: SecretReference): string => reference.slice('secret:'.length);

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
