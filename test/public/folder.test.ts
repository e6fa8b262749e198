import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Folder, MANIFEST, openFolder, PageNotWritten, type PublicFile } from '#public/folder.js';

let base: string;
let dir: string;
let folder: Folder;
const mounted: string[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tocsin-folder-'));
  dir = join(base, 'status');
  folder = openFolder(dir, { installation: 'one' });
});
afterEach(async () => {
  for (const at of mounted.splice(0)) execFileSync('umount', ['-l', at]);
  await rm(base, { recursive: true, force: true });
});

const PAGE: PublicFile[] = [
  ['index.html', '<head>one'],
  ['incidents/INC-1.html', 'one'],
  ['incidents/INC-2.html', 'two'],
  ['api/v2/summary.json', '{}'],
  ['style.css', 'body {}'],
];

const write = (files: Iterable<PublicFile>, revision = 'r1', to = folder) =>
  to.write(async () => ({ revision, files }));
const changed = (path: string, content: string): PublicFile[] =>
  PAGE.map(([one, was]) => [one, one === path ? content : was]);
const read = (path: string) => readFile(join(dir, path), 'utf8');
/** All that is there, with what of ours is no page. */
const listed = (at = dir) =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((one) => !one.isDirectory())
    .map((one) => join(one.parentPath, one.name).slice(at.length + 1))
    .sort();
const PATHS = PAGE.map(([path]) => path).sort();
const told = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PageNotWritten);
  return error as PageNotWritten;
};

describe('a page is written', () => {
  test('into a folder that it makes, for everybody to read, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      expect(await write(PAGE)).toEqual({ written: 5, removed: 0, files: 5 });
    } finally {
      process.umask(umask);
    }
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
    for (const path of PATHS) expect((await stat(join(dir, path))).mode & 0o777).toBe(0o644);
    for (const path of ['', 'incidents', 'api', 'api/v2'])
      expect((await stat(join(dir, path))).mode & 0o777).toBe(0o755);
    expect(await folder.look()).toBe('r1');
  });

  test('where only what differs is touched, and what is gone goes', async () => {
    await write(PAGE);
    const before = statSync(join(dir, 'style.css')).ino;
    const files = changed('index.html', '<head>two').filter(([path]) => path !== 'incidents/INC-2.html');
    expect(await write(files, 'r2')).toEqual({ written: 1, removed: 1, files: 4 });
    expect(statSync(join(dir, 'style.css')).ino).toBe(before);
    expect(await read('index.html')).toBe('<head>two');
    expect(listed()).not.toContain('incidents/INC-2.html');
    expect(await folder.look()).toBe('r2');
    expect(await write(files, 'r2')).toEqual({ written: 0, removed: 0, files: 4 });
  });

  test('of which a part stays, where that is said', async () => {
    await write(PAGE);
    const some: PublicFile[] = [
      ['index.html', '<head>two'],
      ['incidents/INC-3.html', 'three'],
    ];
    const standing: Array<string | null> = [];
    const done = await folder.write(async (there) => {
      standing.push(there);
      return { revision: 'r2', files: some, keeps: (path) => path.startsWith('incidents/') };
    });
    expect(standing).toEqual(['r1']);
    expect(done).toEqual({ written: 2, removed: 2, files: 4 });
    expect(listed()).toEqual([
      MANIFEST,
      'incidents/INC-1.html',
      'incidents/INC-2.html',
      'incidents/INC-3.html',
      'index.html',
    ]);
    expect(await folder.look()).toBe('r2');
  });

  test('in the order in which one thing leads to another', async () => {
    await write(PAGE);
    const at = PAGE.map(([path]) => [path, `new ${path}`] as const);
    // The last folder on the way there is somebody's file: so what came before it is there, and what comes after is not.
    await rm(join(dir, 'api/v2/summary.json'));
    await mkdir(join(dir, 'api/v2/summary.json/x'), { recursive: true });
    const { code, message } = await told(write(at, 'r2'));
    expect([code, message]).toEqual([
      'EISDIR',
      expect.stringContaining(`to ${dir} (EISDIR): a folder is where`),
    ]);
    expect(await read('incidents/INC-1.html')).toBe('new incidents/INC-1.html');
    expect(await read('index.html')).toBe('<head>one');
    expect(await folder.look()).toBeNull();
    await rm(join(dir, 'api/v2/summary.json'), { recursive: true });
    await write(at, 'r2');
    expect(await read('index.html')).toBe('new index.html');
    expect(await folder.look()).toBe('r2');
  });

  test('and what got there before it failed goes again, if it is not wanted any more', async () => {
    await write(PAGE);
    await rm(join(dir, 'api/v2/summary.json'));
    await mkdir(join(dir, 'api/v2/summary.json/x'), { recursive: true });
    await told(write([...changed('api/v2/summary.json', 'new'), ['incidents/INC-5.html', 'five']], 'r2'));
    expect(await read('incidents/INC-5.html')).toBe('five');
    await rm(join(dir, 'api/v2/summary.json'), { recursive: true });
    // It has become private, for example.
    await write(PAGE, 'r3');
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
  });

  test('and nothing is changed where it cannot be made to its end', async () => {
    await write(PAGE);
    function* half(): Generator<PublicFile> {
      yield ['incidents/INC-1.html', 'other'];
      yield ['index.html', 'other'];
      throw new Error('the reading broke');
    }
    await expect(write(half(), 'r2')).rejects.toThrow('the reading broke');
    expect([await read('incidents/INC-1.html'), await read('index.html')]).toEqual(['one', '<head>one']);
    expect(await folder.look()).toBe('r1');
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
  });

  test.each(['../x', '/etc/x', '.hidden', 'a/../b', 'a//b', '', 'a/', 'a\\b', 'a\0'])(
    'but not to %j',
    async (path) => {
      await expect(write([[path, 'x']])).rejects.toThrow('no path of a page');
      expect(existsSync(join(base, 'x'))).toBe(false);
    },
  );

  test('by several at once in one process, one after the other', async () => {
    const others = Array.from({ length: 8 }, () => openFolder(dir, { installation: 'one' }));
    let inside = 0;
    let most = 0;
    let n = 0;
    await Promise.all(
      others.map((one) =>
        one.write(async () => {
          most = Math.max(most, ++inside);
          const revision = String(++n);
          async function* files(): AsyncGenerator<PublicFile> {
            yield* PAGE.map(([path]) => [path, revision] as const);
            inside--;
          }
          return { revision, files: files() };
        }),
      ),
    );
    expect(most).toBe(1);
    expect([await read('index.html'), await folder.look()]).toEqual(['8', '8']);
  });

  test('while who writes says again and again that it is there', async () => {
    const quick = openFolder(dir, { installation: 'one', pace: { beatMs: 5 } });
    const stamps = new Set<number>();
    async function* files(): AsyncGenerator<PublicFile> {
      const lock = join(dir, '.tocsin-status.lock');
      const owner = join(lock, readdirSync(lock)[0] ?? '', 'owner');
      while (stamps.size < 4) {
        stamps.add(statSync(owner).mtimeMs);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      yield* PAGE;
    }
    await quick.write(async () => ({ revision: 'r1', files: files() }));
    expect(stamps.size).toBe(4);
  });
});

