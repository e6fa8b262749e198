import { badLines, linesInMessage } from '../../command/pasted.js';
import { type Refusal, refuse } from '../../refusal.js';
import { given, LIMITS } from '../../text.js';
import { happened, type Moment, momentNow, personLabel, refOf, STANDING } from '../../words.js';
import type { Entry } from '../entry.js';
import type { DraftFact, MeasuredWindow } from '../fact.js';
import type { Asking, CapturedMessage, LogLine, Rule } from '../intent.js';
import type { IncidentState } from '../state.js';
import { strike } from './correct.js';

type Recorded =
  | 'RecordNote'
  | 'RecordLog'
  | 'CaptureMessage'
  | 'TakeInLines'
  | 'RecordCause'
  | 'RecordImpact'
  | 'MeasureImpact'
  | 'NoteImpactMeasured'
  | 'AddAction'
  | 'ChangeAction'
  | 'CompleteAction'
  | 'ReopenAction'
  | 'NoteActionFiled'
  | 'ImportPost';

/** What follows from intents about what happened: notes, messages, causes, damage, and what is left to do. */
export const RECORDING: { readonly [T in Recorded]: Rule<T> } = {
  RecordNote: (state, { moment, text }, asking) => [
    { type: 'NoteRecorded', data: happened(state, asking, moment), texts: { text } },
  ],

  /** Every line or none: the facts of one decision are written together. A list that has grown is pasted as a whole again. */
  RecordLog: (state, { lines }, asking, { notes }) => {
    const excess = tooMany('lines', lines.length, LIMITS.logLines, 'Paste them in several parts.');
    if (excess) return excess;
    const fresh = withoutKnown(lines, notes ?? []);
    if (fresh.length === 0) return refuse('LINES_KNOWN', { ref: refOf(state.number), count: lines.length });
    return fresh.map(({ moment, text }, i) => ({
      type: 'NoteRecorded',
      data: happened(state, asking, moment, i),
      texts: { text },
    }));
  },

  /** One message is one entry, however many people pin it: the second is told who was first. */
  CaptureMessage: (state, { message }, asking, { captured: before }) => {
    const taken = before && takenAs(before);
    if (before && taken)
      return refuse('LINES_TAKEN_IN', { ref: refOf(state.number), entry: before.n, as: taken });
    // What was struck else may be recorded anew.
    if (!before || before.struck) return [captured(message, state, asking)];
    const by = personLabel(before.by);
    return refuse('ALREADY_CAPTURED', { ref: refOf(state.number), entry: before.n, by });
  },

  /** Its lines take the place of the message, which stays readable as struck: so each stands at its own time. */
  TakeInLines: (state, { of }, asking, found) => {
    const { entry, written } = found;
    const none = refuse('NO_LINES', { entry: entry?.n ?? ('entry' in of ? of.entry : null) });
    if (!entry) return 'entry' in of ? refuse('NO_SUCH_ENTRY', { ref: refOf(state.number), ...of }) : none;
    const { n, struck, text, detail } = entry;
    const taken = takenAs(entry);
    if (taken !== null) return refuse('LINES_TAKEN_IN', { ref: refOf(state.number), entry: n, as: taken });
    if (struck) return refuse('ENTRY_STRUCK', { ref: refOf(state.number), entry: n });
    if (!written || text === null || !detail.author) return none;
    const { sent: now, zone, zoneKnown } = written;
    const read = linesInMessage(text, { now, zone, zoneKnown });
    if (!read) return none;
    if (read.wrong.length > 0) return badLines(read.wrong);
    const { id: author, name } = detail.author;
    const texts = given({ author: name });
    const lines = read.lines.map(({ moment, text: line }, i) => ({
      type: 'LineTakenIn' as const,
      data: { ...happened(state, asking, moment, i), entry: n, author, link: entry.link },
      texts: { ...texts, text: line },
    }));
    const as = `as #${state.entries + 1} to #${state.entries + lines.length}`;
    return [...lines, strike(entry, found, `${TAKEN}${as}`)];
  },

  RecordCause: (state, { text }, asking) => [
    { type: 'CauseRecorded', data: happened(state, asking, null), texts: { text } },
  ],

  /**
   * Impact as entered. When it says from when to when, that is its place in the timeline;
   * otherwise its place is where it was recorded.
   */
  RecordImpact: (state, intent, asking) => {
    const { text, failed, total, from, to, components: named } = intent;
    const unaffected = [...new Set(intent.unaffected ?? [])];
    const nothing = text === null && failed === null && total === null;
    if (nothing && named.length + unaffected.length === 0) {
      return refuse('IMPACT_EMPTY', { form: 'impact TEXT, or impact --failed 19 --from 01:41 --to 01:44' });
    }
    if (failed !== null && total !== null && failed > total) {
      return refuse('IMPACT_CONTRADICTS', { why: `${failed} failed of ${total}` });
    }
    if (from && to && to.at < from.at) {
      return refuse('TIME_RANGE_BACKWARDS', { from: from.at, to: to.at });
    }
    const components = [...new Set(named)];
    const both = components.find((name) => unaffected.includes(name));
    if (both !== undefined)
      return refuse('IMPACT_CONTRADICTS', { why: `“${both}” is named as affected and as not affected` });
    const excess = tooManyComponents(components.length + unaffected.length);
    if (excess) return excess;
    const data = {
      ...happened(state, asking, span(from, to)),
      ...{ failed, total, from: from?.at ?? null, to: to?.at ?? null, components: components.length },
      ...(unaffected.length > 0 && { unaffected: unaffected.length }),
    };
    const texts = { ...given({ text }), ...numbered('component', [...components, ...unaffected]) };
    return [{ type: 'ImpactRecorded', data, texts }];
  },

  /** That it is to be measured. No timeline entry: what is found out has one. */
  MeasureImpact: (state, { from, to, components: named }, asking, { damageFrom }) => {
    const components = [...new Set(named)];
    const excess = tooManyComponents(components.length);
    if (excess) return excess;
    const window = windowOf(state, from, to, asking, damageFrom ?? null);
    const ms = Date.parse(window.to) - Date.parse(window.from);
    if (!(ms > 0 && ms <= LONGEST_MEASURED_MS)) return refuse('MEASURE_WINDOW', window);
    const data = { ...window, components: components.length };
    return [{ type: 'MeasureAsked', data, texts: numbered('component', components) }];
  },

  NoteImpactMeasured: (state, { asked, measured }, asking) => {
    const { from, to, start, end, components, groups, failedQuery, totalQuery, ...others } = measured;
    const data = {
      ...happened(state, asking, { at: from, until: to, precision: 'second' }),
      ...{ ...others, from, to, start, end, asked },
      components: components.map(({ failed, total }) => ({ failed, total })),
    };
    const names = components.map(({ name }) => name);
    const texts = {
      ...{ failedQuery, totalQuery },
      ...(groups.length > 0 && { groups: JSON.stringify(groups) }),
      ...numbered('component', names),
    };
    return [{ type: 'ImpactMeasured', data, texts }];
  },

  AddAction: (state, { text, owner, due = null }, asking) => {
    const data = {
      ...happened(state, asking, null),
      ...{ action: state.actions + 1, owner: owner?.id ?? null },
      ...(due !== null && { due }),
    };
    return [{ type: 'ActionAdded', data, texts: given({ text, owner: owner?.name ?? null }) }];
  },

  /** Only what is another than before is kept. */
  ChangeAction: (state, { action, owner, due, whose }, asking, { item }) => {
    const ref = refOf(state.number);
    if (!item) return refuse('NO_SUCH_ACTION', { ref, action });
    if (item.done) return refuse('ACTION_DONE', { ref, action });
    if (whose !== undefined && item.owner?.id !== whose) return refuse('ACTION_NOT_YOURS', { ref, action });
    const passes = owner !== undefined && owner?.id !== item.owner?.id;
    const moves = due !== undefined && due !== item.due;
    if (!passes && !moves) return refuse('ACTION_UNCHANGED', { ref, action });
    const data = {
      ...{ ...happened(state, asking, null), action },
      ...(passes && { owner: owner?.id ?? null }),
      ...(moves && { due }),
    };
    return [{ type: 'ActionChanged', data, texts: given({ owner: (passes && owner?.name) || null }) }];
  },

  CompleteAction: (state, { action }, asking, { actionDone, item }) => {
    const ref = refOf(state.number);
    if (action < 1 || action > state.actions || item === null)
      return refuse('NO_SUCH_ACTION', { ref, action });
    if (actionDone) return refuse('ACTION_DONE', { ref, action });
    return [{ type: 'ActionCompleted', data: { ...happened(state, asking, null), action }, texts: {} }];
  },

  ReopenAction: (state, { action }, asking, { item }) =>
    item?.done
      ? [{ type: 'ActionReopened', data: { ...happened(state, asking, null), action }, texts: {} }]
      : refuse('ACTION_OPEN', { ref: refOf(state.number), action }),

  /** Of one item there is one ticket: the first that was found stays. */
  NoteActionFiled: (state, { action, tracker, ticket, url }, _asking, { item }) => {
    if (!item) return refuse('NO_SUCH_ACTION', { ref: refOf(state.number), action });
    if (item.ticket) return [];
    return [{ type: 'ActionFiled', data: { action, entry: item.entry, tracker }, texts: { ticket, url } }];
  },

  /** Posts of another page are no incident of ours: all of them stand in the standing record. */
  ImportPost: (state, { from, external, state: posted, moment, title, text, components, states }, asking) => {
    if (state.number !== STANDING) return refuse('NO_SUCH_INCIDENT', { ref: refOf(state.number) });
    const data = {
      ...happened(state, asking, moment),
      ...{ from, external, state: posted, components: components.length, states },
    };
    return [{ type: 'PostImported', data, texts: { title, text, ...numbered('component', components) } }];
  },
};

