import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { TextDecoder } from 'node:util';
import { z } from 'zod';
import { StoreFailed } from './keystore.js';
import type { SecretReference, StoreSurroundings } from './kind.js';

export interface Asked {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Certificates to trust in place of the system's, as PEM. */
  ca?: string;
}

export interface Answered {
  status: number;
  text: string;
  /** A header; also one that came after the body, as Caddy sends its Etag. */
  header(name: string): string | undefined;
}

/** No whole answer came. The message says why, and nothing of what was sent or received. */
export class Unanswered extends Error {
  override name = 'Unanswered';
  /** Was there a connection, so that the request may have arrived? */
  readonly sent: boolean;
  /** Did the other side break the connection, so that it may well answer the next time? */
  readonly dropped: boolean;

  constructor(message: string, sent: boolean, dropped = false) {
    super(message);
    this.sent = sent;
    this.dropped = dropped;
  }
}

/** Was it refused before anything was done: for who asks, for what, or for where? Other refusals may come midway. */
export const isForbidden = ({ status }: Answered): boolean => [401, 403, 404, 405].includes(status);

const CONNECT_MS = 3_000;
const CALL_MS = 10_000;
// Far more keys than a person could look after; a server that sends more has something else there.
const LIMIT = 16 * 1024 * 1024;

/**
 * One HTTP request over a connection of its own; redirects are answers. Not `fetch`: it hides trailers, takes no
 * certificates, and does not say whether a request that failed had been sent.
 * @throws Unanswered also when `signal` ended it
 */
export function exchange(asked: Asked, signal: AbortSignal): Promise<Answered> {
  let sent = false;
  let late: NodeJS.Timeout | undefined;
  let stop = () => {};
  const answered = new Promise<Answered>((resolve, reject) => {
    const secure = asked.url.startsWith('https:');
    const settings = {
      method: asked.method,
      headers: { ...asked.headers, ...(asked.body === undefined ? {} : lengthOf(asked.body)) },
      agent: false as const,
      ...(asked.ca === undefined ? {} : { ca: asked.ca }),
    };
    const call = (secure ? overHttps : overHttp)(asked.url, settings, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LIMIT) call.destroy(new Unanswered(`answered with more than ${LIMIT} bytes`, true));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (!answer.complete) return reject(new Unanswered('broke off its answer', true, true));
        try {
          const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
          const header = (name: string) => single(answer.headers[name] ?? answer.trailers[name]);
          resolve({ status: answer.statusCode ?? 0, text, header });
        } catch {
          reject(new Unanswered('answered with something that is not text', true));
        }
      });
    });
    stop = () => call.destroy(new Unanswered('was stopped', sent));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const within = (ms: number) => {
      clearTimeout(late);
      late = setTimeout(() => call.destroy(new Unanswered(`did not answer within ${ms} ms`, sent)), ms);
    };
    within(CONNECT_MS);
    call.on('socket', (socket) =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        sent = true;
        within(CALL_MS);
      }),
    );
    call.on('error', reject);
    call.end(asked.body);
  });
  return answered
    .catch((error: NodeJS.ErrnoException) => {
      if (signal.aborted) throw new Unanswered('was stopped', sent);
      if (error instanceof Unanswered) throw error;
      // Only the code: messages of parsers quote what they were given.
      const { code = error.name } = error;
      throw new Unanswered(`gave no answer (${code})`, sent, /^(ECONNRESET|EPIPE)$/.test(code));
    })
    .finally(() => {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
    });
}

const lengthOf = (body: string) => ({ 'Content-Length': String(Buffer.byteLength(body)) });

const single = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

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
