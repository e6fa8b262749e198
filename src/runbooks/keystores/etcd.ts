import { z } from 'zod';
import { type Keys, Stale, StoreFailed } from '../keystore.js';
import { Secret } from '../secret.js';
import { httpAddress, shown } from './address.js';
import { EtcdGateway, type EtcdSettings } from './etcd-gateway.js';
import { mustBeKeepable } from './keepable.js';
import type { KeyStoreKind, OpenKeyStore, StoreSurroundings } from './kind.js';
import { secretReference } from './reference.js';
import { versionOf } from './version.js';

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
  .transform(({ url, urls, ...rest }): EtcdSettings & { prefix: string } => ({
    urls: urls ?? [url ?? ''],
    ...rest,
  }));

/** Keys under a prefix in etcd. Compare and set are one transaction there, by value. */
export const etcd: KeyStoreKind<z.infer<typeof settings>> = {
  type: 'etcd',
  is: 'keys under a prefix in etcd',
  settings,
  open: (name, given, surroundings) => new Etcd(name, given, surroundings),
};

interface Kv {
  key: string;
  value?: string;
}

class Etcd implements OpenKeyStore {
  readonly type = 'etcd';
  readonly places: readonly string[];
  private readonly gateway: EtcdGateway;

  constructor(
    readonly name: string,
    private readonly settings: EtcdSettings & { prefix: string },
    private readonly surroundings: StoreSurroundings,
  ) {
    this.gateway = new EtcdGateway(name, settings, surroundings);
    this.places = [`${settings.urls.map(shown).join(', ')} ${settings.prefix}`];
  }

  async read(signal: AbortSignal): Promise<Keys> {
    const { prefix } = this.settings;
    const range = { key: encode(prefix), range_end: encode(prefix.replace(/\/$/, '0')) };
    const { kvs = [] } = await this.gateway.read<{ kvs?: Kv[] }>('range', range, signal);
    const keys = new Map(kvs.map((kv) => [this.text(kv.key).slice(prefix.length), this.key(kv)]));
    // Not the cluster's revision, which moves with everybody's keys.
    return { keys, version: versionOf([keys], this.surroundings.fingerprint) };
  }

  async put(id: string, value: Secret, expect: Secret | null, signal: AbortSignal): Promise<void> {
    mustBeKeepable(this.name, id, value);
    const key = this.path(id);
    await this.change(id, value, expect, { requestPut: { key, value: encode(value.reveal()) } }, signal);
  }

  remove(id: string, expect: Secret, signal: AbortSignal): Promise<void> {
    return this.change(id, null, expect, { requestDeleteRange: { key: this.path(id) } }, signal);
  }

  private async change(
    id: string,
    wanted: Secret | null,
    expect: Secret | null,
    write: object,
    signal: AbortSignal,
  ): Promise<void> {
    const key = this.path(id);
    const compare = expect
      ? { key, target: 'VALUE', result: 'EQUAL', value: encode(expect.reveal()) }
      : { key, target: 'CREATE', result: 'EQUAL', createRevision: '0' };
    const failure = [{ requestRange: { key } }];
    const transaction = { compare: [compare], success: [write], failure };
    const { succeeded, responses } = await this.gateway.write<{
      succeeded?: boolean;
      responses?: Array<{ response_range?: { kvs?: Kv[] } }>;
    }>('txn', transaction, signal);
    if (!succeeded && !this.is(wanted, responses?.[0]?.response_range?.kvs)) throw new Stale(this.name, id);
    const { kvs } = await this.gateway.read<{ kvs?: Kv[] }>('range', { key }, signal);
    if (!this.is(wanted, kvs))
      throw new StoreFailed(`${this.name}: key ${id} reads differently from what was written`);
  }

  private is(wanted: Secret | null, [kv]: Kv[] = []): boolean {
    return kv && wanted ? this.key(kv).equals(wanted) : !kv && !wanted;
  }

  private path(id: string): string {
    return encode(this.settings.prefix + id);
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
