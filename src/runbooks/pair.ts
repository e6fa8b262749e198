import type { KeyProbe } from './keystore.js';

/**
 * Two services that must share keys: who sends, who accepts, and how one finds out whether a key is accepted.
 * From `pairs:` in tocsin.yml. Stores are named as under `keystores:`.
 */
export interface Pair {
  readonly name: string;
  /** Keeps the versions: `current`, `previous`, and `pending` while a rotation is under way. */
  readonly truth: string;
  /** One store per sender, holding the one key that it uses under `key`. */
  readonly senders: readonly string[];
  /** One store per acceptor, holding every key that it takes. */
  readonly acceptors: readonly string[];
  /** The id under which senders keep their key. */
  readonly key: string;
  /** A wrong key is always tried as well. */
  readonly probe: Omit<KeyProbe, 'negative'>;
  /** An address through the sender's gateway, which must answer well when all is done; null: none. */
  readonly through: string | null;
  /** How long a retired key stays accepted after the last sender stopped using it, in milliseconds. */
  readonly drainMs: number;
}
