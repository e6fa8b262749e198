import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KnownPerson } from '#store/people.js';
import type { Workspaces } from '#store/workspaces.js';
import { type Opened, openedStore } from './opened.js';

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

const person = (id: string, name: string, more: Partial<KnownPerson> = {}): KnownPerson => ({
  id,
  name,
  handle: null,
  realName: null,
  tz: null,
  isBot: false,
  deleted: false,
  kind: 'member',
  ...more,
});

describe('people', () => {
  test('are kept as last heard of, each workspace its own', async () => {
    const { people } = db.store;
    const ana = person('U1', 'Ana', { handle: 'ana.k', realName: 'Ana Kovač', tz: 'Europe/Berlin' });
    await people.upsert('T1', [person('U1', 'Old'), ana, person('U2', 'Bot', { isBot: true })]);
    expect(await people.get('T1', 'U1')).toEqual(ana);
    expect(await people.get('T2', 'U1')).toBeNull();
    await people.upsert('T1', [{ ...ana, tz: null, deleted: true }]);
    expect(await people.get('T1', 'U1')).toEqual({ ...ana, tz: null, deleted: true });
    expect((await people.byIds('T1', ['U2', 'U1', 'U9'])).map((p) => p.id).sort()).toEqual(['U1', 'U2']);
    expect(await people.byIds('T1', [])).toEqual([]);
    await people.upsert('T1', []);
  });

  test('keep what kind of account they have; a row of before has none until it is learnt', async () => {
    const { people } = db.store;
    await db.sql(
      "insert into person (team, id, name, is_bot, deleted) values ('T5', 'U1', 'Ana', false, false)",
    );
    expect(await people.get('T5', 'U1')).toEqual(person('U1', 'Ana', { kind: null }));
    const kinds = ['guest', 'outside', 'bot', 'member'] as const;
    for (const kind of kinds) {
      await people.upsert('T5', [person('U1', 'Ana', { kind })]);
      expect((await people.get('T5', 'U1'))?.kind).toBe(kind);
    }
    // Somebody who was heard of before Slack said who we are: what is known is not lost by that.
    await people.upsert('T5', [person('U1', 'Ana B', { kind: null, deleted: true })]);
    expect(await people.get('T5', 'U1')).toEqual(person('U1', 'Ana B', { deleted: true }));
  });

  test('are found by shown name, handle or full name, whatever the case; only one may be meant', async () => {
    const { people } = db.store;
    await people.upsert('T3', [
      person('U1', 'Ana', { handle: 'ana.k', realName: 'Ana Kovač' }),
      person('U2', 'ANA', { handle: 'ana.m' }),
      person('U3', 'Bo', { deleted: true }),
    ]);
    const found = async (name: string) => (await people.findByName('T3', name)).map((p) => p.id);
    expect(await found('ana')).toEqual(['U1', 'U2']);
    expect(await people.personByName('T3', 'ana')).toBeNull();
    expect(await people.personByName('T3', 'ANA.K')).toEqual({ id: 'U1', name: 'Ana' });
    expect(await people.personByName('T3', 'ana kovač')).toEqual({ id: 'U1', name: 'Ana' });
    expect(await found('bo')).toEqual([]);
    expect(await found("'; drop table person; --")).toEqual([]);
    expect(await people.personById('T3', 'U3')).toEqual({ id: 'U3', name: 'Bo' });
  });

  test('of a large workspace go in at once', async () => {
    const crowd = Array.from({ length: 12_345 }, (_, i) => person(`U${i}`, `name ${i}`));
    await db.store.people.upsert('T4', crowd);
    expect(await db.sql("select count(*)::int as n from person where team = 'T4'")).toEqual([{ n: 12_345 }]);
  });
});

describe('workspaces', () => {
  let workspaces: Workspaces;
  beforeAll(() => {
    workspaces = db.store.workspaces;
  });

  test('none; then the local one, once, which the first Slack workspace claims; the next gets its own', async () => {
    const other = db.another().workspaces;
    expect(await workspaces.only()).toBeNull();
    expect(await Promise.all([workspaces.ensureLocal(), other.ensureLocal()])).toEqual(['local', 'local']);
    expect(await workspaces.list()).toEqual([{ team: 'local', slackTeam: null }]);
    const claimed = await Promise.all([workspaces, other, workspaces, other].map((w) => w.resolve('TSLACK')));
    expect(new Set(claimed)).toEqual(new Set(['local']));
    expect(await other.resolve('TOTHER')).toBe('TOTHER');
    expect(await workspaces.resolve('TSLACK')).toBe('local');
    expect(await workspaces.only()).toBeNull();
    expect(await workspaces.ensureLocal()).toBeNull();
    expect(await workspaces.list()).toEqual([
      { team: 'local', slackTeam: 'TSLACK' },
      { team: 'TOTHER', slackTeam: 'TOTHER' },
    ]);
  });

  test('are found without being made; the first one may be made where there is no other', async () => {
    await db.sql('delete from workspace');
    expect(await workspaces.find('T1')).toBeNull();
    expect(await workspaces.first('T1')).toBe('T1');
    expect(await workspaces.first('T1')).toBe('T1');
    expect(await workspaces.first('T2')).toBeNull();
    expect(await workspaces.find('T2')).toBeNull();
    expect(await workspaces.list()).toHaveLength(1);
    await db.sql('delete from workspace');
    await workspaces.ensureLocal();
    expect(await workspaces.first('T1')).toBe('local');
    expect(await workspaces.find('T1')).toBe('local');
  });

  test('two Slack workspaces seen first at the same moment: one claims, one is new', async () => {
    for (let round = 0; round < 10; round++) {
      await db.sql('delete from workspace');
      await workspaces.ensureLocal();
      const teams = await Promise.all([workspaces.resolve('T1'), db.store.workspaces.resolve('T2')]);
      expect(teams).toContain('local');
      expect(new Set(teams).size).toBe(2);
    }
  });
});

test('tokens: a name once in each workspace, found by hash, listed without it, revoked', async () => {
  const { tokens } = db.store;
  const token = { team: 'T1', name: 'ci', hash: 'a'.repeat(64), scope: 'write' as const, private: true };
  expect(await tokens.create(token)).toBe(true);
  expect(await tokens.create({ ...token, hash: 'b'.repeat(64) })).toBe(false);
  expect(await tokens.create({ ...token, team: 'T2', hash: 'c'.repeat(64) })).toBe(true);
  expect(await tokens.byHash(token.hash)).toEqual(token);
  expect(await tokens.byHash('b'.repeat(64))).toBeNull();
  const { hash: _, ...shown } = token;
  expect(await tokens.list('T1')).toEqual([shown]);
  expect(await tokens.revoke('T1', 'ci')).toBe(true);
  expect(await tokens.revoke('T1', 'ci')).toBe(false);
  expect(await tokens.byHash(token.hash)).toBeNull();
  expect(await tokens.list('T2')).toHaveLength(1);
});
