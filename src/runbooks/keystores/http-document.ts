import { z } from 'zod';
import { Secret } from '../secret.js';

const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer such as /keys, with ~1 for a slash in a name');

/** Where in a document the keys are, and how. */
export const mapShape = {
  /** `object`: `{ID: KEY}`. `list`: one object for each key, with its id and value at these pointers. */
  shape: z.enum(['object', 'list']).default('object'),
  id: pointer.default('/id'),
  value: pointer.default('/value'),
  /** Where in the document the map is; absent: it is the document. */
  member: pointer.optional(),
};

interface MapSettings {
  shape: 'object' | 'list';
  id: string;
  value: string;
  member?: string;
}

type Container = Record<string, unknown> | unknown[];

/** A JSON document and the keys in it; what else is in it stays as it is. */
export class HttpDocument {
  readonly keys: ReadonlyMap<string, Secret>;

  private constructor(
    private readonly source: string,
    private readonly settings: MapSettings,
    private readonly failed: (what: string) => Error,
  ) {
    this.keys = this.keysOf(this.parse());
  }

  /** @throws what `failed` makes of what is wrong, which never quotes the document */
  static read(source: string, settings: MapSettings, failed: (what: string) => Error): HttpDocument {
    return new HttpDocument(source, settings, failed);
  }

  /** @returns the document with another key under an id; null: without it */
  with(id: string, key: Secret | null): string {
    if (!survives(this.source))
      throw this.failed('holds numbers that would not survive being written: it cannot be changed safely');
    const document = this.parse();
    const map = at(document, this.settings.member ?? '') ?? (this.settings.shape === 'list' ? [] : {});
    const changed = Array.isArray(map) ? this.listed(map, id, key) : keyed(map as object, id, key);
    return JSON.stringify(place(document, steps(this.settings.member ?? ''), changed));
  }

  private listed(list: unknown[], id: string, key: Secret | null): unknown[] {
    const found = list.findIndex((item) => at(item, this.settings.id) === id);
    if (!key) return list.filter((_, index) => index !== found);
    const item = place(list[found], steps(this.settings.value), key.reveal());
    const whole = place(item, steps(this.settings.id), id);
    return found < 0 ? [...list, whole] : list.with(found, whole);
  }

  private keysOf(document: unknown): Map<string, Secret> {
    const { shape, member = '', id, value } = this.settings;
    const map = at(document, member);
    // Nothing there yet: servers in Go give null for a list or a map without items.
    if (map === null || map === undefined) return new Map();
    if (typeof map !== 'object' || Array.isArray(map) !== (shape === 'list'))
      throw this.failed(`has ${member ? `something at ${member}` : 'a document'} that is no ${shape}`);
    const pairs = Array.isArray(map)
      ? map.map((item) => [at(item, id), at(item, value)] as const)
      : Object.entries(map);
    const keys = new Map<string, Secret>();
    for (const [name, text] of pairs) {
      if (typeof name !== 'string' || typeof text !== 'string' || text === '')
        throw this.failed(`holds something among its keys that is not an id and a text`);
      if (keys.has(name)) throw this.failed(`holds the id ${name} twice`);
      keys.set(name, new Secret(text));
    }
    return keys;
  }

  private parse(): unknown {
    try {
      return JSON.parse(this.source);
    } catch {
      // The parser's own message quotes what it could not read.
      throw this.failed('answered with something that is not JSON');
    }
  }
}

const keyed = (map: object, id: string, key: Secret | null): object => {
  const others = Object.entries(map).filter(([name]) => name !== id);
  return Object.fromEntries(key ? [...others, [id, key.reveal()]] : others);
};

const steps = (text: string) =>
  text
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

function at(value: unknown, path: string): unknown {
  return steps(path).reduce<unknown>(
    (inside, step) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, step)
        ? (inside as Record<string, unknown>)[step]
        : undefined,
    value,
  );
}

/** @returns `value` with `leaf` at a path; what is missing on the way is made: a list where the next step is a number */
function place(value: unknown, [step, ...rest]: string[], leaf: unknown): unknown {
  if (step === undefined) return leaf;
  const made = /^\d+$/.test(step) ? [] : {};
  const inside: Container = typeof value === 'object' && value !== null ? (value as Container) : made;
  const below = place((inside as Record<string, unknown>)[step], rest, leaf);
  if (Array.isArray(inside)) return Object.assign([...inside], { [Number(step)]: below });
  return Object.fromEntries([...Object.entries(inside).filter(([name]) => name !== step), [step, below]]);
}

/** @returns whether every number in a document is one that JavaScript can hold: a long id of something else may not be */
function survives(source: string): boolean {
  const tokens = source.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? [];
  return tokens.every((token) => token.startsWith('"') || String(Number(token)) === token || exact(token));
}

/** `1.0` and `1e3` say the same in fewer digits than are at risk. */
const exact = (token: string) =>
  token
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '').length <= 15;
