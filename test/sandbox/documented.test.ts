import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { HELP } from '#sandbox/start/options.js';
import { seedSchema } from '#sandbox/start/seed-schema.js';
import { faultSchema } from '#sandbox/web-api/faults.js';
import { type Kit, startKit } from './kit.js';
import { ROOT } from './process.js';

const GUIDE = readFileSync(join(ROOT, 'docs/local-slack.md'), 'utf8');

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

/** A marked part of the guide. */
function part(name: string): string {
  return new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(GUIDE)?.[1] ?? '';
}

/** What stands in backticks in the first column. */
function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name).sort();
}

test('the control API in the guide is the one that answers', () => {
  const folder = join(ROOT, 'src/sandbox/control');
  const routes = readdirSync(folder).flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/router\.(get|post)\(\s*'\/([^']+)'/g)].map(
      ([, verb = '', path = '']) => `${verb.toUpperCase()} ${path}`,
    ),
  );
  expect(firstColumn(part('control'))).toEqual([...new Set(routes)].sort());
});

test('the settings of the guide are those that can be turned', async () => {
  const { settings } = await kit.act<{ settings: Record<string, unknown> }>('settings', {});
  const names = Object.keys(settings).map((name) =>
    // Its name says what it is; the member inside is shorter.
    name === 'outerTeam' ? 'outer_team_id' : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  expect(firstColumn(part('settings'))).toEqual([...names, 'rate_limits'].sort());
});

test('the kinds of failures of the guide are those that can be ordered', () => {
  expect(firstColumn(part('faults'))).toEqual([...faultSchema.shape.kind.options].sort());
});

test('every member of a seed is in the guide', () => {
  const told = new Set(
    [...(part('seed') + part('settings')).matchAll(/`([a-z_]+)(?:\[\])?`/g)].map(([, name]) => name),
  );
  const missing = [...new Set(membersOf(seedSchema))].filter((name) => !told.has(name));
  expect(missing).toEqual([]);
});

test('every option is in the guide', () => {
  const named = (text: string) =>
    [...new Set([...text.matchAll(/--[a-z][a-z-]+/g)].map(([name]) => name))].sort();
  const table = GUIDE.slice(GUIDE.indexOf('| option |'), GUIDE.indexOf('Where standard output'));
  expect(named(table)).toEqual(named(HELP).filter((name) => name !== '--help'));
});

test('the tests that hold a requirement are there', () => {
  const rows = part('requirements')
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  const named = rows.map((row) => [...(row.split(' | ').at(-1) ?? '').matchAll(/`([^`]+)`/g)]);
  expect(rows).toHaveLength(23);
  expect(named.filter((names) => names.length === 0)).toEqual([]);
  const missing = named
    .flat()
    .map(([, name]) => `test/sandbox/${name}.test.ts`)
    .filter((path) => !existsSync(join(ROOT, path)));
  expect(missing).toEqual([]);
});

function membersOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return membersOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return membersOf(schema.element);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(membersOf);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, inner]) => [name, ...membersOf(inner)]);
}
