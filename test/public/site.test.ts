import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PublicComponent, PublicIncident, PublicPage } from '#domain/status/page.js';
import { createMetrics, type Metrics } from '#metrics.js';
import { openFolder, type PublicFile } from '#public/folder.js';
import { createSite, type Site } from '#public/site.js';
import { memoryLog } from '../queue/log.js';
import { valueIn } from '../support/exposition.js';
import { until } from '../support/until.js';

let base: string;
let dir: string;
let log: ReturnType<typeof memoryLog>;
let site: Site;
let metrics: Metrics;
/** What is recorded. */
let page: PublicPage;
let revision: () => Promise<string>;
let now: Date;
let reading: () => Promise<void>;
let onlys: Array<string[] | null>;
const stops: Array<() => Promise<void>> = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tocsin-site-'));
  dir = join(base, 'status');
  log = memoryLog();
  page = pageOf([incident(1, 'a'), incident(2, 'b')]);
  revision = async () => JSON.stringify(page).length.toString() + page.at;
  now = new Date('2024-11-10T22:00:00Z');
  reading = async () => {};
  onlys = [];
  metrics = createMetrics('1', { keptMs: 0, shownMs: 0 });
  site = siteOf();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(base, { recursive: true, force: true });
});

function siteOf(version = 'v1'): Site {
  return createSite({
    version,
    folder: openFolder(dir, { installation: 'one' }),
    zone: 'Asia/Kolkata',
    revision: () => revision(),
    async read() {
      const read = page;
      await reading();
      return read;
    },
    files,
    log,
    now: () => now,
    metrics,
  });
}

function* files(read: PublicPage, only: ReadonlySet<string> | null): Generator<PublicFile> {
  onlys.push(only && [...only]);
  for (const one of read.incidents)
    if (only === null || only.has(one.ref)) yield [`incidents/${one.ref}.html`, `<head>${one.title}`];
  yield ['index.html', `<head>${read.at} ${read.incidents.map(({ ref }) => ref)}`];
}

function pageOf(incidents: PublicIncident[], names = ['API / EU'], at = '1'): PublicPage {
  const components = names.map((name) => ({ id: name, name, slug: name.toLowerCase().replace(/\W+/g, '-') }));
  const overall = { indicator: 'none', kind: 'operational' } as const;
  return {
    at,
    updatedAt: null,
    overall,
    incidents,
    maintenances: [],
    components: components as never as PublicComponent[],
  };
}

const incident = (n: number, title: string) =>
  ({ id: `${n}`, ref: `INC-${n}`, title }) as Partial<PublicIncident> as PublicIncident;
const read = (path: string) => readFile(join(dir, path), 'utf8');
const keep = (everyMs = 5) => {
  const stop = site.keep(everyMs);
  stops.push(stop);
  return stop;
};

