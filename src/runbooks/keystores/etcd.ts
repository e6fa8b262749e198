import { z } from 'zod';
import { NoAnswer } from '../exchange.js';
import { readPlainFile } from '../files.js';
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
  type StoreSurroundings,
  secretReference,
  shown,
} from './keystore.js';

const settings = z
  .strictObject({
    url: httpAddress.optional(),
    /** Members of one cluster. */
    urls: z.array(httpAddress).min(1, 'must have at least one address').optional(),
    // Without the slash, /keys/tts would hold the keys of /keys/tts-new as well.
    prefix: z.string().regex(/^.+\/$/, 'must end with a slash, such as /keys/tts/'),
    user: secretReference.optional(),
    password: secretReference.optional(),
    ca: z.string().startsWith('/', 'must be an absolute path').optional(),
  })
  .superRefine(({ url, urls, user, password }, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    if (!url === !urls) problem('needs either `url` or `urls`, the addresses of one cluster');
    if (!user !== !password) problem('needs both `user` and `password`, or neither');
  })
  .transform(({ url, urls, ...rest }) => ({ urls: urls ?? [url ?? ''], ...rest }));
type Settings = z.infer<typeof settings>;

/** Keys under a prefix in etcd. Compare and set are one transaction there, by value. */
export const etcd: KeyStoreKind<Settings> = {
  type: 'etcd',
  settings,
  open: (name, given, surroundings) => new Etcd(name, given, surroundings),
};

interface Kv {
  key: string;
  value?: string;
}
interface Range {
  kvs?: Kv[];
}
interface Transaction {
  succeeded?: boolean;
  responses?: Array<{ response_range?: Range }>;
}

class Etcd extends CompareAndSet<Settings> {
  readonly type = 'etcd';
  readonly places = [`${this.settings.urls.map(shown).join(', ')} ${this.settings.prefix}`];
  private readonly gateway = new EtcdGateway(this.name, this.settings, this.surroundings);

  async read(signal: AbortSignal): Promise<Keys> {
    const { prefix } = this.settings;
    const range = { key: encode(prefix), range_end: encode(prefix.replace(/\/$/, '0')) };
    const { kvs = [] } = await this.gateway.range(range, signal);
    const keys = new Map(kvs.map((kv) => [this.text(kv.key).slice(prefix.length), this.key(kv)]));
    // Not the cluster's revision, which moves with everybody's keys.
    return this.reading(keys);
  }

  protected async change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    const key = encode(this.settings.prefix + id);
    const write = wanted
      ? { requestPut: { key, value: encode(wanted.reveal()) } }
      : { requestDeleteRange: { key } };
    const compare = expect
      ? { key, target: 'VALUE', result: 'EQUAL', value: encode(expect.reveal()) }
      : { key, target: 'CREATE', result: 'EQUAL', createRevision: '0' };
    const failure = [{ requestRange: { key } }];
    const transaction = { compare: [compare], success: [write], failure };
    const { succeeded, responses } = await this.gateway.transaction(transaction, signal);
    if (!succeeded && !this.is(wanted, responses?.[0]?.response_range?.kvs)) throw new Stale(this.name, id);
    const { kvs } = await this.gateway.range({ key }, signal);
    if (!this.is(wanted, kvs))
      throw new StoreFailed(`${this.name}: key ${id} reads differently from what was written`);
  }

  private is(wanted: Secret | null, [kv]: Kv[] = []): boolean {
    // What is to be gone is not looked at: it may be no key at all, and is there all the same.
    return wanted && kv ? this.key(kv).equals(wanted) : !wanted && !kv;
  }

  private key(kv: Kv): Secret {
    const value = this.text(kv.value ?? '');
    if (value === '') throw new StoreFailed(`${this.name}: the key at ${this.text(kv.key)} is empty`);
    return new Secret(value);
  }

  private text(base64: string): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
    } catch {
      throw new StoreFailed(`${this.name}: there is a key under ${this.settings.prefix} that is not text`);
    }
  }
}

const encode = (text: string) => Buffer.from(text).toString('base64');

const token = z.object({ token: z.string().min(1) });

/** The v3 JSON gateway of a cluster, which every member has. */
class EtcdGateway {
  private token: string | null = null;

  constructor(
    private readonly store: string,
    private readonly settings: Settings,
    private readonly surroundings: StoreSurroundings,
  ) {}

  /** Asks the members in order until one answers. @throws StoreFailed */
  range(body: object, signal: AbortSignal): Promise<Range> {
    return this.authorized('kv/range', body, 'read', signal);
  }

  /**
   * As `range`, but a member that may have got the request is the last one asked.
   * @throws NotWritten
   * @throws StoreFailed it may have been written, which the message says
   */
  transaction(body: object, signal: AbortSignal): Promise<Transaction> {
    return this.authorized('kv/txn', body, 'write', signal);
  }

  private async authorized<T>(path: string, body: object, kind: 'read' | 'write', signal: AbortSignal) {
    const hadToken = this.token !== null;
    let { answer, url } = await this.ask(path, body, kind, signal);
    // Tokens end after some minutes, or with the member that gave them. A request with such a token was not carried out.
    if (hadToken && (answer.status === 400 || answer.status === 401)) {
      this.token = null;
      ({ answer, url } = await this.ask(path, body, kind, signal));
    }
    if (answer.status === 200) return this.parsed<T>(answer, url);
    const unsure = kind === 'write' && answer.status >= 500 ? '; it may have been written' : '';
    // The gateway looks at who asks before it hands anything on.
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
    const trusted = ca === undefined ? undefined : await this.certificates(ca);
    for (const url of urls) {
      const asked = { method: 'POST', url: `${url.replace(/\/$/, '')}/v3/${path}`, headers };
      try {
        const answer = await askStore({ ...asked, body: JSON.stringify(body) }, signal, trusted);
        // A member that lost its leader is no use for reading, but another one may be.
        if (kind === 'write' || answer.status < 500 || url === urls.at(-1)) return { answer, url };
        failures.push(`${shown(url)} ${said(answer)}`);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
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
