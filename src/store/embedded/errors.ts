const useYourOwn = 'Set DATABASE_URL to a PostgreSQL server (14 or newer).';

/** This machine has no embedded PostgreSQL: no package for it, or one that cannot run here. */
export class NoEmbedded extends Error {
  override readonly name = 'NoEmbedded';
  constructor(why: string) {
    super(`There is no embedded PostgreSQL here: ${why}. ${useYourOwn}`);
  }
}

/** A second bot asked for a data folder that a living bot holds. `pid` is null when it could not be learned. */
export class FolderInUse extends Error {
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
export class EmbeddedFailed extends Error {
  override readonly name = 'EmbeddedFailed';
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
