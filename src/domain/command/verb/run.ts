import { type Refusal, refuse } from '../../refusal.js';
import { RUNBOOK_LIMITS } from '../../run/runbook.js';
import { LIMITS } from '../../text.js';
import { numberOf, runNumberOf, runRef } from '../../words.js';
import { checkText } from '../entered.js';
import { flagAt, plainFlag, quotedAt, unquoted } from '../flags.js';
import { runMeant } from '../slips.js';
import {
  blank,
  exact,
  firstWord,
  form,
  intent,
  type Line,
  type Outcome,
  type Parsers,
  refAmong,
} from '../verbs.js';

/** Verbs about runs of runbooks. */
export const RUNS = {
  /** `run RUNBOOK [key=value]… [--plan]`, in any order. A value is one word, or in quotes. */
  run(line) {
    const inputs = new Map<string, string>();
    let runbook: string | null = null;
    let planOnly = false;
    let ref: number | null = null;
    let ended = false;
    let text = line.said.trimStart();
    while (text !== '') {
      const { word, rest } = firstWord(text);
      text = rest.trimStart();
      if (!ended && word === '--') {
        ended = true;
      } else if (!ended && /^(?:--|—|–)[A-Za-z]/.test(word)) {
        if (plainFlag(word) !== 'plan') return strayFlag(word, line);
        if (word.includes('=')) return line.badFlag('plan', 'takes no value');
        planOnly = true;
      } else if (INPUT.test(word)) {
        const read = inputIn(`${word}${rest}`, line);
        if ('refused' in read) return read;
        if (inputs.has(read.name)) return line.bad('each input once', `${read.name}=`);
        inputs.set(read.name, read.value);
        text = read.rest.trimStart();
      } else if (!line.named && ref === null && numberOf(word) !== null) {
        ref = numberOf(word);
      } else if (runbook === null && inputs.size === 0) {
        runbook = unquoted(word).toLowerCase();
        if (!NAME.test(runbook)) return line.bad('the name of a runbook', word);
      } else {
        return line.bad('an input (`key=value`, a value of several words in quotes)', word);
      }
    }
    if (runbook === null) return blank(line.said) ? form('run') : line.missing('the name of a runbook');
    if (inputs.size > RUNBOOK_LIMITS.inputs) {
      const next = 'No runbook has more.';
      return refuse('TOO_MANY', { what: 'inputs', count: inputs.size, limit: RUNBOOK_LIMITS.inputs, next });
    }
    const given = Object.fromEntries(inputs);
    return { kind: 'run', runbook, inputs: given, planOnly, ref, notes: [] };
  },

  /** `approve RUN [HASH] [--break-glass REASON]`. */
  approve(line) {
    const read = breakGlassIn(line.said, line);
    if ('refused' in read) return read;
    const { ref, text } = line.named ? { ref: null, text: read.rest } : refAmong(read.rest);
    const named = runIn(text, line);
    if ('refused' in named) return named;
    const { word, rest } = firstWord(named.rest);
    if (word && !/^[0-9a-f]{6,64}$/i.test(word))
      return line.bad('the short hash of a plan', word, runRef(named.run));
    const hash = word ? word.toLowerCase() : null;
    const { reason: breakGlass } = read;
    const refusal =
      line.nothingMore(rest) ??
      (breakGlass === null ? null : checkText(breakGlass, LIMITS.reason, 'The reason'));
    return refusal ?? { ...intent({ type: 'ApproveRun', run: named.run, hash, breakGlass }), ref };
  },

  reject: parseEnding('RejectRun'),
  cancel: parseEnding('CancelRun'),

  /** `undo` strikes the asker's own last entry; `undo RUN-3` takes back what a run did. */
  undo(line) {
    const { word, rest } = firstWord(line.said);
    if (!word) return intent({ type: 'UndoLastEntry' });
    const run = runNumberOf(word);
    // `undo 5` may mean entry 5, so a run, whose undoing changes the world, is named in full.
    if (run === null || /^\d/.test(word)) return notUndone(line, word);
    return line.nothingMore(rest) ?? intent({ type: 'UndoRun', run });
  },

  retry(line) {
    const named = runIn(line.said, line);
    if ('refused' in named) return named;
    return line.nothingMore(named.rest) ?? intent({ type: 'RetryStep', run: named.run });
  },

  skip(line) {
    const named = runIn(line.said, line);
    if ('refused' in named) return named;
    const behind = line.refBehind(named.rest);
    if ('refused' in behind) return behind;
    const reason = exact(behind.text);
    return (
      line.needed(reason, LIMITS.reason, 'a reason') ?? intent({ type: 'SkipStep', run: named.run, reason })
    );
  },

  answer(line) {
    const named = runIn(line.said, line);
    if ('refused' in named) return named;
    const { ref, text } = line.refAround(named.rest);
    const choice = unquoted(text);
    if (!choice) return line.missing('one of the answers');
    const refusal = checkText(choice, LIMITS.reason, 'The answer');
    return refusal ?? { ...intent({ type: 'AnswerStep', run: named.run, step: null, choice }), ref };
  },
} satisfies Parsers;

/** What is wanted where nobody can guess it: the runs have their names in the channel and in `runs`. */
const A_RUN = 'the name of a run, such as RUN-3 (`runs` shows them)';

