import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { laneOfWatch } from '#domain/incident/effect.js';
import { entryText } from '#domain/incident/entry.js';
import { isRefusal } from '#domain/refusal.js';
import { watchOf } from '#domain/watch/watch.js';
import { Secret } from '#runbooks/secret.js';
import type { Watched } from '#runbooks/settings.js';
import { drainWatchLane, type WatchWorld } from '#schedules/watch.js';
import { type RunKit, startRunKit, TEAM } from '../runs/kit.js';

/** Long, so that it makes no difference how long a test takes. */
const EVERY = 3_600_000;

let kit: RunKit;
let world: WatchWorld;
let servers: Server[];
/** What the service answers to each path, and how often it was asked; a path that is not there is well. */
let answers: Map<string, RequestListener>;
let asked: string[];
let address: string;

beforeEach(async () => {
  kit = await startRunKit();
  servers = [];
  answers = new Map();
  asked = [];
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    asked.push(path);
    const answer = answers.get(path);
    if (answer) answer(request, response);
    else response.end('well');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  servers.push(server);
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const probe = (path: string, more: Watched['with'] = {}): Watched => ({
    ...{ kind: 'probe', uses: 'http' },
    with: { url: `${address}${path}`, method: 'GET', expect: { status: [200] }, ...more },
  });
  world = {
    ...kit.world,
    hurry: kit.store.outbox.hurry,
    watched: new Map([
      ['api', probe('/api')],
      ['tts', probe('/tts')],
      ['secret', probe('/secret', { secret_headers: { Authorization: 'ops' } })],
    ]),
  };
  await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null });
});
afterEach(async () => {
  try {
    expect(kit.errors).toEqual([]);
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
    await kit.end();
  }
});

const fails: RequestListener = (_, response) => response.writeHead(503).end();

const starts = async (probes = ['api'], forMs = 10 * EVERY) => {
  const answer = await kit.says({ type: 'StartWatch', forMs, everyMs: EVERY, probes, queries: [] });
  if (isRefusal(answer)) throw new Error(answer.sentence);
};
/** One visit of a worker to whatever of the watch owes something now. */
async function visit(its = world, stopping = new AbortController().signal): Promise<void> {
  for (const { lane } of await kit.store.outbox.dueLanes(100))
    if (lane.includes('/watch/'))
      await drainWatchLane(lane, { world: its, wakeAt() {}, owner: 'test' }, stopping);
}
/** Time passes for us and for what is owed. */
async function passes(ms: number): Promise<void> {
  kit.windOn(ms);
  await kit.sql("update outbox set due_at = due_at - $1 * interval '1 ms' where done_at is null", [ms]);
}
/** Looks so many times, each when it is due. */
async function looks(times: number, its = world): Promise<void> {
  for (let i = 0; i < times; i++) {
    await visit(its);
    await passes(EVERY);
  }
}
async function lines(): Promise<string[]> {
  const { rows } = {
    rows: await kit.sql<{ n: number }>('select n from entry where incident = 1 order by n'),
  };
  const found = await kit.store.incidents.entriesNumbered(
    TEAM,
    1,
    rows.map(({ n }) => n),
  );
  return [...found.values()]
    .sort((a, b) => a.n - b.n)
    .filter(({ detail }) => detail.watch)
    .map(entryText);
}
const last = async () => (await lines()).at(-1);
const open = () =>
  kit.sql<{ payload: { counted?: object } }>(
    "select payload from outbox where kind = 'watch.look' and done_at is null",
  );
const state = async () => (await kit.store.incidents.load(TEAM, 1))?.state;
const leaseEnds = () => kit.sql('update lane set lease_until = now(), next_at = null');

