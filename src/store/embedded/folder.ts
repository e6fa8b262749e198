import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, EmbeddedFailed } from './errors.js';
import { isAlive } from './process.js';

/** Where everything of one embedded database is. */
export type Place = {
  /** The data folder itself (`TOCSIN_DATA`), absolute, links resolved. */
  folder: string;
  /** PostgreSQL's own data folder: `postgres` in the data folder, or elsewhere if the account cannot enter it. */
  data: string;
  account: Account;
  note: string | null;
};

/** Says, inside a data folder, where its database was put instead. Written before the database is created. */
const pointerName = 'postgres.at';

/** 107 bytes on Linux, 103 on macOS, for folder + `/.s.PGSQL.5432`. */
const longestSocketFolder = 103 - '/.s.PGSQL.5432'.length;

/**
 * Finds or decides where the database of a data folder lives, and as whom it runs; creates the folders.
 *
 * @param systemFolder where it goes when we are root and the account cannot enter the data folder
 */
export async function findPlace(dataDir: string, systemFolder: string): Promise<Place> {
  // 0711: the server's account passes through to its own 0700 folder and cannot list ours.
  const mode = weAreRoot() ? 0o711 : 0o700;
  await mkdir(resolve(dataDir), { recursive: true, mode });
  const folder = await realpath(dataDir);

  const moved = await readFile(join(folder, pointerName), 'utf8').catch(() => null);
  const local = join(folder, 'postgres');
  const known = moved?.trim() || ((await exists(local)) ? local : null);
  const owner = known && (await exists(known)) ? await stat(known) : null;
  const account = await chooseAccount(owner, known ?? local);
  if (known && known !== local) {
    await mkdir(join(known, '..'), { recursive: true, mode: 0o711 });
    return { folder, data: known, account, note: movedNote(folder, known) };
  }

  if (account && (await stat(folder)).uid === 0 && (await readdir(folder)).length === 0)
    await chmod(folder, 0o711);
  const blocked = await blockedAt(folder, account);
  if (!blocked) return { folder, data: local, account, note: null };
  if (owner) {
    // Creating an empty database elsewhere would look like losing everything in this one.
    throw new EmbeddedFailed(
      `User ${account?.name}, who owns the database in ${local}, can no longer enter ${blocked}. ` +
        `Allow it again: chmod o+x ${blocked}`,
    );
  }
  const home = join(systemFolder, shortHash(folder));
  await mkdir(systemFolder, { recursive: true, mode: 0o755 });
  await mkdir(home, { recursive: true, mode: 0o711 });
  await chmod(home, 0o711); // whatever the umask says
  const data = join(await realpath(home), 'postgres');
  await leavePointer(folder, data);
  return { folder, data, account, note: movedNote(folder, data) };
}

/** `lasting`: the same name every time, so others may be using it; otherwise it was made for this start alone. */
type SocketFolder = { path: string; lasting: boolean };

/**
 * A short 0700 folder for the socket, owned by the server's account. The name is the same every time
 * (`recorded`, the one a crashed server used, comes first), but nobody needs to guess it: the server writes it
 * into its `postmaster.pid`. So where somebody else has planted a folder of that name, we take another name.
 */
export async function socketFolder(place: Place, recorded: string | null): Promise<SocketFolder> {
  const { account } = place;
  const base = (await shortBase(account)) ?? '/tmp';
  const usual = join(base, `tocsin-${shortHash(place.data)}`);
  for (const candidate of recorded && recorded !== usual ? [recorded, usual] : [usual]) {
    // It may exist, or its parent be gone: the checks below decide.
    await mkdir(candidate, { mode: 0o700 }).catch(() => undefined);
    // Root's own 0700 folder: made a moment ago, by us or by another start that has not given it away yet.
    if (account && (await isPrivate(candidate, null))) await chown(candidate, account.uid, account.gid);
    if (await isPrivate(candidate, account)) return { path: candidate, lasting: true };
  }
  const other = await mkdtemp(`${usual}-`);
  if (account) await chown(other, account.uid, account.gid);
  return { path: other, lasting: false };
}

/** Is this a real folder that only the server's account (and root) can enter? Else a server in it may be anybody's. */
export async function isPrivate(folder: string, account: Account): Promise<boolean> {
  const info = await lstat(folder).catch(() => null);
  const uid = account ? account.uid : process.getuid?.();
  return info?.isDirectory() === true && info.uid === uid && (info.mode & 0o077) === 0;
}

