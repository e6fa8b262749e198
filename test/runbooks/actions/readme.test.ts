import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Action } from '#runbooks/action.js';
import { failure, Kit } from './kit.js';

const ROOT = join(import.meta.dirname, '../../..');
const ROOM = join(ROOT, 'src/runbooks/actions');

let kit: Kit;
let folder: string;

/** A folder like `runbooks/`, with the example of the README in `actions/`, letter by letter. */
beforeEach(async () => {
  kit = await Kit.open();
  folder = kit.folder;
  const [, example] = /```ts\n(.*?)```/s.exec(await readFile(join(ROOM, 'README.md'), 'utf8')) ?? [];
  await mkdir(join(folder, 'actions'));
  await writeFile(join(folder, 'actions/example.ts'), example as string);
  await writeFile(join(folder, 'action.ts'), `export * from '#runbooks/action.js';\n`);
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const paths = { '#*': [join(ROOT, 'src/*')] };
  const compilerOptions = { rootDir: '/', paths, typeRoots: [join(ROOT, 'node_modules/@types')] };
  const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['actions/example.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
});
afterEach(() => kit.close());

test('the example of the README is typed as an action must be', () => {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  expect(execFileSync(tsc, ['-p', folder], { encoding: 'utf8' })).toBe('');
});

test('the example of the README plans, runs, runs again and is undone', async () => {
  const { motdSet } = (await import(join(folder, 'actions/example.ts'))) as { motdSet: Action };
  const file = join(folder, 'motd');
  await writeFile(file, 'welcome');
  const given = { file, text: 'we are moving' };
  expect(await kit.plan(motdSet, given)).toMatchObject({ current: 'welcome', desired: 'we are moving' });
  const captured = await kit.capture(motdSet, given);
  const { output } = await kit.done(motdSet, given, { captured });
  expect(await kit.done(motdSet, given, { captured })).toMatchObject({ output });
  expect(await readFile(file, 'utf8')).toBe('we are moving');
  expect(kit.secured).toBe(1);
  const back = { file, text: 'welcome' };
  const undoing = { captured, input: given, output };
  await writeFile(file, 'somebody else');
  expect((await failure(kit.run(motdSet, back, { undoing }))).message).toContain('left alone');
  await writeFile(file, 'we are moving');
  await kit.done(motdSet, back, { undoing });
  expect(await readFile(file, 'utf8')).toBe('welcome');
  expect(await failure(kit.plan(motdSet, { file: `${file}-not`, text: '' }))).toMatchObject({
    unsure: false,
  });
});

test('the README names every file of its room, and no other', async () => {
  const readme = await readFile(join(ROOM, 'README.md'), 'utf8');
  const files = (await readdir(ROOM)).filter((name) => name.endsWith('.ts'));
  expect(files.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  const named = [...readme.matchAll(/`((?:\.\.\/)?[\w-]+\.ts)`/g)].map(([, name]) => name as string);
  expect(named.filter((name) => !existsSync(join(ROOM, name)))).toEqual([]);
});
