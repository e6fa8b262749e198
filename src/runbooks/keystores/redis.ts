import type { Redis } from 'ioredis';
import { z } from 'zod';
import { Secret } from '../secret.js';
import {
  CompareAndSet,
  type KeyStoreKind,
  type Keys,
  NotWritten,
  SecretAddress,
  Stale,
  StoreFailed,
  secretReference,
  shown,
} from './keystore.js';

const settings = z.strictObject({ url: secretReference, key: z.string().min(1) });
type Settings = z.infer<typeof settings>;

/** A hash of id → key in Redis. Compare and set are one script there. */
export const redis: KeyStoreKind<Settings> = {
  type: 'redis',
  settings,
  open: (name, given, surroundings) => new RedisHash(name, given, surroundings),
};

// An empty text stands for nothing: it is no key. Gives 1: written; 0: it was so already; -1: something else is there.
const CHANGE = `
  local now = redis.call('HGET', KEYS[1], ARGV[1])
  local wanted = ARGV[2] ~= '' and ARGV[2]
  local expect = ARGV[3] ~= '' and ARGV[3]
  if now == wanted then return 0 end
  if now ~= expect then return -1 end
  if wanted then redis.call('HSET', KEYS[1], ARGV[1], wanted) else redis.call('HDEL', KEYS[1], ARGV[1]) end
  return 1
`;

interface Connection extends Redis {
  change(key: string, id: string, wanted: string, expect: string): Promise<number>;
}

class RedisHash extends CompareAndSet<Settings> {
  readonly type = 'redis';
  private readonly address = new SecretAddress(
    this.name,
    this.settings.url,
    this.surroundings,
    (address) => (/^rediss?:\/\//.test(address) ? shown(address) : null),
    'redis://user:password@host:6379/0',
  );
  readonly places = [`${this.address.shown()} ${this.settings.key}`];

  async read(signal: AbortSignal): Promise<Keys> {
    // Keys are read as bytes: decoding would put a replacement character where a key is not text, and nobody would know.
    const flat = await this.connected(
      signal,
      'read',
      (client) => client.callBuffer('HGETALL', this.settings.key) as Promise<Buffer[]>,
    );
    const keys = new Map<string, Secret>();
    for (let i = 0; i < flat.length; i += 2) {
      const id = this.text(flat[i]!);
      const value = this.text(flat[i + 1]!);
      if (value === '') throw new StoreFailed(`${this.name}: the key under ${id} is empty`);
      keys.set(id, new Secret(value));
    }
    return this.reading(keys);
  }

  protected change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    const { key } = this.settings;
    const value = wanted?.reveal() ?? '';
    return this.connected(signal, 'write', async (client) => {
      const outcome = await client.change(key, id, value, expect?.reveal() ?? '').catch((error) => {
        const { message } = this.told(error, true, signal);
        // The server said no before the script had changed anything.
        throw REFUSALS[wordOf(error) ?? ''] ? new NotWritten(message) : error;
      });
      if (outcome < 0) throw new Stale(this.name, id);
      if (((await client.hget(key, id)) ?? '') !== value)
        throw new StoreFailed(`${this.name}: key ${id} reads differently from what was written`);
    });
  }

  /**
   * Each act has a connection of its own. A run has few of them; and so no connection idles, is found dead when it is needed,
   * keeps the process from ending, or was let in with yesterday's password.
   */
  private async connected<T>(
    signal: AbortSignal,
    kind: 'read' | 'write',
    act: (client: Connection) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted) throw new StoreFailed(`${this.name}: stopped before anything was done`);
    // Loaded by whoever has such a store: the verbs of most have none.
    const { Redis } = await import('ioredis');
    const client = new Redis(this.address.reveal(), {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      // The library's own check needs a right of its own, and waits without end for a server that is loading, which says so itself.
      enableReadyCheck: false,
      connectTimeout: 3_000,
      commandTimeout: 10_000,
      // How long a server that says nothing may keep us when we leave.
      disconnectTimeout: 200,
      connectionName: 'tocsin',
    }) as Connection;
    let fault: unknown;
    client.on('error', (error) => {
      fault = error;
    });
    client.defineCommand('change', { numberOfKeys: 1, lua: CHANGE });
    const stop = () => client.disconnect();
    signal.addEventListener('abort', stop, { once: true });
    let sent = false;
    try {
      await client.connect();
      sent = kind === 'write';
      return await act(client);
    } catch (error) {
      if (error instanceof Stale || error instanceof StoreFailed) throw error;
      const told = this.told(sent ? error : (fault ?? error), sent, signal);
      throw kind === 'write' && !sent ? new NotWritten(told.message) : told;
    } finally {
      signal.removeEventListener('abort', stop);
      client.disconnect();
    }
  }

  private text(bytes: Buffer): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new StoreFailed(`${this.name}: the hash ${this.settings.key} holds something that is not text`);
    }
  }

  private told(error: unknown, sent: boolean, signal: AbortSignal): StoreFailed {
    const at = `${this.name}: ${this.address.shown()}`;
    const word = wordOf(error);
    if (word) return new StoreFailed(`${at} ${REFUSALS[word] ?? 'refused it'} (${word})`);
    const { code, name } = error as NodeJS.ErrnoException;
    const why = signal.aborted ? 'stopped' : (code ?? name);
    return new StoreFailed(`${at} gave no answer (${why})${sent ? '; it may have been written' : ''}`);
  }
}

/** @returns the word in capitals that a refusal by the server begins with. The rest of it may quote the arguments. */
function wordOf(error: unknown): string | undefined {
  const { name, message } = error as Error;
  return name === 'ReplyError' ? /^([A-Z]{3,})\b/.exec(message)?.[1] : undefined;
}

const REFUSALS: Record<string, string> = {
  READONLY: 'is a replica, which takes no writes',
  LOADING: 'is still loading its data',
  OOM: 'has no memory left',
  MISCONF: 'cannot save to its disk, and so takes no writes',
  MASTERDOWN: 'is a replica without its primary',
  NOREPLICAS: 'has too few replicas to take writes',
  CLUSTERDOWN: 'is part of a cluster that is down',
  MOVED: 'is the member of a cluster that does not have this hash',
  BUSY: 'is busy with a script',
  WRONGTYPE: 'has something there that is not a hash',
  NOAUTH: 'wants a password',
  WRONGPASS: 'does not take our password',
  NOPERM: 'does not permit it',
};
