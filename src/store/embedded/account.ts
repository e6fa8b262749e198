import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedFailed } from './errors.js';

/** Whom the server runs as. Null: as ourselves. PostgreSQL refuses to run as root. */
export type Account = { name: string; uid: number; gid: number } | null;

type Owner = { uid: number; gid: number };

export function weAreRoot(): boolean {
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