async function shortBase(account: Account): Promise<string | null> {
  const base = await realpath(tmpdir()).catch(() => null);
  const longest = base ? join(base, `tocsin-${shortHash('')}-XXXXXX`) : '';
  if (!base || Buffer.byteLength(longest) > longestSocketFolder) return null;
  return (await blockedAt(base, account)) ? null : base;
}

async function leavePointer(folder: string, data: string): Promise<void> {
  const path = join(folder, pointerName);
  await writeFile(`${path}.${process.pid}`, `${data}\n`, { flush: true });
  await rename(`${path}.${process.pid}`, path);
  await syncFolder(folder);
}

function movedNote(folder: string, data: string): string {
  return `The database of ${folder} lives in ${data}, because PostgreSQL does not run as root and its account cannot enter ${folder}.`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Whom the server runs as. Null: as ourselves. PostgreSQL refuses to run as root. */
export type Account = { name: string; uid: number; gid: number } | null;

type Owner = { uid: number; gid: number };

function weAreRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account that runs the server. Data that exist already decide by their owner, so that installing a
 * `postgres` account later, or one `sudo` among ordinary starts, does not lock us out of our own data.
 *
 * @param owner of the existing data folder; null when there is none yet
 */
export async function chooseAccount(owner: Owner | null, folder: string): Promise<Account> {
  if (!weAreRoot()) {
    const me = process.getuid?.();
    if (owner && owner.uid !== me) {
      throw new EmbeddedFailed(
        `The database in ${folder} belongs to user ${owner.uid}, and we are user ${me}. ` +
          'Run this command as that user or as root.',
      );
    }
    return null;
  }
  const known = await passwd();
  if (owner) {
    if (owner.uid === 0) {
      throw new EmbeddedFailed(
        `The database in ${folder} belongs to root, and PostgreSQL refuses to run as root. ` +
          `Give it to an ordinary account: chown -R ${known.has('postgres') ? 'postgres' : 'nobody'} ${folder}`,
      );
    }
    const name = [...known.values()].find((a) => a?.uid === owner.uid)?.name ?? String(owner.uid);
    return { name, uid: owner.uid, gid: owner.gid };
  }
  const account = known.get('tocsin') ?? known.get('postgres') ?? known.get('nobody');
  return account ?? { name: '65534', uid: 65534, gid: 65534 };
}

/**
 * The first folder on the way to `path` (or `path` itself) that the account may not enter, or null.
 * Reads the permission bits; access lists beyond them show up as a failed start.
 */
export async function blockedAt(path: string, account: Account): Promise<string | null> {
  if (account === null) return null;
  const way = [path];
  for (let at = path; dirname(at) !== at; at = dirname(at)) way.unshift(dirname(at));
  for (const folder of way) {
    const { uid, gid, mode } = await stat(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return folder;
  }
  return null;
}

async function passwd(): Promise<Map<string, Account>> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const accounts = new Map<string, Account>();
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name && Number(uid) > 0) accounts.set(name, { name, uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}

/**
 * Makes a folder appear complete or not at all: built beside its place under a temporary name, then renamed.
 * A process that dies on the way leaves only a `….part-PID-…` folder, which the next one removes. When two do
 * it at once the first wins and the other's work is thrown away.
 */
export async function publish(target: string, build: (partial: string) => Promise<void>): Promise<void> {
  await sweep(target);
  const partial = `${target}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(partial, { mode: 0o700 });
  try {
    await build(partial);
    await syncFolder(partial);
    await rename(partial, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // The name is taken by a full folder: somebody else was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error)) || !(await exists(target))) throw error;
  }
}

/** Copies a folder with its links; everything becomes readable, programs runnable, for every account. */
export async function copyTree(from: string, to: string, keep: (name: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target, keep);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (keep(entry.name)) {
      await copyFile(source, target);
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error) => {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return false;
      throw error;
    },
  );
}

/** A rename survives a power cut only after its folder was synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what dead processes left half built. */
export async function sweep(target: string): Promise<void> {
  const prefix = `${basename(target)}.part-`;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    // A recycled pid keeps the leftover a little longer; removing a living one's work would break it.
    // An orphan of the dead one may still be writing there; then the next sweep succeeds.
    if (!(await isAlive(pid))) {
      await rm(join(dirname(target), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
