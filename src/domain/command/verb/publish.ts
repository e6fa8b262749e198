import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { POST_STATES } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import { goesOn } from '../time/time.js';
import {
  behindDashes,
  blank,
  exact,
  firstWord,
  intent,
  type Line,
  missing,
  needed,
  type Outcome,
  refBehind,
  type Timed,
  timed,
  withoutText,
} from '../verbs.js';

/** `[flags] [state] [flags] [TIME] [flags] [--] TEXT [flags]`: what the public is told. */
export function parsePublish(line: Line): Outcome | Refusal {
  const said = line.text.slice(line.at);
  if (blank(said)) return missing(line, 'a text');
  const tooLong = checkText(said);
  if (tooLong) return tooLong;
  const flags = new Flags(line.verb.flags, line.form);
  const start = flags.head(said);
  if (typeof start !== 'string') return start;
  const { word, rest } = firstWord(start);
  const state = POST_STATES.find((name) => name === word.toLowerCase()) ?? null;
  const after = state ? flags.head(rest) : start;
  if (typeof after !== 'string') return after;
  const read = timed(after, line);
  if ('refused' in read) return read;
  const text = read.ended ? read.text : readText(read, flags, line);
  if (typeof text !== 'string') return text;
  if (read.time && blank(text)) return withoutText(line, read.time);
  const refusal = needed(line, text, LIMITS.post, 'a text');
  if (refusal) return refusal;
  return intent(
    {
      type: 'PublishPost',
      state,
      moment: read.time?.moment ?? null,
      text,
      confirmed: flags.has('yes'),
    },
    read.time,
    flags.remarks(text),
  );
}

/** `[flags] [--] TEXT [flags]`: directly behind the time is still before the text. */
function readText({ text, time }: Timed, flags: Flags, line: Line): string | Refusal {
  const after = flags.head(text);
  if (typeof after !== 'string') return after;
  const moved = after !== text;
  // `01:41 --yes UTC …` would be kept with a time in another zone.
  if (moved && time && goesOn(time.typed + after, 0, time.typed.length))
    return refuse('BAD_FLAG', { flag: '--yes', why: 'stands in the middle of the time', form: line.form });
  const kept = moved ? behindDashes(after) : null;
  if (kept !== null) return kept;
  const words = moved ? exact(after) : text;
  // A post with the name of an incident in front, in another incident, would stand there for good.
  const misplaced = refBehind(words, line);
  if ('refused' in misplaced) return misplaced;
  return misplaced.ref === null ? flags.tail(words) : missing(line, 'a text');
}
