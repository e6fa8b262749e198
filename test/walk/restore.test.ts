import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { connectionUrl } from '#store/embedded/server.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { postgresAvailable, startPostgres } from '../support/postgres.js';
import { type BotProcess, pause, startWalk, type Walk } from './kit.js';

// A backup is put back, or moved to another server, as docs/operating.md says: with real processes, and what everybody
// reads meanwhile.

/** A database that can be dumped while a bot is on it, and put back under another name. */
interface Server {
  database: TestDatabase;
  /** Keeps what stands there now. @returns puts it back; its address */
  dump(url: string): Promise<() => Promise<string>>;
  end(): Promise<void>;
}

const SERVERS: Record<string, () => Promise<Server>> = {
  'pg_dump and pg_restore': async () => {
    const server = await startPostgres();
    await server.sql('create database tocsin');
    const config = { host: server.folder, port: 5432, user: 'tocsin', database: 'tocsin' };
    return {
      database: { config, url: server.url('tocsin'), close: async () => undefined },
      async dump(url) {
        const file = join(server.folder, randomBytes(4).toString('hex'));
        server.runs('pg_dump', '--format=custom', '--file', file, url);
        return async () => {
          const name = `restored_${randomBytes(4).toString('hex')}`;
          server.runs('createdb', name);
          server.runs('pg_restore', '--dbname', name, file);
          return server.url(name);
        };
      },
      end: () => server.stop(),
    };
  },
  // Where the machine has no PostgreSQL with its programs: a copy of the database under another name is the same to us.
  'a copy of the database': async () => {
    const database = await testDatabase();
    const made: string[] = [];
    const copied = async (url: string) => {
      const from = /\/(\w+)\?/.exec(url)?.[1] ?? '';
      const name = `copy_${randomBytes(4).toString('hex')}`;
      const client = new pg.Client({ ...database.config, database: 'postgres' });
      await client.connect();
      // Nobody may be connected to what is copied; a bot comes back by itself.
      await client.query(`alter database ${from} allow_connections false`);
      await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${from}'`);
      for (let busy = true; busy; )
        busy =
          (await client.query(`select 1 from pg_stat_activity where datname = '${from}'`)).rows.length > 0;
      await client.query(`create database ${name} template ${from}`);
      await client.query(`alter database ${from} allow_connections true`);
      await client.end();
      made.push(name);
      return connectionUrl({ ...database.config, database: name });
    };
    return {
      database: {
        ...database,
        async close() {
          const client = new pg.Client({ ...database.config, database: 'postgres' });
          await client.connect();
          for (const name of made) await client.query(`drop database ${name} with (force)`);
          await client.end();
          await database.close();
        },
      },
      async dump(url) {
        const kept = await copied(url);
        return () => copied(kept);
      },
      end: async () => undefined,
    };
  },
};

const available = postgresAvailable();
/** Where the programs of PostgreSQL are missing the database is copied instead. */
const ways: Array<[name: string, here: boolean]> = [['pg_dump and pg_restore', available]];
if (!available) ways.push(['a copy of the database', true]);

