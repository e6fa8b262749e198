import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { isFields } from '../fields.js';

/** One thing that is wrong with a document, and what to write instead. */
export interface Problem {
  /** JSON pointer (RFC 6901) to the member that is wrong; empty for the whole document. */
  readonly pointer: string;
  readonly message: string;
}

/** A problem of a file, with the place of its member there; lines and columns count from 1. */
export interface Located extends Problem {
  readonly line?: number;
  readonly column?: number;
}

/** A document that is refused, with everything that is wrong with it. */
export class ProblemsError extends Error {
  /**
   * @param heading first line of the message, such as `invalid_manifest`
   * @param problems one more line each
   */
  constructor(
    readonly heading: string,
    readonly problems: readonly Located[],
  ) {
    super([heading, ...problems.map(lineOf)].join('\n'));
  }
}

function lineOf({ pointer, message, line, column }: Located): string {
  const place = line === undefined ? '' : `line ${line}, column ${column ?? 1}: `;
  return `  ${place}${pointer || '/'}: ${message}`;
}

/** The pointer to a member. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * Compares a document with a schema.
 * @param schema strict objects throughout: unknown members are problems too
 * @returns every problem, in words for whoever wrote the document; empty when there is none
 */
export function problemsWith(schema: z.ZodType, source: unknown): Problem[] {
  const parsed = schema.safeParse(source);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) => worded(issue, schema, source));
}

type Issue = z.core.$ZodIssue;

function worded(issue: Issue, schema: z.ZodType, source: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = membersAt(schema, issue.path);
    return issue.keys.map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      message: unknownMember(key, known),
    }));
  }
  // Of alternatives the one that fits best says what is wrong.
  if (issue.code === 'invalid_union') {
    const [best] = [...issue.errors].sort((a, b) => a.length - b.length);
    if (best && best.length > 0 && best.some((inner) => inner.path.length > 0))
      return best.flatMap((inner) =>
        worded({ ...inner, path: [...issue.path, ...inner.path] }, schema, source),
      );
  }
  return [{ pointer: pointerOf(issue.path), message: messageOf(issue, valueAt(source, issue.path)) }];
}

function messageOf(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') return 'must be given, and is not there';
  const is = `and is ${shown(value)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}, ${is}`;
    case 'invalid_value':
      return `must be ${either(issue.values.map((it) => JSON.stringify(it)))}, ${is}`;
    case 'too_small':
      return issue.origin === 'string'
        ? `must have at least ${counted(issue.minimum, 'character')}, and has ${lengthOf(value)}`
        : issue.origin === 'array' || issue.origin === 'set'
          ? `must have at least ${issue.minimum}, and has ${lengthOf(value)}: leave it out when there is none`
          : `must be at least ${issue.minimum}, ${is}`;
    case 'too_big':
      if (issue.origin === 'string')
        return `must have at most ${counted(issue.maximum, 'character')}, and has ${lengthOf(value)}`;
      if (issue.origin === 'array' || issue.origin === 'set')
        return `must have at most ${issue.maximum}, and has ${lengthOf(value)}`;
      return `must be at most ${issue.maximum}, ${is}`;
    case 'custom':
      return issue.message;
    case 'invalid_format':
      // Zod's own words for a pattern repeat the pattern; ours, given with it, say what to write.
      return issue.message.startsWith('Invalid')
        ? `has not the right form, ${is}`
        : `${issue.message}, ${is}`;
    case 'invalid_key':
      return issue.issues.map((inner) => inner.message).join(', ');
    case 'invalid_union':
      return `is none of what may stand here, ${is}`;
    default:
      return `${issue.message}, ${is}`;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  boolean: 'true or false, without quotes',
  string: 'a text',
  number: 'a number, without quotes',
  int: 'a whole number, without quotes',
  array: 'a list',
  object: 'a group of members',
  record: 'a group of members',
};

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isFields(value)) return 'a group of members';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0;
}

function counted(count: number | bigint, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function either(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** What is said of a word that nobody knows: the nearest known one, when it is near. @param known what may stand there */
export function meant(word: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const best = closest(word, [...known]);
  const near = distance(word.toLowerCase(), best.toLowerCase()) <= Math.max(1, Math.floor(word.length / 3));
  return near ? `; did you mean ${JSON.stringify(best)}?` : '';
}

function unknownMember(key: string, known: readonly string[]): string {
  const hint = meant(key, known);
  if (hint) return `is no member that Slack knows${hint}`;
  return known.length === 0
    ? 'is no member that Slack knows: leave it out'
    : `is no member that Slack knows; here may stand ${either(known)}`;
}

function valueAt(source: unknown, path: readonly PropertyKey[]): unknown {
  let value = source;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isFields(value) && Object.hasOwn(value, step)) value = value[String(step)];
    else return undefined;
  }
  return value;
}

/** Names of the members that an object at this path may have. */
function membersAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const here = bare(schema);
  const [step, ...rest] = path;
  if (here instanceof z.ZodUnion)
    return [...new Set(here.options.flatMap((option) => membersAt(option, path)))];
  if (here instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(here.shape);
    const inner: z.core.$ZodType | undefined = here.shape[String(step)];
    return inner ? membersAt(inner, rest) : [];
  }
  if (here instanceof z.ZodArray && step !== undefined) return membersAt(here.element, rest);
  if (here instanceof z.ZodRecord && step !== undefined) return membersAt(here.valueType, rest);
  return [];
}

/** Without what only says that it may be absent, or what becomes of it. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return bare(schema.unwrap());
  return schema instanceof z.ZodPipe ? bare(schema.in) : schema;
}