describe('build', () => {
  test('brings the folder up to what is recorded, and names and slugs of components with it', async () => {
    expect(await site.build('a post')).toMatchObject({ files: 4, written: 4, ms: expect.any(Number) });
    expect(await read('index.html')).toBe('<head>1 INC-1,INC-2');
    expect(JSON.parse(await read('components.json'))).toEqual([{ name: 'API / EU', slug: 'api-eu' }]);
    expect(await site.build('again')).toMatchObject({ files: 4, written: 0 });
    expect(log.lines).toEqual([expect.stringMatching(/^info the status page is written .*"why":"a post"/)]);
  });

  test('asks only for the pages of incidents that changed', async () => {
    await site.build('first');
    page = pageOf([incident(1, 'a'), incident(2, 'changed'), incident(3, 'new')]);
    expect(await site.build('a post')).toMatchObject({ files: 5, written: 3 });
    page = pageOf(page.incidents as PublicIncident[], ['API / EU'], '2');
    await site.build('an hour later');
    expect(onlys).toEqual([null, ['INC-2', 'INC-3'], []]);
    expect([await read('incidents/INC-1.html'), await read('incidents/INC-2.html')]).toEqual([
      '<head>a',
      '<head>changed',
    ]);
  });

  test.each<[string, () => unknown]>([
    [
      'one has gone',
      () => {
        page = pageOf([incident(2, 'b')]);
      },
    ],
    [
      'a component is called something else',
      () => {
        page = pageOf(page.incidents as PublicIncident[], ['API']);
      },
    ],
    ['somebody harmed the folder', () => rm(join(dir, 'incidents'), { recursive: true })],
    [
      'another bot has been here',
      async () => {
        page = pageOf([incident(1, 'theirs'), incident(2, 'b')], ['API / EU'], '2');
        await siteOf().build('theirs');
        onlys.pop();
      },
    ],
  ])('asks for all of them where %s', async (_, happens) => {
    await site.build('first');
    await happens();
    await site.build('then');
    expect(onlys).toEqual([null, null]);
    const refs = page.incidents.map(({ ref }) => ref);
    expect(await read('index.html')).toBe(`<head>${page.at} ${refs}`);
    for (const { ref, title } of page.incidents)
      expect(await read(`incidents/${ref}.html`)).toBe(`<head>${title}`);
    if (!refs.includes('INC-1')) await expect(read('incidents/INC-1.html')).rejects.toThrow('ENOENT');
  });

  test('of many who ask while one is under way all get the next one, which has what they recorded', async () => {
    let go: (() => void) | null = null;
    reading = () =>
      new Promise((resolve) => {
        go = resolve;
      });
    const first = site.build('first');
    const letGo = await until('it reads', () => go);
    page = pageOf([incident(3, 'c')]);
    const many = [site.build('a'), site.build('b'), site.build('c')];
    reading = async () => {};
    letGo();
    expect((await first).files).toBe(4);
    const built = await Promise.all(many);
    expect(new Set(built).size).toBe(1);
    expect(onlys).toHaveLength(2);
    expect(await read('index.html')).toBe('<head>1 INC-3');
  });

  test('one that fails is told to who asked, and the next one is another try', async () => {
    reading = () => Promise.reject(new Error('the database is away'));
    await expect(site.build('first')).rejects.toThrow('the database is away');
    // It is not the folder that is in trouble.
    expect(site.state()).toEqual({ state: 'ok' });
    reading = async () => {};
    await site.build('second');
  });
});

describe('keep', () => {
  test('builds what is not current, and then nothing more', async () => {
    keep();
    await until('it is built', () => onlys.length === 1);
    page = pageOf([incident(5, 'e')]);
    await until(
      'it is built anew',
      async () => (await read('index.html').catch(() => '')) === '<head>1 INC-5',
    );
    expect(onlys).toHaveLength(2);
    await rm(join(dir, 'index.html'));
    await until('it is mended', () => onlys.length === 3);
    await until('it is there', async () => (await read('index.html').catch(() => '')) === '<head>1 INC-5');
    let looks = 0;
    const asked = revision;
    revision = () => {
      looks++;
      return asked();
    };
    await until('it looked some more', () => looks > 3);
    expect(onlys).toHaveLength(3);
  });

  test('begins the days of the page’s zone, which may be half an hour off', async () => {
    now = new Date('2024-11-10T18:29:59Z');
    await site.build('first');
    keep();
    now = new Date('2024-11-10T18:30:00Z');
    await until('the day has begun', () => onlys.length === 2);
    expect(onlys).toEqual([null, []]);
  });

  test('leaves the next day to a bot whose clock is ahead, and a day far away to nobody', async () => {
    now = new Date('2024-11-10T18:40:00Z');
    await site.build('by who is ahead');
    now = new Date('2024-11-10T18:00:00Z');
    let looks = 0;
    const asked = revision;
    revision = () => {
      looks++;
      return asked();
    };
    const stop = keep();
    await until('it looked', () => looks > 3);
    expect(onlys).toHaveLength(1);
    await stop();
    now = new Date('2023-01-01T00:00:00Z');
    keep();
    await until('it is built', () => onlys.length === 2);
  });

  test('says once what keeps it from being written, what to do, and when it is well again', async () => {
    await writeFile(dir, 'somebody’s file');
    keep();
    await until('it was tried', () => log.lines.length > 0);
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn the status page could not be brought up to date/),
    ]);
    expect(site.state()).toEqual({
      state: 'degraded',
      reason: `it cannot be written to ${dir} (ENOTDIR): what is there is no folder`,
      fix: 'move it away, or name another folder',
    });
    await rm(dir);
    await until('it is well', () => site.state().state === 'ok');
    expect(await read('index.html')).toContain('INC-1');
  });

  test('says so where the page has been older than the record for a minute', async () => {
    await site.build('first');
    keep();
    reading = () => Promise.reject(new Error('the database is away'));
    page = pageOf([incident(6, 'f')]);
    await until('it was tried', () => log.lines.length > 1);
    expect(site.state()).toEqual({ state: 'ok' });
    now = new Date(now.getTime() + 61_000);
    expect(site.state()).toMatchObject({
      state: 'degraded',
      reason: expect.stringMatching(/^for 6\d s it has been older than what is recorded$/),
      fix: expect.any(String),
    });
    reading = async () => {};
    await until('it is well', () => site.state().state === 'ok');
  });

  test('has nothing to say of a database that is away while the page is whole', async () => {
    await site.build('first');
    revision = () => Promise.reject(new Error('away'));
    keep();
    await until('it was asked', () => log.lines.some((line) => line.startsWith('warn')));
    now = new Date(now.getTime() + 600_000);
    expect(site.state()).toEqual({ state: 'ok' });
    expect(await read('index.html')).toContain('INC-1');
  });
});

