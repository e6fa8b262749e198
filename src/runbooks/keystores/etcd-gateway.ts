import { z } from 'zod';
import { NotWritten, StoreFailed } from '../keystore.js';
import { readPlainFile } from '../plain-file.js';
import { shown } from './address.js';
import { type Answered, exchange, isForbidden, Unanswered } from './exchange.js';
import type { StoreSurroundings } from './kind.js';
import type { SecretReference } from './reference.js';

export interface EtcdSettings {
  urls: string[];
  user?: SecretReference;
  password?: SecretReference;
  ca?: string;
}

const token = z.object({ token: z.string().min(1) });

/** The v3 JSON gateway of a cluster, which every member has. */
export class EtcdGateway {
  private token: string | null = null;

  constructor(
    private readonly store: string,
    private readonly settings: EtcdSettings,
    private readonly surroundings: StoreSurroundings,
  ) {}

  /** Asks the members in order until one answers. @throws StoreFailed */
  read<T>(what: 'range', body: object, signal: AbortSignal): Promise<T> {
    return this.authorized<T>(what, body, 'read', signal);
  }

  /**
   * As `read`, but a member that may have got the request is the last one asked.
   * @throws NotWritten
   * @throws StoreFailed it may have been written, which the message says
   */
  write<T>(what: 'txn', body: object, signal: AbortSignal): Promise<T> {
    return this.authorized<T>(what, body, 'write', signal);
  }

  private async authorized<T>(what: string, body: object, kind: 'read' | 'write', signal: AbortSignal) {
    const hadToken = this.token !== null;
    let { answer, url } = await this.ask(`kv/${what}`, body, kind, signal);
    // Tokens end after some minutes, or with the member that gave them. A request without one was not carried out.
    if (hadToken && (answer.status === 400 || answer.status === 401)) {
      this.token = null;
      ({ answer, url } = await this.ask(`kv/${what}`, body, kind, signal));
    }
    if (answer.status === 200) return this.parsed<T>(answer, url);
    const unsure = kind === 'write' && answer.status >= 500 ? '; it may have been written' : '';
    // Its gateway looks at who asks before it hands anything on.
    const Failed = kind === 'write' && isForbidden(answer) ? NotWritten : StoreFailed;
    throw new Failed(`${this.store}: ${shown(url)} ${said(answer)}${unsure}`);
  }

  private async ask(path: string, body: object, kind: 'read' | 'write', signal: AbortSignal) {
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    if (this.settings.user) headers.Authorization = this.token ??= await this.authenticate(signal);
    return this.send(path, headers, body, kind, signal);
  }

  private async authenticate(signal: AbortSignal): Promise<string> {
    const { user, password } = this.settings;
    const named = (reference: SecretReference | undefined) =>
      reference && this.surroundings.secret(reference).reveal();
    const body = { name: named(user), password: named(password) };
    const { answer, url } = await this.send('auth/authenticate', {}, body, 'read', signal);
    if (answer.status !== 200)
      throw new StoreFailed(`${this.store}: ${shown(url)} does not let us in: ${said(answer)}`);
    const { data } = token.safeParse(this.parsed(answer, url));
    if (!data) throw new StoreFailed(`${this.store}: ${shown(url)} gave no token`);
    return data.token;
  }

  private async send(
    path: string,
    headers: Record<string, string>,
    body: object,
    kind: 'read' | 'write',
    signal: AbortSignal,
  ): Promise<{ answer: Answered; url: string }> {
    const { urls, ca } = this.settings;
    const failures: string[] = [];
    let maybe = false;
    const trusted = ca === undefined ? {} : { ca: await this.certificates(ca) };
    for (const url of urls) {
      const asked = { method: 'POST', url: `${url.replace(/\/$/, '')}/v3/${path}`, headers, ...trusted };
      try {
        const answer = await exchange({ ...asked, body: JSON.stringify(body) }, signal);
        // A member that lost its leader is no use for reading, but another one may be.
        if (kind === 'write' || answer.status < 500 || url === urls.at(-1)) return { answer, url };
        failures.push(`${shown(url)} ${said(answer)}`);
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        const unsure = kind === 'write' && error.sent;
        failures.push(`${shown(url)} ${error.message}${unsure ? '; it may have been written' : ''}`);
        maybe ||= unsure;
        if (unsure || signal.aborted) break;
      }
    }
    const Failed = kind === 'write' && !maybe ? NotWritten : StoreFailed;
    throw new Failed(`${this.store}: ${failures.join(', ')}`);
  }

  private async certificates(path: string): Promise<string> {
    return readPlainFile(path).catch((error) => {
      throw new StoreFailed(`${this.store}: ${path} could not be read: ${error.code ?? error.message}`);
    });
  }

  private parsed<T>(answer: Answered, url: string): T {
    try {
      return JSON.parse(answer.text) as T;
    } catch {
      throw new StoreFailed(`${this.store}: ${shown(url)} answered with something that is not JSON`);
    }
  }
}

const KNOWN = z.object({ error: z.string().regex(/^etcdserver: [a-z ,]{1,80}$/i) });

/** What etcd says of itself is safe to repeat; what its gateway says of a request may quote it. */
function said({ status, text }: Answered): string {
  try {
    // With an error, etcd 3.4 sends a trailer as part of the body.
    const { error } = KNOWN.parse(JSON.parse(text.replace(/\}[^}]*$/, '}')));
    return `answered ${status} (${error})`;
  } catch {
    return `answered ${status}`;
  }
}
