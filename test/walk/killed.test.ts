import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { redisAvailable, startRedis } from '../support/redis.js';
import { type BotProcess, pause, type SlackState, startWalk } from './kit.js';

// A worker that is killed while Slack has not answered it: what its lane says next, another one says.

const LANE = 'T0SANDBOX1/INC-1';
const queues: Array<['PostgreSQL' | 'Redis', boolean]> = [
  ['PostgreSQL', true],
  ['Redis', redisAvailable()],
];

type Told = { said: string[]; inOrder: string[] };
interface Story {
  /** Of two workers one is killed, and then again; @returns what stands in the channel after each. */
  another: Promise<Told[]>;
  /** The only one is killed, and started again. */
  alone: Promise<Told>;
  end(): Promise<void>;
}

/** Both at the same time: most of it is waiting for leases to run out. */
const stories = new Map<string, Story>();
const storyOf = (name: string) => stories.get(name) as Story;
beforeAll(async () => {
  for (const [name, here] of queues) if (here) stories.set(name, await begin(name === 'Redis'));
});
afterAll(async () => {
  for (const { end } of stories.values()) await end();
});

describe.each(queues)('with the queue in %s', (name, here) => {
  const play = here ? test : test.skip;

  play('another worker goes on where the killed one was, in order, and says nothing twice', async () => {
    const rounds = await storyOf(name).another;
    expect(rounds).toHaveLength(2);
    for (const { said, inOrder } of rounds) expect(said).toEqual(inOrder);
  });

  play('the same goes for the only one there is, once it is started again', async () => {
    const { said, inOrder } = await storyOf(name).alone;
    expect(said).toEqual(inOrder);
  });
});

async function begin(withRedis: boolean): Promise<Story> {
  const redis = withRedis ? await startRedis() : null;
  const more: Record<string, string> = redis ? { REDIS_URL: redis.url } : {};
  const walk = await startWalk();
  let workers: BotProcess[] = [];
  let notes = 0;

  const notesIn = ({ channels }: SlackState) =>
    (channels.find((one) => one.name.startsWith('inc-1-'))?.messages ?? []).flatMap(({ text }) =>
      [...text.matchAll(/note \d+\./g)].map(([note]) => note),
    );
  const told = async (): Promise<Told> => ({
    said: notesIn(await walk.state()),
    inOrder: Array.from({ length: notes }, (_, i) => `note ${i + 1}.`),
  });
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

  async function another(): Promise<Told[]> {
    await walk.here({}, more, { role: 'web' });
    workers = [await walk.worker(more), await walk.worker(more)];
    await walk.type('ana', 'incidents', 'open sev3 Killed');
    await isSaid(await next());
    const rounds: Told[] = [];
    for (let round = 0; round < 2; round++) {
      const { worker, behind } = await inCall();
      await worker.kill9();
      await isSaid(behind);
      rounds.push(await told());
      workers = workers.filter((one) => one !== worker);
      if (round === 0) workers.push(await walk.worker(more));
    }
    return rounds;
  }

  /** What the first story leaves is one worker. */
  async function alone(): Promise<Told> {
    await isSaid(await next());
    const { worker, behind } = await inCall();
    await worker.kill9();
    workers = [await walk.worker(more)];
    await isSaid(behind);
    return told();
  }

  const first = another();
  const second = first.then(alone);
  // Each is looked at in its own test.
  for (const one of [first, second]) one.catch(() => undefined);
  return {
    another: first,
    alone: second,
    async end() {
      await Promise.allSettled([first, second]);
      await walk.end();
      await redis?.stop();
    },
  };
}
