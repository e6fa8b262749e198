import { connect } from 'node:net';
import { z } from 'zod';
import { readPlainFile, withFileLock, writeAtomically } from '../files.js';

/** One entry of a map, as it stands there. Either column may be a secret. */
export type Row = [key: string, value: string];

/** HAProxy did not do it. The message holds no key and no value: HAProxy's own answers may, so they are not repeated. */
export class HaproxyFailed extends Error {
  override name = 'HaproxyFailed';
}

const TIMEOUT_MS = 3_000;
// HAProxy's buffer takes 16 KiB with its own use of it; longer commands it would cut.
const LONGEST = 4_096;
const MUST_BE_ADMIN = 'its `stats socket` line must have `level admin`';

/**
 * What a column may hold: printable ASCII in one word. A blank ends a word, `;` a command, a line break a request, `\`
 * escapes; in front `#` names another entry (or begins a comment), `@` a version and `<<` a payload.
 */
export function isWord(text: string): boolean {
  return text.length <= LONGEST && /^(?![#@]|<<)[\x21-\x7e]+$/.test(text) && !/[;\\]/.test(text);
}

/** HAProxy's Runtime API for maps, over its Unix socket. What it changes is gone after a reload. */
export class RuntimeApi {
  constructor(private readonly socket: string) {}

  /** @param map as the configuration names it: its path. @throws HaproxyFailed */
  async showMap(map: string, signal: AbortSignal): Promise<Row[]> {
    const answer = await this.ask(['show', 'map', map], signal);
    return answer.split('\n').flatMap((line): Row[] => {
      if (line === '') return [];
      const [, key, value] = /^0x[0-9a-f]+ (\S+)(?: (.*))?$/.exec(line) ?? [];
      if (key === undefined) throw new HaproxyFailed(`it has no map ${map}, or does not say what is in it`);
      return [[key, value ?? '']];
    });
  }

  /** HAProxy adds a second entry under the same key without a word: look first. */
  addMap(map: string, [key, value]: Row, signal: AbortSignal): Promise<void> {
    return this.order(['add', 'map', map, key, value], signal);
  }

  /** Changes every entry of that key. @throws HaproxyFailed also when there is none */
  setMap(map: string, [key, value]: Row, signal: AbortSignal): Promise<void> {
    return this.order(['set', 'map', map, key, value], signal);
  }

  /** Removes every entry of that key. @throws HaproxyFailed also when there is none */
  delMap(map: string, key: string, signal: AbortSignal): Promise<void> {
    return this.order(['del', 'map', map, key], signal);
  }

  /** A success answers nothing at all; whatever is said is a complaint. */
  private async order(words: string[], signal: AbortSignal): Promise<void> {
    const answer = (await this.ask(words, signal)).trim();
    if (answer === '') return;
    const what = words.slice(0, 2).join(' ');
    if (/not found/i.test(answer)) throw new HaproxyFailed(`\`${what}\` found no such entry`);
    throw new HaproxyFailed(
      `\`${what}\` was refused; the map must be in the configuration, and ${MUST_BE_ADMIN}`,
    );
  }

  private async ask(words: string[], signal: AbortSignal): Promise<string> {
    if (!words.every(isWord)) throw new HaproxyFailed('a command has a word that cannot be sent safely');
    const late = AbortSignal.timeout(TIMEOUT_MS);
    let answer = '';
    try {
      const connection = connect({ path: this.socket, signal: AbortSignal.any([signal, late]) });
      connection.setEncoding('utf8').write(`${words.join(' ')}\n`);
      for await (const chunk of connection) answer += chunk;
    } catch (error) {
      if (signal.aborted) throw new HaproxyFailed('stopped');
      if (late.aborted) throw new HaproxyFailed(`no answer within ${TIMEOUT_MS / 1000} s`);
      throw new HaproxyFailed(`socket ${this.socket}: ${(error as NodeJS.ErrnoException).code}`);
    }
    // Every whole answer ends with an empty line; without it HAProxy went away in the middle of one.
    if (!answer.endsWith('\n')) throw new HaproxyFailed('the answer broke off');
    return answer;
  }
}

const path = z
  .string()
  .startsWith('/', 'must be an absolute path')
  .refine(isWord, 'must be a path without blanks, backslashes and semicolons');
const instance = z.strictObject({
  name: z.string().min(1).optional(),
  socket: path,
  file: path,
  /** What the configuration calls the map, where that is not the file's path. */
  map: z.string().refine(isWord, 'must be one word').optional(),
});
type InstanceSettings = z.infer<typeof instance>;

/** `instances: [{socket, file}]`, or socket and file of the only one: for the settings of whatever lives in maps. */
export const instanceShape = {
  instances: z.array(instance).min(1, 'must name at least one instance').optional(),
  socket: instance.shape.socket.optional(),
  file: instance.shape.file.optional(),
  map: instance.shape.map,
};

type Written = z.infer<z.ZodObject<typeof instanceShape>>;

export function checkInstances({ instances, socket, file, map }: Written, context: z.RefinementCtx): void {
  const problem = (message: string) => context.addIssue({ code: 'custom', message });
  if (instances ? socket || file || map : !socket || !file)
    problem('needs either `instances` (a list of socket and file), or one `socket` and one `file`');
  const names = (instances ?? []).map(nameOf);
  if (new Set(names).size < names.length) problem('has two instances of the same name');
}

const nameOf = ({ name, socket }: InstanceSettings) => name ?? socket;

/** What is to change in a map: an entry that shall be there, and keys that shall not. */
export interface MapChange {
  put: Row | null;
  drop: string[];
}

/** One of the two places of an instance, as it was read. */
export interface MapPlace {
  instance: MapInstance;
  where: 'file' | 'live';
  /** What messages call it. */
  name: string;
  rows: Row[];
}

/** A map that is the same in one or more HAProxies. */
export class SharedMap {
  private readonly instances: MapInstance[];
  /** What a write touches. */
  readonly touches: string[];

  constructor({ instances, socket, file, map }: Written) {
    this.instances = (instances ?? [{ socket: socket!, file: file!, map }]).map(
      (one) => new MapInstance(one),
    );
    this.touches = this.instances.flatMap(({ touches }) => touches);
  }

  /** @returns each place of each instance. @throws HaproxyFailed naming the place */
  async read(signal: AbortSignal): Promise<MapPlace[]> {
    const read = this.instances.map(async (instance) => {
      const places: MapPlace[] = [];
      for (const where of ['file', 'live'] as const) {
        const rows = await instance.read(where, signal);
        places.push({ instance, where, name: instance.places[where], rows });
      }
      return places;
    });
    return (await Promise.all(read)).flat();
  }

  /** Changes one place after the other. Call it within `locked`. @throws HaproxyFailed naming the place */
  async change(places: MapPlace[], change: MapChange, signal: AbortSignal): Promise<void> {
    for (const { instance, where } of places) {
      signal.throwIfAborted();
      if (where === 'file') await instance.changeFile(change);
      else await instance.changeLive(change, signal);
    }
  }

  /** Holds the files of all instances, in one order for everybody, so that no two wait for each other. */
  locked<T>(change: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const files = [...new Set(this.instances.map(({ file }) => file))].sort();
    return files.reduceRight<() => Promise<T>>(
      (inner, file) => () => withFileLock(file, inner, signal),
      change,
    )();
  }
}

/** One HAProxy and one of its maps: the file that it reads at start, and what it goes by now. */
class MapInstance {
  readonly file: string;
  /** What messages call the two places. */
  readonly places: { file: string; live: string };
  readonly touches: string[];
  private readonly map: string;
  private readonly api: RuntimeApi;

  constructor(settings: InstanceSettings) {
    const name = nameOf(settings);
    this.file = settings.file;
    this.map = settings.map ?? settings.file;
    this.api = new RuntimeApi(settings.socket);
    this.places = { file: `${name} file`, live: `${name} live` };
    this.touches = [settings.file, settings.socket];
  }

  /** @throws HaproxyFailed naming the place */
  read(place: 'file' | 'live', signal: AbortSignal): Promise<Row[]> {
    return this.in(place, 'read', async () => {
      if (place === 'live') return this.api.showMap(this.map, signal);
      const lines = (await readPlainFile(this.file)).split('\n');
      return lines.map(parse).filter((row) => row !== null);
    });
  }

  /** The file first: a reload at any moment then leads to what is wanted. Call it with the file locked. */
  changeFile({ put, drop }: MapChange): Promise<void> {
    return this.in('file', 'written', async () => {
      const lines = (await readPlainFile(this.file)).split('\n');
      let placed = put === null;
      const kept = lines.flatMap((line) => {
        const row = parse(line);
        if (!row) return [line];
        if (row[0] === put?.[0]) {
          if (placed) return [];
          placed = true;
          return [put.join(' ')];
        }
        return drop.includes(row[0]) ? [] : [line];
      });
      if (!placed && put) kept.splice(kept.at(-1) === '' ? -1 : kept.length, 0, put.join(' '));
      await writeAtomically(this.file, `${kept.join('\n').replace(/\n*$/, '')}\n`);
    });
  }

  changeLive({ put, drop }: MapChange, signal: AbortSignal): Promise<void> {
    return this.in('live', 'written', async () => {
      const there = new Set((await this.api.showMap(this.map, signal)).map(([key]) => key));
      if (put && there.has(put[0])) await this.api.setMap(this.map, put, signal);
      else if (put) await this.api.addMap(this.map, put, signal);
      for (const key of drop) if (there.has(key)) await this.api.delMap(this.map, key, signal);
    });
  }

  private async in<T>(place: 'file' | 'live', verb: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new HaproxyFailed(`${this.places[place]} could not be ${verb}: ${code ?? message}`);
    }
  }
}

/** As HAProxy reads a line of a map: a comment begins in the first column only; the value is the rest of the line. */
function parse(line: string): Row | null {
  if (line.startsWith('#')) return null;
  const [, key, value = ''] = /^\s*(\S+)(?:\s+(.*?))?\s*$/.exec(line) ?? [];
  return key === undefined ? null : [key, value];
}
