import type { z } from 'zod';
import type { FactTexts } from '../shape.js';
import { CHAIN_START, canonical, commitmentOf, HASHED_FACT, type HashedFact, hashOf } from './chain.js';
import { FACT_SHAPES } from './fact.js';

/** The record holds together. `after`: how many facts follow the head that was asked for (0: none was asked for, or it is the last). */
interface Verified {
  ok: true;
  incident: string;
  facts: number;
  head: string;
  erased: number;
  after: number;
}

/** The first line (from 1) that is not as it was recorded, and why. */
interface Broken {
  ok: false;
  line: number;
  why: string;
}

interface Line {
  fact: HashedFact;
  hash: string;
  erased: number;
}

/**
 * Checks a `facts` export with nothing but itself: every member is one we know, every text is the one that was committed to,
 * every fact carries the hash of the one before. Layout is not part of the record: the order of members, spaces between
 * them and CRLF line ends pass; a line that says a member twice or writes a number in two ways does not.
 * @param options.head a hash noted earlier (the channel shows it at state changes, exports carry it): it must be in the file.
 *   Facts after it are fine and counted; without it the file was cut short, or is another record
 */
export async function verifyFacts(
  lines: AsyncIterable<string>,
  options: { head?: string } = {},
): Promise<Verified | Broken> {
  const wanted = options.head?.trim().toLowerCase();
  let last: Line | null = null;
  let facts = 0;
  let erased = 0;
  let wantedAt = 0;
  for await (const text of lines) {
    const line: Line | string = checkLine(text, last, facts + 1);
    if (typeof line === 'string') return { ok: false, line: facts + 1, why: line };
    facts++;
    erased += line.erased;
    if (line.hash === wanted) wantedAt = facts;
    last = line;
  }
  if (!last) return { ok: false, line: 1, why: 'there is no fact in it' };
  if (wanted !== undefined && wantedAt === 0) {
    const why = `the chain ends at ${last.hash} without reaching the head ${wanted}: facts are missing from here on, or it is the head of another record`;
    return { ok: false, line: facts + 1, why };
  }
  const after = wanted === undefined ? 0 : facts - wantedAt;
  return { ok: true, incident: last.fact.incident, facts, head: last.hash, erased, after };
}

