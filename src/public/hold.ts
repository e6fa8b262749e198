import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from '#store/embedded/process.js';

/** Numbers that a test may want smaller; in ms. */
export interface HoldPace {
  /** How often who writes says that it is there. */
  beatMs: number;
  /** Who has said nothing for so long has lost the folder to who waits for it. */
  staleMs: number;
  /** How long somebody waits for others who write. */
  patienceMs: number;
  pollMs: number;
}

const PACE: HoldPace = { beatMs: 1_000, staleMs: 15_000, patienceMs: 60_000, pollMs: 50 };

/** What the names of all begin with that is ours, and no page. */
export const OURS = '.tocsin-status.';
const LOCK = `${OURS}lock`;
const FRESH = `${OURS}fresh-`;
const GONE = `${OURS}gone-`;
const OWNER = 'owner';

/** What a killed process may have left; whoever holds the folder may remove it, and who waits makes its own anew. */
export const isTemporary = (name: string): boolean => name.startsWith(FRESH) || name.startsWith(GONE);

/** A folder that is ours to change. */
export interface Hold {
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

/**
 * Waits for a folder, and takes it over from who is dead or does not move.
 *
 * Who holds it has a folder of its own within `.tocsin-status.lock`, and everything is to pass through that: a new file is
 * renamed out of it, one that goes is renamed into it. Who takes it over renames that folder away, in one step: from then on
 * whatever the former holder still does, even if it slept a minute within one line, finds no way there. A lock that is
 * only looked at before each step cannot give that.
 *
 * @param root the folder itself, and no link to it
 * @returns null: others held it for all our patience
 */
export async function take(root: string, pace: Partial<HoldPace> = {}): Promise<Hold | null> {
  const { beatMs, staleMs, patienceMs, pollMs } = { ...PACE, ...pace };
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
    if (performance.now() - began > patienceMs) return null;
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
    isOurs: () =>
      stampOf(join(own, OWNER)).then(
        (stamp) => stamp !== '',
        () => false,
      ),
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
  const stamp = `${name} ${await stampOf(file)}`;
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

/** @returns '': it is not there */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs } = await lstat(path);
    return `${ino} ${mtimeMs}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
