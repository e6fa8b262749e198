import type { Refusal } from '../refusal.js';
import { refuse } from '../refusal.js';
import { flagAt } from './flags.js';
import type { Line } from './parsed.js';
import { quotedAt } from './quotes.js';

const NAME = 'break-glass';
/** What may stand behind a reason in quotes; behind anything else the quotes are part of it: `"users" cannot log in`. */
const NOT_THE_REASON = /^\s*(?:$|[0-9a-f]{6,64}\s*$|(?:--|—|–)[A-Za-z])/i;

/**
 * Takes `--break-glass REASON` out of what was typed. Nobody thinks of quotes in an emergency: behind the run the
 * reason is all that follows. In quotes, or as one word, it may also stand before the run.
 * @returns what is left, and the reason; null: the flag is not there
 */
export function breakGlassIn(text: string, line: Line): { rest: string; reason: string | null } | Refusal {
  const start = [...text.matchAll(/(?<!\S)(?=(?:--|—|–)[A-Za-z])/g)].find(
    ({ index }) => flagAt(text, index)?.name === NAME,
  )?.index;
  if (start === undefined) return strayFlag(text, line) ?? { rest: text, reason: null };
  const before = text.slice(0, start);
  const at = text.slice(flagAt(text, start)?.end).trimStart();
  const quoted = quotedAt(at, 0);
  const leads = before.trim() === '';
  if (quoted && 'value' in quoted && (leads || NOT_THE_REASON.test(at.slice(quoted.end))))
    return found(`${before} ${at.slice(quoted.end)}`, quoted.value, line);
  if (!leads) return found(before, at, line);
  if (quoted && 'unclosed' in quoted) return bad(NAME, `has no closing quote: ${quoted.unclosed}`, line);
  const word = /^\S*/.exec(at)?.[0] ?? '';
  return found(at.slice(word.length), word, line);
}

function found(rest: string, typed: string, line: Line): { rest: string; reason: string } | Refusal {
  const reason = typed.trim();
  if (reason === '') return bad(NAME, 'needs a value (REASON)', line);
  return strayFlag(rest, line) ?? { rest, reason };
}

/** Something meant as a flag that is none must not be taken for a hash. */
function strayFlag(text: string, line: Line): Refusal | null {
  const match = /(?<!\S)(?:--|—|–)([A-Za-z][A-Za-z0-9-]{0,40})/.exec(text);
  return match ? bad(match[1] ?? '', 'is none of its flags, or stands there twice', line) : null;
}

function bad(flag: string, why: string, line: Line): Refusal {
  return refuse('BAD_FLAG', { flag: `--${flag}`, why, form: line.form });
}
