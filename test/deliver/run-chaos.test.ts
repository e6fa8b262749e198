import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chanceOf } from '../support/chance.js';
import { compiled } from '../support/compiled.js';
import { redisAvailable } from '../support/redis.js';
import { control, type Fault, type Queue, storm } from './run-chaos-stories.js';

// Ten faults, each kind among them; `npm run soak` has ninety, over ten times as many steps.
const FAULTS: Fault[] = [
  ...(['killed', 'killed', 'killed'] as const),
  ...(['frozen', 'frozen', 'flushed', 'flushed', 'Redis killed', 'cut', 'cut'] as const),
];
const SIZE = { runs: 12, steps: 6, crew: 3, everyMs: 200 };

const queues: Array<[Queue, boolean]> = [
  ['Redis', redisAvailable()],
  ['PostgreSQL', true],
];

let code: Awaited<ReturnType<typeof compiled>>;
/** All of them at once: what they do most is to wait for leases to run out. */
const stories = new Map<string, Promise<unknown>>();
const story = <T>(name: string) => stories.get(name) as Promise<T>;
const told = (name: string, what: Promise<unknown>) => {
  what.catch(() => undefined);
  stories.set(name, what);
};
beforeAll(async () => {
  code = await compiled('src', 'test/deliver', 'test/support');
  for (const [name, here] of queues) {
    const faults = chanceOf(`faults on ${name}`).shuffle(FAULTS);
    if (here) told(name, storm(code.folder, name, { ...SIZE, faults }));
  }
  for (const fenced of [true, false])
    told(`${fenced}`, control(code.folder, fenced, { runs: 4, steps: 9, crew: 2, freezes: 0.12 }));
});
afterAll(async () => {
  await Promise.allSettled(stories.values());
  await code.remove();
});

describe.each(queues)('killed, frozen, flushed, cut, on %s', (name, here) => {
  (here ? test : test.skip)('of 72 steps none is lost, and none is done twice', async () => {
    const { rarest, ...wrong } = await story<Awaited<ReturnType<typeof storm>>>(name);
    expect(wrong).toEqual({ fallen: '', violations: [], left: { targets: [], owed: [], broken: [] } });
    expect(rarest).toBeGreaterThan(0);
  });
});

test.each([[true], [false]])(
  'a fence that holds is seen to hold, and one that lets everybody pass is not: %s',
  async (fenced) => {
    const { found, freezes } = await story<Awaited<ReturnType<typeof control>>>(`${fenced}`);
    expect(freezes).toBeGreaterThan(0);
    if (fenced) expect(found).toEqual([]);
    else expect(found.length).toBeGreaterThan(0);
  },
);
