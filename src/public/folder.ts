import { createHash } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { Told } from '#told.js';
import { type Hold, type HoldPace, isTemporary, OURS, take } from './hold.js';

/** A file of the page: its path in the folder with `/`, and what is in it; texts are written as UTF-8. */
export type PublicFile = readonly [path: string, content: string | Uint8Array];

/** What a folder is to hold from now on. */
interface Wanted {
  /** Names what the files were made of: whoever sees it in the folder knows whether they have to be made anew. */
  readonly revision: string;
  /** Asked for one after the other, once. */
  readonly files: Iterable<PublicFile> | AsyncIterable<PublicFile>;
  /** Whether a file of the page that is not among these stays as it is. Absent: all such are removed. */
  readonly keeps?: (path: string) => boolean;
}

/** What was done: files put there, taken away, and how many of the page's own are there now. */
interface Written {
  readonly written: number;
  readonly removed: number;
  readonly files: number;
}

export interface Folder {
  readonly dir: string;
  /** @returns the revision that is there; null: none, or not whole. Waits for nobody, and never fails. */
  look(): Promise<string | null>;
  /**
   * For somebody who asks how it is. Changes nothing.
   * @returns null: no page is there yet. `revision` null: not whole. `uid`: of the user who wrote it
   * @throws {PageNotWritten} that says what keeps this user from writing it; ENOENT where there is no folder yet
   */
  inspect(): Promise<{ revision: string | null; uid: number } | null>;
  /**
   * Writes the page. Whoever reads the folder meanwhile sees each file old or new, never half a file, and the pages that
   * lead elsewhere after those that they lead to. Where it fails before the last moment, nothing is changed at all.
   * @param read is asked once nobody else can write here, so that what it reads is not older than what is there. It is
   *   handed the revision that is there whole, and only then may leave files out; null: all are needed
   * @throws {PageNotWritten} where the folder cannot be written; and whatever `read` and the files throw
   */
  write(read: (standing: string | null) => Promise<Wanted>): Promise<Written>;
}

/** The folder could not be written: one sentence, with what to do. What was there before is there still. */
export class PageNotWritten extends Told {
  override name = 'PageNotWritten';

  /**
   * @param code the system's, such as ENOSPC, or our own
   * @param path of the folder, or of what is wrong in it
   * @param why completes “it cannot be written: …”
   * @param fix what to do, as an order
   */
  constructor(
    readonly code: string,
    readonly path: string,
    readonly why: string,
    readonly fix: string,
  ) {
    super(`The status page cannot be written to ${path} (${code}): ${why}; ${fix}.`);
  }
}

/** Names what is the page's own in the folder. It begins with a dot, so that no server shows it. */
export const MANIFEST = '.tocsin-status.json';
/** How often a page is begun anew after somebody took the folder over. */
const ATTEMPTS = 5;
/** Files that wait for the disk at the same time: together they cost little more than one. */
const AT_ONCE = 16;
/** For so long nothing else of this process happens while pages are made. */
const BREATH_MS = 10;
/** Files and folders that a folder may hold before a page is put into it. */
const MOST_STRANGERS = 10_000;
/** How many files are looked at each time beside those at the top. */
const SLICE = 50;

/** Hash, and what the system says of the file: while that is the same, so is the hash. */
type Kept = readonly [hash: string, seen: string];

interface Manifest {
  readonly version: 1;
  readonly installation: string;
  /** null: a first page has been begun. */
  readonly revision: string | null;
  readonly files: Readonly<Record<string, Kept>>;
  /** Marks of the paths that were taken before the page came: nobody's names are told. */
  readonly strangers: readonly string[];
}

/** Somebody took the folder over while we did not move. */
class Lost extends Error {}

/**
 * A folder that is served to the public, by us and by others, and written by one bot or several. An older page never comes
 * after a newer one, whoever froze where and woke up later (`take` in hold.ts).
 *
 * @param dir made if only its last part is missing
 * @param installation whose page it is; any text that stays the same. A folder of another one is refused
 */