describe('a watch', () => {
  test('looks at once and then every so often, until its time is over', async () => {
    await starts(['api', 'tts']);
    await visit();
    await visit();
    expect(asked.sort()).toEqual(['/api', '/tts']);
    await passes(EVERY);
    await looks(10);
    expect(asked).toHaveLength(20);
    expect(await last()).toMatch(
      /^watched until \d\d:\d\d UTC, all well; looked 10 times, 10 good \(api, tts\)$/,
    );
    const [end] = await kit.sql<{ at: Date; by_id: string }>(
      'select at, by_id from entry where incident = 1 order by n desc limit 1',
    );
    const [begun] = await kit.sql<{ at: Date }>(
      "select at from entry where incident = 1 and detail->'watch'->>'what' = 'started'",
    );
    // It ended when it was to end, however late that is found.
    expect(Number(end?.at) - Number(begun?.at)).toBe(10 * EVERY);
    expect(end?.by_id).toBe('tocsin');
    await looks(3);
    expect(asked).toHaveLength(20);
    expect(await open()).toEqual([]);
    expect((await state())?.watches).toEqual({ count: 1, list: [] });
  });

  test('tells what fails once, at once, with what was answered, and that it is well again', async () => {
    await starts(['api', 'tts']);
    await looks(2);
    answers.set('/api', fails);
    await looks(3);
    expect((await lines()).slice(1)).toEqual([
      `watch: api fails: GET ${address}/api answered 503 instead of 200`,
    ]);
    answers.set('/tts', (request) => request.socket.destroy());
    await looks(1);
    expect(await last()).toMatch(/^watch: tts fails: http:\/\/127\.0\.0\.1:\d+\/tts broke off/);
    answers.clear();
    await looks(1);
    expect(await last()).toBe('watch: api, tts are well again');
    await looks(4);
    expect(await last()).toMatch(/; looked 10 times, 6 good \(api 6 of 10, tts 9 of 10\)$/);
    expect(await kit.sql("select 1 from outbox where kind = 'watch.tell'")).toHaveLength(2);
  });

  test('says when no answer comes in time', async () => {
    answers.set('/api', () => undefined);
    await kit.says({ type: 'StartWatch', forMs: EVERY, everyMs: 300, probes: ['api'], queries: [] });
    await visit();
    expect(await last()).toBe('watch: api fails: there was no answer in time');
  });

  test('tells nothing that is secret', async () => {
    kit.secrets.push('hunter2');
    let sent: string | undefined;
    answers.set('/secret', (request, response) => {
      sent = request.headers.authorization;
      response.writeHead(302, { location: 'http://127.0.0.1:1/hunter2' }).end('hunter2');
    });
    const systems = { ...world.systems, secretFor: () => new Secret('hunter2') };
    await starts(['secret']);
    await visit({ ...world, systems });
    expect(sent).toBe('hunter2');
    expect(await last()).toBe(`watch: secret fails: GET ${address}/secret answered 302 instead of 200`);
    const failing = () => {
      throw new Error(`the address holds hunter2 \u0000 and \ud800${'🔥'.repeat(400)}`);
    };
    await passes(EVERY);
    answers.clear();
    await visit();
    await passes(EVERY);
    await visit({ ...world, systems: { ...world.systems, secretFor: failing } });
    expect(await last()).toMatch(/^watch: secret fails: the address holds \[secret\] {2}and (🔥)+$/u);
    expect(JSON.stringify(await kit.sql('select payload from outbox'))).not.toContain('hunter2');
  });

  test('that cannot go on says why, and ends', async () => {
    await starts(['api', 'tts']);
    await looks(2);
    const watched = new Map([...world.watched].filter(([name]) => name !== 'tts'));
    await visit({ ...world, watched });
    expect(await last()).toMatch(
      /and it cannot go on: tocsin\.yml names no “tts” any more; `watch` begins another with what it names; looked (twice|2 times), 2 good/,
    );
    expect(await open()).toEqual([]);
    const [told] = await kit.sql<{ payload: object }>("select payload from outbox where kind = 'watch.tell'");
    expect(told?.payload).toMatchObject({ asked: 'U0ANA00001' });
  });
});

