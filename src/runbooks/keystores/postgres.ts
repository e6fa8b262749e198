import { Socket } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import { type Keys, NotWritten, Stale, StoreFailed } from '../keystore.js';
import { Secret } from '../secret.js';
import { SecretAddress } from './address.js';
import { mustBeKeepable } from './keepable.js';
import type { KeyStoreKind, OpenKeyStore, StoreSurroundings } from './kind.js';
import { saidNo, toldPostgres } from './postgres-errors.js';
import { KeyTable, tableShape } from './postgres-table.js';
import { secretReference } from './reference.js';
import { versionOf } from './version.js';

const settings = z.strictObject({ url: secretReference, ...tableShape }).refine(
  (table) => {
    const columns = [table.id_column, table.value_column, ...Object.keys(table.where)];
    return new Set(columns).size === columns.length;
  },
  { error: 'must name different columns' },
);
type Settings = z.infer<typeof settings>;

/** Keys in a table of PostgreSQL, one row each. Compare and set are one statement. */
export const postgres: KeyStoreKind<Settings> = {
  type: 'postgres',
  is: 'a table in PostgreSQL',
  settings,
  open: (name, given, surroundings) => new Postgres(name, given, surroundings),
};

class Postgres implements OpenKeyStore {
  readonly type = 'postgres';
  readonly places: readonly string[];
  private readonly address: SecretAddress;
  private readonly table: KeyTable;

  constructor(
    readonly name: string,
    settings: Settings,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.address = new SecretAddress(
      name,
      settings.url,
      surroundings,
      shownDatabase,
      'postgres://user:password@host:5432/database',
    );
    this.table = new KeyTable(settings);
    this.places = [`${this.address.shown()} ${this.table.shown}`];
  }

  async read(signal: AbortSignal): Promise<Keys> {
    const rows = await this.connected(signal, 'read', (client) => this.table.rows(client));
    const keys = new Map<string, Secret>();
    for (const { id, value } of rows) {
      if (id === null) throw new StoreFailed(`${this.name}: ${this.table.shown} has a row without an id`);
      if (keys.has(id)) throw new StoreFailed(`${this.name}: ${this.table.shown} has the id ${id} twice`);
      keys.set(id, this.key(id, value));
    }
    return { keys, version: versionOf([keys], this.surroundings.fingerprint) };
  }

  async put(id: string, value: Secret, expect: Secret | null, signal: AbortSignal): Promise<void> {
    mustBeKeepable(this.name, id, value);
    await this.change(id, value, signal, (client) =>
      expect
        ? this.table.update(client, id, value.reveal(), expect.reveal())
        : this.table.insert(client, id, value.reveal()),
    );
  }

  remove(id: string, expect: Secret, signal: AbortSignal): Promise<void> {
    return this.change(id, null, signal, (client) => this.table.remove(client, id, expect.reveal()));
  }

  private change(
    id: string,
    wanted: Secret | null,
    signal: AbortSignal,
    write: (client: pg.Client) => Promise<number>,
  ): Promise<void> {
    return this.connected(signal, 'write', async (client, writing) => {
      // Without it, two who insert at the same moment would both succeed.
      if (!(await this.table.isUnique(client)))
        throw new NotWritten(
          `${this.name}: ${this.table.shown} cannot be changed safely: it needs a unique index on ${this.table.identity}`,
        );
      writing();
      const changed = await write(client).catch((error) => {
        throw saidNo(error) && !signal.aborted ? new NotWritten(this.said(error, false, true)) : error;
      });
      const rows = await this.table.rows(client, id);
      const now = rows[0] ? this.key(id, rows[0].value) : null;
      if (now && wanted ? now.equals(wanted) : now === wanted) return;
      if (changed === 0) throw new Stale(this.name, id);
      throw new StoreFailed(`${this.name}: key ${id} reads differently from what was written`);
    });
  }

  private key(id: string, value: string | null): Secret {
    if (!value) throw new StoreFailed(`${this.name}: the row of ${id} in ${this.table.shown} has no key`);
    return new Secret(value);
  }

  /**
   * A connection for each act: a run has few of them, and so there is none that idles, that is found dead when it is
   * needed, that keeps the process from ending, or that was let in with yesterday's password.
   */
  private async connected<T>(
    signal: AbortSignal,
    kind: 'read' | 'write',
    act: (client: pg.Client, writing: () => void) => Promise<T>,
  ): Promise<T> {
    if (signal.aborted) throw new StoreFailed(`${this.name}: stopped before anything was done`);
    const socket = new Socket();
    const client = this.client(socket);
    // Errors of a connection that nobody waits for would end the process.
    client.on('error', () => undefined);
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(new Error('stopped'));
    });
    stopped.catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    let sent = false;
    const acting = async () => {
      await client.connect();
      return act(client, () => {
        signal.throwIfAborted();
        sent = kind === 'write';
      });
    };
    try {
      return await Promise.race([acting(), stopped]);
    } catch (error) {
      if (error instanceof Stale || error instanceof StoreFailed) throw error;
      const said = this.said(error, signal.aborted, sent);
      throw kind === 'write' && !sent ? new NotWritten(said) : new StoreFailed(said);
    } finally {
      signal.removeEventListener('abort', stop);
      await this.end(client, socket, signal);
    }
  }

  private said(error: unknown, stopped: boolean, sent: boolean): string {
    return `${this.name}: ${this.address.shown()} ${toldPostgres(error, stopped, sent)}`;
  }

  private client(socket: Socket): pg.Client {
    return new pg.Client({
      // Ours, so that it can be broken off.
      stream: () => socket,
      connectionString: this.address.reveal(),
      application_name: 'tocsin',
      connectionTimeoutMillis: 3_000,
      statement_timeout: 8_000,
      // For a server that no longer says anything.
      query_timeout: 10_000,
    });
  }

  /** A good-bye waits for what is under way; one that was stopped, or hangs, does not get one. */
  private async end(client: pg.Client, socket: Socket, signal: AbortSignal): Promise<void> {
    const destroy = () => socket.destroy();
    if (signal.aborted) {
      destroy();
      return;
    }
    const late = setTimeout(destroy, 500);
    await client.end().catch(() => undefined);
    clearTimeout(late);
  }
}

/** As the library understands it: an address of a Unix socket is no URL by the book. */
function shownDatabase(address: string): string | null {
  if (!/^postgres(ql)?:\/\//.test(address)) return null;
  const { host, port, database } = new pg.Client({ connectionString: address });
  return `postgres://${host}:${port}/${database ?? ''}`;
}