describe('what somebody did to the folder is seen and mended', () => {
  beforeEach(async () => {
    await write(PAGE);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a file is gone', () => rm(join(dir, 'index.html'))],
    ['a file is another one', () => writeFile(join(dir, 'incidents/INC-1.html'), 'xxx')],
    [
      'a file is a link',
      async () => {
        await rm(join(dir, 'style.css'));
        await symlink('/etc/passwd', join(dir, 'style.css'));
      },
    ],
    ['a folder is gone', () => rm(join(dir, 'incidents'), { recursive: true })],
    ['all of it is gone', () => rm(dir, { recursive: true })],
  ])('%s', async (_, harm) => {
    await harm();
    expect(await folder.look()).toBeNull();
    const standing: Array<string | null> = [];
    await folder.write(async (there) => {
      standing.push(there);
      return { revision: 'r1', files: PAGE };
    });
    expect(standing).toEqual([null]);
    for (const [path, content] of PAGE) expect(await read(path)).toBe(content);
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
    expect(await folder.look()).toBe('r1');
  });

  test('a part is not taken where all is needed', async () => {
    await rm(join(dir, 'index.html'));
    await expect(
      folder.write(async () => ({ revision: 'r2', files: [], keeps: () => true })),
    ).rejects.toThrow('a part of a page');
  });

  test('a folder that was copied is as good as the first', async () => {
    const other = join(base, 'copy');
    cpSync(dir, other, { recursive: true });
    const there = openFolder(other, { installation: 'one' });
    expect(await there.look()).toBe('r1');
    const standing: Array<string | null> = [];
    const done = await there.write(async (at) => {
      standing.push(at);
      return { revision: 'r1', files: PAGE };
    });
    expect([standing, done.written]).toEqual([['r1'], 0]);
  });

  test('that of another version is read, and whatever differs is written', async () => {
    const manifest = JSON.parse(await read(MANIFEST)) as object;
    await writeFile(
      join(dir, MANIFEST),
      JSON.stringify({ ...manifest, version: 2, files: { 'index.html': 7, 'old.html': 8 } }),
    );
    await writeFile(join(dir, 'old.html'), 'of the other version');
    expect(await folder.look()).toBeNull();
    expect(await write(PAGE)).toMatchObject({ removed: 1, files: 5 });
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
  });
});