/** A message at its own time. */
export function captured(
  message: CapturedMessage,
  { entries }: { entries: number },
  asking: Asking,
): DraftFact {
  const { channel, ts, text, author, link, edited, secrets = [] } = message;
  const files = (message.files ?? []).slice(0, LIMITS.files);
  // `ts` is seconds, a dot, and a serial number; only the seconds are a time.
  const moment = momentNow(new Date(Number.parseInt(ts, 10) * 1000));
  const data = {
    ...{ ...happened({ entries }, asking, moment), channel, ts, author: author.id, link },
    ...(secrets.length > 0 && { secrets: [...secrets] }),
    ...(edited !== undefined && { edited }),
    ...(files.length > 0 && { files: files.map(({ id, type, size }) => ({ id, type, size })) }),
  };
  const names = numbered(
    'file',
    files.map(({ name }) => name),
  );
  return { type: 'MessageCaptured', data, texts: { ...given({ text, author: author.name }), ...names } };
}
/** Begins the reason for which a message is struck whose lines are entries now. */
const TAKEN = 'taken in line by line, ';

/** @returns as which entries the lines of a recorded message were taken in; null: they were not */
function takenAs({ detail }: Entry): string | null {
  return detail.struckReason?.startsWith(TAKEN) ? detail.struckReason.slice(TAKEN.length) : null;
}

