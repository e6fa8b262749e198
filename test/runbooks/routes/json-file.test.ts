import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withFileLock } from '#runbooks/files.js';
import { jsonFile } from '#runbooks/routes/json-file.js';
import { RouteFailed, StaleRoute } from '#runbooks/routes/route.js';
import { ROUTES } from '#runbooks/routes/routes.js';
import { asOrdinaryUser } from '../../support/ordinary.js';

const on = new AbortController().signal;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-json-route-'));
  path = join(folder, 'route.json');
  await writeFile(path, '{"tts":"old","other":"elsewhere"}', { mode: 0o640 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const route = (how: Record<string, unknown> = {}) =>
  jsonFile.open('tts', jsonFile.settings.parse({ path, key: 'tts', choices: ['old', 'new'], ...how }));
const content = () => readFile(path, 'utf8');

test('it is one of the kinds that tocsin.yml may name', () => {
  expect(ROUTES.filter(({ type }) => type === 'json-file')).toEqual([jsonFile]);
});

test('it is read, set, set again without an error, and set back; other members and the mode stay', async () => {
  const one = route();
  expect(one.places).toEqual([path]);
  expect(await one.read(on)).toEqual({ to: 'old', places: [{ place: path, to: 'old' }] });
  await one.set('new', 'old', on);
  await one.set('new', 'old', on);
  expect(JSON.parse(await content())).toEqual({ tts: 'new', other: 'elsewhere' });
  expect((await one.read(on)).to).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  await one.set('old', 'new', on);
  expect((await one.read(on)).to).toBe('old');
  // A lock may stay; a draft may not.
  expect((await readdir(folder)).filter((name) => name.includes('.new'))).toEqual([]);
});

test('it is stale when it points elsewhere, and nothing was changed', async () => {
  const before = await content();
  await expect(route({ choices: [] }).set('third', 'new', on)).rejects.toThrow(StaleRoute);
  await expect(route({ choices: [] }).set('third', 'new', on)).rejects.toThrow(
    `tts: ${path} points to old, not to new: nothing was changed`,
  );
  expect(await content()).toBe(before);
});

test('of several that set it from the same place, one wins and the others are told', async () => {
  const targets = Array.from({ length: 8 }, (_, i) => `to-${i}`);
  const outcomes = await Promise.allSettled(targets.map((to) => route({ choices: [] }).set(to, 'old', on)));
  const won = targets.filter((_, i) => outcomes[i]?.status === 'fulfilled');
  expect(won).toHaveLength(1);
  expect((await route().read(on)).to).toBe(won[0]);
  for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(StaleRoute);
});

test('who reads meanwhile sees the old or the new file, never half of one', async () => {
  const one = route();
  let over = false;
  const reading = (async () => {
    const seen = new Set<string>();
    while (!over) seen.add((JSON.parse(await content()) as { tts: string }).tts);
    return seen;
  })();
  for (let i = 0; i < 30; i++) {
    await one.set('new', 'old', on);
    await one.set('old', 'new', on);
  }
  over = true;
  for (const to of await reading) expect(['old', 'new']).toContain(to);
});

test('it writes under the lock that other processes see', async () => {
  const stop = new AbortController();
  await withFileLock(path, async () => {
    const setting = route().set('new', 'old', stop.signal);
    stop.abort();
    await expect(setting).rejects.toThrow(`tts: ${path} could not be written: stopped`);
  });
  expect(JSON.parse(await content())).toMatchObject({ tts: 'old' });
});

test('a link is followed, not replaced', async () => {
  const link = join(folder, 'link.json');
  await symlink(path, link);
  await route({ path: link }).set('new', 'old', on);
  expect(JSON.parse(await content())).toMatchObject({ tts: 'new' });
});

test.each([
  ['a target that is none of the choices', {}, null, 'tts: it may point to old, new only'],
  ['an empty target', { choices: [] }, '', 'tts: it may point to one name only'],
])('%s is refused', async (_, how, to, message) => {
  await expect(route(how).set(to ?? 'nowhere', 'old', on)).rejects.toThrow(new RouteFailed(message));
  expect(JSON.parse(await content())).toMatchObject({ tts: 'old' });
});

test.each([
  ['no JSON', 'tts: secret-looking', 'is not a JSON object of names'],
  ['no object', '["old"]', 'is not a JSON object of names'],
  ['a member of another type', '{"tts":1}', 'is not a JSON object of names'],
  ['no such member', '{"web":"old"}', 'has no member tts; add it by hand once'],
  ['no member of its own', '{}', 'has no member tts; add it by hand once'],
])('a file with %s is an error that quotes nothing of it', async (_, source, message) => {
  await writeFile(path, source);
  for (const act of [() => route().read(on), () => route().set('new', 'old', on)])
    await expect(act()).rejects.toThrow(new RouteFailed(`tts: ${path} ${message}`));
  expect(await content()).toBe(source);
});

test('a file that is not there, or a folder that is read-only, is an error with its code', async () => {
  await rm(path);
  await expect(route().read(on)).rejects.toThrow(new RouteFailed(`tts: ${path} could not be read: ENOENT`));
  await expect(route().set('new', 'old', on)).rejects.toThrow(`${path} could not be written: ENOENT`);
  expect(await readdir(folder)).not.toContain('route.json');
  await writeFile(path, '{"tts":"old"}', { mode: 0o644 });
  await chmod(folder, 0o555);
  const set = asOrdinaryUser(() => route().set('new', 'old', on));
  await expect(set).rejects.toThrow(/could not be written: EACCES/);
  await chmod(folder, 0o700);
});

test.each([
  [{ path: 'route.json' }, 'must be an absolute path'],
  [{ key: '' }, ''],
  [{ key: '__proto__' }, 'must not be __proto__'],
  [{ extra: 1 }, ''],
])('settings %j are refused', (how, message) => {
  const result = jsonFile.settings.safeParse({ path, key: 'tts', ...how });
  expect(result.success).toBe(false);
  expect(result.error?.issues.map((issue) => issue.message).join()).toContain(message);
});
