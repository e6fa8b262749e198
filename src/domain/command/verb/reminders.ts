import type { TypedIntent } from '../../incident/intent.js';
import type { Refusal } from '../../refusal.js';
import type { Moment } from '../../words.js';
import { readTimeAhead } from '../time/time.js';
import { blank, intent, type Line, type Outcome, type Parsers } from '../verbs.js';

/** How long reminders are snoozed where nobody says. */
const USUAL = '30m';

/** Verbs about what the channel is reminded of. */
export const REMINDERS = {
  next(line) {
    if (blank(line.said)) return line.missing('a time to come, such as `30m` or `14:30`');
    return timeAhead(line, line.said, (next) => ({ type: 'PromiseUpdate', next }));
  },

  snooze(line) {
    const said = blank(line.said) ? USUAL : line.said;
    return timeAhead(line, said, (until) => ({ type: 'SnoozeReminders', until }));
  },
} satisfies Parsers;

/** `30m`, `14:30`, or `off`. */
function timeAhead(line: Line, said: string, meant: (at: Moment | null) => TypedIntent): Outcome | Refusal {
  if (said.trim().toLowerCase() === 'off') return intent(meant(null));
  const time = readTimeAhead(said, line.ctx);
  if (time === null) return line.bad('a time to come, such as `30m`, `14:30` or `off`', said);
  return 'refused' in time ? time : intent(meant(time.moment), time);
}
