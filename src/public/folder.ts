import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breath, setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { identityOf } from '#store/embedded/process.js';
import { Told } from '#told.js';

/** A file of the page: its path in the folder with `/`, and what is in it; texts are written as UTF-8. */
export type PublicFile = readonly [path: string, content: string | Uint8Array];

/** What a folder is to hold from now on. */
export interface Wanted {
  /** Names what the files were made of: whoever sees it in the folder knows whether they have to be made anew. */
  readonly revision: string;
  /** Asked for one after the other, once. */
  readonly files: Iterable<PublicFile> | AsyncIterable<PublicFile>;
  /** Whether a file of the page that is not among these stays as it is. Absent: all such are removed. */
  readonly keeps?: (path: string) => boolean;
}

/** What was done: files put there, taken away, and how many of the page's own are there now. */
export interface Written {
  readonly written: number;
  readonly removed: number;
  readonly files: number;
}

export interface Folder {
  readonly dir: string;
  /** @returns the revision that is there; null: none, or not whole. Waits for nobody, and never fails. */
  look(): Promise<string | null>;
  /**
   * Writes the page. Whoever reads the folder meanwhile sees each file old or new, never half a file, and the pages that
   * lead elsewhere after those that they lead to. Where it fails before the last moment, nothing is changed at all.
   * @param read is asked once nobody else can write here, so that what it reads is not older than what is there. It is
   *   handed the revision that is there whole, and only then may leave files out; null: all are needed
   * @throws {PageNotWritten} where the folder cannot be written; and whatever `read` and the files throw
   */
  write(read: (standing: string | null) => Promise<Wanted>): Promise<Written>;
}

