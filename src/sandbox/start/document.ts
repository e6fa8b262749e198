import { readFile } from 'node:fs/promises';
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type Located, type Problem, ProblemsError } from '../manifest/problem.js';

/** Something of the machine, a file or a port, that cannot be had; the message says which and why. */
export class Unavailable extends Error {}

/** A YAML or JSON file, with the place of everything in it. */
export interface Document {
  readonly value: unknown;
  /** Says of every problem in which line it is. */
  locate(problems: readonly Problem[]): Located[];
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  ENOTDIR: 'what leads there is a file and no folder',
};

/**
 * Reads a YAML or JSON file.
 * @throws Unavailable when the file cannot be had
 * @throws ProblemsError when it is neither YAML nor JSON, with line and column of every mistake
 */
export async function readDocument(path: string): Promise<Document> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = WHY[error.code ?? ''] ?? error.code ?? error.message;
    throw new Unavailable(`${path} cannot be read: ${why}.`);
  });
  return parseText(text, path);
}

/**
 * Parses YAML; JSON is YAML too.
 * @param name what to call it in a complaint
 * @throws ProblemsError as `readDocument`
 */
export function parseText(text: string, name: string): Document {
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (parsed.errors.length > 0) {
    const problems = parsed.errors.map(({ message, pos: [offset] }) => {
      const { line, col } = lines.linePos(offset);
      // Slack's own words for it would be about JSON; the parser's say what it met.
      return { pointer: '', message, line, column: col };
    });
    throw new ProblemsError(`${name} is neither YAML nor JSON`, problems);
  }
  const root = parsed.contents;
  let value: unknown;
  try {
    value = parsed.toJS();
  } catch (error) {
    // Aliases that would fill the memory, or that point nowhere.
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemsError(`${name} cannot be read`, [{ pointer: '', message }]);
  }
  return {
    value,
    locate: (problems) =>
      problems.map((problem) => {
        const offset = offsetOf(root, stepsOf(problem.pointer));
        if (offset === undefined) return problem;
        const { line, col } = lines.linePos(offset);
        return { ...problem, line, column: col };
      }),
  };
}

function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Where a member begins: its name, for a member of a group. What is not there begins where it should stand in. */
function offsetOf(root: Node | null, steps: readonly string[]): number | undefined {
  let here: unknown = root;
  let offset = root?.range?.[0];
  for (const step of steps) {
    if (isMap(here)) {
      const pair = here.items.find(({ key }) => scalar(key) === step);
      if (!pair) return offset;
      offset = startOf(pair.key) ?? offset;
      here = pair.value;
    } else if (isSeq(here)) {
      here = here.items[Number(step)];
      if (here === undefined) return offset;
      offset = startOf(here) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function scalar(node: unknown): string {
  return typeof node === 'object' && node !== null && 'value' in node ? String(node.value) : String(node);
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