/** @returns the line's fact, or why it is not the next one of this record. */
function checkLine(text: string, last: Line | null, seq: number): Line | string {
  if (text.trim() === '') return 'an empty line';
  let value: unknown;
  try {
    value = parseStrict(text);
  } catch (error) {
    return `not the JSON that we write: ${(error as Error).message}`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  const { hash, erasable, ...fact } = value as HashedFact & { hash?: unknown; erasable?: unknown };
  const fault = faultOfFact(fact);
  if (fault !== null) return fault;
  return (
    faultInChain(fact, last, seq) ?? faultInHash(fact, hash) ?? checkTexts(fact, hash as string, erasable)
  );
}

/**
 * Is this value, in every member, a fact as we write them? For lines from outside and rows from the database.
 * @returns null when it is; otherwise what is wrong with it, naming the member
 */
export function faultOfFact(value: unknown): string | null {
  const outer = faultOf(HASHED_FACT, value, '');
  if (outer !== null) return outer;
  const fact = value as HashedFact;
  const shape = FACT_SHAPES[fact.type];
  if (fact.v !== shape.v) return `version ${fact.v} of ${fact.type} is not known; this is version ${shape.v}`;
  return faultOf(shape.data, fact.data, 'data') ?? faultOfTexts(fact, shape.texts);
}

function faultOfTexts(fact: HashedFact, { required = [], optional = [], list }: FactTexts): string | null {
  const length = list ? list.count(fact.data) : 0;
  const numbered = Array.from({ length }, (_, i) => `${list?.field}.${i}`);
  // `by`, the actor's name, is a text of every fact where it was known.
  const allowed = new Set([...required, ...optional, ...numbered, 'by']);
  const missing = [...required, ...(list?.required ? numbered : [])].find(
    (f) => !Object.hasOwn(fact.texts, f),
  );
  if (missing !== undefined) return `the member "texts.${missing}" is missing`;
  const unknown = Object.keys(fact.texts).find((field) => !allowed.has(field));
  return unknown === undefined ? null : `the member "texts.${unknown}" is not known`;
}

function faultOf(schema: z.ZodType, value: unknown, member: string): string | null {
  const issue = schema.safeParse(value).error?.issues[0];
  if (!issue) return null;
  const path = [member, ...issue.path.map(String)].filter((part) => part !== '');
  if (issue.code === 'unrecognized_keys') {
    return `the member "${[...path, issue.keys[0]].join('.')}" is not known`;
  }
  if (path.length === 0) return 'not an object';
  if (valueAt(value, issue.path) === undefined) return `the member "${path.join('.')}" is missing`;
  return `the member "${path.join('.')}" is wrong: ${issue.message}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function faultInChain(fact: HashedFact, last: Line | null, seq: number): string | null {
  if (fact.seq !== seq)
    return `fact ${fact.seq} stands where fact ${seq} should: one is missing, added or moved`;
  if (last && fact.incident !== last.fact.incident) {
    return `a fact of ${fact.incident} in the record of ${last.fact.incident}`;
  }
  if (last && fact.team !== last.fact.team) return 'a fact of another workspace';
  if ((fact.type === 'IncidentOpened') !== (seq === 1)) {
    return seq === 1 ? 'a record begins with IncidentOpened' : 'an incident is opened once';
  }
  if (fact.prev !== (last?.hash ?? CHAIN_START)) return 'it does not carry the hash of the fact before';
  return null;
}

function faultInHash(fact: HashedFact, hash: unknown): string | null {
  if (hash === undefined) return 'the member "hash" is missing';
  return hash === hashOf(canonical(fact)) ? null : 'its hash is not the hash of what it says: it was changed';
}

function checkTexts(fact: HashedFact, hash: string, erasable: unknown): Line | string {
  if (erasable === undefined) return 'the member "erasable" is missing';
  if (!isObject(erasable)) return 'the member "erasable" is wrong: not an object';
  const unknown = Object.keys(erasable).find((field) => !Object.hasOwn(fact.texts, field));
  if (unknown !== undefined) return `the member "erasable.${unknown}" is not known`;
  let erased = 0;
  for (const [field, commitment] of Object.entries(fact.texts)) {
    if (!Object.hasOwn(erasable, field)) return `the member "erasable.${field}" is missing`;
    const kept = erasable[field];
    if (kept === null) erased++;
    else if (!isKept(kept))
      return `the member "erasable.${field}" is wrong: neither null nor a salt and a text`;
    else if (commitmentOf(kept.salt, kept.text) !== commitment) {
      return `the text "${field}" is not the one that was recorded`;
    }
  }
  return { fact, hash, erased };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKept(value: unknown): value is { salt: string; text: string } {
  if (!isObject(value) || Object.keys(value).length !== 2) return false;
  return (
    typeof value.salt === 'string' && /^[0-9a-f]{32}$/.test(value.salt) && typeof value.text === 'string'
  );
}

/** Longer than any fact can be: a file without line ends must not fill the memory. */
const LONGEST_LINE = 16 * 1024 * 1024;

class NotText extends Error {}

/**
 * Checks a `facts` export as bytes, as read from a file. Beside what verifyFacts checks, the bytes must be UTF-8:
 * a lenient reader shows a damaged character as the same U+FFFD that another text may rightly hold.
 */
export async function verifyFile(
  bytes: AsyncIterable<Uint8Array>,
  options: { head?: string } = {},
): Promise<Verified | Broken> {
  const count = { lines: 0 };
  try {
    return await verifyFacts(linesOf(bytes, count), options);
  } catch (error) {
    if (error instanceof NotText) return { ok: false, line: count.lines + 1, why: error.message };
    throw error;
  }
}

/** Splits at LF only: node:readline also splits at U+2028, which a text may hold. */
async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
  count: { lines: number },
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const line = () => {
    const text = decoded(Buffer.concat(parts));
    parts = [];
    size = 0;
    if (count.lines === 0 && text.startsWith('\uFEFF')) {
      throw new NotText('it begins with a byte order mark, which an export does not');
    }
    count.lines++;
    return text;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      from = at + 1;
      yield line();
    }
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > LONGEST_LINE) throw new NotText('a line too long to be a fact');
  }
  if (size > 0) yield line();
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotText('not UTF-8');
  }
}

/**
 * JSON.parse forgives what a record must not: a member given twice (the last one wins silently), a number that is read as
 * another one (`1e400`, `9007199254740993`), half of a surrogate pair (two texts with one UTF-8 form).
 * @returns the value. @throws SyntaxError, saying what is wrong
 */
function parseStrict(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // What follows may trust the grammar: JSON.parse has just checked it.
  const open: Array<Set<string> | null> = [];
  let name: string | null = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|-?[0-9][0-9.eE+-]*/g)) {
    const first = token[0];
    if (first === '{') open.push(new Set());
    else if (first === '[') open.push(null);
    else if (first === '}' || first === ']') open.pop();
    else if (first === '"') {
      name = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
      if (/\p{Surrogate}/u.test(name)) throw new SyntaxError('half of a surrogate pair');
    } else if (first === ':') {
      const names = open.at(-1);
      if (name !== null && names?.has(name))
        throw new SyntaxError(`the member ${JSON.stringify(name)} twice`);
      if (name !== null) names?.add(name);
    } else if (first !== ',' && JSON.stringify(Number(token)) !== token) {
      throw new SyntaxError(`the number ${token} in another form than RFC 8785 gives it`);
    }
  }
  return value;
}