/** Numbers that a test may want smaller; in ms. */
export interface FolderPace {
  /** How often who writes says that it is there. */
  beatMs?: number;
  /** Who has said nothing for so long has lost the folder to who waits for it. */
  staleMs?: number;
  /** How long somebody waits for others who write. */
  patienceMs?: number;
  pollMs?: number;
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
const LOCK = '.tocsin-status.lock';
const OURS = '.tocsin-status.';
const FRESH = `${OURS}fresh-`;
const GONE = `${OURS}gone-`;
const OWNER = 'owner';

const PACE = { beatMs: 1_000, staleMs: 15_000, patienceMs: 60_000, pollMs: 50 };
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
 * A folder that is served to the public, by us and by others, and written by one bot or several.
 *
 * Who writes holds it by a folder of its own within `.tocsin-status.lock`, and everything passes through that: a new file is
 * renamed out of it, one that goes is renamed into it. Who takes the lock over renames that folder away, in one step: from
 * then on whatever the former holder still does, even in the next moment after a minute's sleep, finds no way there. So an
 * older page never comes after a newer one, whoever froze where.
 *
 * @param dir made if only its last part is missing
 * @param installation whose page it is; any text that stays the same. A folder of another one is refused
 */
export function openFolder(
  dir: string,
  { installation, pace = {} }: { installation: string; pace?: FolderPace },
): Folder {
  const mine = createHash('sha256').update(`tocsin.status/1\n${installation}`).digest('hex');
  const times = { ...PACE, ...pace };
  const learned = new Map<string, Kept>();
  let held: { seen: string; manifest: Manifest | null } | null = null;
  let next = 0;

  return {
    dir,
    async look() {
      try {
        const root = await realpath(dir);
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
      } catch {
        // It is written anew, which says what is wrong.
        return null;
      }
    },
    async write(read) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await writeOnce(dir, mine, times, learned, read);
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
  pace: Required<FolderPace>,
  learned: Map<string, Kept>,
  read: (standing: string | null) => Promise<Wanted>,
): Promise<Written> {
  const root = await disk(dir, madeRoot(dir));
  const hold = await disk(dir, take(root, pace));
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
    const { given, staged } = staging;
    const old = Object.keys(before.files).filter((path) => !given.has(path));
    const stays = old.filter((path) => keeps?.(path));
    const goes = old.filter((path) => !keeps?.(path));

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
      await own(writeManifest(root, { ...before, revision, files: kept }, hold));
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
  const folders = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | null = null;
  let breathed = performance.now();

  const put = async (path: string, bytes: Uint8Array, hash: string): Promise<void> => {
    if (strangers.has(mark(path)) && (await own(isThere(join(root, path)))))
      throw taken(join(root, path), 'it was there before the page came, and is not the page’s');
    const folder = dirname(path);
    if (!folders.has(folder)) folders.set(folder, own(realFolder(root, folder)));
    await folders.get(folder);
    const from = hold.within();
    const seen = await own(writeSynced(from, bytes));
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
  return { given, staged };
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
    await mkdir(dir);
    await chmod(dir, 0o755);
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

/** @returns what the system says of it */
async function writeSynced(path: string, bytes: Uint8Array): Promise<string> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    await file.chmod(0o644);
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
  await writeSynced(from, Buffer.from(JSON.stringify(manifest)));
  await rename(from, join(root, MANIFEST));
  await syncFolder(root);
}

/** Takes away what killed ones left. Who waits for the folder at this moment makes its own anew. */
async function clear(root: string): Promise<void> {
  for (const name of await readdir(root))
    if (name.startsWith(GONE) || name.startsWith(FRESH))
      await rm(join(root, name), { recursive: true, force: true });
}

// Who may write.

interface Hold {
  /** @returns a new path that leads somewhere for as long as we hold the folder, and never again */
  within(): string;
  isOurs(): Promise<boolean>;
  release(): Promise<void>;
}

/** Who holds a folder. */
interface Owner {
  readonly pid: number;
  /** Of all processes that had that number. */
  readonly life: string | null;
  /** Where such numbers mean the same; '': nobody can tell. */
  readonly where: string;
}

/** Waits for the folder, and takes it over from who is dead or does not move. */
async function take(
  root: string,
  { beatMs, staleMs, patienceMs, pollMs }: Required<FolderPace>,
): Promise<Hold> {
  const token = randomBytes(9).toString('hex');
  const lock = join(root, LOCK);
  const where = await whereWeAre();
  const owner: Owner = { pid: process.pid, life: await identityOf(process.pid), where };
  const began = performance.now();
  let stamp = '';
  let since = began;
  for (let n = 0; ; n++) {
    const holder = await holderOf(lock);
    if (holder === null) {
      if (await grasp(root, lock, token, owner)) break;
      continue;
    }
    if (stamp !== holder.stamp) {
      stamp = holder.stamp;
      since = performance.now();
    }
    // By our own clock: theirs may be another one.
    const silent = performance.now() - since > staleMs;
    if (silent || (await isDead(holder.owner, where))) {
      const gone = join(root, `${GONE}${token}-${n}`);
      await rename(join(lock, holder.name), gone).catch(unlessGone);
      await rm(gone, { recursive: true, force: true });
      continue;
    }
    if (performance.now() - began > patienceMs)
      throw new PageNotWritten(
        'BUSY',
        root,
        `another process has been writing it for ${Math.round(patienceMs / 1000)} s`,
        'see what it waits for',
      );
    await sleep(pollMs);
  }
  const own = join(lock, token);
  const beat = setInterval(() => {
    const now = new Date();
    // Whether it is ours still is seen by who needs it.
    utimes(join(own, OWNER), now, now).catch(() => undefined);
  }, beatMs);
  beat.unref();
  let n = 0;
  return {
    within: () => join(own, String(n++)),
    isOurs: () => isThere(join(own, OWNER)).catch(() => false),
    async release() {
      clearInterval(beat);
      const gone = join(root, `${GONE}${token}`);
      // Where that fails, it is taken from us when we have been silent for long enough.
      await rename(own, gone)
        .then(() => rm(gone, { recursive: true, force: true }))
        .catch(() => undefined);
    },
  };
}

/** @returns false: somebody else was faster */
async function grasp(root: string, lock: string, token: string, owner: Owner): Promise<boolean> {
  const fresh = join(root, `${FRESH}${token}`);
  await mkdir(fresh, { mode: 0o700 });
  try {
    await mkdir(join(fresh, token), { mode: 0o700 });
    await writeFile(join(fresh, token, OWNER), JSON.stringify(owner));
    // In one step, owner and all: it takes the place of none and of an empty folder only.
    await rename(fresh, lock);
    return true;
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) return false;
    throw error;
  }
}

/** @returns who holds the folder, and a stamp that changes while they live; null: nobody */
async function holderOf(lock: string): Promise<{ name: string; stamp: string; owner: Owner | null } | null> {
  const [name] = await readdir(lock).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (name === undefined) return null;
  const file = join(lock, name, OWNER);
  const stamp = `${name} ${await seenAt(file)}`;
  try {
    return { name, stamp, owner: JSON.parse(await readFile(file, 'utf8')) as Owner };
  } catch {
    return { name, stamp, owner: null };
  }
}

async function isDead(owner: Owner | null, where: string): Promise<boolean> {
  if (!owner || where === '' || owner.where !== where) return false;
  return (await identityOf(owner.pid)) !== owner.life;
}

/** The machine since it was started, and the container: a number of a process means another one elsewhere. */
async function whereWeAre(): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

function unlessGone(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
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
