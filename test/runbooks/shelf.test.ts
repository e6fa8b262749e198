import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openShelf } from '#runbooks/definition/shelf.js';
import { asOrdinaryUser } from '../support/ordinary.js';
import { everyAction } from './stand-ins.js';

const BUILT = fileURLToPath(new URL('../../runbooks', import.meta.url));
const actions = await everyAction();

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tocsin-shelf-'));
  await mkdir(join(root, 'own'));
  await mkdir(join(root, 'built'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const source = (name: string, title = name) =>
  `name: ${name}\ntitle: ${title}\nsteps:\n  - { id: a, uses: route.read, with: { route: r } }\n`;
const put = (path: string, text: string | Buffer) => writeFile(join(root, path), text);
const shelf = () => openShelf({ folders: [join(root, 'own'), join(root, 'built')], actions });

test('a runbook is found by the name in its file, the first folder first, and read anew each time', async () => {
  await put('own/any-name.yaml', source('sync', 'Ours'));
  await put('built/sync.yml', source('sync', 'Theirs'));
  await put('built/other.yml', source('other'));
  await put('built/README.md', 'name: readme');
  const shelved = shelf();
  expect(await shelved.get('sync')).toEqual({
    runbook: expect.objectContaining({ name: 'sync', title: 'Ours' }),
    source: source('sync', 'Ours'),
    file: join(root, 'own/any-name.yaml'),
  });
  expect(await shelved.list()).toEqual([
    { name: 'other', title: 'other', file: join(root, 'built/other.yml') },
    { name: 'sync', title: 'Ours', file: join(root, 'own/any-name.yaml') },
  ]);
  await rm(join(root, 'own/any-name.yaml'));
  expect(await shelved.get('sync')).toHaveProperty('runbook.title', 'Theirs');
});

test('names that nobody has, whatever they look like', async () => {
  await put('own/key-sync.yml', source('key-sync'));
  await put('secret.yml', source('secret'));
  const shelved = shelf();
  for (const name of [
    'nope',
    '../secret',
    'key-sync.yml',
    '',
    '.',
    '__proto__',
    '\u0000',
    join(root, 'secret'),
  ]) {
    expect(await shelved.get(name)).toBeNull();
  }
  expect(await shelved.closest('keysync')).toEqual(['key-sync']);
});

test('missing and empty folders hold nothing', async () => {
  const none = openShelf({ folders: [join(root, 'none'), join(root, 'own')], actions });
  expect(await none.list()).toEqual([]);
  expect(await none.get('a')).toBeNull();
  expect(await none.list()).toEqual([]);
});

test('two files of one name in a folder: neither is used, and both are named', async () => {
  await put('own/a.yml', source('twin'));
  await put('own/b.yml', source('twin'));
  await put('built/c.yml', source('twin'));
  const files = [join(root, 'own/a.yml'), join(root, 'own/b.yml')];
  expect(await shelf().get('twin')).toEqual({
    problems: [`${files[0]}:1: name twin stands in ${files.join(' and ')}; give each its own`],
  });
  expect((await shelf().list()).map(({ file }) => file)).toEqual(files);
});

test('a broken file of ours does not leave its place to another folder’s', async () => {
  await put('own/rollback.yml', 'name: rollback\ntitle: [');
  await put('own/forward.yml', source('forward').replace('route.read', 'route.raed'));
  await put('built/rollback.yml', source('rollback'));
  await put('built/forward.yml', source('forward'));
  expect(await shelf().get('rollback')).toHaveProperty('problems');
  expect(await shelf().get('forward')).toEqual({
    problems: [
      expect.stringMatching(/forward\.yml:4: steps\.a\.uses is no action .*closest are route\.read/),
    ],
  });
  expect((await shelf().list()).every((item) => 'problems' in item)).toBe(true);
});

test('what is no regular, readable, small file of text is a problem and no crash', async () => {
  await mkdir(join(root, 'own/folder.yml'));
  execFileSync('mkfifo', [join(root, 'own/pipe.yml')]);
  await symlink(join(root, 'nowhere'), join(root, 'own/dangling.yml'));
  await symlink('/dev/zero', join(root, 'own/zero.yml'));
  await put('own/large.yml', 'a'.repeat(1_048_576));
  await put('own/binary.yml', Buffer.from([0x6e, 0xff, 0xfe]));
  await put('own/empty.yml', '');
  await put('elsewhere.yml', source('linked'));
  await symlink(join(root, 'elsewhere.yml'), join(root, 'own/link.yml'));
  const found = await shelf().list();
  expect(found[0]).toHaveProperty('name', 'linked');
  const said = found.slice(1).map((item) => ('problems' in item ? item.problems.join() : ''));
  expect(said.map((text) => text.slice(join(root, 'own/').length).split(';')[0])).toEqual([
    'binary.yml:1: is not UTF-8',
    'dangling.yml:1: cannot be read (ENOENT)',
    'empty.yml:1: is not a mapping',
    'folder.yml:1: is not a regular file',
    'large.yml:1: is larger than 65536 characters',
    'pipe.yml:1: is not a regular file',
    'zero.yml:1: is not a regular file',
  ]);
});

test('a folder that is a file, and a file that may not be read', async () => {
  await put('file', '');
  const wrong = openShelf({ folders: [join(root, 'file')], actions });
  expect(await wrong.list()).toEqual([
    { file: join(root, 'file'), problems: [expect.stringContaining('cannot be listed (ENOTDIR);')] },
  ]);
  await put('own/shut.yml', source('shut'));
  await chmod(root, 0o755);
  await chmod(join(root, 'own/shut.yml'), 0);
  expect(await asOrdinaryUser(() => shelf().get('shut'))).toEqual({
    problems: [expect.stringContaining('cannot be read (EACCES);')],
  });
});

test('the runbooks that come along are good', async () => {
  const list = await openShelf({ folders: [BUILT], actions }).list();
  expect(list.map((one) => ('problems' in one ? one.problems : one.name))).toEqual([
    'forward',
    'key-rotate',
    'key-sync',
    'rollback',
  ]);
});

test('a file is read again when it has changed, and only then', async () => {
  await put('own/sync.yml', source('sync', 'One'));
  await put('own/bad.yml', 'name: bad\n');
  const shelved = shelf();
  const runbook = async () => {
    const kept = await shelved.get('sync');
    if (!kept || 'problems' in kept) throw new Error('it is not there');
    return kept.runbook;
  };
  // A file that was written just now might change again without looking different, so it is read until it has aged.
  const settled = async () => {
    for (;;) {
      const one = await runbook();
      if ((await runbook()) === one) return one;
    }
  };
  const first = await settled();
  const { atime, mtime } = await stat(join(root, 'own/sync.yml'));
  // Of the same length, and as old as before, as far as it says.
  await put('own/sync.yml', source('sync', 'Two'));
  await utimes(join(root, 'own/sync.yml'), atime, mtime);
  expect((await runbook()).title).toBe('Two');
  expect(await settled()).not.toBe(first);
  // Replaced by another file of the same length and age.
  await put('own/other', source('sync', 'Six'));
  await utimes(join(root, 'own/other'), atime, mtime);
  await rename(join(root, 'own/other'), join(root, 'own/sync.yml'));
  expect((await runbook()).title).toBe('Six');
  await rm(join(root, 'own/sync.yml'));
  expect(await shelved.get('sync')).toBeNull();
});