/** `undo 5` means an entry, `undo last` the newest of one's own, `undo RUN3` a run. */
function notUndone(line: Line, word: string): Refusal {
  const entry = /^#?([1-9]\d{0,8})$/.exec(word)?.[1];
  if (entry !== undefined) return line.bad(A_RUN, word, `${entry} REASON`, 'strike');
  const last = /^(?:last|it|that|mine)$/i.test(word) ? '' : null;
  return line.bad(A_RUN, word, runMeant(line.said)?.run ?? last);
}

/** An input's name; which ones a runbook has is for the shelf to say. */
const INPUT = /^([A-Za-z][A-Za-z0-9_-]{0,63})=/;
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** Reads `key=value` at the start. A refusal names the key and never the value, which may be a secret. */
function inputIn(text: string, line: Line): { name: string; value: string; rest: string } | Refusal {
  const match = INPUT.exec(text);
  const name = (match?.[1] ?? '').toLowerCase();
  const at = match?.[0].length ?? 0;
  const quoted = quotedAt(text, at);
  if (quoted && 'unclosed' in quoted)
    return line.bad(`a value whose quotes are closed: ${quoted.unclosed}`, `${name}=`);
  if (quoted) return { name, value: quoted.value, rest: text.slice(quoted.end) };
  const value = /^\S*/.exec(text.slice(at))?.[0] ?? '';
  if (value === '') {
    // Without this, `from= a` would be an empty value and a stray word.
    const what = `an input with its value right behind the \`=\`; an empty one is written \`${name}=""\``;
    return line.bad(what, `${name}=`);
  }
  return { name, value, rest: text.slice(at + value.length) };
}

function strayFlag(word: string, line: Line): Refusal {
  const name = /^\W*([A-Za-z][A-Za-z0-9-]{0,40})/.exec(word)?.[1] ?? '';
  if (/^(?:dry-?run|dry|check|preview|simulate|test)$/i.test(name))
    return line.badFlag(name, 'is called `--plan` here');
  return line.badFlag(name, 'is none of its flags; inputs are written `key=value`');
}

/** @returns the parser of `reject RUN [REASON]` and `cancel RUN [REASON]`. */
function parseEnding(type: 'RejectRun' | 'CancelRun'): (line: Line) => Outcome | Refusal {
  return (line) => {
    const named = runIn(line.said, line);
    if ('refused' in named) return named;
    const behind = line.refBehind(named.rest);
    if ('refused' in behind) return behind;
    const reason = exact(behind.text);
    const refusal = checkText(reason, LIMITS.reason, 'The reason');
    const { ref } = behind;
    return refusal ?? { ...intent({ type, run: named.run, reason: blank(reason) ? null : reason }), ref };
  };
}

/** Reads the run that a verb is about: `RUN-3`, `run-3` or `3`. */
function runIn(text: string, line: Line): { run: number; rest: string } | Refusal {
  const { word, rest } = firstWord(text);
  if (!word) return line.missing(`${A_RUN.replace('the name of ', '')}`);
  const run = runNumberOf(word);
  if (run !== null) return { run, rest };
  const meant = runMeant(text);
  return line.bad(A_RUN, word, meant && `${meant.run}${meant.rest}`);
}

const BREAK_GLASS = 'break-glass';
/** What may stand behind a quoted reason. In front of anything else the quotes belong to the reason: `"users" cannot log in`. */
const NOT_THE_REASON = /^\s*(?:$|[0-9a-f]{6,64}\s*$|(?:--|—|–)[A-Za-z])/i;

/**
 * Takes `--break-glass REASON` out of what was typed. Nobody thinks of quotes in an emergency: behind the run the
 * reason is all that follows. In quotes, or as one word, it may also stand before the run.
 * @returns what is left, and the reason; null: the flag is not there
 */
function breakGlassIn(text: string, line: Line): { rest: string; reason: string | null } | Refusal {
  const start = [...text.matchAll(/(?<!\S)(?=(?:--|—|–)[A-Za-z])/g)].find(
    ({ index }) => flagAt(text, index)?.name === BREAK_GLASS,
  )?.index;
  if (start === undefined) return strayReasonFlag(text, line) ?? { rest: text, reason: null };
  const before = text.slice(0, start);
  const at = text.slice(flagAt(text, start)?.end).trimStart();
  const quoted = quotedAt(at, 0);
  const leads = before.trim() === '';
  if (quoted && 'value' in quoted && (leads || NOT_THE_REASON.test(at.slice(quoted.end))))
    return found(`${before} ${at.slice(quoted.end)}`, quoted.value, line);
  if (!leads) return found(before, at, line);
  if (quoted && 'unclosed' in quoted)
    return line.badFlag(BREAK_GLASS, `has no closing quote: ${quoted.unclosed}`);
  const word = /^\S*/.exec(at)?.[0] ?? '';
  return found(at.slice(word.length), word, line);
}

function found(rest: string, typed: string, line: Line): { rest: string; reason: string } | Refusal {
  const reason = typed.trim();
  if (reason === '') return line.badFlag(BREAK_GLASS, 'needs a value (REASON)');
  return strayReasonFlag(rest, line) ?? { rest, reason };
}

/** A misspelt flag must not be taken for a hash. */
function strayReasonFlag(text: string, line: Line): Refusal | null {
  const match = /(?<!\S)(?:--|—|–)([A-Za-z][A-Za-z0-9-]{0,40})/.exec(text);
  return match ? line.badFlag(match[1] ?? '', 'is none of its flags, or stands there twice') : null;
}
