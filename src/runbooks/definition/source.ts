import {
  Composer,
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  Parser,
} from 'yaml';
import { RUNBOOK_LIMITS } from '#domain/run/runbook.js';
import { RUNBOOK_NAME } from './shape.js';

export type Path = ReadonlyArray<string | number>;

/** A definition's YAML as data, and where each part of it stands. */
export interface Source {
  tree: Record<string, unknown>;
  /** The line of a value, or of its name where `name` is set; of what holds it, where it is not there. From 1. */
  line(path: Path, name?: boolean): number;
}

/** What is wrong at a line. */
export interface Fault {
  line: number;
  text: string;
}

// Far more than a runbook needs, and far less than what a parser's stack can hold.
const DEPTH = 40;

/** In our words: those of the parser may hold pieces of the file, and so of a secret. */
const FAULTS: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'uses an alias that no anchor has; write the value itself',
  BAD_DQ_ESCAPE: 'has a backslash that means nothing; write \\\\ for one, or use single quotes',
  BAD_INDENT: 'is not indented as what it belongs to; line it up',
  BAD_SCALAR_START: 'begins with a character that YAML keeps for itself; put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'has two keys in one line; put the value in quotes, or the key in a line of its own',
  DUPLICATE_KEY: 'has this key twice; keep one of them',
  MISSING_CHAR: 'lacks a quote, a bracket or a colon; close what is open',
  MULTIPLE_DOCS: 'holds several documents; write one in a file, without ---',
  NON_STRING_KEY: 'has a key that is no text; a template stands in quotes: "{{ inputs.to }}"',
  TAB_AS_INDENT: 'is indented with a tab; use spaces',
  UNEXPECTED_TOKEN: 'has something here that YAML does not expect; put the value in quotes',
};

/**
 * @param kind what the file is to be, for what is said of it
 * @returns the definition as data; or what keeps it from being read at all. Faults that leave it readable (a key that
 * is there twice) come along with the data.
 */
export function readSource(
  source: string,
  kind: 'runbook' | 'drill' = 'runbook',
): { source: Source; faults: Fault[] } | { faults: Fault[] } {
  if (source.length > RUNBOOK_LIMITS.source) {
    const limit = RUNBOOK_LIMITS.source.toLocaleString('en');
    const text = `has ${source.length.toLocaleString('en')} characters and may have ${limit}; make two ${kind}s of it`;
    return { faults: [{ line: 1, text }] };
  }
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(source)];
  // Checked before anything walks down there: the parser takes one step a token, what comes after it one call a level.
  const deep = tooDeep(tokens);
  if (deep !== null) {
    const text = `is nested deeper than ${DEPTH} levels; write it flatter`;
    return { faults: [{ line: lines.linePos(deep).line, text }] };
  }
  const options = { uniqueKeys: true, stringKeys: true, logLevel: 'silent' } as const;
  const documents = [...new Composer(options).compose(tokens, true, source.length)];
  const document = documents[0] as Document.Parsed;
  const faults: Fault[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    text: FAULTS[error.code] ?? `is not YAML (${error.code}); compare it with the ${kind}s in ${kind}s/`,
  }));
  if (documents.length > 1) {
    const second = documents[1]?.range?.[0] ?? 0;
    faults.push({ line: lines.linePos(second).line, text: FAULTS.MULTIPLE_DOCS as string });
  }
  if (faults.length > 0 && document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return { faults };
  const tree = asData(document);
  if ('fault' in tree) return { faults: [...faults, { line: 1, text: tree.fault }] };
  return { source: { tree: tree.data, line: finder(document, lines) }, faults };
}

function asData(document: Document.Parsed): { data: Record<string, unknown> } | { fault: string } {
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 20 });
  } catch {
    return {
      fault: 'uses aliases (*name) that cannot be followed, or too many; write the values themselves',
    };
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data) || !isMap(document.contents)) {
    return { fault: 'is not a mapping; begin with name: and title:, and go on with steps:' };
  }
  const stray = strayed(data, 0);
  return stray ? { fault: stray } : { data: data as Record<string, unknown> };
}

/** What YAML knows and JSON does not, and aliases that hold themselves. */
function strayed(value: unknown, depth: number): string | null {
  if (depth > DEPTH) return `is nested deeper than ${DEPTH} levels; write it flatter, without aliases`;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : 'holds .nan or .inf; write a number';
  }
  if (
    typeof value !== 'object' ||
    !(Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
  ) {
    return 'holds a value that JSON does not know (binary, a set, a date); write it as text in quotes';
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') return 'has a key named __proto__; take another name';
    const stray = strayed(member, depth + 1);
    if (stray) return stray;
  }
  return null;
}

interface Token {
  offset?: number;
  items?: object[];
  [member: string]: unknown;
}

/** @returns the offset of the first token beyond the limit, or null. A list of its own instead of recursion. */
function tooDeep(tokens: object[]): number | null {
  const open: Array<{ token: Token; depth: number }> = tokens.map((token) => ({
    token: token as Token,
    depth: 0,
  }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (depth > DEPTH) return token.offset ?? 0;
    for (const item of token.items ?? []) open.push({ token: item as Token, depth });
    for (const part of [token.key, token.value]) {
      if (part && typeof part === 'object') open.push({ token: part as Token, depth: depth + 1 });
    }
  }
  return null;
}

/** Remembers what it has looked through: a file may have as many problems as it has lines. */
function finder(document: Document.Parsed, lines: LineCounter): Source['line'] {
  const seen = new Map<unknown, unknown>();
  const once = <T>(of: unknown, make: () => T): T => {
    if (!seen.has(of)) seen.set(of, make());
    return seen.get(of) as T;
  };
  return (path, name = false) => {
    let here: unknown = document.contents;
    let at = offsetOf(here) ?? 0;
    for (const [i, step] of path.entries()) {
      const node = here;
      if (isAlias(node)) here = once(node, () => node.resolve(document));
      if (isMap(here)) {
        const { items } = here;
        const pair = once(here, () => new Map(items.map((one) => [nameOf(one.key), one]))).get(String(step));
        if (!pair) break;
        at = offsetOf(pair.key) ?? at;
        if (!(name && i === path.length - 1)) at = offsetOf(pair.value) ?? at;
        here = pair.value;
      } else if (isSeq(here)) {
        here = here.items[Number(step)];
        at = offsetOf(here) ?? at;
      } else break;
    }
    return lines.linePos(at).line;
  };
}

const nameOf = (key: unknown) => (isScalar(key) ? String(key.value) : null);

/** A list or mapping in lines of its own is named by the line of its first item, which is what one looks for. */
function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? (node as ParsedNode).range?.[0] : undefined;
}

/** @returns the `name:` of a definition that may be wrong in other ways; null: it cannot be told */
export function nameIn(source: string): string | null {
  const read = readSource(source);
  const name = 'source' in read ? read.source.tree.name : null;
  return typeof name === 'string' && RUNBOOK_NAME.test(name) ? name : null;
}
