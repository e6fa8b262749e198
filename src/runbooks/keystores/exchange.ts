import { TextDecoder } from 'node:util';
import { z } from 'zod';
import { type Asked, type Broken, exchange } from '../exchange.js';
import { StoreFailed } from './keystore.js';
import type { SecretReference, StoreSurroundings } from './kind.js';

export interface Answered {
  status: number;
  text: string;
  headers: Readonly<Record<string, string>>;
}

/** No whole answer came. The message says why, and nothing of what was sent or received. */
export class Unanswered extends Error {
  override name = 'Unanswered';

  /**
   * @param sent there was a connection, so that the request may have arrived
   * @param dropped the other side broke the connection, so that it may well answer the next time
   */
  constructor(
    message: string,
    readonly sent: boolean,
    readonly dropped = false,
  ) {
    super(message);
  }
}

/** Was it refused before anything was done: for who asks, for what, or for where? Other refusals may come midway. */
export const isForbidden = ({ status }: Answered): boolean => [401, 403, 404, 405].includes(status);

const CONNECT_MS = 3_000;
const CALL_MS = 10_000;
// Far more keys than a person could look after; a server that sends more has something else there.
const LIMIT = 16 * 1024 * 1024;

/**
 * Asks a key store over HTTP.
 * @param ca certificates to trust in place of the system's, as PEM
 * @throws Unanswered also when `signal` ended it
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
    throw new Unanswered('answered with something that is not text', true);
  }
}

function unanswered({ why, said, sent }: Broken): Unanswered {
  if (why === 'stopped') return new Unanswered('was stopped', sent);
  if (why === 'late') return new Unanswered(`did not answer within ${sent ? CALL_MS : CONNECT_MS} ms`, sent);
  if (why === 'long') return new Unanswered(`answered with more than ${LIMIT} bytes`, sent);
  // Only a code: messages of parsers quote what they were given.
  const code = /^[A-Z][A-Z0-9_]*$/.test(said) ? said : 'Error';
  return new Unanswered(`gave no answer (${code})`, sent, /^(ECONNRESET|EPIPE)$/.test(code));
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
    'must not hold a user or a password: name a secret for it',
  );

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
    if (this.look(address) !== null) return address;
    throw new StoreFailed(`${this.store}: ${this.reference} is not an address such as ${this.example}`);
  }

  /** @returns the address without what is secret in it; while it cannot be read, its name */
  shown(): string {
    try {
      return this.look(this.surroundings.secret(this.reference).reveal()) ?? this.reference;
    } catch {
      return this.reference;
    }
  }

  private look(address: string): string | null {
    try {
      return this.shownOf(address);
    } catch {
      // The error of a parser carries what it was given.
      return null;
    }
  }
}
