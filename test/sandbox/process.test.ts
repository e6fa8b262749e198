import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { manifest } from './kit.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const children: ChildProcess[] = [];
let folder: string;

/** Starts the sandbox as its own process. */
function start(...options: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(folder, 'out/sandbox/main.js'), '--port', '0', ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

async function allOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  await writeFile(join(folder, 'manifest.yml'), stringify(manifest()));
  await writeFile(join(folder, 'broken.yml'), 'display_information: {}');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  // Compiled here, so that the test needs no build of the whole tree.
  const compiler = spawn(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...['--outDir', join(folder, 'out'), '--rootDir', join(ROOT, 'src'), '--module', 'NodeNext'],
      ...['--target', 'ES2022', '--lib', 'ES2023', '--types', 'node', '--noCheck', '--ignoreConfig'],
      join(ROOT, 'src/sandbox/main.ts'),
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  const [code] = await once(compiler, 'exit');
  expect(code).toBe(0);
}, 240_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

describe('the sandbox as a process', () => {
  test('prints one line of JSON when it is ready, logs without tokens, and ends on a signal', async () => {
    const child = start('--manifest', join(folder, 'manifest.yml'));
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const ready = JSON.parse(line) as Record<string, string>;
    expect(Object.keys(ready).sort()).toEqual([
      'apiUrl',
      'appToken',
      'botToken',
      'signingSecret',
      'teamId',
      'url',
    ]);
    expect(ready.apiUrl).toBe(`${ready.url}/api/`);
    const headers = { authorization: `Bearer ${ready.botToken}` };
    const answer = await fetch(`${ready.apiUrl}auth.test`, { method: 'POST', headers });
    expect(await answer.json()).toMatchObject({ ok: true, team_id: ready.teamId });
    const log = allOf(child.stderr);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await log).toContain('auth.test 200 ok');
    expect(await log).not.toContain(ready.botToken);
  });

  test('ends with its parent when told so', async () => {
    const child = start('--manifest', join(folder, 'manifest.yml'), '--with-parent', '--quiet');
    await once(createInterface({ input: child.stdout! }), 'line');
    child.stdin!.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a manifest that is no good ends it with the reasons', async () => {
    const child = start('--manifest', join(folder, 'broken.yml'));
    const [log, [code]] = await Promise.all([allOf(child.stderr), once(child, 'exit')]);
    expect(code).toBe(1);
    expect(log).toContain('invalid_manifest');
    expect(log).toContain('/display_information/name');
  });
});
