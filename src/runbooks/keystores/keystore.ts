import type { Secret } from '../secret.js';

/** One reading of a store. `version` changes whenever a key does: approvals are bound to it. */
export interface Keys {
  version: string;
  keys: ReadonlyMap<string, Secret>;
  /**
   * Keys that only some places hold, from a write or a removal that was cut off, and that are not in `keys`: the same
   * `put` or `remove` again makes it whole. Left out by stores of one place.
   */
  partial?: ReadonlyMap<string, Secret>;
  /** How it stands with each id of `partial`. Left out by stores of one place. */
  apart?: ReadonlyMap<string, Apart>;
  /** What somebody who finds no key should know: `the file is not there yet`. */
  note?: string;
}

/** Where the keys of a store may be sent to be tried, and what is answered there: from tocsin.yml, and from nowhere else. */
export interface KeyProbe {
  /** One address per instance. */
  readonly urls: readonly string[];
  /** The header that carries the key. */
  readonly header: string;
  /** What a good answer has. */
  readonly status: readonly number[];
  /** What a wrong key must get. */
  readonly refused: readonly number[];
  /** Is a key that nobody has tried as well? */
  readonly negative: boolean;
}

/** An id of which the places of a store hold different things, or several keys each. */
export interface Apart {
  /** A sentence for people, with fingerprints only: `places of tts-new disagree about dev: file lacks it, live has fp:…`. */
  told: string;
  /** Every key that some place holds under it. */
  keys: readonly Secret[];
}

/**
 * A place where keys live, under ids that are no secrets. Every write is compare-and-set by value, is safe to repeat
 * (what is there already is left alone, and is no error), survives a restart of whatever reads it, and is read back
 * before it counts.
 */
export interface KeyStore {
  readonly name: string;
  readonly type: string;
  /** What a write touches, for the plan: files, sockets, addresses; no secrets. */
  readonly places: readonly string[];
  /** @throws StoreFailed when it cannot be read; never with a value in the message */
  read(signal: AbortSignal): Promise<Keys>;
  /**
   * Sets a key.
   * @param expect what must be there now; null: nothing
   * @throws Stale another value is there: nothing was changed
   * @throws NotWritten refused or not reached: nothing was changed, for certain
   * @throws StoreFailed not written, or not everywhere, or that is not known: the message says which instance
   */
  put(id: string, value: Secret, expect: Secret | null, signal: AbortSignal): Promise<void>;
  /** Removes a key. @param expect what must be there now; a key that is gone already is no error. @throws as put */
  remove(id: string, expect: Secret, signal: AbortSignal): Promise<void>;
}

/** Somebody else has written: nothing was changed. */
export class Stale extends Error {
  override name = 'Stale';
  constructor(store: string, id: string) {
    super(`${store}: key ${id} is not what it was when it was read`);
  }
}

/** The store could not be read or written. */
export class StoreFailed extends Error {
  override name: string = 'StoreFailed';
}

/** Nothing was written, and that is certain: no right to it, a value that it cannot keep, nobody reached. */
export class NotWritten extends StoreFailed {
  override name = 'NotWritten';
}

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
