import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Asked, NoAnswer } from '../exchange.js';
import { Secret } from '../secret.js';
import {
  type Answered,
  askStore,
  CompareAndSet,
  httpAddress,
  isForbidden,
  type KeyStoreKind,
  type Keys,
  NotWritten,
  type SecretReference,
  Stale,
  StoreFailed,
  same,
  secretReference,
  shown,
} from './keystore.js';

const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer such as /keys, with ~1 for a slash in a name');

type Container = Record<string, unknown> | unknown[];

/** A JSON document and the keys in it; what else is in it stays as it is. */
class HttpDocument {
  readonly keys: ReadonlyMap<string, Secret>;

  /** @throws what `failed` makes of what is wrong, which never quotes the document */
  constructor(
    private readonly source: string,
    private readonly settings: Settings,
    private readonly failed: (what: string) => Error,
  ) {
    this.keys = this.keysOf(this.parse());
  }

  /** @returns the document with another key under an id; null: without it */
  with(id: string, key: Secret | null): string {
    if (!survives(this.source))
      throw this.failed('holds numbers that would not survive being written: it cannot be changed safely');
    const document = this.parse();
    const map = at(document, this.settings.member ?? '') ?? (this.settings.shape === 'list' ? [] : {});
    const changed = Array.isArray(map) ? this.listed(map, id, key) : keyed(map as object, id, key);
    return JSON.stringify(place(document, steps(this.settings.member ?? ''), changed));
  }

  private listed(list: unknown[], id: string, key: Secret | null): unknown[] {
    const found = list.findIndex((item) => at(item, this.settings.id) === id);
    if (!key) return list.filter((_, index) => index !== found);
    const item = place(list[found], steps(this.settings.value), key.reveal());
    const whole = place(item, steps(this.settings.id), id);
    return found < 0 ? [...list, whole] : list.with(found, whole);
  }

  private keysOf(document: unknown): Map<string, Secret> {
    const { shape, member = '', id, value } = this.settings;
    const map = at(document, member);
    // Nothing there yet: servers in Go give null for a list or a map without items.
    if (map === null || map === undefined) return new Map();
    if (typeof map !== 'object' || Array.isArray(map) !== (shape === 'list'))
      throw this.failed(`has ${member ? `something at ${member}` : 'a document'} that is no ${shape}`);
    const pairs = Array.isArray(map)
      ? map.map((item) => [at(item, id), at(item, value)] as const)
      : Object.entries(map);
    const keys = new Map<string, Secret>();
    for (const [name, text] of pairs) {
      if (typeof name !== 'string' || typeof text !== 'string' || text === '')
        throw this.failed(`holds something among its keys that is not an id and a text`);
      if (keys.has(name)) throw this.failed(`holds the id ${name} twice`);
      keys.set(name, new Secret(text));
    }
    return keys;
  }

  private parse(): unknown {
    try {
      return JSON.parse(this.source);
    } catch {
      // The parser's own message quotes what it could not read.
      throw this.failed('answered with something that is not JSON');
    }
  }
}

const keyed = (map: object, id: string, key: Secret | null): object => {
  const others = Object.entries(map).filter(([name]) => name !== id);
  return Object.fromEntries(key ? [...others, [id, key.reveal()]] : others);
};

const steps = (text: string) =>
  text
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

function at(value: unknown, path: string): unknown {
  return steps(path).reduce<unknown>(
    (inside, step) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, step)
        ? (inside as Record<string, unknown>)[step]
        : undefined,
    value,
  );
}

/** @returns `value` with `leaf` at a path; what is missing on the way is made: a list where the next step is a number */
function place(value: unknown, [step, ...rest]: string[], leaf: unknown): unknown {
  if (step === undefined) return leaf;
  const made = /^\d+$/.test(step) ? [] : {};
  const inside: Container = typeof value === 'object' && value !== null ? (value as Container) : made;
  const below = place((inside as Record<string, unknown>)[step], rest, leaf);
  if (Array.isArray(inside)) return Object.assign([...inside], { [Number(step)]: below });
  return Object.fromEntries([...Object.entries(inside).filter(([name]) => name !== step), [step, below]]);
}

/** @returns whether every number in a document is one that JavaScript can hold: a long id of something else may not be */
function survives(source: string): boolean {
  const tokens = source.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? [];
  return tokens.every((token) => token.startsWith('"') || String(Number(token)) === token || exact(token));
}

/** `1.0` and `1e3` say the same in fewer digits than are at risk. */
const exact = (token: string) =>
  token
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '').length <= 15;

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
    /** How the keys are held. `object`: `{ID: KEY}`. `list`: one object for each key, with its id and value at these pointers. */
    shape: z.enum(['object', 'list']).default('object'),
    id: pointer.default('/id'),
    value: pointer.default('/value'),
    /** Where in the document they are; absent: they are the document. */
    member: pointer.optional(),
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
  settings,
  open: (name, given, surroundings) => new Http(name, given, surroundings),
};

// Others may change other keys of the document while we write ours, but hardly so many times in a row.
const ATTEMPTS = 20;

/** The server broke the connection. A server may do so while it takes up a change (Caddy's admin API does); then it is asked again. */
class Dropped extends StoreFailed {}
// Each of several writers makes the server take up a change: so many tries, over some 4 s, are enough for all of them.
const DROPS = 12;
const pauseMs = (drops: number) => Math.min(50 * drops, 500) * (0.5 + Math.random());

class Http extends CompareAndSet<Settings> {
  readonly type = 'http';
  readonly places = [shown(this.settings.url) + (this.settings.member ? ` ${this.settings.member}` : '')];

  async read(signal: AbortSignal): Promise<Keys> {
    return this.reading((await this.load(signal)).document.keys);
  }

  protected async change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    let drops = 0;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { document, etag } = await this.load(signal);
      const now = document.keys.get(id) ?? null;
      if (same(now, wanted)) return;
      if (!same(now, expect)) throw new Stale(this.name, id);
      // A weak ETag never matches in `If-Match` where the server keeps to the standard.
      if (!etag || etag.startsWith('W/'))
        throw certainly(
          this.failed(`gives no ${etag ? 'strong ' : ''}ETag: it cannot be changed safely`),
          drops,
        );
      let answer: Answered;
      try {
        answer = await this.send(document.with(id, wanted), etag, signal);
      } catch (error) {
        // The next reading says whether it was written, and the ETag lets nothing be written twice.
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
    const answer = await this.fetched(signal);
    if (!good(answer)) throw this.refused(answer, false);
    const document = new HttpDocument(answer.text, this.settings, (what) => this.failed(what));
    return { document, etag: answer.headers.etag };
  }

  private async fetched(signal: AbortSignal): Promise<Answered> {
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
      return await askStore({ ...asked, url: this.settings.url, headers }, signal);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
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
