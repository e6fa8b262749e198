import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BadConfig, type Config } from '#config.js';
import { readPlainFile } from '#runbooks/plain-file.js';
import { folderFailed } from '#store/embedded/errors.js';

/**
 * What signs web links: TOCSIN_SECRET, or one that was made in the data folder the first time (mode 0600).
 * Written aside and linked into place, so that two who start together end up with one, and a crash leaves none half.
 * @throws BadConfig where the data folder takes no file
 */
export async function signingSecret(config: Config): Promise<string> {
  if (config.secret !== null) return config.secret;
  const path = join(config.dataDir, 'secret');
  return keptSecret(config, path).catch((error: unknown) => {
    throw folderFailed(config.dataDir, error) ?? error;
  });
}

async function keptSecret(config: Config, path: string): Promise<string> {
  const kept = await readPlainFile(path).catch((error: NodeJS.ErrnoException) => {
    // Something stands there that is no file: what is made anew could not take its place.
    if (error.code === undefined)
      throw new BadConfig([`TOCSIN_DATA: ${path}: ${error.message}; move it away`]);
    return null;
  });
  if (kept) return kept.trim();
  try {
    return await made(config, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw /^(EACCES|EPERM)$/.test(code) ? new BadConfig([notOurs(config.dataDir)]) : error;
  }
}

/** A folder that was mounted belongs to whoever made it, which in a container is often root. */
function notOurs(folder: string): string {
  const [user, group] = [process.getuid?.() ?? 'the bot', process.getgid?.() ?? 'the bot'];
  return `TOCSIN_DATA: user ${user} may not write to ${folder}; give it the folder with \`chown -R ${user}:${group} ${folder}\` (of a container: on the host, the folder that is mounted there), or set TOCSIN_DATA to one of its own`;
}

async function made(config: Config, path: string): Promise<string> {
  await mkdir(config.dataDir, { recursive: true });
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  await file.writeFile(`${randomBytes(32).toString('hex')}\n`);
  await file.sync();
  await file.close();
  // Fails when another process was first: then theirs is the one.
  await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return (await readPlainFile(path)).trim();
}
