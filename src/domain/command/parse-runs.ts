import { LIMITS } from '../limits.js';
import type { Refusal } from '../refusal.js';
import { runNumberOf } from '../run-fact.js';
import { checkText } from './entered.js';
import { ask, intent, type Line, type Outcome } from './parsed.js';
import {
  bad,
  blank,
  exact,
  firstWord,
  missing,
  needed,
  nothingMore,
  refAmong,
  refAround,
  refBehind,
} from './pieces.js';
import { unquoted } from './quotes.js';
import { breakGlassIn } from './run-reason.js';

/** Verbs that speak of runs of runbooks. `run` itself has its own file. */

export function parseRuns(line: Line): Outcome | Refusal {
  return nothingMore(line.text.slice(line.at), line) ?? ask({ type: 'runs' });
}

/** `approve RUN [HASH] [--break-glass REASON]`. */
export function parseApprove(line: Line): Outcome | Refusal {
  const read = breakGlassIn(line.text.slice(line.at), line);
  if ('refused' in read) return read;
  const { ref, text } = line.named ? { ref: null, text: read.rest } : refAmong(read.rest);
  const named = runIn(text, line);
  if ('refused' in named) return named;
  const { word, rest } = firstWord(named.rest);
  if (word && !/^[0-9a-f]{6,64}$/i.test(word)) return bad(line, 'the short hash of a plan', word);
  const hash = word ? word.toLowerCase() : null;
  const { reason: breakGlass } = read;
  const refusal =
    nothingMore(rest, line) ??
    (breakGlass === null ? null : checkText(breakGlass, LIMITS.reason, 'The reason'));
  return refusal ?? { ...intent({ type: 'ApproveRun', run: named.run, hash, breakGlass }), ref };
}

/** @returns the parser of `reject RUN [REASON]` and `cancel RUN [REASON]`. */
export function parseEnding(type: 'RejectRun' | 'CancelRun'): (line: Line) => Outcome | Refusal {
  return (line) => {
    const named = runIn(line.text.slice(line.at), line);
    if ('refused' in named) return named;
    const behind = refBehind(named.rest, line);
    if ('refused' in behind) return behind;
    const reason = exact(behind.text);
    const refusal = checkText(reason, LIMITS.reason, 'The reason');
    const { ref } = behind;
    return refusal ?? { ...intent({ type, run: named.run, reason: blank(reason) ? null : reason }), ref };
  };
}

/** `undo` strikes the asker's own last entry; `undo RUN-3` takes back what a run did. */
export function parseUndo(line: Line): Outcome | Refusal {
  const { word, rest } = firstWord(line.text.slice(line.at));
  if (!word) return intent({ type: 'UndoLastEntry' });
  const run = runNumberOf(word);
  // `undo 5` may well mean entry 5: what changes the world is named in full.
  if (run === null || /^\d/.test(word)) return bad(line, 'the name of a run, such as RUN-3', word);
  return nothingMore(rest, line) ?? intent({ type: 'UndoRun', run });
}

export function parseRetry(line: Line): Outcome | Refusal {
  const named = runIn(line.text.slice(line.at), line);
  if ('refused' in named) return named;
  return nothingMore(named.rest, line) ?? intent({ type: 'RetryStep', run: named.run });
}

export function parseSkip(line: Line): Outcome | Refusal {
  const named = runIn(line.text.slice(line.at), line);
  if ('refused' in named) return named;
  const behind = refBehind(named.rest, line);
  if ('refused' in behind) return behind;
  const reason = exact(behind.text);
  return (
    needed(line, reason, LIMITS.reason, 'a reason') ?? intent({ type: 'SkipStep', run: named.run, reason })
  );
}

export function parseAnswer(line: Line): Outcome | Refusal {
  const named = runIn(line.text.slice(line.at), line);
  if ('refused' in named) return named;
  const { ref, text } = refAround(named.rest, line);
  const choice = unquoted(text);
  if (!choice) return missing(line, 'one of the answers');
  const refusal = checkText(choice, LIMITS.reason, 'The answer');
  return refusal ?? { ...intent({ type: 'AnswerStep', run: named.run, step: null, choice }), ref };
}

/** Reads the run that a verb is about: `RUN-3`, `run-3` or `3`. */
function runIn(text: string, line: Line): { run: number; rest: string } | Refusal {
  const { word, rest } = firstWord(text);
  if (!word) return missing(line, 'a run, such as RUN-3');
  const run = runNumberOf(word);
  return run === null ? bad(line, 'the name of a run, such as RUN-3', word) : { run, rest };
}
