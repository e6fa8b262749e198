import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { SENTENCES } from '#domain/refusal.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folders = (path: string) =>
  readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory());

test('every room has a README of a few lines', () => {
  const rooms = folders(join(ROOT, 'src'));
  const without = rooms.filter((room) => !existsSync(join(ROOT, 'src', room, 'README.md')));
  expect(without).toEqual([]);
});

test('the refusal handbook lists every code, and no other', () => {
  const handbook = readFileSync(join(ROOT, 'docs/refusals.md'), 'utf8');
  const listed = [...handbook.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect([...listed].sort()).toEqual(Object.keys(SENTENCES).sort());
});
