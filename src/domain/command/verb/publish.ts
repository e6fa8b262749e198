import { isRefusal, type Refusal, refuse } from '../../refusal.js';
import { COMPONENT_STATES, type MaintenanceState } from '../../status/page.js';
import type { StateAsked } from '../../status/publish.js';
import { LIMITS } from '../../text.js';
import { maintenanceNumberOf, maintenanceRef, POST_STATES } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import { goesOn, type ReadTime } from '../time/time.js';
import {
  ask,
  behindDashes,
  blank,
  exact,
  firstWord,
  form,
  intent,
  type Line,
  type Outcome,
  type Parsers,
  type Timed,
  zoneRemark,
} from '../verbs.js';

/** Verbs about what the public is told. */
export const PUBLISHES = {
  /** `[flags] [state] [flags] [TIME] [flags] [--] TEXT [flags]`. */
  publish(line) {
    const { said } = line;
    if (blank(said)) return form('publish');
    const tooLong = checkText(said);
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(said);
    if (typeof start !== 'string') return start;
    const { word, rest } = firstWord(start);
    const state = POST_STATES.find((name) => name === word.toLowerCase()) ?? null;
    const after = state ? flags.head(rest) : start;
    if (typeof after !== 'string') return after;
    const read = line.timed(after);
    if (isRefusal(read)) return read;
    const text = read.ended ? read.text : readText(read, flags, line);
    if (typeof text !== 'string') return text;
    const amends = amendment(line, flags, { state, time: read.time, text });
    if (amends) return amends;
    const template = flags.all('template')[0] ?? null;
    if (read.time && blank(text) && template === null) return line.withoutText(read.time);
    const refusal =
      template === null
        ? line.needed(text, LIMITS.post, 'a text')
        : blank(text)
          ? null
          : line.badFlag('template', 'makes the text; leave out the one that you typed');
    if (refusal) return refusal;
    const more = publicWords(line, flags);
    if (isRefusal(more)) return more;
    return intent(
      {
        type: 'PublishPost',
        ...{ state, moment: read.time?.moment ?? null, text, confirmed: flags.has('yes') },
        ...(template !== null && { template }),
        ...more.words,
      },
      read.time,
      [...more.notes, ...flags.remarks(text)],
    );
  },

  /** `TITLE --from TIME --to TIME …`, or `MNT-1 begin|end|cancel|post|move …`. */
  maintenance(line) {
    const { said } = line;
    if (blank(said)) return line.missing('a title, and when it begins and ends');
    const tooLong = checkText(said, LIMITS.text, 'The line');
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(said);
    if (typeof start !== 'string') return start;
    const kept = behindDashes(start);
    const words = kept ?? flags.tail(exact(start));
    if (typeof words !== 'string') return words;
    const { word, rest } = firstWord(words);
    const planned = kept === null ? maintenanceNumberOf(word) : null;
    const window = windowIn(line, flags);
    if (isRefusal(window)) return window;
    const anyway = reasonIn(line, flags);
    if (isRefusal(anyway)) return anyway;
    if (planned !== null) return aboutPlanned(line, flags, planned, rest, window, anyway.reason);
    const title = words.trim();
    const refusal = line.titleProblem(title);
    if (refusal) return refusal;
    if (!window) return line.missing('`--from TIME` and `--to TIME`');
    const components = namesIn(line, flags);
    if (isRefusal(components)) return components;
    const text = flags.all('text')[0] ?? null;
    const unfit = text === null ? null : checkText(text, LIMITS.post);
    if (unfit) return unfit;
    const template = flags.all('template')[0] ?? null;
    if (template !== null && text !== null)
      return line.badFlag('template', 'makes the text; leave out `--text`');
    return intent(
      {
        type: 'PlanMaintenance',
        ...{ title, text, components: components.names, anyway: anyway.reason },
        ...{ from: window.from.moment, to: window.to.moment },
        ...(template !== null && { template }),
      },
      null,
      zoneRemark(window.from),
    );
  },

  postmortem(line) {
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(line.said);
    if (typeof start !== 'string') return start;
    const words = flags.tail(start);
    if (typeof words !== 'string') return words;
    const { ref, text } = line.refAround(words);
    if (!flags.has('publish')) {
      if (flags.has('yes') || flags.has('anyway')) return line.badFlag('yes', 'goes with `--publish`');
      return line.nothingMore(text) ?? { ...ask({ type: 'postmortem' }), ref };
    }
    const anyway = reasonIn(line, flags);
    if (isRefusal(anyway)) return anyway;
    const own = text.trim();
    const unfit = checkText(own, LIMITS.post);
    if (unfit) return unfit;
    const published = intent({
      type: 'PublishPost',
      ...{ state: 'postmortem', moment: null, text: own, confirmed: flags.has('yes') },
      ...{ template: own === '' ? 'postmortem' : null, anyway: anyway.reason },
    });
    return { ...published, ref };
  },
} satisfies Parsers;

