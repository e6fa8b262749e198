import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Account, blockedAt, chooseAccount, weAreRoot } from './account.js';
import { EmbeddedFailed } from './errors.js';
import { exists, syncFolder } from './publish.js';

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
