import { Socket } from 'node:net';
import pg from 'pg';
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
  same,
  secretReference,
} from './keystore.js';

const identifier = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
    'must be a name of letters, digits and underscores, at most 63 of them',
  );

const settings = z
  .strictObject({
    url: secretReference,
    table: z
      .string()
      .regex(
        /^([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}$/,
        'must be the name of a table, or schema.table, of letters, digits and underscores',
      ),
    id_column: identifier,
    value_column: identifier,
    /** Columns that say which rows of the table are meant, and that new rows get. */
    where: z.record(identifier, z.union([z.string(), z.number(), z.boolean()])).default({}),
  })
  .refine(
    (table) => {
      const columns = [table.id_column, table.value_column, ...Object.keys(table.where)];
      return new Set(columns).size === columns.length;
    },
    { error: 'must name different columns' },
  );
type Settings = z.infer<typeof settings>;

interface Row {
  id: string | null;
  value: string | null;
}

const quoted = pg.escapeIdentifier;

/** The statements for keys in one table. Names are quoted, everything else is a parameter. */
class KeyTable {
  /** For messages. */
  readonly shown: string;
  /** The columns that must be unique together, for messages. */
  readonly identity: string;
  private readonly table: string;
  private readonly id: string;
  private readonly value: string;
  private readonly fixed: Array<[column: string, value: string]>;

  constructor(private readonly settings: Settings) {
    this.table = settings.table.split('.').map(quoted).join('.');
    this.id = quoted(settings.id_column);
    this.value = quoted(settings.value_column);
    this.fixed = Object.entries(settings.where).map(([column, value]) => [quoted(column), String(value)]);
    const where = Object.entries(settings.where).map(([column, value]) => `${column}=${value}`);
    this.shown = [settings.table, ...where].join(' ');
    this.identity = `(${[...Object.keys(settings.where), settings.id_column].join(', ')})`;
  }

  /** @param id only those under it; none: all */
  async rows(client: pg.Client, id?: string): Promise<Row[]> {
    const given = new Given();
    const where = this.where(given, id);
    const columns = `${this.id}::text as id, ${this.value}::text as value`;
    const text = `select ${columns} from ${this.table} where ${where}`;
    return (await client.query<Row>(text, given.values)).rows;
  }

  /** Brings the row of an id from one key to another, where null is no row. @returns how many rows it changed */
  async change(client: pg.Client, id: string, wanted: Secret | null, expect: Secret | null): Promise<number> {
    const given = new Given();
    const text =
      wanted && !expect ? this.insertion(given, id, wanted) : this.alteration(given, id, wanted, expect!);
    return (await client.query(text, given.values)).rowCount ?? 0;
  }

  private insertion(given: Given, id: string, wanted: Secret): string {
    const columns = [...this.fixed.map(([column]) => column), this.id, this.value].join(', ');
    const values = [...this.fixed.map(([, fixed]) => fixed), id, wanted.reveal()];
    const places = values.map((value) => given.add(value)).join(', ');
    return `insert into ${this.table} (${columns}) values (${places}) on conflict do nothing`;
  }

  private alteration(given: Given, id: string, wanted: Secret | null, expect: Secret): string {
    const act = wanted
      ? `update ${this.table} set ${this.value} = ${given.add(wanted.reveal())}`
      : `delete from ${this.table}`;
    // Byte for byte: the column's own collation may take two keys for the same one.
    const is = `${this.value}::text collate "C" = `;
    return `${act} where ${this.where(given, id)} and ${is}${given.add(expect.reveal())}`;
  }

  /** @returns whether an index sees to it that there is one row for an id, whatever its order of columns */
  async isUnique(client: pg.Client): Promise<boolean> {
    const text = `
      select 1 from pg_index i
      where i.indrelid = $1::regclass and i.indisunique and i.indisvalid and i.indimmediate
        and i.indpred is null and i.indexprs is null
        and (select bool_and(a.attname = any($2)) from pg_attribute a
             where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1]))`;
    const columns = [...Object.keys(this.settings.where), this.settings.id_column];
    return (await client.query(text, [this.table, columns])).rowCount !== 0;
  }

  private where(given: Given, id?: string): string {
    const fixed = this.fixed.map(([column, value]) => `${column} = ${given.add(value)}`);
    const one = id === undefined ? [] : [`${this.id} = ${given.add(id)}`];
    return [...fixed, ...one, 'true'].join(' and ');
  }
}

class Given {
  readonly values: string[] = [];

  add(value: string): string {
    return `$${this.values.push(value)}`;
  }
}

/** Keys in a table of PostgreSQL, one row each. Compare and set are one statement. */
export const postgres: KeyStoreKind<Settings> = {
  type: 'postgres',
  settings,
  open: (name, given, surroundings) => new Postgres(name, given, surroundings),
};

class Postgres extends CompareAndSet<Settings> {
  readonly type = 'postgres';
  private readonly address = new SecretAddress(
    this.name,
    this.settings.url,
    this.surroundings,
    shownDatabase,
    'postgres://user:password@host:5432/database',
  );
  private readonly table = new KeyTable(this.settings);
  readonly places = [`${this.address.shown()} ${this.table.shown}`];

  async read(signal: AbortSignal): Promise<Keys> {
    const rows = await this.connected(signal, 'read', (client) => this.table.rows(client));
    const keys = new Map<string, Secret>();
    for (const { id, value } of rows) {
      if (id === null) throw new StoreFailed(`${this.name}: ${this.table.shown} has a row without an id`);
      if (keys.has(id)) throw new StoreFailed(`${this.name}: ${this.table.shown} has the id ${id} twice`);
      keys.set(id, this.key(id, value));
    }
    return this.reading(keys);
  }

  protected change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    return this.connected(signal, 'write', async (client, writing) => {
      // Without it, two who insert at the same moment would both succeed.
      if (!(await this.table.isUnique(client)))
        throw new NotWritten(
          `${this.name}: ${this.table.shown} cannot be changed safely: it needs a unique index on ${this.table.identity}`,
        );
      writing();
      const changed = await this.table.change(client, id, wanted, expect).catch((error) => {
        throw saidNo(error) && !signal.aborted ? new NotWritten(this.said(error, false, true)) : error;
      });
      const rows = await this.table.rows(client, id);
      const now = rows[0] ? this.key(id, rows[0].value) : null;
      if (same(now, wanted)) return;
      if (changed === 0) throw new Stale(this.name, id);
      throw new StoreFailed(`${this.name}: key ${id} reads differently from what was written`);
    });
  }

  private key(id: string, value: string | null): Secret {
    if (!value) throw new StoreFailed(`${this.name}: the row of ${id} in ${this.table.shown} has no key`);
    return new Secret(value);
  }

  /**
   * Each act has a connection of its own. A run has few of them; and so no connection idles, is found dead when it is needed,
   * keeps the process from ending, or was let in with yesterday's password.
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
    // Whatever is under way over it fails then.
    const stop = () => socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    let sent = false;
    try {
      await client.connect();
      return await act(client, () => {
        signal.throwIfAborted();
        sent = kind === 'write';
      });
    } catch (error) {
      if (error instanceof Stale || error instanceof StoreFailed) throw error;
      const said = this.said(error, signal.aborted, sent);
      throw kind === 'write' && !sent ? new NotWritten(said) : new StoreFailed(said);
    } finally {
      signal.removeEventListener('abort', stop);
      // A proper end waits for what is under way, so a connection that hangs is broken off instead.
      const late = setTimeout(stop, 500);
      await client.end().catch(() => undefined);
      clearTimeout(late);
    }
  }

  private said(error: unknown, stopped: boolean, sent: boolean): string {
    return `${this.name}: ${this.address.shown()} ${toldPostgres(error, stopped, sent)}`;
  }

  private client(socket: Socket): pg.Client {
    return new pg.Client({
      // The socket is made by us, so that it can be broken off.
      stream: () => socket,
      connectionString: this.address.reveal(),
      application_name: 'tocsin',
      connectionTimeoutMillis: 3_000,
      statement_timeout: 8_000,
      // The limit is for a server that no longer says anything.
      query_timeout: 10_000,
    });
  }
}

/** @returns the address as the library reads it: that of a Unix socket is no valid URL. */
function shownDatabase(address: string): string | null {
  if (!/^postgres(ql)?:\/\//.test(address)) return null;
  const { host, port, database } = new pg.Client({ connectionString: address });
  return `postgres://${host}:${port}/${database ?? ''}`;
}

/**
 * What went wrong with PostgreSQL, in words that are safe to show: its own messages and details quote rows.
 * @param sent had a write been sent, so that it may have happened?
 */
function toldPostgres(error: unknown, stopped: boolean, sent: boolean): string {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (!stopped && code && /^[0-9A-Z]{5}$/.test(code)) {
    const why = REFUSALS[code] ?? 'refused it';
    // Classes 08 and 57: the connection or the server went away; what it was doing then is not known.
    return `${why} (${code})${sent && /^(08|57P)/.test(code) ? UNSURE : ''}`;
  }
  const why = stopped ? 'stopped' : (code ?? (/time-?out/i.test(message) ? 'too slow' : name));
  return `gave no answer (${why})${sent ? UNSURE : ''}`;
}

/** Did the server say no to a statement, and so do nothing of it? Not class 57: those were ended midway. */
function saidNo(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return Object.hasOwn(REFUSALS, code) && !code.startsWith('57');
}

const UNSURE = '; it may have been written';

const REFUSALS: Record<string, string> = {
  '22001': 'has a column that is too short for it',
  '22P02': 'has a column of another type',
  '23502': 'has a column that needs a value which we do not know',
  '23505': 'has such a value already, in a column where it must be unique',
  '25006': 'is read-only, a replica perhaps',
  '28000': 'does not let us in',
  '28P01': 'does not take our password',
  '3D000': 'has no such database',
  '42501': 'does not permit it',
  '42703': 'has no such column',
  '42P01': 'has no such table',
  '53300': 'has too many connections',
  '55P03': 'has it locked',
  '57014': 'took too long, and gave up',
  '57P01': 'is being shut down',
  '57P03': 'is starting or stopping',
};
