import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type BotHere, signedCommand, startWalk, type Walk } from './kit.js';

// What must go, goes: from every table, for good, also while the bot remembers the incident.
let walk: Walk;
let bot: BotHere;

beforeAll(async () => {
  walk = await startWalk();
  bot = await walk.here();
});
afterAll(() => walk.end());

async function tablesHolding(text: string): Promise<string[]> {
  const client = new pg.Client(walk.database.config);
  client.on('error', () => {});
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const found: string[] = [];
    for (const { name } of tables.rows) {
      const { rowCount } = await client.query(`select 1 from ${name} t where t::text like $1 limit 1`, [
        `%${text}%`,
      ]);
      if (rowCount) found.push(name);
    }
    return found;
  } finally {
    await client.end();
  }
}

test('an erased title and an erased note are nowhere, and the chain still proves itself', async () => {
  const typed = async (text: string) => {
    const request = signedCommand(walk.slack.signingSecret, { text });
    const send = async () => {
      const answer = (await (await fetch(`${bot.url}/slack/events`, request)).json()) as { text: string };
      return answer.text;
    };
    return { text: await send(), again: send };
  };
  expect((await typed('open sev2 canaryTITLE')).text).toMatch(/recorded/);
  const note = await typed('note INC-1 canaryNOTE');
  expect(note.text).toMatch(/canaryNOTE/);
  expect((await tablesHolding('canaryNOTE')).sort()).toEqual([
    'public.entry',
    'public.fact',
    'public.fact_text',
  ]);

  expect(await walk.tocsin('erase', 'INC-9', '--fact', '3', '--field', 'text', '--yes')).toMatchObject({
    code: 1,
    err: 'There is no INC-9.\n',
  });
  // Whose sequence number it is depends on deliveries in between; the record says it.
  const facts = (await walk.tocsin('export', 'INC-1', '--format', 'facts')).out;
  const seqOf = (type: string) =>
    String(
      facts
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { type: string; seq: number })
        .find((fact) => fact.type === type)?.seq,
    );
  for (const [seq, field] of [
    [seqOf('IncidentOpened'), 'title'],
    [seqOf('NoteRecorded'), 'text'],
  ] as const) {
    expect(await walk.tocsin('erase', 'INC-1', '--fact', seq, '--field', field, '--yes')).toMatchObject({
      code: 0,
    });
  }
  // The bot had the title in memory; its next note must not bring it back.
  expect((await typed('note INC-1 afterwards')).text).toMatch(/recorded/);
  expect(await note.again()).toMatch(/recorded before/);
  expect(await tablesHolding('canaryNOTE')).toEqual([]);
  expect(await tablesHolding('canaryTITLE')).toEqual([]);

  const file = `${walk.folder}/facts.jsonl`;
  await walk.tocsin('export', 'INC-1', '--format', 'facts', '--out', file);
  expect(await readFile(file, 'utf8')).not.toMatch(/canaryNOTE|canaryTITLE/);
  expect(await walk.tocsin('verify', file)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/2 texts erased/),
  });
  expect((await walk.tocsin('export', 'INC-1', '--format', 'json')).out).toContain('"[erased]"');
});
