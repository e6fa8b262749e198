import { z } from 'zod';
import { closest } from '#domain/closest.js';
import type { Path } from './definition-source.js';

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
      return [{ path, name: true, text: issue.issues[0]?.message ?? 'is not a name; write another' }];
    case 'invalid_union': {
      if (at(value, path) === undefined) return [{ path, text: 'is missing; write it' }];
      break;
    }
    case 'too_small':
    case 'too_big': {
      const { code, inclusive, origin } = issue;
      const edge = code === 'too_small' ? issue.minimum : issue.maximum;
      if (!issue.message.startsWith('Too ')) break;
      const what = origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
      const side =
        code === 'too_small' ? (inclusive ? 'at least' : 'more than') : inclusive ? 'at most' : 'less than';
      return [
        { path, text: `is too ${code === 'too_small' ? 'little' : 'much'}; write ${side} ${edge}${what}` },
      ];
    }
  }
  return [{ path, text: issue.message.includes(';') ? issue.message : `${issue.message}; write what fits` }];
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
  const is = value === null ? 'is empty' : `is ${KINDS[Array.isArray(value) ? 'array' : typeof value]}`;
  return `${is}; write ${kind}${expected === 'string' ? ', in quotes where it looks like something else' : ''}`;
}

function at(value: unknown, path: Path): unknown {
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