for (const [name, here] of ways)
  (here ? describe : describe.skip)(name, () => {
    let server: Server;
    let walk: Walk;
    let bot: BotProcess;
    /** The database that the bot and the verbs are on now. */
    let url: string;
    beforeAll(async () => {
      server = await (SERVERS[name] as () => Promise<Server>)();
      url = server.database.url;
      walk = await startWalk({ database: server.database, retyped: Number.POSITIVE_INFINITY });
      await mkdir(join(walk.folder, 'runbooks'));
      const steps = 'steps: [{ id: pause, uses: wait, with: { for: 1h } }]';
      await writeFile(
        join(walk.folder, 'runbooks/pause.yml'),
        `name: pause\ntitle: Waits\napproval: { required: 0 }\ntarget: pause\n${steps}\n`,
      );
      bot = await walk.bot();
    });
    afterAll(async () => {
      await walk.end();
      await server.end();
    });

    const starts = async () => {
      bot = await walk.bot(undefined, { DATABASE_URL: url });
    };
    const tocsin = (...args: string[]) => walk.verb(args, { ...walk.environment, DATABASE_URL: url });
    const type = async (text: string) => (await walk.type('ana', 'incidents', text)).text;
    /** What stands in an incident's channel, oldest first. */
    const said = async (incident: number) => {
      const { channels } = await walk.state();
      const channel = channels.find(({ name }) => name?.startsWith(`inc-${incident}-`));
      return (channel?.messages ?? []).filter(({ user }) => user === 'U0BOT00000').map(({ text }) => text);
    };
    const times = async (incident: number, word: string) =>
      (await said(incident)).join('\n').split(word).length - 1;
    const shown = async (incident: number, word: string) => {
      for (let i = 0; i < 1200; i++) {
        if ((await times(incident, word)) > 0) return;
        await pause(50);
      }
      throw new Error(`INC-${incident} does not show “${word}”: ${(await said(incident)).join('\n')}`);
    };
    const channels = async () =>
      (await walk.state()).channels.map(({ name }) => name).filter((name) => name?.startsWith('inc-'));

    test('nothing is said twice, no number is another’s, and everybody is told what to do', async () => {
      await type('open sev3 Before');
      await type('note INC-1 said before');
      await shown(1, 'said before');
      expect(await type('lead INC-1 @ana')).toContain('recorded');
      expect(await type('run INC-1 pause')).toContain('RUN-1');
      await shown(1, 'RUN-1');
      for (let i = 0; i < 1200 && !(await type('runs INC-1')).match(/pause.*wait/s); i++) await pause(50);
      await walk.control('fault', { method: 'chat.postMessage', kind: 'http500', times: 10_000 });
      await type('note INC-1 owed in the dump');
      const putBack = await server.dump(url);
      await walk.control('fault/clear', {});
      await shown(1, 'owed in the dump');
      const lost = /#(\d+) recorded/.exec(await type('note INC-1 lost with the disk'))?.[1];
      await shown(1, 'lost with the disk');
      await type('open sev4 After');
      for (let i = 0; i < 1200 && !(await channels()).includes('inc-2-after'); i++) await pause(50);
      await bot.kill9();

      url = await putBack();
      const before = await tocsin('doctor');
      expect(before.out).toMatch(
        /✗ restore: these data stood in another database when a bot last started: they come from a backup, or were moved\n {4}→ start the bot: /,
      );
      await starts();
      expect(bot.log()).toMatch(/"this database comes from a backup: what is owed is looked for/);
      await shown(1, 'INC-1 was put back from a backup: of what stands above, ');
      const next = /#(\d+) recorded/.exec(await type('note INC-1 said afterwards'))?.[1];
      expect(Number(next)).toBe(Number(lost) + 1);
      await shown(1, 'said afterwards');
      for (const word of ['said before', 'owed in the dump', 'lost with the disk', 'said afterwards'])
        expect([word, await times(1, word)]).toEqual([word, 1]);
      expect(await type('open sev4 Third')).toContain('INC-102');
      await shown(102, 'Third');
      expect(await channels()).toEqual(['inc-1-before', 'inc-2-after', 'inc-102-third']);

      const after = await tocsin('doctor');
      expect(after.out).toMatch(
        /✗ restore: from a backup, or moved; noticed \S+Z; new incidents from INC-102 on, 1 run stands still\n {4}→ look at what each of them has done since/,
      );
      expect((await tocsin('deliveries')).out).toMatch(
        /INC-1 {2}run\.advance \(how RUN-1 stands\).*restored_from_backup/,
      );
      expect((await tocsin('deliveries', 'retry', 'all')).out).toMatch(/^1 will be tried again/);
      expect((await tocsin('doctor')).out).toMatch(
        /✓ restore: from a backup, or moved; .*, no run stands still\n/,
      );
      expect((await tocsin('verify', await exported())).out).toMatch(/holds|intact|ok/i);
    });

    const exported = async () => {
      const file = join(walk.folder, `${randomBytes(4).toString('hex')}.jsonl`);
      expect((await tocsin('export', 'INC-1', '--format', 'facts', '--out', file)).code).toBe(0);
      return file;
    };

    test('a move to another server is harmless: nothing is lost, nothing is said twice', async () => {
      await bot.kill9();
      const rows = async () => (await tocsin('export', 'INC-1', '--format', 'json')).out;
      const held = await rows();
      const messages = await said(1);
      url = await (await server.dump(url))();
      await starts();
      expect(await rows()).toBe(held);
      expect(await type('note INC-1 after the move')).toContain('recorded');
      await shown(1, 'after the move');
      const now = await said(1);
      expect(now.slice(0, -1)).toEqual(messages);
      expect(await type('open sev4 Fourth')).toContain('INC-203');
      await shown(203, 'Fourth');
      expect(await channels()).toEqual(['inc-1-before', 'inc-2-after', 'inc-102-third', 'inc-203-fourth']);
    });

    test('files that were put back are said to be, before the bot is started', async () => {
      await bot.kill9();
      const { code, out } = await tocsin('restored');
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(
          /^What is owed is looked for in Slack before it is posted\.\nNew incidents begin at INC-304: lower numbers may have been shown since the backup\.\n/,
        ),
      ]);
      const messages = await said(1);
      await starts();
      await type('note INC-1 after the files');
      await shown(1, 'after the files');
      expect((await said(1)).slice(0, -1)).toEqual(messages);
      expect(await type('open sev4 Fifth')).toContain('INC-304');
      await bot.kill9();
    });
  });