describe('what others have in the folder', () => {
  test('stays', async () => {
    await mkdir(join(dir, 'incidents'), { recursive: true });
    await writeFile(join(dir, 'robots.txt'), 'theirs');
    await writeFile(join(dir, 'incidents/mine.html'), 'theirs');
    await write(PAGE);
    await writeFile(join(dir, 'later.html'), 'theirs');
    await write(PAGE.slice(0, 1), 'r2');
    expect(listed()).toEqual([MANIFEST, 'incidents/mine.html', 'index.html', 'later.html', 'robots.txt']);
    expect(await folder.look()).toBe('r2');
    expect(await read(MANIFEST)).not.toContain('robots');
  });

  test('is not overwritten either, and it is said what is in the way', async () => {
    await mkdir(dir);
    await writeFile(join(dir, 'index.html'), 'theirs');
    const error = await told(write(PAGE));
    expect(error.message).toBe(
      `The status page cannot be written to ${join(dir, 'index.html')} (TAKEN): it was there before the page came, and is not the page’s; move it away, or name another folder.`,
    );
    expect(listed()).toEqual([MANIFEST, 'index.html']);
    expect(await read('index.html')).toBe('theirs');
    await unlink(join(dir, 'index.html'));
    await write(PAGE);
    expect(await read('index.html')).toBe('<head>one');
    // From now on it is the page's.
    await write(changed('index.html', '<head>two'), 'r2');
    expect(await read('index.html')).toBe('<head>two');
  });

  test('is a page of another installation: it is refused', async () => {
    await write(PAGE);
    const other = openFolder(dir, { installation: 'two' });
    const error = await told(write(changed('index.html', 'no'), 'r9', other));
    expect([error.code, error.message]).toEqual([
      'OTHER_INSTALLATION',
      expect.stringMatching(
        /it holds the page of another installation of Tocsin; name another folder, or empty/,
      ),
    ]);
    expect(await other.look()).toBeNull();
    expect(await read('index.html')).toBe('<head>one');
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
  });

  test.each(['', '{"version":1', '[]', 'null'])(
    'is a list of files that nobody can read: %j',
    async (text) => {
      await mkdir(dir);
      await writeFile(join(dir, MANIFEST), text);
      expect(await told(write(PAGE))).toMatchObject({ code: 'TAKEN', path: join(dir, MANIFEST) });
      expect(listed()).toEqual([MANIFEST]);
    },
  );

  test('is a link: nothing is written through it, and nothing removed', async () => {
    const outside = join(base, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'INC-1.html'), 'outside');
    await write(PAGE);
    await rm(join(dir, 'incidents'), { recursive: true });
    await symlink(outside, join(dir, 'incidents'));
    expect(await told(write(PAGE, 'r2'))).toMatchObject({
      code: 'TAKEN',
      path: join(dir, 'incidents'),
      why: 'it is a link, and nothing is written through links',
    });
    await write(PAGE.slice(0, 1), 'r3');
    expect(readFileSync(join(outside, 'INC-1.html'), 'utf8')).toBe('outside');
    expect(readdirSync(outside)).toEqual(['INC-1.html']);
  });

  test('is more than a folder of a page holds', async () => {
    await mkdir(dir);
    for (let n = 0; n <= 10_000; n++) await writeFile(join(dir, `${n}`), '');
    expect(await told(write(PAGE))).toMatchObject({ code: 'CROWDED' });
  });
});