describe('somebody speaks', () => {
  test('`watch stop` counts it up at once, and not when the next look is due', async () => {
    await starts();
    await visit();
    expect(await kit.says({ type: 'StopWatch' })).toMatchObject({
      receipt: expect.stringContaining('recorded'),
    });
    await visit();
    await visit();
    expect(await last()).toMatch(/, all well, stopped by ana; looked once, 1 good \(api\)$/);
    expect(asked).toHaveLength(1);
    expect(await open()).toEqual([]);
  });

  test('between a look and its count: it is counted up all the same', async () => {
    await starts();
    answers.set('/api', (_, response) => {
      // Heard before the look is counted; what it wakes is the look that is in hand.
      void (async () => {
        await kit.says({ type: 'StopWatch' });
        const wake = laneOfWatch(TEAM, 1, 1, true);
        await drainWatchLane(wake, { world, wakeAt() {}, owner: 'b' }, new AbortController().signal);
        response.end();
      })();
    });
    await visit();
    await visit();
    expect(await last()).toMatch(/stopped by ana; looked once, 1 good/);
  });

  test('a second watch takes the place of the first, and both are counted', async () => {
    await starts(['api']);
    await looks(2);
    await starts(['tts']);
    await visit();
    await visit();
    expect((await lines()).filter((line) => line.startsWith('watched'))).toEqual([
      expect.stringMatching(/another watch took its place; looked 2 times, 2 good \(api\)$/),
    ]);
    await passes(EVERY);
    await looks(10);
    expect(await last()).toMatch(/, all well; looked 10 times, 10 good \(tts\)$/);
    expect(asked.filter((path) => path === '/api')).toHaveLength(2);
  });

  test('`reopen` ends it, and says who', async () => {
    await starts();
    await visit();
    await kit.says({ type: 'ReopenIncident', reason: 'it fails' });
    await visit();
    await visit();
    expect(await last()).toMatch(
      /^watched until \d\d:\d\d UTC; the incident is not over any more \(ana\); looked once/,
    );
    expect(asked).toHaveLength(1);
  });

  test('`undo` by who began it does not strike it', async () => {
    await starts();
    const undone = await kit.says({ type: 'UndoLastEntry' });
    expect(isRefusal(undone) ? undone.code : undone.receipt).toContain('#2 struck');
    expect(watchOf((await state()) as never)).toBeNull();
  });
});

describe('nobody is there', () => {
  test('looks that were due meanwhile are missed, and are not made up for', async () => {
    await starts();
    await looks(2);
    await passes(3 * EVERY);
    await looks(5);
    await visit();
    expect(asked).toHaveLength(7);
    expect(await last()).toMatch(
      /, all well; looked 7 times, 7 good \(api\); 3 looks were missed while the bot could not look$/,
    );
  });

  test('at its end neither: it is over when it was to be over', async () => {
    await starts();
    await looks(4);
    await passes(20 * EVERY);
    await visit();
    expect(asked).toHaveLength(4);
    expect(await last()).toMatch(/; looked 4 times, 4 good \(api\); 6 looks were missed/);
  });

  test('a process that is told to stop while it looks says nothing about what it watched', async () => {
    await starts();
    const stopping = new AbortController();
    answers.set('/api', () => stopping.abort());
    await visit(world, stopping.signal);
    expect(await open()).toMatchObject([{ payload: { watch: 1 } }]);
    expect(await lines()).toHaveLength(1);
    answers.clear();
    await looks(11);
    expect(await last()).toMatch(/, all well; looked 10 times, 10 good \(api\)$/);
  });

  test('a queue that forgot everything: what is due is found in the outbox', async () => {
    await starts();
    await visit();
    await passes(EVERY);
    expect(await kit.store.outbox.dueLanes(10)).toContainEqual({ team: TEAM, lane: laneOfWatch(TEAM, 1, 1) });
  });
});

