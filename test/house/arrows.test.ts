import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Rooms by height: a file imports from its own room and from lower ones; rooms on one line never from each other. */
const HEIGHTS = [
  ['domain'],
  ['store', 'render', 'runbooks'],
  ['handle', 'read', 'queue', 'lanes'],
  ['answer', 'runs'],
  ['slack', 'web', 'alerts', 'public', 'paging', 'tracker'],
  ['deliver', 'schedules'],
  ['worker'],
  ['compose'],
  ['main', 'cli'],
];
/** Everybody may import these; they import no room but each other and the lowest, which imports none of them. */
const FREE = ['config', 'elapsed', 'log', 'metrics', 'told'];
/** Entries of a folder. */
const MOST = 15;
/** A file for each thing of one kind: to add one is to add a file. */
const SHELVES = [
  'alerts/senders',
  'runbooks/actions',
  'runbooks/keystores',
  'domain/command/verb',
  'sandbox/methods',
];
/** Imports no room, and no room imports it. */
const APART = 'sandbox';

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return files(path);
    return /\.tsx?$/.test(path) ? [path] : [];
  });

const roomOf = (path: string) => (relative(SRC, path).split('/')[0] ?? '').replace(/\.tsx?$/, '');
const heightOf = (room: string) => HEIGHTS.findIndex((line) => line.includes(room));

/** Imports of values and of types alike: who reads a file opens those of its types too. */
function importsOf(path: string): string[] {
  const source = readFileSync(path, 'utf8');
  const found: string[] = [];
  for (const [, from = ''] of source.matchAll(/^(?:import|export)\s+[^'";]*?\s*from\s+'([^']+)'/gm))
    found.push(from);
  for (const [, from = ''] of source.matchAll(/^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm))
    if (from) found.push(from);
  return found.flatMap((from) => {
    if (from.startsWith('#')) return [sourceOf(join(SRC, from.slice(1)))];
    if (from.startsWith('.')) return [sourceOf(resolve(dirname(path), from))];
    return [];
  });
}

/** What is imported as `x.js` is written in `x.ts`, or `x.tsx` where it holds markup. */
function sourceOf(path: string): string {
  const [plain, marked] = ['.ts', '.tsx'].map((ending) => path.replace(/\.js$/, ending)) as [string, string];
  return existsSync(marked) ? marked : plain;
}

const graph = new Map(files(SRC).map((path) => [path, importsOf(path)]));

describe('arrows', () => {
  test('every room has a place', () => {
    const known = new Set([...HEIGHTS.flat(), ...FREE, APART]);
    expect([...graph.keys()].map(roomOf).filter((room) => !known.has(room))).toEqual([]);
  });

  test('imports point down', () => {
    const upward: string[] = [];
    for (const [path, imports] of graph) {
      for (const target of imports) {
        const from = roomOf(path);
        const to = roomOf(target);
        if (from === to) continue;
        const name = `${relative(SRC, path)} → ${relative(SRC, target)}`;
        if (from === APART || to === APART || heightOf(from) === 0) upward.push(name);
        else if (FREE.includes(to) || (FREE.includes(from) && heightOf(to) === 0)) continue;
        else if (FREE.includes(from) || heightOf(to) >= heightOf(from)) upward.push(name);
      }
    }
    expect(upward).toEqual([]);
  });

  test('other rooms are named `#room/…`, the own room relatively', () => {
    const wrong: string[] = [];
    for (const path of graph.keys()) {
      for (const [, from = ''] of readFileSync(path, 'utf8').matchAll(/from\s+'([^']+)'/g)) {
        const own = from.startsWith('#') && from.slice(1).split('/')[0] === roomOf(path);
        const target = from.startsWith('.') ? roomOf(resolve(dirname(path), from)) : roomOf(path);
        const other = target !== roomOf(path);
        if (own || other) wrong.push(`${relative(SRC, path)}: ${from}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  // It will have another name (decision 020): then one file changes.
  test('only src/metrics.ts knows prom-client', () => {
    const knowing = [...graph.keys()].filter((path) => /'prom-client'/.test(readFileSync(path, 'utf8')));
    expect(knowing.map((path) => relative(SRC, path))).toEqual(['metrics.ts']);
  });

  test('no file is in a circle', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (path: string, trail: string[]) => {
      const at = trail.indexOf(path);
      if (at >= 0) circles.push([...trail.slice(at), path].map((p) => relative(SRC, p)).join(' → '));
      if (at >= 0 || done.has(path)) return;
      for (const target of graph.get(path) ?? []) walk(target, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) walk(path, []);
    expect(circles).toEqual([]);
  });
});

describe('folders', () => {
  const folders = (path: string): string[] => [
    path,
    ...readdirSync(path)
      .map((name) => join(path, name))
      .filter((one) => statSync(one).isDirectory())
      .flatMap(folders),
  ];
  const entries = (path: string) => readdirSync(path).filter((name) => name !== 'README.md');
  const inside = folders(SRC).filter((path) => path !== SRC);

  test('no file stands beside a folder of its name', () => {
    const twins = [...graph.keys()].filter((path) => existsSync(path.replace(/\.tsx?$/, '')));
    expect(twins.map((path) => relative(SRC, path))).toEqual([]);
  });

  test('none holds more than can be taken in at a glance, but shelves of like things', () => {
    const full = inside.filter(
      (path) => !SHELVES.includes(relative(SRC, path)) && entries(path).length > MOST,
    );
    expect(full.map((path) => relative(SRC, path))).toEqual([]);
  });
});
