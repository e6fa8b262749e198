import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptor, haproxyAvailable, type TestHaproxy } from '../support/haproxy.js';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { Canaries, formsOf } from './canaries.js';
import { found } from './canary-search.js';
import { type CanarySize, type CanaryStage, startCanaryStage } from './canary-stage.js';
import { type CanaryWalk, LINES, LOOKS, secretOf, startCanaryWalk } from './canary-walk.js';
import { pause } from './kit.js';

/** Loaded into every process of ours: bugs, on demand. */
const BUGS = `
const bug = () => new Error('a bug met ' + process.env.CANARY_OWN + ' and ' + process.env.CANARY_LEAK, { cause: { key: process.env.CANARY_OWN } });
process.on('SIGUSR2', () => setImmediate(() => { throw bug(); }));
process.on('SIGPIPE', () => void Promise.reject(bug()));
// Once it is our program: what fails before, on a slow machine, has not read a secret either.
const look = () => {
  if (process.listenerCount('uncaughtException') === 0) return;
  clearInterval(looking);
  setTimeout(() => { throw bug(); }, 1500);
};
const looking = process.env.CANARY_BUG ? setInterval(look, 50).unref() : undefined;
`;
/** Where secrets are by design: stores, files that are referred to, and a definition that is refused. */
const BY_DESIGN = { redis: ['store:keys'], folder: ['stores', 'secrets', 'runbooks'] };

/**
 * Values go through every path that values can take, in a real bot with a real queue. Then everything that was kept, told,
 * logged or exported is searched for each of them, in every form.
 * @param size how many, in all and where it matters
 * @param apart each verb is a process; else they run one after the other at an open prompt
 */