describe('a folder that cannot be written', () => {
  test('is missing with those above it, or is none', async () => {
    const lost = openFolder(join(base, 'a/b'), { installation: 'one' });
    expect((await told(write(PAGE, 'r1', lost))).message).toBe(
      `The status page cannot be written to ${join(base, 'a/b')} (ENOENT): there is no such folder; make it, or name another folder.`,
    );
    expect(existsSync(join(base, 'a'))).toBe(false);
    await writeFile(join(base, 'file'), '');
    const file = openFolder(join(base, 'file'), { installation: 'one' });
    expect(await told(write(PAGE, 'r1', file))).toMatchObject({ code: 'ENOTDIR' });
  });

  test('vanishes while it is written: it is said, and made anew the next time', async () => {
    await write(PAGE);
    async function* files(): AsyncGenerator<PublicFile> {
      yield ['incidents/INC-9.html', 'nine'];
      await rename(dir, join(base, 'elsewhere'));
      yield ['index.html', 'later'];
    }
    const error = await told(folder.write(async () => ({ revision: 'r2', files: files() })));
    expect([error.code, error.path]).toEqual(['ENOENT', dir]);
    expect(readFileSync(join(base, 'elsewhere/index.html'), 'utf8')).toBe('<head>one');
    await write(PAGE, 'r3');
    expect(listed()).toEqual([MANIFEST, ...PATHS]);
  });

  const mountable = canMount();
  const onDisk = mountable ? test : test.skip;

  onDisk('is on a full disk: the old page stays whole, and the next try mends it', async () => {
    disk('size=256k');
    await write(PAGE);
    const large: PublicFile[] = [
      ...Array.from({ length: 100 }, (_, n) => [`incidents/INC-${n}.html`, `${n}`.repeat(8_000)] as const),
      ['index.html', '<head>two'],
    ];
    for (let n = 0; n < 3; n++) {
      const error = await told(write(large, 'r2'));
      expect(error.message).toBe(
        `The status page cannot be written to ${dir} (ENOSPC): the disk is full; make room there.`,
      );
      expect(listed()).toEqual([MANIFEST, ...PATHS]);
      for (const [path, content] of PAGE) expect(await read(path)).toBe(content);
      expect(await folder.look()).toBe('r1');
    }
    execFileSync('mount', ['-o', 'remount,size=8m', dir]);
    expect(await write(large, 'r2')).toMatchObject({ written: 101 });
    expect(await folder.look()).toBe('r2');
  });

  onDisk('has no room for a single byte: it is the same', async () => {
    disk('size=64k');
    await write(PAGE);
    // As little as can be left: less than anybody needs who wants to say that he is there.
    expect(() =>
      execFileSync('dd', ['if=/dev/zero', `of=${join(dir, 'filler')}`], { stdio: 'ignore' }),
    ).toThrow();
    expect(await told(write(changed('index.html', 'x'), 'r2'))).toMatchObject({ code: 'ENOSPC' });
    expect(listed()).toEqual([MANIFEST, 'filler', ...PATHS].sort());
    expect(await folder.look()).toBe('r1');
    await rm(join(dir, 'filler'));
    await write(changed('index.html', 'x'), 'r2');
    expect(await read('index.html')).toBe('x');
  });

  onDisk(
    'runs full between the pages and their list: the pages are new, and the next try says so',
    async () => {
      disk('size=192k');
      await write(PAGE);
      const many = Array.from({ length: 2_500 }, (_, n) => [`incidents/INC-${n}.html`, ''] as const);
      const error = await told(write([...many, ['index.html', '<head>two']], 'r2'));
      expect(error.code).toBe('ENOSPC');
      // Everything is new but the list, which says so: it is not whole.
      expect([await read('index.html'), await folder.look()]).toEqual(['<head>two', null]);
      execFileSync('mount', ['-o', 'remount,size=8m', dir]);
      await write([...many, ['index.html', '<head>two']], 'r2');
      expect([await folder.look(), await read('index.html')]).toEqual(['r2', '<head>two']);
      expect(listed()).toHaveLength(2_502);
    },
  );

  onDisk('is read-only', async () => {
    disk('size=1m');
    await write(PAGE);
    execFileSync('mount', ['-o', 'remount,ro', dir]);
    expect((await told(write(changed('index.html', 'x'), 'r2'))).message).toBe(
      `The status page cannot be written to ${dir} (EROFS): it is read-only; mount it so that it can be written, or name another folder.`,
    );
    expect(await folder.look()).toBe('r1');
    execFileSync('mount', ['-o', 'remount,rw', dir]);
    await write(changed('index.html', 'x'), 'r2');
    expect(await read('index.html')).toBe('x');
  });

  (process.getuid?.() === 0 ? test : test.skip)('is somebody else’s', async () => {
    await write(PAGE);
    await chmod(base, 0o755);
    const said = (error: PageNotWritten) => error.message;
    process.seteuid?.(65_534);
    try {
      expect(said(await told(write(changed('index.html', 'x'), 'r2')))).toBe(
        `The status page cannot be written to ${dir} (EACCES): this user may not; let the user who runs Tocsin write there, or name another folder.`,
      );
    } finally {
      process.seteuid?.(0);
    }
    expect(await folder.look()).toBe('r1');
  });

  function disk(options: string): void {
    execFileSync('mkdir', ['-p', dir]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]);
    mounted.push(dir);
  }
});

/** Whether a small disk can be made here; it takes root, and a machine that lets it. */
function canMount(): boolean {
  const at = execFileSync('mktemp', ['-d']).toString().trim();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at], { stdio: 'ignore' });
    execFileSync('umount', [at], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('skipped: full and read-only disks; they take root, and the right to mount\n');
    return false;
  } finally {
    execFileSync('rmdir', [at]);
  }
}
