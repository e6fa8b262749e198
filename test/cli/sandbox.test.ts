import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { HELP } from '#sandbox/start/options.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
const children: ChildProcess[] = [];

// The whole command, compiled here so that the test needs no build.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-'));
  const source = join(ROOT, 'src');
  const files = await readdir(source, { recursive: true });
  await build({
    entryPoints: files
      .filter((path) => /\.tsx?$/.test(path) && !path.includes('/page/app/'))
      .map((path) => join(source, path)),
    ...{ outdir: join(folder, 'dist'), outbase: source, platform: 'node', format: 'esm', target: 'node20' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact' },
  });
  await writeFile(join(folder, 'dist/.built'), '');
  await mkdir(join(folder, 'bin'));
  for (const name of ['bin/tocsin.js', 'package.json', 'manifest.yml'])
    await cp(join(ROOT, name), join(folder, name));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function tocsin(...args: string[]) {
  const child = spawn(process.execPath, [join(folder, 'bin/tocsin.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  return { child, said, ended: once(child, 'close').then(([code]) => ({ code: Number(code), ...said })) };
}

test('tocsin sandbox --help is what the program itself tells', async () => {
  expect(await tocsin('sandbox', '--help').ended).toEqual({ code: 0, out: `${HELP}\n`, err: '' });
});

test('tocsin sandbox ends as the program does', async () => {
  const { code, out, err } = await tocsin('sandbox', '--sed', 'x').ended;
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('There is no option --sed. Did you mean --seed?');
});

test('tocsin sandbox runs on our manifest where none is named, and ends with the signal that it hands on', async () => {
  const { child, said, ended } = tocsin('sandbox', '--port', '0', '--quiet');
  while (!said.out.includes('\n')) await once(child.stdout, 'data');
  const { url } = JSON.parse(said.out) as { url: string };
  const state = (await (await fetch(`${url}/control/state`)).json()) as { identity: { appName: string } };
  expect(state.identity.appName).toBe('Tocsin');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, err: '' });
});