export function canaryStory(size: CanarySize & { all: number }, apart: boolean): void {
  let walk: CanaryWalk;
  let redis: TestRedis;
  let haproxy: TestHaproxy;
  let stage: CanaryStage;
  // Nobody has told the bot of these.
  const looks = new Canaries().some(LOOKS.length + 5, 'looks', ['base64url', 'hex']);

  const there = redisAvailable() && haproxyAvailable();
  (there ? describe : describe.skip)(`${size.all} canaries`, () => {
    beforeAll(async () => {
      walk = await startCanaryWalk(apart);
      redis = await startRedis();
      haproxy = await acceptor();
      const { folder } = walk.walk;
      stage = await startCanaryStage(
        folder,
        redis.url,
        { socket: haproxy.socket, map: haproxy.map('keys') },
        size,
      );
      expect(stage.canaries.all).toHaveLength(size.all);
      expect(new Set(stage.canaries.all.map(({ value }) => value)).size).toBe(size.all);
      await stage.fillHash(redis.url);
      await writeFile(stage.file('bugs.mjs'), BUGS);
      await start();
      // The schedule finds that two stores differ, and opens an incident; ours is another one.
      await walk.walk.until('the drift is told', ({ channels }) =>
        channels.find(({ name }) => /^inc-1-/.test(name)),
      );
      expect((await walk.type('open sev3 Canaries', 'incidents')).text).toMatch(/INC-2 opened/);
      await walk.findChannel();
    });
    afterAll(async () => {
      await stage?.end();
      await walk?.end();
      await haproxy?.stop();
      await redis?.stop();
    });

    const start = () =>
      walk.start({
        ...stage.env,
        REDIS_URL: redis.url,
        LOG_LEVEL: 'trace',
        TOCSIN_SECRET: stage.own.value,
        NODE_OPTIONS: `--import=${stage.file('bugs.mjs')}`,
      });

    test('key stores: copied, differing, refused by the store, not readable, not reachable', async () => {
      for (const name of ['copy-file', 'copy-hash', 'copy-map'])
        expect(await walk.go(name)).toMatchObject({ state: 'succeeded' });
      expect(await walk.go('copy-unfit')).toMatchObject({ state: 'asking' });
      expect(await walk.goAll(stage.reading)).toEqual(stage.reading.map((name) => `${name} failed`));
    });

    test('targets and programs that say them back, in every encoding', async () => {
      for (const name of stage.asking) {
        const { id, state } = await walk.go(name);
        expect(`${name} ${state}`).toBe(`${name} asking`);
        await walk.type(`answer ${id} yes`);
      }
      for (const name of stage.printing) {
        const { id, state } = await walk.go(name);
        expect(`${name} ${state}`).toBe(`${name} succeeded`);
        if (name !== 'shell-0') continue;
        await walk.type(`undo ${id}`);
        expect((await walk.settled(id)).state).toBe('undone');
      }
      expect(await walk.goAll(stage.failing)).toEqual(stage.failing.map((name) => `${name} asking`));
      const asking = (await walk.runs()).filter(({ state }) => state === 'asking');
      const [one, two, ...more] = asking;
      await walk.type(`retry ${one?.id}`);
      await walk.type(`skip ${two?.id} it is known`);
      for (const { id } of more) await walk.type(`undo ${id}`);
      for (const { id } of asking) await walk.rest(id);
    });

    test('a process that has read no store takes over, and its program prints keys', async () => {
      const id = await walk.ask('held');
      for (let i = 0; (await walk.runs()).find((run) => run.id === id)?.state !== 'running' && i < 600; i++)
        await pause(100);
      await walk.ended(() => walk.bot().kill9());
      await start();
      await writeFile(stage.file('go'), '');
      expect(await walk.rest(id)).toMatchObject({ state: 'succeeded' });
      expect(await walk.go('cat')).toMatchObject({ state: 'succeeded' });
    });

    test('what people type: refused from every front, and nothing is kept', async () => {
      const refused = /holds a secret, so nothing was kept/;
      // What takes longer than Slack waits is answered later; asked again, the keys have just been read.
      const type = async (line: string, where?: string): Promise<{ text: string }> => {
        for (let i = 0; ; i++) {
          const answer = await walk.type(line, where);
          if (answer.text !== '' || i === 20) return answer;
        }
      };
      for (const [i, line] of LINES.entries()) {
        const { text } = await type(line(secretOf(stage.typed[i])));
        expect(`line ${i}: ${refused.test(text)}`).toBe(`line ${i}: true`);
        // Where it could mean two incidents, it would be carried in buttons.
        expect((await type(line(secretOf(stage.typed[i])), 'incidents')).text).toMatch(refused);
      }
      expect((await type('run holding')).text).toMatch(/definition of holding holds a secret/);
      const [form, captured, posted, verb] = stage.typed.slice(LINES.length).map(secretOf);
      await walk.type('note');
      const outcome = await walk.walk.control('view/submit', {
        user: 'ana',
        values: { text: { text: `a form with ${form}` } },
      });
      expect(JSON.stringify(outcome)).toMatch(refused);
      const api = await fetch(`${walk.bot().url}/api/v1/commands`, {
        method: 'POST',
        headers: { authorization: `Bearer ${walk.token()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ text: `note INC-2 from a program: ${posted}` }),
      });
      const answered = await api.text();
      walk.see(answered);
      expect(answered).toMatch(/SECRET_TYPED/);
      expect((await walk.tocsin('note', 'INC-2', `at a prompt: ${verb}`)).err).toMatch(refused);
      expect(await walk.get('/incidents/INC-2/facts.jsonl')).not.toMatch(
        /we saw|as base64|one thing|rotate \[|a form with|from a program|at a prompt/,
      );
      // The form stays open, with what was typed into it, until its author closes it.
      await walk.walk.control('view/close', { user: 'ana', all: true });

      // A message is in Slack already: it is kept without its secret, and the one in Slack is its author's to delete.
      const said = { user: 'bo', channel: walk.channel(), text: `look at ${captured} please` };
      await walk.walk.control('join', { user: 'bo', channel: walk.channel() });
      const { ts } = await walk.walk.control<{ ts: string }>('message', said);
      await walk.walk.control('shortcut', {
        user: 'ana',
        callback_id: 'add_to_timeline',
        channel: walk.channel(),
        ts,
      });
      for (let i = 0; i < 600 && !/look at/.test(await walk.get('/incidents/INC-2/timeline.md')); i++)
        await pause(50);
      const kept = await walk.get('/incidents/INC-2/timeline.json');
      expect(/look at \[secret fp:[0-9a-f]{12}\] please/.test(kept)).toBe(true);
      await walk.walk.control('message/delete', { user: 'bo', channel: walk.channel(), ts });
    });

    test('what people type that only looks like a secret: taken out, the rest is kept, and they are told', async () => {
      const kept = /Taken out of the text before it was recorded: [A-Za-z ,]+\. Change it/;
      const told = new Map<string, string>();
      for (const [i, line] of LOOKS.entries())
        for (const where of [undefined, 'incidents'])
          told.set(`${i} ${where ?? 'here'}`, (await walk.type(line(secretOf(looks[i])), where)).text);
      for (const i of [0, 1, 2, 3, 4, 5, 6, 7, 8]) expect(`${i}: ${told.get(`${i} here`)}`).toMatch(kept);
      const [form, captured, pinned, posted, verb] = looks.slice(LOOKS.length).map(secretOf);
      await walk.type('note');
      const outcome = await walk.walk.control('view/submit', {
        user: 'ana',
        values: { text: { text: `a form with token=${form}` } },
      });
      walk.see(JSON.stringify(outcome));
      const api = (text: string, key: string) =>
        fetch(`${walk.bot().url}/api/v1/commands`, {
          method: 'POST',
          headers: {
            ...{ authorization: `Bearer ${walk.token()}`, 'content-type': 'application/json' },
            'idempotency-key': key,
          },
          body: JSON.stringify({ text }),
        });
      const line = `note INC-2 from a job: secret=${posted}`;
      const answers = [await api(line, 'looks'), await api(line, 'looks')];
      const words = await Promise.all(
        answers.map(async (answer) => (await answer.json()) as { text: string }),
      );
      walk.see(JSON.stringify(words));
      expect(answers.map(({ status }) => status)).toEqual([201, 200]);
      expect(words[0]?.text).toMatch(kept);
      // Asked again it is the same request, with the same receipt.
      expect(words[1]?.text).toBe(words[0]?.text);
      expect((await walk.tocsin('note', 'INC-2', `typed at a prompt: password=${verb}`)).out).toMatch(kept);

      const say = async (text: string) =>
        (await walk.walk.control<{ ts: string }>('message', { user: 'bo', channel: walk.channel(), text }))
          .ts;
      const [one, two] = [await say(`a shortcut, token=${captured}`), await say(`a pin, token=${pinned}`)];
      const shortcut = { user: 'ana', callback_id: 'add_to_timeline', channel: walk.channel(), ts: one };
      await walk.walk.control('shortcut', shortcut);
      await walk.walk.control('reaction', { user: 'ana', channel: walk.channel(), ts: two, name: 'pushpin' });
      const marked = /token=\[secret removed: token\]/;
      const timeline = await (async () => {
        for (let i = 0; ; i++) {
          const text = await walk.get('/incidents/INC-2/timeline.json');
          if ((/a shortcut, /.test(text) && /a pin, /.test(text)) || i === 600) return text;
          await pause(50);
        }
      })();
      for (const what of ['a form with', 'a shortcut,', 'a pin,'])
        expect(timeline).toContain(`${what} token=[secret`);
      expect(timeline).toMatch(marked);
      // Its author and whoever recorded it are told, each alone; where Slack's answer is late, perhaps a second time.
      const count = (words: RegExp, all: ReadonlyArray<{ user: string; text: string }>) =>
        all.filter(({ text }) => words.test(text)).length;
      await walk.walk.until('both are told of both', ({ ephemerals }) => {
        const toAuthor = count(/^A message of yours was recorded in INC-2/, ephemerals);
        return toAuthor >= 2 && count(/^The message that you recorded in INC-2/, ephemerals) >= 2;
      });
      for (const ts of [one, two])
        await walk.walk.control('message/delete', { user: 'bo', channel: walk.channel(), ts });
    });

    test('the command line', async () => {
      for (const name of ['copy-file', 'read-broken', 'read-away-postgres'])
        await walk.tocsin('runbook', 'plan', name);
      await walk.tocsin('runbook', 'plan', 'copy-file', `to=${secretOf(stage.typed[0])}`);
      expect(
        (await walk.tocsin('runbook', 'run', 'shell-0', '--incident', 'INC-1', '--owner', '@ana')).code,
      ).toBe(0);
      expect(
        (await walk.tocsin('runbook', 'run', 'cat', '--incident', 'INC-1', '--owner', '@ana')).code,
      ).toBe(0);
      await walk.tocsin(
        'runbook',
        'run',
        stage.reading[0] as string,
        '--incident',
        'INC-1',
        '--owner',
        '@ana',
      );
      for (const verb of [
        'doctor',
        'runs INC-2',
        'show INC-2',
        'runbook lint',
        'runbook list',
        'runbook show holding',
      ])
        await walk.tocsin(...verb.split(' '));
    });

    test('bugs: a rejection that nobody sees, and a crash, of a bot and of a verb', async () => {
      walk.bot().child.kill('SIGPIPE');
      for (let i = 0; i < 600 && !/failed unseen/.test(walk.bot().log()); i++) await pause(50);
      expect(walk.bot().log()).toMatch(/failed unseen/);
      const gone = new Promise((resolve) => walk.bot().child.once('exit', resolve));
      walk.bot().child.kill('SIGUSR2');
      await walk.ended(() => gone);
      expect(walk.bot().log()).toMatch(/a bug met \[hidden\] and /);
      await start();
      const env = walk.env();
      env.CANARY_BUG = 'yes';
      const verb = await walk.process('runbook', 'run', 'held', '--incident', 'INC-1', '--owner', '@ana');
      delete env.CANARY_BUG;
      expect(verb.code).toBe(1);
    });

    test('none is found in the database, Redis, logs, Slack, exports, files, answers or what was printed', async () => {
      const sinks = await walk.sinks(redis.url, BY_DESIGN);
      expect(sinks.size).toBeGreaterThan(40);
      expect(found([...stage.canaries.all, ...looks], sinks)).toEqual([]);
      // What was taken out left its mark everywhere that a run is told of.
      for (const sink of [
        'export md of INC-2',
        'export facts of INC-2',
        'web timeline.html of INC-2',
        'Slack',
        'calls to Slack',
      ])
        expect(sinks.get(sink)).toMatch(/secret fp\\?:[0-9a-f]{12}/);
      for (const sink of ['export facts of INC-2', 'web timeline.json of INC-2', 'Slack'])
        expect(sinks.get(sink)).toMatch(/secret removed\\?: token/);
    });

    test('the same search finds what nobody was told of, wherever it can get, in every form', async () => {
      const { leak } = stage.canaries;
      expect(await walk.go('leak')).toMatchObject({ state: 'succeeded' });
      await walk.walk.until('it is told in Slack', (state) => JSON.stringify(state).includes(leak.value));
      await walk.type(`note ${leak.value}`);
      await walk.type('timeline');
      await walk.tocsin('timeline', 'INC-2');
      const sinks = await walk.sinks(redis.url, BY_DESIGN);
      const where = new Set(found([leak], sinks).map((find) => find.replace(/^.*, in /, '')));
      for (const sink of [
        'export facts of INC-2',
        'web facts.jsonl of INC-2',
        'Slack',
        'calls to Slack',
        'what verbs printed',
        'answers to people',
        'logs',
      ])
        expect([...where]).toContain(sink);
      expect([...where].some((sink) => sink.startsWith('table '))).toBe(true);
      // The others are shown one of each form.
      for (const [form, text] of formsOf(leak.value))
        for (const sink of ['redis', 'files'])
          expect(found([leak], new Map([[sink, `{"a":"x${text}x"}`]]))).toContain(
            `leak (base64url), ${form}, in ${sink}`,
          );
    });
  });
}