export function openFolder(
  dir: string,
  { installation, pace = {} }: { installation: string; pace?: Partial<HoldPace> },
): Folder {
  const mine = createHash('sha256').update(`tocsin.status/1\n${installation}`).digest('hex');
  const learned = new Map<string, Kept>();
  let held: { seen: string; manifest: Manifest | null } | null = null;
  let next = 0;

  async function standing(root: string): Promise<string | null> {
    const seen = await seenAt(join(root, MANIFEST));
    if (held?.seen !== seen) held = { seen, manifest: await readManifest(root, mine) };
    const { manifest } = held;
    if (manifest === null) return null;
    const paths = Object.keys(manifest.files);
    const slice = paths.slice(next, next + SLICE);
    next = next + SLICE >= paths.length ? 0 : next + SLICE;
    const top = paths.filter((path) => !path.includes('/'));
    const strays = await straysOf(root, manifest, [...top, ...slice], learned);
    return [...strays].every(([path, kept]) => kept?.[0] === manifest.files[path]?.[0])
      ? manifest.revision
      : null;
  }

  async function inspected() {
    const root = await realpath(dir);
    const revision = await standing(root);
    await access(root, constants.W_OK | constants.X_OK);
    if (!held?.manifest) return null;
    return { revision, uid: (await lstat(join(root, MANIFEST))).uid };
  }

  return {
    dir,
    // It is written anew, which says what is wrong.
    look: () =>
      realpath(dir)
        .then(standing)
        .catch(() => null),
    inspect: () => disk(dir, inspected()),
    async write(read) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await writeOnce(dir, mine, pace, learned, read);
        } catch (error) {
          if (!(error instanceof Lost)) throw error;
          if (attempt === ATTEMPTS)
            throw new PageNotWritten(
              'LOST',
              dir,
              `others took it over ${ATTEMPTS} times while this process did not move`,
              'see what keeps the machine from working',
            );
        }
      }
    },
  };
}

async function writeOnce(
  dir: string,
  mine: string,
  pace: Partial<HoldPace>,
  learned: Map<string, Kept>,
  read: (standing: string | null) => Promise<Wanted>,
): Promise<Written> {
  const root = await disk(dir, madeRoot(dir));
  const hold = await disk(dir, take(root, pace));
  if (hold === null)
    throw new PageNotWritten(
      'BUSY',
      dir,
      'another process is writing it all the time',
      'see what that waits for',
    );
  /** Something with the folder. @throws Lost when it is ours no more */
  const own = <T>(work: Promise<T>): Promise<T> =>
    disk(dir, work, async (code) => code === 'ENOENT' && !(await hold.isOurs()) && (await isThere(root)));
  try {
    await own(clear(root));
    const before = (await own(readManifest(root, mine))) ?? (await own(claim(root, mine, hold)));
    const strays = await own(straysOf(root, before, Object.keys(before.files), learned));
    const whole = [...strays].every(([path, kept]) => kept?.[0] === before.files[path]?.[0]);
    const standing = whole ? before.revision : null;
    const { revision, files, keeps } = await read(standing);
    if (keeps && standing === null) throw new Error('a part of a page, where all of it was asked for');

    const there = (path: string): Kept | null =>
      strays.has(path) ? (strays.get(path) ?? null) : (before.files[path] ?? null);
    const staging = await stage(root, hold, own, files, { there, strangers: new Set(before.strangers) });
    const { given, staged, free } = staging;
    const old = Object.keys(before.files).filter((path) => !given.has(path));
    const stays = old.filter((path) => keeps?.(path));
    const goes = old.filter((path) => !keeps?.(path));

    // What is new is the page's own from now on, also for whoever comes after a crash and may have to remove it; so is what
    // was in the way, and was moved away.
    const strangers = before.strangers.filter((one) => !free.has(one));
    const fresh = [...staged.keys()].filter((path) => !Object.hasOwn(before.files, path));
    if (fresh.length + free.size > 0) {
      const coming = Object.fromEntries(fresh.map((path): [string, Kept] => [path, ['', '']]));
      await own(writeManifest(root, { ...before, strangers, files: { ...before.files, ...coming } }, hold));
    }

    // From here on it changes, in the order in which one thing leads to another.
    const touched = new Set<string>([root]);
    for (const [path, { from }] of [...staged].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
      await own(rename(from, join(root, path)));
      touched.add(dirname(join(root, path)));
    }
    for (const path of goes)
      if (await own(removeOwn(root, path, hold))) touched.add(dirname(join(root, path)));
    for (const folder of touched) await own(syncFolder(folder));

    const kept: Record<string, Kept> = {};
    for (const path of [...stays, ...given]) {
      const now = staged.get(path)?.kept ?? there(path);
      if (now) kept[path] = now;
    }
    // Only now is it said what there is: who comes after a crash in between looks at the files themselves.
    if (staged.size + goes.length + strays.size > 0 || revision !== before.revision)
      await own(writeManifest(root, { ...before, strangers, revision, files: kept }, hold));
    for (const path of Object.keys(kept)) learned.delete(path);
    return { written: staged.size, removed: goes.length, files: Object.keys(kept).length };
  } finally {
    await hold.release();
  }
}

