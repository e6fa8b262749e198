import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { haproxyAvailable, type TestHaproxy } from '../support/haproxy.js';
import { type BotProcess, pause, startWalk, type Walk } from './kit.js';
import { Runs } from './rotation-runs.js';
import { type RotationStage, startRotationStage } from './rotation-stage.js';
import { ABOUT_TO_SETTLE, READ_ANEW, type Strike, struck } from './rotation-strikes.js';

export interface RotationSize {
  /** States in which the bot is killed, of rotation-strikes.ts. */
  strikes: readonly Strike[];
  /** Requests a second. */
  rate: number;
  /** At the end rotations go on until so many requests were sent; 0: they do not. */
  requests: number;
  /** With what is tried where time is no matter: kills while it waits for its approval, and between two labels. */
  whole: boolean;
}

/** A key replaced under requests that never stop, by a real bot that is killed wherever it hurts. */
export function rotationStory({ strikes, rate, requests, whole }: RotationSize): void {
  (haproxyAvailable() ? describe : describe.skip)('a rotation between real HAProxies', () => {
    let walk: Walk;
    let stage: RotationStage;
    let bot: BotProcess;
    let runs: Runs;
    let channel: string;
    /** Keys that were current once. */
    const former: string[] = [];
    /** Milliseconds from a kill to the end of its run. */
    const took: Array<[string, number]> = [];

    beforeAll(async () => {
      walk = await startWalk();
      stage = await startRotationStage(walk.folder, rate);
      walk.environment.TOCSIN_CONFIG = stage.config;
      bot = await walk.bot();
      await walk.type('ana', 'incidents', 'open sev2 Rotation');
      const made = await walk.until('the channel', ({ channels, users }) => {
        const ana = users.find(({ name }) => name === 'ana')?.id ?? '';
        return channels.find(({ name, members }) => name === 'inc-1-rotation' && members.includes(ana));
      });
      channel = made.id;
      await walk.type('ana', channel, 'invite @bo');
      await walk.until('bo in the channel', ({ channels, users }) => {
        const bo = users.find(({ name }) => name === 'bo')?.id ?? '';
        return channels.find(({ id }) => id === channel)?.members.includes(bo);
      });
      runs = new Runs(walk, channel);
    });
    afterAll(async () => {
      if (process.env.TOCSIN_TEST_TIMES) process.stderr.write(`${JSON.stringify(took)}\n`);
      await stage?.end();
      await runs?.close();
      await walk?.end();
    });
    afterEach(async () => {
      for (const wire of Object.values(stage.wires)) await wire.mend();
    });

    /** Truth, senders, acceptors, files and live agree on one key, and every earlier one is refused. @returns it */
    async function steady(): Promise<string> {
      const { current = '', previous, pending } = await stage.truth();
      // Compared to a boolean: what a test prints must not be a key.
      expect(pending === undefined).toBe(true);
      for (const [place, keys] of Object.entries(await stage.places()))
        expect({ place, right: keys.length === 1 && keys[0] === current }).toEqual({ place, right: true });
      expect(await stage.ask(current)).toEqual([200, 200]);
      for (const old of former) {
        expect(old === current).toBe(false);
        expect(await stage.ask(old)).toEqual([401, 401]);
      }
      const last = former.at(-1);
      if (last) expect(previous === last).toBe(true);
      return current;
    }

    /** A run that waits for approval. */
    const planned = (pair = 'tts') => runs.ask(`key-rotate pair=${pair}`);

    async function undone(run: number): Promise<void> {
      const since = await runs.count(run);
      await runs.say('ana', 'undo', run);
      expect((await runs.end(run, since)).end).toBe('undone');
    }

    test('two rotations in a row, asked for by one person and approved by another', async () => {
      for (let round = 0; round < 2; round++) {
        const before = await steady();
        const run = await planned();
        await expect(runs.say('ana', 'approve', run)).rejects.toThrow(/somebody else/i);
        await runs.say('bo', 'approve', run);
        expect((await runs.end(run)).end).toBe('succeeded');
        former.push(before);
        expect((await steady()) === before).toBe(false);
      }
      expect(await stage.failures()).toEqual({});
      expect((await stage.load.counts()).sent).toBeGreaterThan(200);
    });

    /** Kills the bot, starts it again, and waits for the end of a run that goes on by itself. */
    async function survived(run: number, state: string, meanwhile = async () => {}): Promise<void> {
      const since = await runs.count(run);
      const killed = Date.now();
      await bot.kill9();
      for (const wire of Object.values(stage.wires)) await wire.mend();
      await meanwhile();
      bot = await walk.bot();
      const { end, at } = await runs.end(run, since);
      took.push([state, at - killed]);
      expect(end).toBe('succeeded');
    }

    test.each([...strikes])(
      'kill -9 at $state: it goes on by itself, and no request fails',
      async (strike) => {
        const before = await steady();
        const run = await planned();
        const there = struck(strike, run, { stage, runs });
        await runs.say('bo', 'approve', run);
        await there;
        await survived(run, strike.state);
        former.push(before);
        await steady();
        expect(await stage.failures()).toEqual({});
      },
    );

    if (whole) {
      test('kill -9 at P7, while it drains: the time at which it goes on outlives the bot', async () => {
        const before = await steady();
        const run = await planned('tts-slowly');
        await runs.say('bo', 'approve', run);
        const { data } = await runs.until(run, 'StepWaits', ({ data: { step } }) => step === 'drain');
        await survived(run, 'P7 draining');
        const retired = await runs.until(run, 'StepStarted', ({ data: { step } }) => step === 'retire');
        expect(Date.parse(retired.data.at)).toBeGreaterThanOrEqual(Date.parse(data.until));
        former.push(before);
        await steady();
        expect(await stage.failures()).toEqual({});
      });

      test('cancelled while it drains, then undone: back to the first key', async () => {
        const before = await steady();
        const run = await planned('tts-slowly');
        await runs.say('bo', 'approve', run);
        await runs.until(run, 'StepWaits', ({ data: { step } }) => step === 'drain');
        await runs.say('bo', 'cancel', run);
        expect((await runs.end(run)).end).toBe('cancelled');
        // Midway, and well: both keys are accepted.
        const { pending = '' } = await stage.truth();
        expect(await stage.ask(before)).toEqual([200, 200]);
        expect(await stage.ask(pending)).toEqual([200, 200]);
        await undone(run);
        expect((await steady()) === before).toBe(true);
        expect(await stage.ask(pending)).toEqual([401, 401]);
        expect(await stage.failures()).toEqual({});
      });

      test('kill -9 at P1, planned and being read anew: it waits for its approval', async () => {
        const before = await steady();
        const run = await planned();
        await bot.kill9();
        bot = await walk.bot();
        const there = struck(READ_ANEW, run, { stage, runs });
        await runs.say('bo', 'approve', run);
        await there;
        expect((await runs.facts(run)).some(({ type }) => type === 'RunStarted')).toBe(false);
        await survived(run, 'P1 approved, and not begun');
        former.push(before);
        await steady();
        expect(await stage.failures()).toEqual({});
      });

      test('kill -9 at P9, between two labels: both are moved in the end', async () => {
        const before = await steady();
        const run = await planned();
        const there = struck(ABOUT_TO_SETTLE, run, { stage, runs });
        await runs.say('bo', 'approve', run);
        await there;
        // What a kill between its first and its second write leaves.
        const half = async () => stage.writeTruth({ ...(await stage.truth()), previous: before });
        await survived(run, 'P9 with one label moved', half);
        former.push(before);
        await steady();
        expect(await stage.failures()).toEqual({});
      });
    }

    describe('an instance that does not take the next key', () => {
      test('answers, and does not do it: nobody is switched, people are told which one, undo leads back', async () => {
        const before = await steady();
        const run = await planned();
        stage.wires['tts-2'].rule = (line) => (line.startsWith('add map') ? 'ignored' : 'passed');
        await runs.say('bo', 'approve', run);
        const asked = await runs.until(run, 'StepAsked');
        expect(asked.data).toMatchObject({ step: 'accept', why: 'failed' });
        expect(asked.texts.question).toMatch(/tts-2 live/);
        await walk.until('the question in the channel, with the instance', ({ channels }) =>
          JSON.stringify(channels.find(({ id }) => id === channel)?.messages).includes('tts-2 live'),
        );
        expect((await stage.places())['gateway live']?.[0] === before).toBe(true);
        await undone(run);
        expect((await steady()) === before).toBe(true);
        expect(await stage.failures()).toEqual({});
      });

      if (whole)
        test('cannot be reached: the same, once it can be again', async () => {
          const before = await steady();
          const run = await planned();
          stage.wires['tts-2'].rule = (line) => (line.startsWith('add map') ? 'held' : 'passed');
          await runs.say('bo', 'approve', run);
          await runs.until(run, 'StepStarted', ({ data: { step } }) => step === 'accept');
          await stage.wires['tts-2'].cut();
          const asked = await runs.until(run, 'StepAsked');
          expect(asked.data).toMatchObject({ step: 'accept', why: 'failed' });
          expect(asked.texts.question).toMatch(/tts-2/);
          await stage.wires['tts-2'].mend();
          await undone(run);
          expect((await steady()) === before).toBe(true);
          expect(await stage.failures()).toEqual({});
        });
    });

    test('somebody changes a store between plan and approval: asked again, and nothing is done till then', async () => {
      const before = await steady();
      const run = await planned();
      await stage.writeTruth({ ...(await stage.truth()), previous: 'of-somebody-else' });
      await runs.say('bo', 'approve', run);
      await runs.until(run, 'RunPlanned', ({ data }) => data.again);
      expect((await runs.facts(run)).some(({ type }) => type === 'RunStarted')).toBe(false);
      expect((await stage.truth()).pending === undefined).toBe(true);
      await runs.say('bo', 'approve', run);
      expect((await runs.end(run)).end).toBe('succeeded');
      former.push(before);
      await steady();
      expect(await stage.failures()).toEqual({});
    });

    if (requests > 0)
      test(`again and again, until ${requests} requests were sent: none fails`, async () => {
        for (let sent = 0; sent < requests; sent = (await stage.load.counts()).sent) {
          const before = await steady();
          const run = await planned();
          await runs.say('bo', 'approve', run);
          expect((await runs.end(run)).end).toBe('succeeded');
          former.push(before);
        }
        await steady();
        expect(await stage.failures()).toEqual({});
      }, 480_000);

    describe('by hand, without care, the same clients do see failures', () => {
      /** File and live. */
      const set = (proxy: TestHaproxy, map: 'keys' | 'route', key: string, value: string) =>
        Promise.all([
          writeFile(proxy.map(map), `${key} ${value}\n`),
          proxy.tell(`set map ${proxy.map(map)} ${key} ${value}`),
        ]);
      const send = (key: string) => set(stage.front, 'keys', 'tts', key);
      const take = (key: string) =>
        Promise.all(
          stage.acceptors.map(async (proxy) => {
            await proxy.tell(`clear map ${proxy.map('keys')}`);
            await proxy.tell(`add map ${proxy.map('keys')} ${key} by-hand`);
            await writeFile(proxy.map('keys'), `${key} by-hand\n`);
          }),
        );
      /** Until clients have sent so many more. */
      const more = async (requests: number) => {
        const { sent } = await stage.load.counts();
        while ((await stage.load.counts()).sent < sent + requests) await pause(5);
      };

      test('the sender before the acceptors', async () => {
        await send('by-hand-1');
        await more(20);
        await take('by-hand-1');
        await more(20);
        expect((await stage.failures())['401']).toBeGreaterThan(10);
      });

      test('both back to back, without overlap', async () => {
        let failed = 0;
        for (let n = 2; failed === 0; n++) {
          await Promise.all([send(`by-hand-${n}`), take(`by-hand-${n}`)]);
          failed = (await stage.failures())['401'] ?? 0;
        }
        expect(failed).toBeGreaterThan(0);
      });

      test('traffic moved to a service that lacks the key', async () => {
        await more(20);
        expect(await stage.failures()).toEqual({});
        await set(stage.front, 'route', 'active', 'bare');
        await more(20);
        await set(stage.front, 'route', 'active', 'tts');
        expect((await stage.failures())['401']).toBeGreaterThan(10);
      });
    });
  });
}
