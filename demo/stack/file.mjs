// Small files that someone else replaces while we read them: keys and routes.
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';

/** Younger than this when it was read, a file may change again without its times telling. */
const SETTLED_MS = 50;

/**
 * A file as it is now, parsed; looked at on every call, so a replacement counts from the next request on.
 * While it is missing or half written, the last good reading stands.
 * @template T
 * @param {string} path
 * @param {(text: string) => T} parse
 * @returns {() => T} @throws when it could never be read
 */
export function fresh(path, parse) {
  let known;
  let value;
  return () => {
    try {
      if (known !== undefined && known === signature(statSync(path, { bigint: true }))) return value;
      const file = openSync(path, 'r');
      try {
        const stat = fstatSync(file, { bigint: true });
        value = parse(readFileSync(file, 'utf8'));
        // Inodes are used again and clocks tick coarsely: only a file that has been at rest is recognised by its times.
        known = Date.now() - Number(stat.mtimeMs) > SETTLED_MS ? signature(stat) : null;
      } finally {
        closeSync(file);
      }
    } catch (error) {
      // The reason may quote the file, and there are keys in it.
      if (known === undefined) throw new Error(`${path} cannot be read (${error.code ?? error.name})`);
    }
    return value;
  };
}

const signature = ({ ino, size, mtimeNs, ctimeNs }) => `${ino} ${size} ${mtimeNs} ${ctimeNs}`;

/** For a process that is nothing without this file: ends it, with the reason, when it cannot be read. @returns the same */
export function needed(read) {
  try {
    read();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  return read;
}

/** Replaces a file in one piece, readable by its owner only. */
export function replace(path, text) {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

/** A JSON object of strings. @throws when it is something else */
export function strings(text) {
  const value = JSON.parse(text);
  const good =
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((one) => typeof one === 'string');
  if (!good || Array.isArray(value)) throw new TypeError('not an object of strings');
  return new Map(Object.entries(value));
}