type Own = <T>(work: Promise<T>) => Promise<T>;

/** Puts what is new on the disk, where nobody sees it yet. A disk that is full says so here. */
async function stage(
  root: string,
  hold: Hold,
  own: Own,
  files: Wanted['files'],
  { there, strangers }: { there(path: string): Kept | null; strangers: ReadonlySet<string> },
) {
  const given = new Set<string>();
  const staged = new Map<string, { from: string; kept: Kept }>();
  const free = new Set<string>();
  const folders = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | null = null;
  let breathed = performance.now();

  const put = async (path: string, bytes: Uint8Array, hash: string): Promise<void> => {
    if (strangers.has(mark(path))) {
      if (await own(isThere(join(root, path))))
        throw taken(join(root, path), 'it was there before the page came, and is not the page’s');
      free.add(mark(path));
    }
    const folder = dirname(path);
    if (!folders.has(folder)) folders.set(folder, own(realFolder(root, folder)));
    await folders.get(folder);
    const from = hold.within();
    const seen = await own(writeSynced(from, bytes, join(root, path)));
    staged.set(path, { from, kept: [hash, seen] });
  };

  try {
    for await (const [path, content] of files) {
      if (!isGood(path) || given.has(path)) throw new Error(`no path of a page, or one twice: ${path}`);
      given.add(path);
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      const hash = hashOf(bytes);
      if (there(path)?.[0] !== hash) {
        const work: Promise<void> = put(path, bytes, hash)
          .catch((error: unknown) => {
            failed ??= { error };
          })
          .finally(() => running.delete(work));
        running.add(work);
        while (running.size >= AT_ONCE) await Promise.race(running);
        if (failed) break;
      }
      // Pages are made without a pause, and Slack waits for nobody; nor would our own beat be heard.
      if (performance.now() - breathed > BREATH_MS) {
        await breath();
        breathed = performance.now();
      }
    }
  } finally {
    await Promise.all(running);
  }
  // Narrowed by nobody else: it is set where the compiler does not look.
  const failure = failed as { error: unknown } | null;
  if (failure) throw failure.error;
  return { given, staged, free };
}

/** Later: what leads to the earlier ones. */
function rank(path: string): number {
  if (path === 'index.html') return 4;
  if (path.startsWith('api/')) return 3;
  if (/^[^/]+\.(html|atom|json)$/.test(path)) return 2;
  return /^(components|history)\//.test(path) ? 1 : 0;
}

/** No dot before a name, so that neither `..` nor anything of ours is among them. */
const isGood = (path: string) => /^[^./\\\0][^/\\\0]*(\/[^./\\\0][^/\\\0]*)*$/.test(path);

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64url');

const mark = (path: string) => hashOf(Buffer.from(path)).slice(0, 16);

// The folder itself.

async function madeRoot(dir: string): Promise<string> {
  const there = await realpath(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (there === null) {
    // Not those above it: they may be a disk that is not mounted at the moment.
    const made = await mkdir(dir).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      },
    );
    if (made) await chmod(dir, 0o755);
  }
  return there ?? realpath(dir);
}

