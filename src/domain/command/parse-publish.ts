import { LIMITS } from '../limits.js';
import type { Refusal } from '../refusal.js';
import { POST_STATES } from '../words.js';
import { checkText } from './entered.js';
import { Flags } from './flags.js';
import { intent, type Line, type Outcome } from './parsed.js';
import { blank, firstWord, missing, needed, timed, withoutText } from './pieces.js';

/** `[flags] [state] [flags] [TIME] [--] TEXT [flags]`: what the public will read. */
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
  const text = read.ended ? read.text : flags.tail(read.text);
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