test('two workers at the same due time: one looks', async () => {
  await starts();
  let going: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    going = resolve;
  });
  let reached: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    reached = resolve;
  });
  answers.set('/api', (_, response) => {
    reached();
    void held.then(() => response.end());
  });
  const lane = laneOfWatch(TEAM, 1, 1);
  const never = new AbortController().signal;
  const one = drainWatchLane(lane, { world, wakeAt() {}, owner: 'a' }, never);
  await begun;
  await drainWatchLane(lane, { world, wakeAt() {}, owner: 'b' }, never);
  going();
  await one;
  expect(asked).toHaveLength(1);
  expect(await open()).toMatchObject([{ payload: { counted: { slot: 1, looks: 1, good: 1 } } }]);
});

test('one that lost the lane while it looked counts nothing; a look is counted once', async () => {
  await starts();
  const lane = laneOfWatch(TEAM, 1, 1);
  const never = new AbortController().signal;
  let first = true;
  answers.set('/api', (_, response) => {
    if (!first) return void response.end();
    first = false;
    void (async () => {
      await leaseEnds();
      await drainWatchLane(lane, { world, wakeAt() {}, owner: 'b' }, never);
      response.writeHead(503).end();
    })();
  });
  await drainWatchLane(lane, { world, wakeAt() {}, owner: 'a' }, never);
  expect(asked).toHaveLength(2);
  expect(await open()).toMatchObject([{ payload: { counted: { slot: 1, looks: 1 } } }]);
  expect(await open()).toHaveLength(1);
});

/** Its `n`-th dealing with the world happens, but it never hears of it; from then on nothing it does reaches anybody. */
function mortal(n: number) {
  let left = n;
  let dead = false;
  const dealing =
    <A extends unknown[], R>(deal: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (dead) throw new Error('dead men tell no tales');
      const result = await deal(...args);
      left -= 1;
      dead = left <= 0;
      if (dead) throw new Error('killed');
      return result;
    };
  const { outbox } = world;
  const its: WatchWorld = {
    ...world,
    outbox: {
      claimLane: dealing(outbox.claimLane),
      renewLane: dealing(outbox.renewLane),
      releaseLane: dealing(outbox.releaseLane),
      owedRows: dealing(outbox.owedRows),
      settle: dealing(outbox.settle),
    },
    incident: dealing(world.incident),
    tell: dealing(world.tell),
    owe: dealing(world.owe),
    hurry: dealing(world.hurry),
    log: { info() {}, warn() {}, error() {} },
  };
  return { world: its, died: () => dead };
}

test('a worker killed at any of its dealings: each look is counted once, as it was told', async () => {
  let survived = false;
  let n = 0;
  while (!survived) {
    n += 1;
    answers.clear();
    await starts(['api', 'tts'], 6 * EVERY);
    const its = mortal(n);
    let made = 0;
    // The third look fails, and the fourth is well again; then somebody stops it.
    for (let slot = 0; slot < 5; slot++) {
      if (slot === 2) answers.set('/api', fails);
      await visit(its.world).catch(() => undefined);
      if (its.died() && made === slot) {
        // What the service does meanwhile must not change what was told of that look.
        await leaseEnds();
        if (slot === 2 && (await last())?.includes('fails')) answers.clear();
        await visit();
      }
      made = slot + 1;
      answers.clear();
      await passes(EVERY);
    }
    await kit.says({ type: 'StopWatch' });
    await visit(its.world).catch(() => undefined);
    await leaseEnds();
    await visit();
    await visit();
    survived = !its.died();
    const told = await lines();
    const mine = told.slice(told.findLastIndex((line) => line.startsWith('watch until')));
    expect({ n, mine: mine.slice(1) }).toEqual({
      n,
      mine: [
        `watch: api fails: GET ${address}/api answered 503 instead of 200`,
        'watch: api is well again',
        expect.stringMatching(/stopped by ana; looked 5 times, 4 good \(api 4 of 5, tts 5 of 5\)$/),
      ],
    });
    expect(await open()).toEqual([]);
  }
  // A watch that dealt with nobody would have tested nothing.
  expect(n).toBeGreaterThan(40);
});
