import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, type Moment, STANDING } from '#domain/words.js';
import { keepPromises } from '#schedules/public.js';
import { ANA, type RunKit, startRunKit, TEAM } from '../runs/kit.js';

let kit: RunKit;
let now = new Date();
beforeAll(async () => {
  kit = await startRunKit();
});
afterAll(() => kit.end());

const moment = (minutes: number): Moment => ({
  at: `${new Date(now.getTime() + minutes * 60_000).toISOString().slice(0, 19)}Z`,
  until: null,
  precision: 'minute',
});
const world = () => ({
  ...kit.world,
  now: () => now,
});
const tell = async (...of: Parameters<RunKit['world']['tell']>) => {
  const answer = await kit.world.tell(...of);
  if (isRefusal(answer)) throw new Error(answer.sentence);
  return answer;
};
const states = async () => {
  const standing = await kit.world.incident(TEAM, STANDING);
  return standing?.maintenances?.list.map(({ state }) => state);
};
const bot = (key: string) => botAsking(TEAM, key, now);

describe('planned work', () => {
  test('begins and ends by itself, once, however many look', async () => {
    await tell({ type: 'OpenStandingRecord' }, null, bot('standing'));
    const plan = { title: 'Upgrade', text: null, from: moment(5), to: moment(10), components: ['API'] };
    await tell({ type: 'PlanMaintenance', ...plan }, STANDING, bot('plan'));
    const look = () => Promise.all([1, 2, 3].map(() => keepPromises(TEAM, world())));
    await look();
    expect(await states()).toEqual(['scheduled']);
    now = new Date(now.getTime() + 5 * 60_000);
    await look();
    expect(await states()).toEqual(['in_progress']);
    await look();
    now = new Date(now.getTime() + 5 * 60_000);
    await look();
    expect(await states()).toEqual([]);
    const posts = await kit.store.incidents.entriesOf(TEAM, STANDING, ['post']);
    expect(posts.map(({ detail }) => detail.state)).toEqual(['scheduled', 'in_progress', 'completed']);
  });

  test('that was ended by a person is left alone', async () => {
    const plan = { title: 'Other', text: null, from: moment(1), to: moment(2), components: [] };
    await tell({ type: 'PlanMaintenance', ...plan }, STANDING, bot('plan 2'));
    const asking = { ...bot('cancel'), by: ANA };
    await tell({ type: 'PostMaintenance', maintenance: 2, state: 'cancelled', text: null }, STANDING, asking);
    now = new Date(now.getTime() + 5 * 60_000);
    await keepPromises(TEAM, world());
    const posts = await kit.store.incidents.entriesOf(TEAM, STANDING, ['post']);
    expect(posts.map(({ detail }) => detail.state).slice(-2)).toEqual(['scheduled', 'cancelled']);
  });
});
