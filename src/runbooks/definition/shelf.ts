import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { readInputs, targetOf } from '#domain/run/inputs.js';
import type { PersonRunIntent } from '#domain/run/intent.js';
import { RUNBOOK_LIMITS, type Runbook } from '#domain/run/runbook.js';
import { closest } from '#domain/text.js';
import type { Actions } from '../action.js';
import type { Scrub } from '../scrub.js';
import { readDefinition } from './definition.js';
import { nameIn } from './source.js';

/** Names that are offered instead of one that is not there. */
const CLOSEST = 8;

/** A runbook as it stands in its file. `source`: word for word, for a run keeps it. */
export interface Kept {
  runbook: Runbook;
  source: string;
  file: string;
}

/**
 * Where runbooks are found. The files are looked at each time, because they may be edited while we run, and what changed is
 * read; a runbook is found by the `name:` in its file, so that no path is ever made of what somebody typed.
 */
export interface Shelf {
  /** @returns the runbook, or why it cannot be used (`file:line: …`); null: there is none of that name */
  get(name: string): Promise<Kept | { problems: string[] } | null>;
  /** @returns every runbook by name, and after them the files that are none, with what is wrong */
  list(): Promise<
    Array<{ name: string; title: string; file: string } | { file: string; problems: string[] }>
  >;
  /** @returns the names that somebody may have meant, the likeliest first: where there are few, all */
  closest(name: string): Promise<string[]>;
}

interface ShelfOptions {
  /** The first that has a name wins: the organisation's own before those that come along. A missing folder is empty. */
  folders: string[];
  actions: Actions;
}

/**
 * One file of a folder. `name` as it says it, even when something else is wrong. Where that cannot be told, null, and
 * `claims` is its file's: a broken rollback.yml must not quietly leave the place to another folder's rollback.
 */
type Item = { file: string; name: string | null; claims: string } & (Kept | { problems: string[] });

/** Files as they were read last, by path. `mark` says which state of the file that was. */
type Read = Map<string, { mark: string; item: Item }>;

export function openShelf({ folders, actions }: ShelfOptions): Shelf {
  let before: Read = new Map();

  async function items(): Promise<Item[]> {
    const found: Item[] = [];
    const now: Read = new Map();
    for (const folder of folders) {
      const taken = new Set(found.map(({ claims }) => claims));
      const here = await readFolder(folder, (file) => readItem(file, actions, before, now));
      found.push(...here.filter(({ name, claims }) => name === null || !taken.has(claims)));
    }
    // What is gone is forgotten.
    before = now;
    return found;
  }

  return {
    async get(name) {
      const all = await items();
      const item = all.find((one) => one.name === name) ?? all.find((one) => one.claims === name);
      if (!item) return null;
      return 'problems' in item ? { problems: item.problems } : strip(item);
    },
    async list() {
      const all = await items();
      const good = all.flatMap((item) =>
        'problems' in item ? [] : [{ name: item.runbook.name, title: item.runbook.title, file: item.file }],
      );
      const bad = all.flatMap((item) =>
        'problems' in item ? [{ file: item.file, problems: item.problems }] : [],
      );
      return [...good.toSorted((a, b) => (a.name < b.name ? -1 : 1)), ...bad];
    },
    async closest(name) {
      const names = (await items()).flatMap((item) => ('problems' in item ? [] : [item.runbook.name]));
      return closest(name, names, CLOSEST);
    },
  };
}

const strip = ({ runbook, source, file }: Kept): Kept => ({ runbook, source, file });

async function readFolder(folder: string, readFile: (file: string) => Promise<Item>): Promise<Item[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const next = 'name a folder that can be read in TOCSIN_RUNBOOKS';
    return [
      {
        file: folder,
        name: null,
        claims: '',
        problems: [`${folder}:1: cannot be listed (${code}); ${next}`],
      },
    ];
  }
  const files = names.filter((one) => /\.ya?ml$/i.test(one) && !one.startsWith('.')).toSorted();
  const items = await Promise.all(files.map((name) => readFile(join(folder, name))));
  return items.map((item) => withoutTwins(item, items));
}

/** Two files of one name: nobody can tell which is meant, so neither is used. */
function withoutTwins(item: Item, items: Item[]): Item {
  const twins = items.filter(({ name }) => name !== null && name === item.name).map((twin) => twin.file);
  if (twins.length < 2) return item;
  const text = `${item.file}:1: name ${item.name} stands in ${twins.join(' and ')}; give each its own`;
  const { file, name, claims } = item;
  return { file, name, claims, problems: [text, ...('problems' in item ? item.problems : [])] };
}