/** A folder in the folder, made if it is missing. @throws PageNotWritten when a link leads elsewhere */
async function realFolder(root: string, path: string): Promise<void> {
  if (path === '.') return;
  await realFolder(root, dirname(path));
  const folder = join(root, path);
  try {
    await mkdir(folder);
    // Whatever the umask of this process: others are to read it.
    await chmod(folder, 0o755);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const { isDirectory, isLink } = await kindOf(folder);
    if (isLink) throw taken(folder, 'it is a link, and nothing is written through links');
    if (!isDirectory) throw taken(folder, 'it is a file where a folder has to be');
  }
}

async function kindOf(path: string): Promise<{ isFile: boolean; isDirectory: boolean; isLink: boolean }> {
  const found = await lstat(path);
  return { isFile: found.isFile(), isDirectory: found.isDirectory(), isLink: found.isSymbolicLink() };
}

const taken = (path: string, why: string) =>
  new PageNotWritten('TAKEN', path, why, 'move it away, or name another folder');

async function isThere(path: string): Promise<boolean> {
  return (await seenAt(path)) !== '';
}

/** @returns what the system says of a file: another one, or other content, is seen in it. '': there is none */
async function seenAt(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await lstat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return '';
    throw error;
  }
}

/**
 * @param instead the file whose place it will take. Its time is a later second: web servers make their tags of that and of
 *   the size, and would tell browsers that nothing is new
 * @returns what the system says of it
 */
async function writeSynced(path: string, bytes: Uint8Array, instead: string): Promise<string> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    await file.chmod(0o644);
    const before = await lstat(instead).catch(() => null);
    const was = Math.floor((before?.mtimeMs ?? 0) / 1000);
    if ((await file.stat()).mtimeMs < (was + 1) * 1000) await file.utimes(was + 1, was + 1);
    await file.sync();
  } finally {
    await file.close();
  }
  return seenAt(path);
}

/** So that the names are there too after the power went. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Not every file system can.
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(codeOf(error))) throw error;
  } finally {
    await handle.close();
  }
}

/** @returns whether there was something to remove. What became a folder or a link meanwhile is nothing of ours. */
async function removeOwn(root: string, path: string, hold: Hold): Promise<boolean> {
  for (let above = dirname(path); above !== '.'; above = dirname(above)) {
    const kind = await kindOf(join(root, above)).catch(() => null);
    if (!kind?.isDirectory) return false;
  }
  const kind = await kindOf(join(root, path)).catch(() => null);
  if (!kind?.isFile) return false;
  await rename(join(root, path), hold.within());
  return true;
}

/**
 * Compares files with what the manifest says. One that the system calls another one is read.
 * @returns those that are called another one, with what is in them; null: nothing that could be
 */
async function straysOf(
  root: string,
  { files }: Manifest,
  paths: readonly string[],
  learned: Map<string, Kept>,
): Promise<Map<string, Kept | null>> {
  const strays = new Map<string, Kept | null>();
  const one = async (path: string): Promise<void> => {
    const full = join(root, path);
    const seen = await seenAt(full);
    if (seen !== '' && seen === files[path]?.[1]) return;
    const known = learned.get(path);
    if (known?.[1] === seen) {
      strays.set(path, known);
      return;
    }
    const inside = seen !== '' && (await kindOf(full)).isFile && (await realpath(full)) === full;
    const kept: Kept | null = inside ? [hashOf(await readFile(full)), seen] : null;
    // A folder that was copied is as good: it is read once, and not at every look.
    if (kept) learned.set(path, kept);
    strays.set(path, kept);
  };
  for (let at = 0; at < paths.length; at += AT_ONCE)
    await Promise.all(paths.slice(at, at + AT_ONCE).map(one));
  return strays;
}

// What is ours in it.