/** `--correct N TEXT`, `--withdraw N REASON`; null: the line has neither. */
function amendment(
  line: Line,
  flags: Flags,
  { state, time, text }: { state: string | null; time: ReadTime | null; text: string },
): Outcome | Refusal | null {
  const how = flags.has('correct') ? 'correct' : flags.has('withdraw') ? 'withdraw' : null;
  if (how === null) return null;
  const others = ['title', 'state', 'component', 'next', 'template'];
  const both =
    how === 'correct' && flags.has('withdraw') ? 'withdraw' : others.find((name) => flags.has(name));
  if (both !== undefined) return line.badFlag(both, `does not go with \`--${how}\``);
  if (state !== null || (time && how === 'withdraw')) {
    const what = state === null ? 'time' : 'state';
    return line.badFlag(
      how,
      `leaves the ${what} as it is; a bare \`--\` before the text keeps all of it as text`,
    );
  }
  const typed = flags.all(how)[0] ?? '';
  const n = /^#?([1-9]\d{0,8})$/.exec(typed)?.[1];
  if (n === undefined) return line.badFlag(how, 'needs the number of an entry, as `timeline` shows it');
  const limit = how === 'correct' ? LIMITS.post : LIMITS.reason;
  const onlyTime = time !== null && blank(text);
  const refusal = onlyTime ? null : line.needed(text, limit, how === 'correct' ? 'the new text' : 'a reason');
  if (refusal) return refusal;
  if (how === 'withdraw') return intent({ type: 'WithdrawPost', entry: Number(n), reason: text });
  const anyway = reasonIn(line, flags);
  if (isRefusal(anyway)) return anyway;
  const confirmed = flags.has('yes');
  const moment = time && { moment: time.moment };
  return intent(
    {
      type: 'CorrectPost',
      entry: Number(n),
      text: onlyTime ? '' : text,
      confirmed,
      ...moment,
      anyway: anyway.reason,
    },
    time,
  );
}

/** What a post says beside its text. */
function publicWords(line: Line, flags: Flags) {
  const title = flags.all('title')[0] ?? null;
  const wrong = title === null ? null : line.titleProblem(title.trim());
  if (wrong) return wrong;
  const components = namesIn(line, flags);
  if (isRefusal(components)) return components;
  const states: StateAsked[] = [];
  for (const value of flags.all('state')) {
    const asked = stateIn(line, value);
    if (isRefusal(asked)) return asked;
    if (states.some(({ component }) => component === asked.component))
      return line.badFlag('state', 'stands there twice for the same component');
    states.push(asked);
  }
  const promised = flags.all('next')[0];
  const next = promised === undefined ? null : line.ahead('next', promised);
  if (next && isRefusal(next)) return next;
  const anyway = reasonIn(line, flags);
  if (isRefusal(anyway)) return anyway;
  const words = {
    ...(title !== null && { title: title.trim() }),
    ...(components.names.length > 0 && { components: components.names }),
    ...(states.length > 0 && { states }),
    ...(next && { next: next.moment }),
    ...(anyway.reason !== null && { anyway: anyway.reason }),
  };
  return { words, notes: next ? zoneRemark(next) : [] };
}

/** `partial`, or `API=partial`: a name may hold `=`, a state does not. */
function stateIn(line: Line, value: string): StateAsked | Refusal {
  const cut = value.lastIndexOf('=');
  const word = value
    .slice(cut + 1)
    .trim()
    .toLowerCase();
  const state = COMPONENT_STATES.find((one) => one === word);
  if (!state) return line.badFlag('state', `needs one of ${COMPONENT_STATES.join(', ')}, or NAME=STATE`);
  if (cut < 0) return { component: null, state };
  const component = line.nameOf(value.slice(0, cut), 'the name of a component');
  return typeof component === 'string' ? { component, state } : component;
}

