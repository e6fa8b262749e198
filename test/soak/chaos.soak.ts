import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { control, type Fault, type Queue, storm } from '../deliver/run-chaos-stories.js';
import { chanceOf } from '../support/chance.js';
import { compiled } from '../support/compiled.js';
import { redisAvailable } from '../support/redis.js';

const FAULTS = 90;
const SIZE = { runs: 60, steps: 18, crew: 3, everyMs: 400 };
const GUARD_MS = 480_000;

let code: Awaited<ReturnType<typeof compiled>>;
beforeAll(async () => {
  code = await compiled('src', 'test/deliver', 'test/support');
});
afterAll(() => code.remove());

/** More than half are kills. */
function faultsOn(queue: Queue): Fault[] {
  const { next } = chanceOf(`faults on ${queue}`);
  return Array.from({ length: FAULTS }, () => {
    const dice = next();
    if (dice < 0.55) return 'killed';
    if (dice < 0.7) return 'frozen';
    if (dice < 0.85) return 'flushed';
    return dice < 0.9 ? 'Redis killed' : 'cut';
  });
}

const queues: Array<[Queue, boolean]> = [
  ['Redis', redisAvailable()],
  ['PostgreSQL', true],
];

describe.each(queues)('killed, frozen, flushed, cut, on %s', (name, here) => {
  (here ? test : test.skip)(
    'of 1,080 steps none is lost, and none is done twice',
    async () => {
      const { rarest, ...wrong } = await storm(code.folder, name, { ...SIZE, faults: faultsOn(name) });
      expect(wrong).toEqual({ fallen: '', violations: [], left: { targets: [], owed: [], broken: [] } });
      expect(rarest).toBeGreaterThan(0);
    },
    GUARD_MS,
  );
});

test.each([[true], [false]])(
  'a fence that holds is seen to hold, and one that lets everybody pass is not: %s',
  async (fenced) => {
    const { found, freezes } = await control(code.folder, fenced, {
      runs: 10,
      steps: 18,
      crew: 3,
      freezes: 0.06,
    });
    expect(freezes).toBeGreaterThan(0);
    if (fenced) expect(found).toEqual([]);
    else expect(found.length).toBeGreaterThan(0);
  },
  GUARD_MS,
);
