import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Keys, NotWritten, Stale, StoreFailed } from '../keystore.js';
import type { Secret } from '../secret.js';
import { httpAddress, shown } from './address.js';
import { type Answered, type Asked, exchange, isForbidden, Unanswered } from './exchange.js';
import { HttpDocument, mapShape } from './http-document.js';
import { mustBeKeepable } from './keepable.js';
import type { KeyStoreKind, OpenKeyStore, StoreSurroundings } from './kind.js';
import { type SecretReference, secretReference } from './reference.js';
import { versionOf } from './version.js';

const OURS = ['if-match', 'content-length', 'content-type', 'accept-encoding', 'transfer-encoding'];
const SECRET = /authorization|cookie|key|token|secret|password/i;

const header = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is not the name of a header')
  .refine((name) => !OURS.includes(name.toLowerCase()), 'is a header that is set here already');

const settings = z
  .strictObject({
    url: httpAddress,
    headers: z.record(header, z.string()).default({}),
    ...mapShape,
    /** The method that takes the whole document. */
    write: z.enum(['put', 'patch', 'post']).default('put'),
  })
  .superRefine(({ headers, shape, id, value }, context) => {
    if (shape === 'list' && (`${id}/`.startsWith(`${value}/`) || value.startsWith(`${id}/`)))
      context.addIssue({ code: 'custom', path: ['value'], message: 'must be another place than `id`' });
    for (const [name, value] of Object.entries(headers)) {
      const named = secretReference.safeParse(value);
      if (!named.success && (SECRET.test(name) || value.startsWith('secret:')))
        context.addIssue({
          code: 'custom',
          path: ['headers', name],
          message: named.error.issues[0]!.message,
        });
    }
  });
type Settings = z.infer<typeof settings>;

/** Keys in a JSON document that a server gives with an ETag, and takes back only with the same one. */
export const http: KeyStoreKind<Settings> = {
  type: 'http',
  is: 'a JSON document behind ETag and If-Match',
  settings,
  open: (name, given, surroundings) => new Http(name, given, surroundings),
};

// Others may change other keys of the document while we write ours; so many times in a row they hardly do.
const ATTEMPTS = 20;

/** The server broke the connection. One that takes up a change may do so (Caddy's admin API does), and is asked again. */
class Dropped extends StoreFailed {}
// Each of several writers has it take up a change of its own: with its patience (some 4 s) all of them get in.
const DROPS = 12;
const pauseMs = (drops: number) => Math.min(50 * drops, 500) * (0.5 + Math.random());

class Http implements OpenKeyStore {
  readonly type = 'http';
  readonly places: readonly string[];

  constructor(
    readonly name: string,
    private readonly settings: Settings,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.places = [shown(settings.url) + (settings.member ? ` ${settings.member}` : '')];
  }

  async read(signal: AbortSignal): Promise<Keys> {
    const { keys } = (await this.load(signal)).document;
    return { keys, version: versionOf([keys], this.surroundings.fingerprint) };
  }

  async put(id: string, value: Secret, expect: Secret | null, signal: AbortSignal): Promise<void> {
    mustBeKeepable(this.name, id, value);
    await this.change(id, value, expect, signal);
  }

  remove(id: string, expect: Secret, signal: AbortSignal): Promise<void> {
    return this.change(id, null, expect, signal);
  }

  private async change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    let drops = 0;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { document, etag } = await this.load(signal);
      const now = document.keys.get(id) ?? null;
      if (same(now, wanted)) return;
      if (!same(now, expect)) throw new Stale(this.name, id);
      // A weak one never matches, where the server goes by the book.
      if (!etag || etag.startsWith('W/'))
        throw certainly(
          this.failed(`gives no ${etag ? 'strong ' : ''}ETag: it cannot be changed safely`),
          drops,
        );
      let answer: Answered;
      try {
        answer = await this.send(document.with(id, wanted), etag, signal);
      } catch (error) {
        // Written or not: the next look says so, and the ETag lets nothing be written twice.
        drops += 1;
        if (!(error instanceof Dropped) || signal.aborted || drops === DROPS) throw error;
        await sleep(pauseMs(drops));
        continue;
      }
      if (answer.status === 412) {
        await sleep(Math.random() * 20 * attempt);
        continue;
      }
      if (!good(answer)) {
        const refused = this.refused(answer, answer.status < 400 || answer.status > 499);
        throw isForbidden(answer) ? certainly(refused, drops) : refused;
      }
      if (!same((await this.load(signal)).document.keys.get(id) ?? null, wanted))
        throw this.failed(`answered ${answer.status}, but key ${id} reads differently from what was written`);
      return;
    }
    throw certainly(
      this.failed(`changed ${ATTEMPTS} times while key ${id} was to be written: nothing was written`),
      drops,
    );
  }

  private async load(signal: AbortSignal): Promise<{ document: HttpDocument; etag: string | undefined }> {
    const answer = await this.look(signal);
    if (!good(answer)) throw this.refused(answer, false);
    const document = HttpDocument.read(answer.text, this.settings, (what) => this.failed(what));
    return { document, etag: answer.header('etag') };
  }

  private async look(signal: AbortSignal): Promise<Answered> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.ask({ method: 'GET' }, signal);
      } catch (error) {
        if (!(error instanceof Dropped) || signal.aborted || attempt === DROPS) throw error;
        await sleep(pauseMs(attempt));
      }
    }
  }

  private send(body: string, etag: string, signal: AbortSignal): Promise<Answered> {
    const method = this.settings.write.toUpperCase();
    return this.ask({ method, body, headers: { 'If-Match': etag } }, signal);
  }

  private async ask(
    asked: Omit<Asked, 'url' | 'headers'> & { headers?: Record<string, string> },
    signal: AbortSignal,
  ) {
    const given = Object.entries(this.settings.headers).map(([name, value]) => [name, this.resolved(value)]);
    const headers = {
      Accept: 'application/json',
      // A compressed answer has an ETag of its own.
      'Accept-Encoding': 'identity',
      ...(asked.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...Object.fromEntries(given),
      ...asked.headers,
    };
    try {
      return await exchange({ ...asked, url: this.settings.url, headers }, signal);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      const unsure = asked.method !== 'GET' && error.sent;
      const { message } = this.failed(`${error.message}${unsure ? '; it may have been written' : ''}`);
      throw error.dropped ? new Dropped(message) : new StoreFailed(message);
    }
  }

  private resolved(value: string): string {
    return value.startsWith('secret:') ? this.surroundings.secret(value as SecretReference).reveal() : value;
  }

  /** Of an answer only the status is told: a server that refuses a document may quote it. */
  private refused({ status }: Answered, unsure: boolean): StoreFailed {
    const why = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
    return this.failed(`answered ${status}${why}${unsure ? '; it may have been written' : ''}`);
  }

  private failed(what: string): StoreFailed {
    return new StoreFailed(`${this.name}: ${shown(this.settings.url)} ${what}`);
  }
}

/** Nothing was written, unless by a write before this one whose answer was lost. */
const certainly = ({ message }: StoreFailed, drops: number) =>
  drops === 0 ? new NotWritten(message) : new StoreFailed(message);

const good = ({ status }: Answered) => status >= 200 && status < 300;

const same = (key: Secret | null, other: Secret | null) => (key && other ? key.equals(other) : key === other);