/** @returns those lines that are not among what was recorded before: a line that stands there once is left out once */
function withoutKnown(lines: readonly LogLine[], notes: readonly Entry[]): readonly LogLine[] {
  const name = ({ at, until, precision }: Moment, text: string | null) =>
    JSON.stringify([at, until, precision, text]);
  const known = new Map<string, number>();
  for (const note of notes) {
    const of = name(note, note.text);
    known.set(of, (known.get(of) ?? 0) + 1);
  }
  return lines.filter(({ moment, text }) => {
    const of = name(moment, text);
    const left = known.get(of) ?? 0;
    known.set(of, left - 1);
    return left <= 0;
  });
}

/** @returns a refusal when more than `limit` things would be kept. */
export function tooMany(what: string, count: number, limit: number, next: string): Refusal | null {
  return count > limit ? refuse('TOO_MANY', { what, count, limit, next }) : null;
}

export function tooManyComponents(count: number, next = 'Name the ones that matter most.'): Refusal | null {
  return tooMany('components', count, LIMITS.components, next);
}

/** `component.0`, `component.1` …: lists of texts, each erasable on its own. */
export function numbered(field: string, values: string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}.${i}`, value]));
}

/** What is measured at once: longer than an incident lasts, and short enough to be read sample by sample. */
const LONGEST_MEASURED_MS = 7 * 86_400_000;

/** From the beginning of the damage to its end, as far as somebody has said when these were. */
function windowOf(
  { milestones, opened }: IncidentState,
  from: Moment | null,
  to: Moment | null,
  { now }: Asking,
  damageFrom: string | null,
): MeasuredWindow {
  const at = (moment: { at: string; precision: string } | null) =>
    moment && moment.precision !== 'date' ? moment.at : null;
  const { at: today } = momentNow(now);
  const begin =
    first({
      asked: from?.at,
      started: at(milestones.started),
      impact: damageFrom,
      detected: at(milestones.detected),
    }) ?? ({ why: 'opened', at: opened.at } as const);
  const later = (end: string | null) => (end !== null && end > begin.at ? end : null);
  const end =
    first({
      asked: to?.at,
      mitigated: later(at(milestones.mitigated)),
      resolved: later(at(milestones.resolved)),
    }) ?? ({ why: 'now', at: today } as const);
  // What has not happened yet was not counted.
  const [until = today] = [end.at, today].sort();
  return { from: begin.at, to: until, start: begin.why, end: end.why };
}

function first<K extends string>(of: Record<K, string | null | undefined>): { why: K; at: string } | null {
  for (const why of Object.keys(of) as K[]) if (of[why]) return { why, at: of[why] as string };
  return null;
}

function span(from: Moment | null, to: Moment | null): Moment | null {
  if (from && to) {
    // A span is as vague as its vaguer end.
    const precision = from.precision === 'second' ? to.precision : from.precision;
    return { at: from.at, until: to.at, precision };
  }
  return from ?? to;
}