test('how each writing ended is counted, and when the page was current last', async () => {
  const of = async (name: string, labels = {}) =>
    valueIn(await metrics.text(), `tocsin_page_${name}`, labels);
  const current = () => of('current_timestamp_seconds');
  expect(await current()).toBeUndefined();
  await site.build('a test');
  expect(await of('builds_total', { outcome: 'written' })).toBe(1);
  const first = await current();
  expect(first).toBeGreaterThan(0);
  await site.build('a test');
  expect(await of('builds_total', { outcome: 'same' })).toBe(1);
  reading = async () => {
    throw new Error('no database');
  };
  const before = await current();
  await expect(site.build('a test')).rejects.toThrow('no database');
  expect(await of('builds_total', { outcome: 'failed' })).toBe(1);
  expect(await of('build_seconds_count')).toBe(3);
  expect(await current()).toBe(before);
  // To look is enough, where nothing has to be written.
  stops.push(site.keep(5));
  await until('it is seen to be current', async () => ((await current()) ?? 0) > (before ?? 0));
});

describe('two bots with other settings, while a deployment rolls', () => {
  const looks = async (more: number) => {
    let seen = 0;
    const asked = revision;
    revision = () => {
      seen++;
      return asked();
    };
    await until('they looked', () => seen > more);
  };
  const others = () => log.lines.filter((line) => line.includes('another bot'));

  test('the one that began later writes it at once; the older one leaves it so, and says it once', async () => {
    await site.build('first');
    now = new Date(now.getTime() + 60_000);
    const younger = siteOf('v2');
    stops.push(younger.keep(5));
    await until('the younger one wrote it', () => onlys.length === 2);
    keep();
    await looks(10);
    expect(onlys).toHaveLength(2);
    expect(others()).toEqual([expect.stringMatching(/^warn another bot, with other settings/)]);
  });

  test('what is published meanwhile is written by whoever has it, and then it comes to rest', async () => {
    now = new Date(now.getTime() + 60_000);
    const younger = siteOf('v2');
    stops.push(younger.keep(5));
    await until('it is there', () => onlys.length === 1);
    page = pageOf([incident(9, 'new')]);
    keep();
    await site.build('something was published');
    // Both may have seen at the same time that it was not current, more than once where one of them is slow.
    let written: number;
    do {
      written = onlys.length;
      await looks(30);
    } while (onlys.length > written && written < 20);
    expect(onlys).toHaveLength(written);
    expect(await read('index.html')).toBe('<head>1 INC-9');
  });

  test('one that is gone does not keep its page for ever', async () => {
    now = new Date(now.getTime() + 60_000);
    await siteOf('v2').build('by who is gone');
    keep();
    await looks(4);
    expect(onlys).toHaveLength(1);
    now = new Date(now.getTime() + 301_000);
    await until('the older one wrote its own', () => onlys.length === 2);
    // And it does not begin anew at once when the other one is there after all.
    await siteOf('v2').build('back again');
    await looks(10);
    expect(onlys).toHaveLength(3);
  });

  test('bots with the same settings write the same page, whoever began when', async () => {
    await site.build('first');
    now = new Date(now.getTime() + 60_000);
    stops.push(siteOf().keep(5));
    keep();
    await looks(10);
    expect([onlys.length, others()]).toEqual([1, []]);
  });
});
