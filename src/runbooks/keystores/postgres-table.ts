import pg from 'pg';
import { z } from 'zod';

const identifier = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
    'must be a name of letters, digits and underscores, at most 63 of them',
  );

export const tableShape = {
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
};

interface TableSettings {
  table: string;
  id_column: string;
  value_column: string;
  where: Record<string, string | number | boolean>;
}

interface Row {
  id: string | null;
  value: string | null;
}

const quoted = pg.escapeIdentifier;

/** The statements for keys in one table. Names are quoted, everything else is a parameter. */
export class KeyTable {
  /** For messages. */
  readonly shown: string;
  /** The columns that must be unique together, for messages. */
  readonly identity: string;
  private readonly table: string;
  private readonly id: string;
  private readonly value: string;
  private readonly fixed: Array<[column: string, value: string]>;

  constructor(private readonly settings: TableSettings) {
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

  /** @returns how many rows it made */
  insert(client: pg.Client, id: string, value: string): Promise<number> {
    const given = new Given();
    const columns = [...this.fixed.map(([column]) => column), this.id, this.value];
    const values = [...this.fixed.map(([, fixed]) => fixed), id, value].map((one) => given.add(one));
    return count(
      client,
      `insert into ${this.table} (${columns.join(', ')}) values (${values.join(', ')}) on conflict do nothing`,
      given,
    );
  }

  update(client: pg.Client, id: string, value: string, expect: string): Promise<number> {
    const given = new Given();
    const set = `update ${this.table} set ${this.value} = ${given.add(value)}`;
    return count(client, `${set} where ${this.where(given, id)} and ${this.is(given, expect)}`, given);
  }

  remove(client: pg.Client, id: string, expect: string): Promise<number> {
    const given = new Given();
    const where = `${this.where(given, id)} and ${this.is(given, expect)}`;
    return count(client, `delete from ${this.table} where ${where}`, given);
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

  /** Byte for byte: the column's own collation may take two keys for the same one. */
  private is(given: Given, value: string): string {
    return `${this.value}::text collate "C" = ${given.add(value)}`;
  }
}

class Given {
  readonly values: string[] = [];

  add(value: string): string {
    return `$${this.values.push(value)}`;
  }
}

async function count(client: pg.Client, text: string, given: Given): Promise<number> {
  return (await client.query(text, given.values)).rowCount ?? 0;
}
