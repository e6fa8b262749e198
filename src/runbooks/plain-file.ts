import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** More than any file of keys, secrets or names has. */
const LARGEST = 64 * 1024 * 1024;
/** Should a pipe take the place of the file between the look and the opening. */
const flag = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file that somebody named in the configuration, and nothing else: whoever opens a pipe waits for a writer, in a
 * thread that cannot be called back, and a device need not have an end.
 * @throws as `readFile`, and with words instead of a code where there is no regular file
 */
export async function readPlainFile(path: string, signal?: AbortSignal): Promise<string> {
  mustBePlain(await stat(path));
  return readFile(path, { encoding: 'utf8', flag, signal });
}

/** The same for who cannot wait. */
export function readPlainFileSync(path: string): string {
  mustBePlain(statSync(path));
  const file = openSync(path, flag);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function mustBePlain(found: { isFile(): boolean; isDirectory(): boolean; size: number }): void {
  if (found.isDirectory()) throw new Error('it is a folder; name the file in it');
  if (!found.isFile()) throw new Error('it is a pipe or a device and no regular file');
  if (found.size > LARGEST) throw new Error('it is larger than 64 MB');
}
