import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { type Canary, formsOf } from './canaries.js';

/** Places where a value could have ended up: what each holds, as text. */
export type Sinks = Map<string, string>;

/** Letters by which forms are looked up; none is shorter. */
const HEAD = 8;

/** @returns what was found: the canary by its name, in which form, where; never the value */
export function found(canaries: readonly Canary[], sinks: Sinks): string[] {
  const byHead = new Map<string, Array<{ text: string; find: string }>>();
  for (const { name, kind, value } of canaries)
    for (const [form, text] of formsOf(value)) {
      if (text.length < HEAD) throw new Error(`${name}, ${form} is too short to be searched for`);
      const head = text.slice(0, HEAD);
      byHead.set(head, [...(byHead.get(head) ?? []), { text, find: `${name} (${kind}), ${form}` }]);
    }
  const finds = new Set<string>();
  for (const [sink, whole] of sinks)
    for (const text of readings(whole))
      for (let i = 0; i + HEAD <= text.length; i++)
        for (const one of byHead.get(text.slice(i, i + HEAD)) ?? [])
          if (text.startsWith(one.text, i)) finds.add(`${one.find}, in ${sink}`);
  return [...finds];
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** As it stands; without the breaks that programs put into long lines; and as HTML, Markdown or CSV are read. */
function readings(text: string): Iterable<string> {
  const html = text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] as string);
  const joined = text.replace(/(?:\r?\n|(?:\\+r)?\\+n)[ \t]*/g, '');
  return new Set([text, joined, html, html.replace(/\\([!-/:-@[-`{-~])/g, '$1').replaceAll('""', '"')]);
}

/** Every table of every schema, row by row, as COPY would write it. */
export async function databaseText(url: string): Promise<Sinks> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_schema NOT IN ('information_schema', 'pg_catalog') AND table_type = 'BASE TABLE'`,
    );
    const sinks: Sinks = new Map();
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
      // A row's text doubles quotes and backslashes, one level for each row inside a row: both readings are looked at.
      const text = rows.map(({ row }) => row).join('\n');
      sinks.set(`table ${name}`, `${text}\n${text.replace(/""/g, '"').replace(/\\\\/g, '\\')}`);
    }
    return sinks;
  } finally {
    await client.end();
  }
}

/** Every key and value, and the file that SAVE writes. @param except keys that are key stores themselves */
export async function redisText(url: string, except: readonly string[]): Promise<Sinks> {
  const client = new Redis(url);
  const pieces: string[] = [];
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => client.get(key),
    list: (key) => client.lrange(key, 0, -1),
    set: (key) => client.smembers(key),
    zset: (key) => client.zrange(key, '0', '-1', 'WITHSCORES'),
    hash: (key) => client.hgetall(key),
    stream: (key) => client.xrange(key, '-', '+'),
  };
  try {
    let cursor = '0';
    const keys = new Set<string>();
    do {
      const [next, some] = await client.scan(cursor, 'COUNT', 1_000);
      cursor = next;
      for (const key of some) if (!except.includes(key)) keys.add(key);
    } while (cursor !== '0');
    for (const key of keys) pieces.push(key, JSON.stringify(await read[await client.type(key)]?.(key)));
    // What is a store is in that file by design.
    if (except.length > 0) await client.del(...except);
    await client.config('SET', 'rdbcompression', 'no');
    await client.save();
    const [, folder = ''] = (await client.config('GET', 'dir')) as string[];
    const file = await readFile(join(folder, 'dump.rdb'), 'latin1');
    return new Map([
      [`redis, ${keys.size} keys`, pieces.join('\n')],
      ['redis dump.rdb', `${file}\n${Buffer.from(file, 'latin1').toString('utf8')}`],
    ]);
  } finally {
    client.disconnect();
  }
}

/** Every file below a folder. @param except names of files and folders directly in it that hold secrets by design */
export async function folderText(folder: string, except: readonly string[]): Promise<Sinks> {
  const sinks: Sinks = new Map();
  for (const entry of await readdir(folder, { recursive: true })) {
    if (except.includes(entry.split('/')[0] as string)) continue;
    const path = join(folder, entry);
    if ((await stat(path)).isFile()) sinks.set(`file ${entry}`, await readFile(path, 'utf8'));
  }
  return sinks;
}
