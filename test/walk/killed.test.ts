import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { type BotProcess, pause, type SlackState, startWalk, type Walk } from './kit.js';

// A worker that is killed while Slack has not answered it: what its lane says next, another one says.

const LANE = 'T0SANDBOX1/INC-1';
const engines: Array<[string, boolean]> = [['PostgreSQL', false]];
if (redisAvailable()) engines.push(['Redis', true]);

describe.each(engines)('with the queue in %s', (_name, withRedis) => {
  let redis: TestRedis | null = null;
  let walk: Walk;
  let workers: BotProcess[] = [];
  let more: Record<string, string> = {};
  let notes = 0;

  beforeAll(async () => {
    redis = withRedis ? await startRedis() : null;
    more = redis ? { REDIS_URL: redis.url } : {};
    walk = await startWalk();
    await walk.bot(undefined, more, ['--role', 'web']);
  });
  afterAll(async () => {
    await walk.end();
    await redis?.stop();
  });
  afterEach(async () => {
    for (const worker of workers) await worker.kill9();
    workers = [];
  });

  const notesIn = ({ channels }: SlackState) =>
    (channels.find((one) => one.name.startsWith('inc-1-'))?.messages ?? []).flatMap(({ text }) =>
      [...text.matchAll(/note \d+\./g)].map(([note]) => note),
    );
  const said = async () => notesIn(await walk.state());
  const isSaid = (note: string) =>
    walk.until(`“${note}” in the channel`, (state) => notesIn(state).includes(note));
  const next = async () => {
    const note = `note ${++notes}.`;
    expect((await walk.type('ana', 'incidents', `note INC-1 ${note}`)).text).toMatch(/recorded/);
    return note;
  };

  /** The worker that has the lane in hand. */
  async function holder(): Promise<BotProcess> {
    const client = new pg.Client(walk.database.config);
    await client.connect();
    const { rows } = await client.query<{ pid: string }>(
      `select split_part(owner, ':', 2) as pid from lane where lane = $1 and lease_until > now()`,
      [LANE],
    );
    await client.end();
    const found = workers.find(({ child }) => String(child.pid) === rows[0]?.pid);
    if (!found) throw new Error(`nobody has the lane: ${JSON.stringify(rows)}`);
    return found;
  }

  /** One worker waits for an answer of Slack's that will not come. @returns it, what it wanted to say, and what comes behind that */
  async function inCall(): Promise<{ worker: BotProcess; behind: string }> {
    await walk.control('fault', { method: 'chat.postMessage', kind: 'hang' });
    const before = await hanging();
    await next();
    while ((await hanging()) === before) await pause(20);
    const behind = await next();
    return { worker: await holder(), behind };
  }
  const hanging = async () => {
    const { calls } = await walk.control<{ calls: Array<{ fault?: string }> }>('log?method=chat.postMessage');
    return calls.filter(({ fault }) => fault === 'hang').length;
  };
  const inOrder = () => Array.from({ length: notes }, (_, i) => `note ${i + 1}.`);

  test('another worker goes on where the killed one was, in order, and says nothing twice', async () => {
    workers = [await walk.worker(more), await walk.worker(more)];
    if (notes === 0) await walk.type('ana', 'incidents', 'open sev3 Killed');
    await isSaid(await next());
    for (let round = 0; round < 2; round++) {
      const { worker, behind } = await inCall();
      await worker.kill9();
      await isSaid(behind);
      expect(await said()).toEqual(inOrder());
      workers = [...workers.filter((one) => one !== worker), await walk.worker(more)];
    }
  });

  test('the same goes for the only one there is, once it is started again', async () => {
    workers = [await walk.worker(more)];
    await isSaid(await next());
    const { worker, behind } = await inCall();
    await worker.kill9();
    workers = [await walk.worker(more)];
    await isSaid(behind);
    expect(await said()).toEqual(inOrder());
  });
});
