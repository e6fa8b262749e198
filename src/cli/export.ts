import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Core } from '#compose/core.js';
import { readZone } from '#domain/command/time/zone.js';
import { isRefusal } from '#domain/refusal.js';
import { numberOf } from '#domain/words.js';
import type { Viewer } from '#read/read.js';
import { FORMATS, type Format, renderExport } from '#render/exports.js';
import { granted, type Io, Usage, type Verb, withCore } from './core.js';
import { whoIsHere } from './runbook/asked.js';

export interface Wanted {
  incident: number;
  format: Format;
  zone: string;
  /** A file, or null for stdout. */
  out: string | null;
}

/** `tocsin export INC-7 --format md`: the same bytes as the web and Slack give. */
export const exportVerb: Verb = {
  form: `export INC-7 [--format ${FORMATS.join('|')}] [--zone Europe/Berlin] [--out FILE]`,
  help: 'write an incident’s timeline or postmortem',
  async run(args, io) {
    const wanted = readArgs(args);
    return withCore(io, async (core) => {
      const viewer = { team: await core.team(), by: whoIsHere(), seesPrivate: false };
      return writeExport(core, viewer, wanted, io);
    });
  },
};

function readArgs(args: string[]): Wanted {
  const parsed = parseArgs({
    args: withOffsets(args),
    allowPositionals: true,
    options: { format: { type: 'string' }, zone: { type: 'string' }, out: { type: 'string' } },
  });
  // `INC-7 md` and `md INC-7`: only one of them can be the incident.
  const at = parsed.positionals.findIndex((word) => numberOf(word) !== null);
  const incident = numberOf(parsed.positionals[at] ?? '');
  const [format, zone, ...more] = parsed.positionals.filter((_, i) => i !== at);
  // `postmortem` alone is what people say; its two forms have names of their own.
  const said = parsed.values.format ?? format ?? 'md';
  const name = FORMATS.find((one) => one === (said === 'postmortem' ? 'postmortem.md' : said));
  const where = parsed.values.zone ?? zone ?? 'UTC';
  if (incident === null) throw new Usage('name the incident, such as INC-7');
  if (!name) throw new Usage(`there is no format “${said}”`);
  if (more.length > 0) throw new Usage('an export takes the incident, a format and a zone');
  const known = readZone(where);
  if (isRefusal(known)) throw new Usage(`--zone: ${known.sentence} ${known.next.replace(/ If .*$/, '')}`);
  return { incident, format: name, zone: known, out: parsed.values.out ?? null };
}

/** `--zone -05:00`: an offset is no flag. */
function withOffsets(args: string[]): string[] {
  const glued: string[] = [];
  for (const arg of args) {
    if (glued.at(-1) === '--zone' && arg.startsWith('-')) glued.splice(-1, 1, `--zone=${arg}`);
    else glued.push(arg);
  }
  return glued;
}

/** Writes to stdout, or to a file that appears only when it is complete. */
export async function writeExport(core: Core, viewer: Viewer, wanted: Wanted, io: Io): Promise<void> {
  const file = granted(
    await core.read.exported(viewer, wanted.incident, (dossier) =>
      renderExport(wanted.format, dossier, wanted.zone),
    ),
  );
  try {
    if (wanted.out === null) for await (const bytes of file.bytes()) await io.out(bytes);
    else await writeFile(wanted.out, file.bytes());
  } finally {
    await file.close();
  }
}

async function writeFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    const there = await stat(path).catch(() => null);
    // A device or a pipe is written to. Put in its place, a file would be the end of it for everybody.
    if (there && !there.isFile() && !there.isDirectory()) return await fill(await open(path, 'w'), chunks);
    if (there?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR', syscall: 'open' });
    // Through a link to the file itself, which stays a link.
    const target = there ? await realpath(path) : path;
    const partial = `${target}.partial-${process.pid}`;
    try {
      await fill(await open(partial, 'w'), chunks, true);
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // It is the file that was asked for, whatever we call it meanwhile.
    throw code && syscall && path ? Object.assign(error as Error, { path }) : error;
  }
}

async function fill(file: FileHandle, chunks: AsyncIterable<Uint8Array>, sync = false): Promise<void> {
  try {
    for await (const chunk of chunks) await file.write(chunk);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}
