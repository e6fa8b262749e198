import { z } from 'zod';
import { closest } from '#domain/text.js';
import type { Action } from '../action.js';
import type { Path } from './source.js';

/** One thing that is wrong: where, and in words what and what to write instead. */
export interface Wrong {
  path: Path;
  /** Is it the name that is wrong, and not the value? */
  name?: boolean;
  text: string;
}

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** Reads a section of tocsin.yml part by part, and gathers all that is wrong: its place, what it is, what to write instead; never a value. */
export class SectionReader {
  readonly problems: string[] = [];

  /**
   * @param section its keys: `['status', 'webhook']`
   * @param at where a path of keys stands: `['alerts', 'rules', 2]` → `tocsin.yml:12`
   */
  constructor(
    private readonly section: readonly string[],
    private readonly at: (path: readonly PropertyKey[]) => string,
  ) {}

  /** Notes what is wrong with what stands there. @param path within the section */
  wrong(path: readonly PropertyKey[], what: string): void {
    const full = [...this.section, ...path];
    this.problems.push(`${this.at(full)}: ${full.map(String).join('.')} ${what}`);
  }

  /** @returns the value in its shape; null: it has another, and that is noted */
  shaped<T>(schema: z.ZodType<T>, value: unknown, path: readonly PropertyKey[] = []): T | null {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      for (const wrong of worded(issue, schema, value)) this.wrong([...path, ...wrong.path], wrong.text);
    return null;
  }
}

/** @returns a zod issue in words; never the value that is wrong. @param schema what was read, @param value with what */
export function worded(issue: z.core.$ZodIssue, schema: unknown, value: unknown): Wrong[] {
  const path = issue.path as Path;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, path);
      return issue.keys.map((key) => ({ path: [...path, key], name: true, text: unknownKey(key, known) }));
    }
    case 'invalid_type':
      return [{ path, text: wrongType(issue.expected, at(value, path)) }];
    case 'invalid_value':
      return [{ path, text: `is none of the values allowed; write ${issue.values.map(String).join(', ')}` }];
    case 'invalid_key':
      return [{ path, name: true, text: wrongName(issue.issues[0]?.message) }];
    case 'invalid_union': {
      if (at(value, path) === undefined) return [{ path, text: 'is missing; write it' }];
      if (isOwn(issue.message)) break;
      return ofNone(issue, schema, value);
    }
    case 'invalid_format':
      if (isOwn(issue.message)) break;
      return [{ path, text: wrongForm(issue) }];
    case 'too_small':
    case 'too_big': {
      const { code, inclusive, origin } = issue;
      const edge = code === 'too_small' ? issue.minimum : issue.maximum;
      if (isOwn(issue.message)) break;
      if (code === 'too_small' && edge === 1 && inclusive && (origin === 'string' || origin === 'array')) {
        return [{ path, text: `is empty; write at least one ${origin === 'string' ? 'character' : 'item'}` }];
      }
      const what = origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
      const side =
        code === 'too_small' ? (inclusive ? 'at least' : 'more than') : inclusive ? 'at most' : 'less than';
      return [
        { path, text: `is too ${code === 'too_small' ? 'little' : 'much'}; write ${side} ${edge}${what}` },
      ];
    }
  }
  if (!isOwn(issue.message))
    return [{ path, text: 'is nothing that can stand here; the guide says what can' }];
  return [{ path, text: issue.message.includes(';') ? issue.message : `${issue.message}; write what fits` }];
}

/** The same for what an action is given, which may be something that it took once. */
export function wordedFor(
  action: Pick<Action, 'input' | 'gone'>,
  issue: z.core.$ZodIssue,
  given: unknown,
): Wrong[] {
  return worded(issue, action.input, given).map((found) => {
    const [member, ...more] = found.path;
    const gone = more.length === 0 && found.name ? action.gone?.[String(member)] : undefined;
    return gone ? { ...found, text: gone(given as Record<string, unknown>) } : found;
  });
}

/** Of an issue whose schema says what is wrong in words of its own; the library's are about types and patterns. */
export function isOwn(message: string): boolean {
  return !/^(Invalid|Too (big|small)|Unrecognized)\b/.test(message);
}

/** None of several shapes fits. Where the value has the kind of one of them, what is wrong is within it. */
function ofNone(issue: z.core.$ZodIssueInvalidUnion, schema: unknown, value: unknown): Wrong[] {
  const path = issue.path as Path;
  const kinds: string[] = [];
  for (const issues of issue.errors) {
    const [first] = issues;
    if (first?.code === 'invalid_type' && first.path.length === 0) kinds.push(first.expected);
    else if (first) {
      return issues.flatMap((one) => worded({ ...one, path: [...path, ...one.path] }, schema, value));
    }
  }
  const wanted = [...new Set(kinds.map((kind) => KINDS[kind] ?? kind))].join(' or ');
  const text = wanted === '' ? 'fits none of what can stand here; the guide says what can' : null;
  return [{ path, text: text ?? `${isKind(at(value, path))}; write ${wanted}` }];
}

function wrongName(message = 'Invalid'): string {
  return isOwn(message)
    ? message
    : 'is not a name that can stand here; write letters, digits and underscores';
}

function wrongForm(issue: z.core.$ZodIssueInvalidStringFormat): string {
  if (issue.format === 'url') return 'is not an address; write it as http://host:port/path';
  return 'is not written as it has to be; the guide says how';
}

function unknownKey(key: string, known: string[]): string {
  // In { … } a comma ends a value, and the rest of the sentence becomes a key.
  if (key.includes(' ')) return 'means nothing here; put a text that has a comma or a colon in it in quotes';
  if (known.length === 0) return 'means nothing here; leave it out';
  const near = closest(key, known, 12);
  return `means nothing here; the known keys are ${near.join(', ')}`;
}

function wrongType(expected: string, value: unknown): string {
  const kind = KINDS[expected] ?? expected;
  if (value === undefined) return `is missing; write ${kind}`;
  return `${isKind(value)}; write ${kind}${expected === 'string' ? ', in quotes where it looks like something else' : ''}`;
}

function isKind(value: unknown): string {
  return value === null ? 'is empty' : `is ${KINDS[Array.isArray(value) ? 'array' : typeof value]}`;
}

/** @returns what stands at a place of a value; undefined: nothing does */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (here, step) => (typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined),
    value,
  );
}

/** The keys that a schema knows at a place; none where that cannot be told. */
function knownKeys(schema: unknown, path: Path): string[] {
  let here = bare(schema);
  for (const step of path) {
    if (here instanceof z.ZodObject) here = bare(here.shape[String(step)]);
    else if (here instanceof z.ZodArray) here = bare(here.element);
    else if (here instanceof z.ZodRecord) here = bare(here.valueType);
    else return [];
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

/** Without the wrappers that say whether it must be there. */
function bare(schema: unknown): unknown {
  let here = schema;
  while (
    here instanceof z.ZodOptional ||
    here instanceof z.ZodNullable ||
    here instanceof z.ZodDefault ||
    here instanceof z.ZodPrefault
  ) {
    here = here.unwrap();
  }
  return here instanceof z.ZodPipe ? bare(here.in) : here;
}
