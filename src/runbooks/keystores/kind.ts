import type { z } from 'zod';
import type { KeyStore } from '../keystore.js';
import type { Fingerprint, Secret } from '../secret.js';
import type { SecretReference } from './reference.js';

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
 * A kind of key store. One file each in this folder, one line in ../keystores.ts.
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