/** From memory when the file is what it was; reading and checking takes ten milliseconds and more of the processor. */
async function readItem(file: string, actions: Actions, before: Read, now: Read): Promise<Item> {
  const mark = await markOf(file);
  const known = before.get(file);
  const item = known && known.mark === mark ? known.item : parse(file, await readSource(file), actions);
  if (mark !== null) now.set(file, { mark, item });
  return item;
}

/** Within a tick of the file system's clock a file may change twice and look the same. */
const TICK_MS = 50;

/** @returns what differs whenever the file does; null: that cannot be told, so it has to be read */
async function markOf(file: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(file, { bigint: true });
    if (Number(ctimeMs) > Date.now() - TICK_MS) return null;
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return null;
  }
}

function parse(file: string, read: Awaited<ReturnType<typeof readSource>>, actions: Actions): Item {
  const name = 'text' in read ? nameIn(read.text) : null;
  const item = { file, name, claims: name ?? basename(file).replace(/\.ya?ml$/i, '') };
  if ('problem' in read) return { ...item, problems: [`${file}:1: ${read.problem}`] };
  const definition = readDefinition(read.text, file, actions);
  if ('problems' in definition) return { ...item, problems: definition.problems };
  return { ...item, runbook: definition.runbook, source: read.text };
}

// A character has at most four bytes.
const BYTES = RUNBOOK_LIMITS.source * 4;

/**
 * The text of a definition's file, or what is wrong with the file: reads no more than a definition may have, whatever is
 * there; and does not wait for a pipe.
 */
export async function readSource(file: string): Promise<{ text: string } | { problem: string }> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile())
        return { problem: 'is not a regular file; put the definition there' };
      const buffer = Buffer.alloc(BYTES + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      if (length > BYTES) {
        return { problem: `is larger than ${RUNBOOK_LIMITS.source} characters; make two runbooks of it` };
      }
      const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
      return { text };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { problem: 'is not UTF-8; save it as such' };
    return { problem: `cannot be read (${code ?? 'unknown'}); check that it is there and may be read` };
  }
}

/** How long an answer may wait for key stores; in Slack it has two seconds in all. */
const CAREFUL_MS = 1_000;

/** A runbook that somebody asked for: its name, and its inputs as typed. */
export interface RunAsked {
  runbook: string;
  inputs: Record<string, string>;
  planOnly: boolean;
}

/**
 * Makes an intent of a runbook that somebody asked for: from its file as it is now, with every input checked. No key store
 * stands between a command and its answer: keys are learned beside. Only an input that looks like a key itself waits for
 * what the stores hold now, and not for long.
 * @param patient wait for the key stores in any case: nobody is in a hurry
 */
export function proposeOf(
  { shelf, scrub, learnKeys }: { shelf: Shelf; scrub: Pick<Scrub, 'text'>; learnKeys(): Promise<void> },
  patient = false,
) {
  return async (asked: RunAsked): Promise<{ intent: PersonRunIntent; notes: string[] } | Refusal> => {
    const learned = learnKeys();
    if (patient) await learned;
    else if (Object.values(asked.inputs).some(likeAKey))
      await Promise.race([learned, sleep(CAREFUL_MS, undefined, { ref: false })]);
    const kept = await onShelf(shelf, asked.runbook);
    if (isRefusal(kept)) return kept;
    const { runbook, source } = kept;
    if (scrub.text(source) !== source)
      return refuse('SECRET_TYPED', { what: `definition of ${runbook.name}`, from: 'file' });
    const typed = JSON.stringify(asked.inputs);
    if (scrub.text(typed) !== typed) return refuse('SECRET_TYPED', { what: 'input', from: 'elsewhere' });
    const read = readInputs(runbook.inputs, asked.inputs);
    if ('problem' in read) return refuse('BAD_INPUT', { runbook: runbook.name, ...read.problem });
    return {
      intent: {
        type: 'ProposeRun',
        runbook: runbook.name,
        definition: source,
        inputs: JSON.stringify(read.inputs),
        target: targetOf(runbook, read.inputs),
        planOnly: asked.planOnly,
      },
      notes: [],
    };
  };
}

/** Letters and digits, and many of them, as keys are made; names of stores and services are shorter, or words. */
const likeAKey = (value: unknown): boolean =>
  String(value)
    .split(/[^\w+/=~.-]+/)
    .some((word) => word.length >= 16 && /[a-z]/i.test(word) && /\d/.test(word));

async function onShelf(shelf: Shelf, name: string): Promise<Kept | Refusal> {
  const kept = await shelf.get(name);
  if (kept === null) {
    return refuse('NO_SUCH_RUNBOOK', { runbook: name.slice(0, 80), closest: await shelf.closest(name) });
  }
  return 'problems' in kept ? refuse('BAD_RUNBOOK', { runbook: name, problems: kept.problems }) : kept;
}
