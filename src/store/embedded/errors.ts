import { resolve } from 'node:path';
import { Told } from '#told.js';

const useYourOwn = 'Set DATABASE_URL to a PostgreSQL server (14 or newer).';

/** This machine has no embedded PostgreSQL: no package for it, or one that cannot run here. */
export class NoEmbedded extends Told {
  override readonly name = 'NoEmbedded';
  constructor(why: string) {
    super(`There is no embedded PostgreSQL here: ${why}. ${useYourOwn}`);
  }
}

/** A second bot asked for a data folder that a living bot holds. `pid` is null when it could not be learned. */
export class FolderInUse extends Told {
  override readonly name = 'FolderInUse';
  constructor(
    readonly folder: string,
    readonly pid: number | null,
  ) {
    const holder = pid === null ? 'another process' : `process ${pid}`;
    super(
      `The data folder ${folder} is in use by a bot (${holder}). ` +
        `Stop it first${pid === null ? '' : ` (kill ${pid})`}, or give this one its own folder with TOCSIN_DATA.`,
    );
  }
}

/** The embedded PostgreSQL could not be created, started or reached; the message says what to do. */
export class EmbeddedFailed extends Told {
  override readonly name = 'EmbeddedFailed';
}

/** What stands in the way of a folder, and what to do about it. */
const WHY: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file; move that away',
  ENOTDIR: 'what leads there is a file; move that away',
  EISDIR: 'a folder stands where a file of ours should be; move that away',
  EACCES: 'we may not write there; give it to the user that runs Tocsin',
  EPERM: 'we may not write there; give it to the user that runs Tocsin',
  EROFS: 'its disk is read-only; make that writable',
  ENOSPC: 'its disk is full; make room',
  EDQUOT: 'its quota is used up; make room',
  ELOOP: 'its links lead in a circle; correct them',
  ENAMETOOLONG: 'its name is too long; shorten it',
  EIO: 'its disk fails; mend it',
};

/** @returns what to tell somebody whose data folder cannot be used; null: that is no reason of a folder's */
export function folderFailed(folder: string, error: unknown): EmbeddedFailed | null {
  const code = codeOf(error);
  const why = WHY[code];
  if (why === undefined) return null;
  return new EmbeddedFailed(
    `The data folder ${resolve(folder)} cannot be used (${code}): ${why}, or name another folder with TOCSIN_DATA.`,
  );
}

/**
 * The `code` of a system or PostgreSQL error (`ENOENT`, `57P03`), or '' when it has none. By its shape and not by
 * `instanceof`: under a test runner, Node's own errors come from another realm.
 */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
