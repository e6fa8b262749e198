import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KnownPerson, Workspaces } from '#store/people.js';
import { openStore } from '#store/store.js';
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

describe('tokens', () => {
  const made = { team: 'T1', name: 'ci', hash: 'a'.repeat(64), scope: 'write' as const, private: true };
  const DAY = 86_400_000;

  test('a name once in each workspace, also after it was revoked; found by hash, listed without it', async () => {
    const { tokens } = db.store;
    expect(await tokens.create(made)).toBe(true);
    expect(await tokens.create({ ...made, hash: 'b'.repeat(64) })).toBe(false);
    expect(await tokens.create({ ...made, team: 'T2', hash: 'c'.repeat(64) })).toBe(true);
    const kept = await tokens.byHash(made.hash);
    expect(kept).toMatchObject({
      ...{ team: 'T1', name: 'ci', scope: 'write', private: true, owner: null },
      ...{ expiresAt: null, expired: false, lastUsedAt: null, usedLately: false, revokedAt: null },
    });
    expect(kept?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await tokens.byHash('b'.repeat(64))).toBeNull();
    expect(await tokens.list('T1')).toEqual([kept]);
    expect(JSON.stringify(kept)).not.toContain(made.hash);
    expect(await tokens.revoke('T1', 'ci')).toBe(true);
    expect(await tokens.revoke('T1', 'ci')).toBe(false);
    // Another process hears of it with its very next question.
    const there = await db.another().tokens.byHash(made.hash);
    expect(there?.revokedAt).not.toBeNull();
    expect(await tokens.create({ ...made, hash: 'd'.repeat(64) })).toBe(false);
    expect((await tokens.list('T2'))[0]).toMatchObject({ revokedAt: null });
  });

  test('one that expires is good until then, by the clock of the database', async () => {
    const { tokens } = db.store;
    await tokens.create({ ...made, name: 'short', hash: 'e'.repeat(64), lastsMs: DAY });
    const kept = await tokens.byHash('e'.repeat(64));
    expect(kept).toMatchObject({ expired: false });
    expect(Date.parse(kept?.expiresAt ?? '') - Date.parse(kept?.createdAt ?? '')).toBe(DAY);
    await db.sql("update token set expires_at = now() where name = 'short'");
    expect(await tokens.byHash('e'.repeat(64))).toMatchObject({ expired: true, revokedAt: null });
  });

  test('of its owner it knows whether the account is still there', async () => {
    const { tokens, people } = db.store;
    const ana = {
      id: 'U0OWNER',
      name: 'Ana O',
      handle: 'anao',
      realName: null,
      tz: null,
      isBot: false,
      kind: 'member' as const,
    };
    await tokens.create({ ...made, name: 'owned', hash: 'f'.repeat(64), owner: ana.id });
    const owner = async () => (await tokens.byHash('f'.repeat(64)))?.owner;
    expect(await owner()).toEqual({ id: ana.id, name: null, gone: false });
    await people.upsert('T1', [{ ...ana, deleted: false }]);
    expect(await owner()).toEqual({ id: ana.id, name: 'Ana O', gone: false });
    await people.upsert('T1', [{ ...ana, deleted: true }]);
    expect(await owner()).toEqual({ id: ana.id, name: 'Ana O', gone: true });
  });

  test('its use is noted once a minute, in a burst too, and never waited for', async () => {
    const { tokens } = db.store;
    await tokens.create({ ...made, name: 'busy', hash: '1'.repeat(64) });
    const kept = async () => (await tokens.byHash('1'.repeat(64))) as NonNullable<Kept>;
    type Kept = Awaited<ReturnType<typeof tokens.byHash>>;
    const writes = () => db.sql<{ xmin: string }>("select xmin::text from token where name = 'busy'");
    const unused = await kept();
    const before = await writes();
    for (let i = 0; i < 50; i++) expect(tokens.noteUse(unused)).toBeUndefined();
    let once = before;
    while (JSON.stringify(once) === JSON.stringify(before)) once = await writes();
    expect(await kept()).toMatchObject({ usedLately: true, lastUsedAt: expect.any(String) });
    // Another process read the row before this one wrote: its own statement finds nothing left to do.
    const other = openStore(db.config, () => {});
    await other.ping();
    other.tokens.noteUse(unused);
    // Only once that is over: it must not come after the time that is set below.
    await other.close();
    tokens.noteUse(await kept());
    await db.sql("update token set last_used_at = now() - interval '61 seconds' where name = 'busy'");
    expect(await kept()).toMatchObject({ usedLately: false });
  });
});
