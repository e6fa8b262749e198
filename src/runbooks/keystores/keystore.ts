import { createHash } from 'node:crypto';
import { TextDecoder } from 'node:util';
import { z } from 'zod';
import { type Asked, type Broken, type Exchanged, exchange, NoAnswer } from '../exchange.js';
import { isNever, NEVER_TEXT } from '../reach.js';
import type { Fingerprint, Secret } from '../secret.js';

/** One reading of a store. `version` changes whenever a key does: approvals are bound to it. */
export interface Keys {
  version: string;
  keys: ReadonlyMap<string, Secret>;
  /**
   * Ids of which only some places hold a key, from a write or a removal that was cut off, and that are not in `keys`: the
   * same `put` or `remove` again makes it whole. Left out by stores of one place.
   */
  apart?: ReadonlyMap<string, Apart>;
  /** Why there may be no key: `the file is not there yet`. */
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
  /** Every key that some place holds under it: at least one. */
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

/** What a key store may ask for when it is opened. */
export interface StoreSurroundings {
  fingerprint: Fingerprint;
  /** Resolves `secret:NAME`, at every call anew, and has it scrubbed from then on. @throws ActionFailed when it is not there */
  secret(reference: SecretReference): Secret;
}

/**
 * A kind of key store. One file each in this folder, one line in keystores.ts.
 * `S`: what tocsin.yml says under `keystores: NAME:`, without `type`. Whatever may be secret in it (an address with a
 * password, a header) is `secretReference`, never a text.
 */
export interface KeyStoreKind<S = unknown> {
  type: string;
  settings: z.ZodType<S>;
  /** Connects to nothing: each reading and writing does. @param name as under `keystores:`; it begins every message */
  open(name: string, settings: S, surroundings: StoreSurroundings): KeyStore;
}

/** @returns whether every store gives it back as it was: some text, no NUL, no half of a character, no member of every object. */
const isKeepable = (text: string): boolean =>
  text !== '' && text !== '__proto__' && !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/** What all kinds do alike: what cannot be kept is refused, and both ways of writing are one change. `S`: what they are opened with. */
export abstract class CompareAndSet<S> implements KeyStore {
  abstract readonly type: string;
  abstract readonly places: readonly string[];

  constructor(
    readonly name: string,
    protected readonly settings: S,
    protected readonly surroundings: StoreSurroundings,
  ) {}

  abstract read(signal: AbortSignal): Promise<Keys>;

  async put(id: string, value: Secret, expect: Secret | null, signal: AbortSignal): Promise<void> {
    const problem = this.refuse(id, value.reveal());
    if (problem !== null) throw new NotWritten(`${this.name}: an id and its key ${problem}`);
    await this.change(id, value, expect, signal);
  }

  async remove(id: string, expect: Secret, signal: AbortSignal): Promise<void> {
    await this.change(id, null, expect, signal);
  }

  /** @returns what it cannot keep, as the end of a sentence; null: all is well */
  protected refuse(id: string, key: string): string | null {
    return isKeepable(id) && isKeepable(key)
      ? null
      : 'must be texts that are not empty, without NUL, and not __proto__';
  }

  /** Brings what stands under an id from one key to another, where null is none, and reads it back. @throws as put */
  protected abstract change(
    id: string,
    wanted: Secret | null,
    expect: Secret | null,
    signal: AbortSignal,
  ): Promise<void>;

  /** @returns the reading of a store of one place */
  protected reading(keys: ReadonlyMap<string, Secret>): Keys {
    return { keys, version: versionOf([keys], this.surroundings.fingerprint) };
  }
}

/** Is it the same key, or none in both? */
export const same = (key: Secret | null, other: Secret | null): boolean =>
  key && other ? key.equals(other) : key === other;

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

export type Answered = Exchanged & { text: string };

/** Was it refused before anything was done: for who asks, for what, or for where? Other refusals may come midway. */
export const isForbidden = ({ status }: Answered): boolean => [401, 403, 404, 405].includes(status);

const CONNECT_MS = 3_000;
const CALL_MS = 10_000;
// Far more keys than a person could look after; a server that sends more has something else there.
const LIMIT = 16 * 1024 * 1024;

/**
 * Asks a key store over HTTP.
 * @param ca certificates to trust in place of the system's, as PEM
 * @throws NoAnswer also when `signal` ended it
 */
export async function askStore(asked: Asked, signal: AbortSignal, ca?: string): Promise<Answered> {
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer) => void chunks.push(chunk);
  const limits = { ms: CALL_MS, connectMs: CONNECT_MS, most: LIMIT };
  const answer = await exchange(asked, { ...limits, signal, ca, take }).catch((error: Broken) => {
    throw unanswered(error);
  });
  try {
    return { ...answer, text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch {
    throw new NoAnswer('answered with something that is not text', true);
  }
}

function unanswered({ why, said, sent }: Broken): NoAnswer {
  if (why === 'stopped') return new NoAnswer('was stopped', sent);
  if (why === 'late') return new NoAnswer(`did not answer within ${sent ? CALL_MS : CONNECT_MS} ms`, sent);
  if (why === 'long') return new NoAnswer(`answered with more than ${LIMIT} bytes`, sent);
  // Only a code: messages of parsers quote what they were given.
  const code = /^[A-Z][A-Z0-9_]*$/.test(said) ? said : 'Error';
  return new NoAnswer(`gave no answer (${code})`, sent, /^(ECONNRESET|EPIPE)$/.test(code));
}

/** An address that stands in tocsin.yml, and so may hold nothing secret. The messages do not repeat it. */
export const httpAddress = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an address such as http://host:port/path',
  )
  .refine(
    (text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
    'must not hold a user or a password; name a secret for it',
  );

/** An address that is asked, as it stands in tocsin.yml. @param whose `the source`, for the words */
export const addressOf = (whose: string) =>
  httpAddress.refine(
    (text) => !URL.canParse(text) || !isNever(new URL(text).hostname),
    `is ${NEVER_TEXT}; write the address of ${whose}`,
  );

/** The same of what is sent a credential: whoever reads along would have it. @param credential `key`, `token` */
export const guardedAddressOf = (whose: string, credential: string) =>
  addressOf(whose).refine(
    (text) => !URL.canParse(text) || text.startsWith('https:') || LOCAL.test(new URL(text).hostname),
    `must begin with https://, because the ${credential} is sent there; write it so`,
  );

const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @returns an address as it may be shown: without user, password and whatever follows the path */
export function shown(address: string): string {
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** An address that is a secret because of the password in it. */
export class SecretAddress {
  /**
   * @param shownOf gives the address as it may be shown; null, or an error: it is no address of this kind
   * @param example of a right one
   */
  constructor(
    private readonly store: string,
    private readonly reference: SecretReference,
    private readonly surroundings: StoreSurroundings,
    private readonly shownOf: (address: string) => string | null,
    private readonly example: string,
  ) {}

  /** Read anew each time: a changed password needs no restart. @throws StoreFailed when it is no address of this kind */
  reveal(): string {
    const address = this.surroundings.secret(this.reference).reveal();
    if (this.shownAs(address) !== null) return address;
    throw new StoreFailed(`${this.store}: ${this.reference} is not an address such as ${this.example}`);
  }

  /** @returns the address without what is secret in it; while it cannot be read, its name */
  shown(): string {
    try {
      return this.shownAs(this.surroundings.secret(this.reference).reveal()) ?? this.reference;
    } catch {
      return this.reference;
    }
  }

  private shownAs(address: string): string | null {
    try {
      return this.shownOf(address);
    } catch {
      // The error of a parser carries what it was given.
      return null;
    }
  }
}
