import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Lost } from '#runbooks/action.js';
import { routeRead, routeSet } from '#runbooks/actions/route-set.js';
import { FileRoute, failure, Kit } from './kit.js';

let kit: Kit;
let live: string;
let file: string;

beforeEach(async () => {
  kit = await Kit.open();
  live = join(kit.folder, 'live');
  file = join(kit.folder, 'file');
  await point('tts-old', 'tts-old');
  kit.routes.set('tts', new FileRoute('tts', [live, file], ['tts-old', 'tts-new', 'tts-third']));
});
afterEach(() => kit.close());

const point = async (inLive: string, inFile: string) => {
  await writeFile(live, inLive);
  await writeFile(file, inFile);
};
const points = async () => [await readFile(live, 'utf8'), await readFile(file, 'utf8')];
const toNew = { route: 'tts', to: 'tts-new' };
const back = { route: 'tts', to: 'tts-old' };

test('a reading names every place, at planning time too', async () => {
  await point('tts-new', 'tts-old');
  const places = [
    { place: live, to: 'tts-new' },
    { place: file, to: 'tts-old' },
  ];
  expect((await kit.plan(routeRead, { route: 'tts' })).output).toEqual({ to: null, places });
  expect((await kit.done(routeRead, { route: 'tts' })).output).toEqual({ to: null, places });
});

test('the plan shows current and desired, is bound to what it read, and changes nothing', async () => {
  expect(await kit.plan(routeSet, toNew)).toMatchObject({
    current: 'tts-old',
    desired: 'tts-new',
    touches: [live, file],
    versions: { 'route:tts': 'tts-old' },
    output: { previous: 'tts-old', now: 'tts-new' },
  });
  expect(await points()).toEqual(['tts-old', 'tts-old']);
});

test('a service that is no choice fails in the plan, with the choices', async () => {
  const wrong = await failure(kit.plan(routeSet, { route: 'tts', to: 'tts-nwe' }));
  expect(wrong.message).toBe('tts cannot point to tts-nwe; it may point to tts-old, tts-new, tts-third');
});

test('setting, setting again after a crash, and undoing', async () => {
  const captured = await kit.capture(routeSet, toNew);
  const done = await kit.done(routeSet, toNew, { captured });
  expect(done.output).toEqual({ previous: 'tts-old', now: 'tts-new' });
  expect(await points()).toEqual(['tts-new', 'tts-new']);
  expect(kit.secured).toBe(1);
  expect(await kit.done(routeSet, toNew, { captured })).toEqual(done);
  expect(kit.secured).toBe(1);
  const undoing = { captured, input: toNew, output: done.output };
  await kit.done(routeSet, back, { undoing });
  expect(await points()).toEqual(['tts-old', 'tts-old']);
  // And once more, as after a crash.
  await kit.done(routeSet, back, { undoing });
});

test.each([
  ['one place only', ['tts-new', 'tts-old']],
  ['the other place only', ['tts-old', 'tts-new']],
  ['nothing', ['tts-old', 'tts-old']],
])('a crash that left %s changed: run again it is set, undone it is back', async (_, [inLive, inFile]) => {
  const captured = { previous: 'tts-old' };
  await point(inLive as string, inFile as string);
  await kit.done(routeSet, toNew, { captured });
  expect(await points()).toEqual(['tts-new', 'tts-new']);
  await point(inLive as string, inFile as string);
  await kit.done(routeSet, back, { undoing: { captured, input: toNew, output: {} } });
  expect(await points()).toEqual(['tts-old', 'tts-old']);
});

test('an undo leaves alone what somebody has moved since', async () => {
  const undoing = {
    captured: { previous: 'tts-old' },
    input: toNew,
    output: { previous: 'tts-old', now: 'tts-new' },
  };
  await point('tts-third', 'tts-third');
  const left = await failure(kit.run(routeSet, back, { undoing }));
  expect(left.message).toBe('somebody has moved tts to tts-third since: left alone');
  expect(left.unsure).toBe(false);
  await point('tts-new', 'tts-third');
  await failure(kit.run(routeSet, back, { undoing }));
  expect(await points()).toEqual(['tts-new', 'tts-third']);
  expect(kit.secured).toBe(0);
});

test('moved between plan and run, or held by another worker: nothing is changed', async () => {
  const captured = { previous: 'tts-old' };
  await point('tts-third', 'tts-third');
  const stale = await failure(kit.run(routeSet, toNew, { captured }));
  expect(stale).toMatchObject({ unsure: false, output: {} });
  await point('tts-old', 'tts-old');
  kit.onSecure = () => {
    throw new Lost();
  };
  await expect(kit.run(routeSet, toNew, { captured })).rejects.toBeInstanceOf(Lost);
  expect(await points()).toEqual(['tts-old', 'tts-old']);
});

test('where the undone step says where it put the route, that counts, whatever it was given', async () => {
  await point('tts-new', 'tts-new');
  const output = { previous: 'tts-old', now: 'tts-new' };
  await kit.done(routeSet, back, { undoing: { captured: null, input: back, output } });
  expect(await points()).toEqual(['tts-old', 'tts-old']);
});

test('places that disagree are not overruled', async () => {
  await point('tts-old', 'tts-third');
  expect((await failure(kit.plan(routeSet, toNew))).message).toContain('make its places agree first');
  await failure(kit.run(routeSet, toNew));
  expect(await points()).toEqual(['tts-old', 'tts-third']);
});

test('a set that does not take is unsure, and says where it points', async () => {
  const lying = new FileRoute('tts', [live, file]);
  lying.set = async () => {};
  kit.routes.set('tts', lying);
  const lie = await failure(kit.run(routeSet, toNew));
  expect(lie).toMatchObject({ unsure: true, message: 'tts was set to tts-new, but points to tts-old' });
});