function namesIn(line: Line, flags: Flags): { names: string[] } | Refusal {
  const names: string[] = [];
  for (const value of flags.all('component')) {
    const name = line.nameOf(value, 'a component');
    if (typeof name !== 'string') return name;
    if (!names.includes(name)) names.push(name);
  }
  if (names.length <= LIMITS.components) return { names };
  const { length: count } = names;
  return refuse('TOO_MANY', {
    what: 'components',
    count,
    limit: LIMITS.components,
    next: 'Name the ones that matter most.',
  });
}

function reasonIn(line: Line, flags: Flags): { reason: string | null } | Refusal {
  const reason = flags.all('anyway')[0] ?? null;
  if (reason === null) return { reason };
  return line.needed(reason, LIMITS.reason, 'a reason behind `--anyway`') ?? { reason };
}

function windowIn(line: Line, flags: Flags): { from: ReadTime; to: ReadTime } | Refusal | null {
  const [begin, end] = [flags.all('from')[0], flags.all('to')[0]];
  if (begin === undefined && end === undefined) return null;
  if (begin === undefined || end === undefined) return line.missing('both `--from TIME` and `--to TIME`');
  const from = line.ahead('from', begin);
  if (isRefusal(from)) return from;
  // A bare end, and a length of time, are meant from the beginning on.
  const { ctx } = line;
  const since = { ...ctx, now: new Date(from.moment.at) };
  const to = line.ahead('to', end, since);
  return isRefusal(to) ? to : { from, to };
}

const SUBS: Record<string, Exclude<MaintenanceState, 'scheduled'> | null> = {
  begin: 'in_progress',
  end: 'completed',
  cancel: 'cancelled',
  post: null,
};

function aboutPlanned(
  line: Line,
  flags: Flags,
  maintenance: number,
  said: string,
  window: { from: ReadTime; to: ReadTime } | null,
  anyway: string | null,
): Outcome | Refusal {
  const { word, rest } = firstWord(said);
  const how = word.toLowerCase();
  for (const name of ['component', 'text', 'template'])
    if (flags.has(name))
      return line.badFlag(name, `is for a new plan; ${maintenanceRef(maintenance)} has it already`);
  if (how === 'move') {
    if (!blank(rest)) return line.bad('part of `move`', rest);
    if (!window) return line.missing('`--from TIME` and `--to TIME`');
    const { from, to } = window;
    return intent(
      { type: 'MoveMaintenance', maintenance, from: from.moment, to: to.moment },
      null,
      zoneRemark(from),
    );
  }
  if (!Object.hasOwn(SUBS, how))
    return line.bad('`begin`, `end`, `cancel`, `post` or `move`', word || 'nothing');
  if (window) return line.badFlag('from', 'goes with `move`');
  const text = exact(rest);
  const state = SUBS[how] ?? null;
  const refusal = state === null ? line.needed(text, LIMITS.post, 'a text') : checkText(text, LIMITS.post);
  if (refusal) return refusal;
  return intent({ type: 'PostMaintenance', maintenance, state, text: blank(text) ? null : text, anyway });
}

/** `[flags] [--] TEXT [flags]`: directly behind the time is still before the text. */
function readText({ text, time }: Timed, flags: Flags, line: Line): string | Refusal {
  const after = flags.head(text);
  if (typeof after !== 'string') return after;
  const moved = after !== text;
  // `01:41 --yes UTC …` would be kept with a time in another zone.
  if (moved && time && goesOn(time.typed + after, 0, time.typed.length))
    return line.badFlag('yes', 'stands in the middle of the time');
  const kept = moved ? behindDashes(after) : null;
  if (kept !== null) return kept;
  const words = moved ? exact(after) : text;
  // A post that begins with the name of another incident would be kept in this one, and cannot be edited.
  const misplaced = line.refBehind(words);
  if ('refused' in misplaced) return misplaced;
  return misplaced.ref === null ? flags.tail(words) : line.missing('a text');
}