async function readManifest(root: string, mine: string): Promise<Manifest | null> {
  const path = join(root, MANIFEST);
  const kind = await kindOf(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (kind === null) return null;
  if (!kind.isFile) throw taken(path, 'it is no file');
  const read = manifestIn(await readFile(path, 'utf8'));
  if (read === null) throw taken(path, 'nobody can tell from it whose page this is');
  if (read.installation === mine) return read;
  throw new PageNotWritten(
    'OTHER_INSTALLATION',
    root,
    'it holds the page of another installation of Tocsin',
    'name another folder, or empty this one if that page is not needed any more',
  );
}

function manifestIn(text: string): Manifest | null {
  try {
    const { version, installation, revision, files, strangers } = JSON.parse(text) as Partial<Manifest>;
    if (typeof installation !== 'string' || typeof files !== 'object') return null;
    const known = version === 1 && Array.isArray(strangers);
    // Of another version we only know whose it is, and which files are its own: what is in them is read.
    const unread = () => Object.fromEntries(Object.keys(files).map((path) => [path, ['', ''] as const]));
    return {
      version: 1,
      installation,
      revision: known ? (revision ?? null) : null,
      files: known ? files : unread(),
      strangers: known ? strangers : [],
    };
  } catch {
    return null;
  }
}

/** The first page in this folder. What is there already is somebody's, and stays. */
async function claim(root: string, mine: string, hold: Hold): Promise<Manifest> {
  const strangers: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      // Such as lost+found.
      if (codeOf(error) === 'EACCES' && folder !== '') return [];
      throw error;
    });
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path.startsWith(OURS)) continue;
      if (strangers.length === MOST_STRANGERS)
        throw new PageNotWritten(
          'CROWDED',
          root,
          `there are more than ${MOST_STRANGERS} files of others in it`,
          'name a folder of its own',
        );
      strangers.push(mark(path));
      if (entry.isDirectory()) await walk(path);
    }
  };
  await walk('');
  const manifest: Manifest = { version: 1, installation: mine, revision: null, files: {}, strangers };
  await writeManifest(root, manifest, hold);
  return manifest;
}

async function writeManifest(root: string, manifest: Manifest, hold: Hold): Promise<void> {
  const from = hold.within();
  await writeSynced(from, Buffer.from(JSON.stringify(manifest)), join(root, MANIFEST));
  await rename(from, join(root, MANIFEST));
  await syncFolder(root);
}

/** Takes away what killed ones left. Who waits for the folder at this moment makes its own anew. */
async function clear(root: string): Promise<void> {
  for (const name of await readdir(root))
    if (isTemporary(name)) await rm(join(root, name), { recursive: true, force: true });
}

// What goes wrong.

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

const OTHER = 'name another folder';
const TROUBLES: Readonly<Record<string, readonly [why: string, fix: string]>> = {
  ENOSPC: ['the disk is full', 'make room there'],
  EDQUOT: ['this user may not keep more on that disk', 'make room there, or raise the quota'],
  EFBIG: ['this process may not write files of that size', 'raise the limit (ulimit -f)'],
  EROFS: ['it is read-only', `mount it so that it can be written, or ${OTHER}`],
  EACCES: ['this user may not', `let the user who runs Tocsin write there, or ${OTHER}`],
  EPERM: ['this user may not', `let the user who runs Tocsin write there, or ${OTHER}`],
  ENOENT: ['there is no such folder', `make it, or ${OTHER}`],
  ENOTDIR: ['what is there is no folder', `move it away, or ${OTHER}`],
  EEXIST: ['something else is there', `move it away, or ${OTHER}`],
  EISDIR: ['a folder is where a file has to be', `move it away, or ${OTHER}`],
  ENOTEMPTY: ['a folder is where a file has to be', `move it away, or ${OTHER}`],
  EIO: ['the disk fails', 'look after the disk'],
  EMFILE: ['this process has as many files open as it may', 'raise the limit (ulimit -n)'],
  ENFILE: ['the machine has as many files open as it may', 'raise that limit (fs.file-max)'],
};

/**
 * Waits for something with the folder.
 * @param lost whether that error means that it is somebody else's now
 * @throws PageNotWritten, or Lost
 */
async function disk<T>(
  dir: string,
  work: Promise<T>,
  lost: (code: string) => Promise<boolean> = async () => false,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code = '', syscall, errno } = error as NodeJS.ErrnoException;
    if (error instanceof Told || syscall === undefined) throw error;
    if (await lost(code).catch(() => false)) throw new Lost('the folder was taken over');
    const [, words = code] = (errno !== undefined && getSystemErrorMap().get(errno)) || [];
    const [why, fix] = TROUBLES[code] ?? [words, `mend that, or ${OTHER}`];
    throw new PageNotWritten(code, dir, why, fix);
  }
}
