import { type Refusal, refuse } from '../refusal.js';
import { RUNBOOK_LIMITS } from '../runbook.js';
import { numberOf } from '../state.js';
import { plainFlag } from './flags.js';
import type { Line, Outcome } from './parsed.js';
import { bad, firstWord, missing } from './pieces.js';
import { quotedAt, unquoted } from './quotes.js';

/** An input's name; which ones a runbook has is for the shelf to say. */
const INPUT = /^([A-Za-z][A-Za-z0-9_-]{0,63})=/;
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** `run RUNBOOK [key=value]… [--plan]`, in any order. A value is one word, or in quotes. */
export function parseRun(line: Line): Outcome | Refusal {
  const inputs = new Map<string, string>();
  let runbook: string | null = null;
  let planOnly = false;
  let ref: number | null = null;
  let ended = false;
  let text = line.text.slice(line.at).trimStart();
  while (text !== '') {
    const { word, rest } = firstWord(text);
    text = rest.trimStart();
    if (!ended && word === '--') {
      ended = true;
    } else if (!ended && /^(?:--|—|–)[A-Za-z]/.test(word)) {
      if (plainFlag(word) !== 'plan') return strayFlag(word, line);
      if (word.includes('=')) return flag('plan', 'takes no value', line);
      planOnly = true;
    } else if (INPUT.test(word)) {
      const read = inputIn(`${word}${rest}`, line);
      if ('refused' in read) return read;
      if (inputs.has(read.name)) return bad(line, 'each input once', `${read.name}=`);
      inputs.set(read.name, read.value);
      text = read.rest.trimStart();
    } else if (!line.named && ref === null && numberOf(word) !== null) {
      ref = numberOf(word);
    } else if (runbook === null && inputs.size === 0) {
      runbook = unquoted(word).toLowerCase();
      if (!NAME.test(runbook)) return bad(line, 'the name of a runbook', word);
    } else {
      return bad(line, 'an input (`key=value`, a value of several words in quotes)', word);
    }
  }
  if (runbook === null) return missing(line, 'the name of a runbook');
  if (inputs.size > RUNBOOK_LIMITS.inputs) {
    const next = 'No runbook has more.';
    return refuse('TOO_MANY', { what: 'inputs', count: inputs.size, limit: RUNBOOK_LIMITS.inputs, next });
  }
  const given = Object.fromEntries(inputs);
  return { kind: 'run', runbook, inputs: given, planOnly, ref, notes: [], timing: null };
}

/** Reads `key=value` at the start. A refusal names the key and never the value, which may be a secret. */
function inputIn(text: string, line: Line): { name: string; value: string; rest: string } | Refusal {
  const match = INPUT.exec(text);
  const name = (match?.[1] ?? '').toLowerCase();
  const at = match?.[0].length ?? 0;
  const quoted = quotedAt(text, at);
  if (quoted && 'unclosed' in quoted)
    return bad(line, `a value whose quotes are closed: ${quoted.unclosed}`, `${name}=`);
  if (quoted) return { name, value: quoted.value, rest: text.slice(quoted.end) };
  const value = /^\S*/.exec(text.slice(at))?.[0] ?? '';
  if (value === '') {
    // `from= a` would otherwise be an empty value and a stray word.
    const what = `an input with its value right behind the \`=\`; an empty one is written \`${name}=""\``;
    return bad(line, what, `${name}=`);
  }
  return { name, value, rest: text.slice(at + value.length) };
}

function strayFlag(word: string, line: Line): Refusal {
  const name = /^\W*([A-Za-z][A-Za-z0-9-]{0,40})/.exec(word)?.[1] ?? '';
  return flag(name, 'is none of its flags; inputs are written `key=value`', line);
}

function flag(name: string, why: string, line: Line): Refusal {
  return refuse('BAD_FLAG', { flag: `--${name}`, why, form: line.form });
}
