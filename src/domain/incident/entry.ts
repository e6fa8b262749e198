import { ALERT_FACTS, type AlertFactBody } from '../alert/fact.js';
import { LINK_FACTS, type LinkFactBody, type LinkKind, linkWords } from '../link/link.js';
import { PAGE_FACTS, type PageDetail, type PageFactBody, pageDetail, pageText } from '../paging/page.js';
import { type Phase, RUN_FACTS, type RunFactBody } from '../run/fact.js';
import type { ComponentState } from '../status/page.js';
import { WATCH_FACTS, type WatchDetail, type WatchFactBody, watchDetail, watchText } from '../watch/watch.js';
import {
  type EntryKind,
  type Happened,
  maintenanceRef,
  type Person,
  personLabel,
  refOf,
  runRef,
  type Source,
} from '../words.js';
import type { Fact, FactBody } from './fact.js';
import { type Counted, countedText, impactText, type Measurement, measuredText } from './impact.js';
import {
  deletedText,
  filesAsWords,
  fileText,
  type KeptImage,
  momentOfTs,
  type RecordedFile,
} from './message.js';
import { promiseText, REMINDER_FACTS, type ReminderFactBody } from './reminder.js';

/**
 * One line of the timeline: a reading of one fact and its later corrections.
 * `text` is the free text that a person gave (null where the kind needs none, or erased: see `erased`);
 * `detail` holds what the kind adds (`status`, `severity`, `milestone`, `action` …).
 */
export interface Entry extends Happened {
  recordedAt: string;
  editedAt: string | null;
  kind: EntryKind;
  text: string | null;
  erased: boolean;
  detail: EntryDetail;
  struck: boolean;
  by: Person;
  source: Source;
  link: string | null;
}

/** Small, flat, JSON: at most these members, each only where its kind has it. */
interface EntryDetail {
  status?: string;
  reopened?: boolean;
  /** Of a status: it was a false alarm. */
  dismissed?: boolean;
  severity?: string;
  role?: string;
  person?: Person;
  milestone?: string;
  change?: 'added' | 'removed';
  failed?: number | null;
  total?: number | null;
  from?: string | null;
  to?: string | null;
  components?: string[];
  /** Components that an impact says were not affected. */
  unaffected?: string[];
  /** Where the numbers of an impact were counted, and not typed: how. */
  measured?: Measurement;
  action?: number;
  done?: boolean;
  owner?: Person | null;
  /** Of an action item: the day by which it is to be done. */
  due?: string | null;
  /** Of the entry that added an action item: what it is called in the tracker; null: that was erased. */
  ticket?: string | null;
  /** Of a post, and of a component: how it stands from then on. */
  state?: string;
  /** Of a post: what it says of each of its `components` (null: nothing), which are absent where it is on no public page. */
  states?: Array<ComponentState | null>;
  /** Of a post: what the public calls the incident; by when the next one was promised; why it was published after a warning. */
  title?: string | null;
  next?: string | null;
  anyway?: string | null;
  /** Of a post that another status page made: its incident there. */
  imported?: string;
  /** Of planned work: its name (`MNT-3`). */
  maintenance?: string;
  private?: boolean;
  drill?: boolean;
  /** Author of a captured message; `by` is the person who captured it. */
  author?: Person;
  /** Of one line of a captured message: the entry that held all of it. */
  lineOf?: number;
  /** What came with it; those of which the bytes are kept; when it was deleted in Slack, after which `text` is null where it is hidden. */
  files?: RecordedFile[];
  kept?: KeptImage[];
  deleted?: string;
  struckReason?: string | null;
  /** Of a run: its name (`RUN-3`), its runbook, what happened in it, and in which step. */
  run?: string;
  runbook?: string;
  what?: string;
  step?: string;
  /** Of a promise to say more, whose line is a note of its own: by when; null: not any more. */
  promise?: { next: string | null };
  /** Of a watch, whose lines are notes of its own: what happened in it. */
  watch?: WatchDetail;
  /** Of an alert: its id and where it is filed, whether it fires, how often it has fired, since when it does so now. */
  alert?: string;
  group?: string;
  key?: string;
  sender?: string;
  rule?: string | null;
  firing?: boolean;
  times?: number;
  since?: string;
  /** What its sender says of it beside its title. */
  about?: string | null;
  labels?: Record<string, string>;
  values?: Record<string, string>;
  /** Addresses, by their titles. */
  links?: Record<string, string>;
  /** Of a group of alerts that went elsewhere, or came: which way, how many of it fired, and the other incident; null: not to be read here, or a new one. */
  moved?: 'to' | 'from';
  other?: string | null;
  /** Of a link to `other`: what they have to do with each other; and the channel where it goes on. */
  link?: LinkKind;
  channel?: string;
  /** Of a page: what happened to it. */
  page?: PageDetail;
}

/** A correction of an earlier entry. `set.detail` is merged into the entry's detail, member by member. */
export type Amendment = { n: number; set: Partial<Omit<Entry, 'n' | 'detail'>> & { detail?: EntryDetail } };

/** Is this something that happened in a run? */
export function isOfRun<F extends FactBody>(fact: F): fact is F & RunFactBody {
  return Object.hasOwn(RUN_FACTS, fact.type);
}

/** Is this something that happened in a watch? */
export function isOfWatch<F extends FactBody>(fact: F): fact is F & WatchFactBody {
  return Object.hasOwn(WATCH_FACTS, fact.type);
}

/** Is this something that monitoring said, or about what it said? */
export function isOfAlert<F extends FactBody>(fact: F): fact is F & AlertFactBody {
  return Object.hasOwn(ALERT_FACTS, fact.type);
}

/** Is this something about another incident? */
export function isOfLink<F extends FactBody>(fact: F): fact is F & LinkFactBody {
  return Object.hasOwn(LINK_FACTS, fact.type);
}

/** Is it about what the channel is reminded of? */
export function isOfReminder<F extends FactBody>(fact: F): fact is F & ReminderFactBody {
  return Object.hasOwn(REMINDER_FACTS, fact.type);
}

/** Is this about somebody who is called for? */
export function isOfPage<F extends FactBody>(fact: F): fact is F & PageFactBody {
  return Object.hasOwn(PAGE_FACTS, fact.type);
}

/** Shown in place of a text that was erased. */
export const ERASED = '[erased]';

/**
 * The sentence of an entry, as every export and answer shows it. A note, message, cause or title is the person's text,
 * character for character; a change is worded from its detail, followed by the text that a person gave with it.
 */
export function entryText(entry: Entry): string {
  const { kind, detail } = entry;
  const given = entry.erased ? ERASED : entry.text;
  switch (kind) {
    case 'opened':
    case 'title':
    case 'cause':
      return given ?? '';
    case 'bridge':
      return `opened at ${given ?? ''}`;
    case 'message':
      return given ?? (detail.deleted === undefined ? '' : deletedText(detail.deleted));
    case 'note':
      if (detail.promise !== undefined) return promiseText(detail.promise.next, entry.at);
      return detail.watch ? watchText(detail.watch, given) : (given ?? '');
    case 'alert':
      return alertText(detail, given ?? '');
    case 'link':
      return said(linkWords(detail.link ?? 'linked', detail.other ?? ERASED), given);
    case 'page':
      return detail.page ? pageText(detail.page, given) : (given ?? '');
    case 'run':
    case 'step':
      return runText(detail, given);
    case 'status':
      return said(`${detail.status ?? ''}${statusRemark(detail)}`, given);
    case 'severity':
      return said(detail.severity ?? '', given);
    case 'post':
      return said(postLabel(detail), given);
    case 'role':
      return said(detail.role ?? '', detail.person ? personLabel(detail.person) : given);
    case 'milestone':
      return detail.milestone ?? '';
    case 'component':
      if (detail.state !== undefined) return `${given ?? ''}: ${detail.state}`;
      return `${detail.change ?? 'added'} ${given ?? ''}`;
    case 'impact':
      if (given !== null) return given;
      return detail.measured ? measuredText(detail, detail.measured) : impactText({ ...detail, text: null });
    case 'action':
      return actionText(entry, given);
    default: {
      const unknown: never = kind;
      throw new Error(`an entry of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

/**
 * The sentence of an entry with all that was recorded in it: for answers and the channel, where nothing else tells the
 * numbers of an impact. Exports have them in a place of their own; and they alone the queries, which nobody reads on a phone.
 */
export function toldText(entry: Entry): string {
  const { measured, next, files } = entry.detail;
  if (entry.kind === 'status' && next) return `${entryText(entry)} · ${promiseText(next, entry.at)}`;
  if (files && entry.kind === 'message') return withFiles(entryText(entry), filesOf(entry));
  if (entry.kind === 'impact' && measured && entry.text === null && !entry.erased)
    return countedText(entry.detail, measured, 'measured');
  if (entry.kind !== 'impact' || entry.text === null || entry.erased) return entryText(entry);
  return impactText({ ...entry.detail, text: entry.text });
}

/** @returns what came with a message; nothing where its words were erased, or are hidden */
export function filesOf({ text, detail }: Pick<Entry, 'text' | 'detail'>): readonly RecordedFile[] {
  return text === null ? [] : (detail.files ?? []);
}

/** Names that are all there was to say are not said twice. */
function withFiles(text: string, files: readonly RecordedFile[]): string {
  if (files.length === 0) return text;
  const listed = `📎 ${files.map(fileText).join(', ')}`;
  return text === filesAsWords(files.map(({ name }) => name)) ? listed : `${text} ${listed}`;
}

/** `identified`, `MNT-3 “Database upgrade” scheduled`. */
function postLabel({ state = '', maintenance, imported, title }: EntryDetail): string {
  if (imported !== undefined) return `${imported}${title ? ` “${title}”` : ''} ${state}`;
  if (maintenance === undefined) return state;
  return `${maintenance}${title ? ` “${title}”` : ''} ${state.replace('_', ' ')}`;
}

/** What is said behind a status. */
export function statusRemark({ reopened, dismissed }: Pick<EntryDetail, 'reopened' | 'dismissed'>): string {
  if (dismissed) return ' (false alarm)';
  return reopened ? ' (reopened)' : '';
}

/** `TtsFailing: firing`, `TtsFailing: ended, fired 3 times`, `service=tts: moved to INC-8`. */
function alertText({ moved, other, firing, times = 1 }: EntryDetail, given: string): string {
  if (moved === 'from') return `${given}: taken over from ${other ?? 'another incident'}`;
  if (moved === 'to')
    return `${given}: ${other ? `moved to ${other}` : 'split off, into an incident of its own'}`;
  return `${given}: ${firing ? 'firing' : 'ended'}${times > 1 ? `, fired ${times} times` : ''}`;
}

function said(what: string, text: string | null): string {
  return text === null ? what : `${what}: ${text}`;
}

function actionText({ detail }: Entry, given: string | null): string {
  const name = `#${detail.action ?? 0}`;
  const { owner, due } = detail;
  if (detail.done) return `${name} done`;
  if (detail.reopened) return `${name} is open again`;
  // A change has none of its own words.
  if (detail.done === undefined) return `${name} ${changeText(detail)}`;
  const behind = [...(owner ? [`owner ${personLabel(owner)}`] : []), ...(due ? [`due ${due}`] : [])];
  return `${name} ${given ?? ''}${behind.length > 0 ? ` (${behind.join(', ')})` : ''}`;
}

/** `owner bo, due 2026-12-05`, `has no owner now`. */
function changeText({ owner, due }: EntryDetail): string {
  return [
    ...(owner === undefined ? [] : [owner === null ? 'has no owner now' : `owner ${personLabel(owner)}`]),
    ...(due === undefined ? [] : [due === null ? 'no due date' : `due ${due}`]),
  ].join(', ');
}

/** @returns the timeline's line for what a reader of the postmortem must know of a run; null: they need not know that */
function runLine(fact: Fact & RunFactBody, line: Line): Entry | null {
  const of = { run: runRef(fact.data.run) };
  const run = (what: string, field: string | null, more: EntryDetail = {}) =>
    line('run', field, { ...of, what, ...more });
  const step = (data: { step: string; phase: Phase }, what: string, field: string) =>
    line('step', field, { ...of, step: data.step, what: data.phase === 'undo' ? `undo ${what}` : what });
  switch (fact.type) {
    case 'RunProposed': {
      const { planOnly, runbook } = fact.data;
      return run(planOnly ? 'plan asked for' : 'asked for', 'inputs', { runbook });
    }
    case 'RunApproved':
      return run(approved(fact.data), 'reason');
    case 'RunAskedAgain':
      return run(
        fact.data.why === 'moved'
          ? 'must be approved anew: the world has moved since its plan'
          : 'must be approved anew: somebody who agreed would not be asked any more',
        null,
      );
    case 'RunCancelled':
      return run('cancelled', 'reason');
    case 'RunUndoing':
      return run(fact.data.why === 'failed' ? 'undoing, because a step failed' : 'undoing', null);
    case 'RunEnded':
      return run(fact.data.end, 'summary');
    case 'StepFinished':
      return step(fact.data, fact.data.outcome, fact.data.outcome === 'failed' ? 'error' : 'summary');
    case 'StepAsked':
      return step(fact.data, 'asks', 'question');
    case 'StepAnswered':
      return step(fact.data, `answered “${fact.data.choice}”`, 'reason');
    case 'RunPlanned':
    case 'RunStarted':
    case 'RunShown':
    case 'StepStarted':
    case 'StepTaken':
    case 'StepWaits':
      return null;
  }
}

/** The timeline's line for an alert, or for a group of them that came or went. */
function alertLine(fact: Fact & AlertFactBody, line: Line): Entry | null {
  switch (fact.type) {
    case 'AlertFired': {
      const { alert, group, source: sender, rule, until, at } = fact.data;
      const filed = { alert, group, key: fact.texts.key ?? ERASED, sender, rule };
      const entry = line('alert', 'title', {
        ...filed,
        ...{ firing: until === null, times: 1, since: at },
        ...('text' in fact.texts && { about: fact.texts.text }),
        ...('labels' in fact.texts && { labels: namedIn(fact.texts.labels) }),
        ...('values' in fact.texts && { values: namedIn(fact.texts.values) }),
        ...('links' in fact.texts && { links: namedIn(fact.texts.links) }),
      });
      return { ...entry, link: fact.texts.link ?? null };
    }
    case 'AlertsMoved': {
      const { group, to, hidden } = fact.data;
      return line('alert', 'key', { group, moved: 'to', other: otherOf(to, hidden) });
    }
    case 'AlertsTaken': {
      const { group, from, hidden } = fact.data;
      return line('alert', 'key', { group, moved: 'from', other: otherOf(from, hidden) });
    }
    case 'AlertChanged':
    case 'AlertsShown':
      return null;
  }
}

/** The timeline's line for what an incident has to do with another one. */
function linkLine(fact: Fact & LinkFactBody, line: Line): Entry {
  const of = (link: LinkKind, other: number, more: EntryDetail = {}) =>
    line('link', 'text' in fact.texts ? 'text' : null, { link, other: refOf(other), ...more });
  switch (fact.type) {
    case 'IncidentLinked':
      return of('linked', fact.data.other);
    case 'IncidentMerged': {
      const { into, channel } = fact.data;
      return of('into', into, channel === undefined ? {} : { channel });
    }
    case 'IncidentTakenIn':
      return of('from', fact.data.from);
  }
}

/** The timeline's line for somebody who is called for. */
function pageLine(fact: Fact & PageFactBody, line: Line): Entry | null {
  const detail = pageDetail(fact, fact.texts);
  const field = ['text', 'why'].find((name) => name in fact.texts) ?? null;
  return detail && line('page', field, detail);
}

function otherOf(incident: number | null, hidden: true | undefined): string | null {
  return hidden ? 'another incident' : incident === null ? null : refOf(incident);
}

/** What was kept as JSON. Erased, it is nothing. */
function namedIn(json: string | null | undefined): Record<string, string> {
  return json ? (JSON.parse(json) as Record<string, string>) : {};
}

function approved(data: { breakGlass: boolean; count: number; required: number }): string {
  if (data.breakGlass) return 'approved, breaking the glass';
  return data.required > 1 ? `approved, ${data.count} of ${data.required}` : 'approved';
}

/** `RUN-3 key-sync asked for: from=tts-old to=tts-new`, `RUN-3 add: done, added 2 keys`. */
function runText({ run = '', runbook, step, what = '' }: EntryDetail, given: string | null): string {
  if (step !== undefined) return `${run} ${step}: ${what}${given ? `, ${given}` : ''}`;
  const inputs = runbook !== undefined && given !== null ? inputsText(given) : given;
  const words = [run, runbook, what].filter((word) => word !== undefined && word !== '').join(' ');
  return inputs ? `${words}: ${inputs}` : words;
}

/** `{"from":"tts-old"}` as people type it. What is not that (an erased text, say) stays as it is. */
export function inputsText(json: string): string {
  try {
    const inputs = JSON.parse(json) as Record<string, unknown>;
    return Object.entries(inputs)
      .filter(([, value]) => value !== '')
      .map(
        ([name, value]) => `${name}=${/[\s"]/.test(String(value)) ? JSON.stringify(value) : String(value)}`,
      )
      .join(' ');
  } catch {
    return json;
  }
}

/** Texts that came as `component.0`, `component.1` …, in order; erased ones show as such. */
export function listed(fact: { texts: Fact['texts'] }, field: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => fact.texts[`${field}.${i}`] ?? ERASED);
}

/** Makes an entry of the fact at hand. `field`: the text that it shows; null: none. */
type Line = (kind: EntryKind, field: string | null, detail?: EntryDetail) => Entry;

/** @returns the timeline entry that a fact adds, or null: corrections and deliveries add none. */
export function entryOf(fact: Fact): Entry | null {
  const line: Line = (kind, field, detail = {}) => {
    const { n, at, until, precision } = fact.data as Happened;
    const text = field === null ? null : fact.texts[field];
    return {
      ...{ n, at, until, precision },
      recordedAt: fact.recordedAt,
      editedAt: null,
      kind,
      text: text ?? null,
      // A field that is there with null was erased; one that was never given is not there.
      erased: field !== null && field in fact.texts && text === null,
      detail,
      struck: false,
      by: fact.by,
      source: fact.source,
      link: null,
    };
  };
  if (isOfRun(fact)) return runLine(fact, line);
  if (isOfWatch(fact)) {
    const detail = watchDetail(fact);
    return detail && line('note', 'why' in fact.texts ? 'why' : null, detail);
  }
  if (isOfAlert(fact)) return alertLine(fact, line);
  if (isOfLink(fact)) return linkLine(fact, line);
  if (isOfReminder(fact))
    return fact.type === 'UpdatePromised' ? line('note', null, { promise: { next: fact.data.next } }) : null;
  if (isOfPage(fact)) return pageLine(fact, line);
  switch (fact.type) {
    case 'IncidentOpened':
      return line('opened', 'title', {
        ...(fact.data.severity && { severity: fact.data.severity }),
        components: listed(fact, 'component', fact.data.components),
        private: fact.data.private,
        drill: fact.data.drill,
      });
    case 'NoteRecorded':
      return line('note', 'text');
    case 'MessageCaptured': {
      const author = { id: fact.data.author, name: fact.texts.author ?? null };
      const { files, link } = fact.data;
      const names = listed(fact, 'file', files?.length ?? 0);
      const recorded = files?.map((file, i) => ({ ...file, name: names[i] ?? ERASED }));
      return { ...line('message', 'text', { author, ...(recorded && { files: recorded }) }), link };
    }
    case 'LineTakenIn': {
      const { entry, author: id, link } = fact.data;
      const detail = { author: { id, name: fact.texts.author ?? null }, lineOf: entry };
      return { ...line('message', 'text', detail), link };
    }
    case 'StatusChanged':
      return line('status', 'text', {
        status: fact.data.status,
        ...(fact.data.reopened && { reopened: true }),
        ...(fact.data.dismissed && { dismissed: true }),
        ...(fact.data.next !== undefined && { next: fact.data.next }),
      });
    case 'SeverityChanged':
      return line('severity', 'text', { severity: fact.data.severity });
    case 'RoleAssigned':
      return line('role', null, {
        role: fact.data.role,
        person: { id: fact.data.person, name: fact.texts.person ?? null },
      });
    case 'TitleChanged':
      return line('title', 'title');
    case 'MilestoneMarked':
      return line('milestone', null, { milestone: fact.data.milestone });
    case 'ComponentAdded':
      return line('component', 'component', { change: 'added' });
    case 'ComponentRemoved':
      return line('component', 'component', { change: 'removed' });
    case 'ImpactRecorded': {
      const { failed, total, from, to, components, unaffected = 0 } = fact.data;
      const names = listed(fact, 'component', components + unaffected);
      return line('impact', 'text', {
        failed,
        total,
        from,
        to,
        components: names.slice(0, components),
        ...(unaffected > 0 && { unaffected: names.slice(components) }),
      });
    }
    case 'ImpactMeasured': {
      const { failed, total, from, to } = fact.data;
      const measured = measurementOf(fact);
      const namesOf = (is: (one: Counted) => boolean) =>
        measured.components.filter(is).map(({ name }) => name);
      const unaffected = namesOf((one) => one.failed === 0 && one.total > 0);
      return line('impact', null, {
        failed,
        total,
        from,
        to,
        components: namesOf((one) => one.failed > 0),
        ...(unaffected.length > 0 && { unaffected }),
        measured,
      });
    }
    case 'CauseRecorded':
      return line('cause', 'text');
    case 'BridgeOpened':
      return line('bridge', 'host');
    case 'ActionAdded': {
      const { action, due } = fact.data;
      const owner = ownerIn(fact.data.owner, fact.texts.owner);
      return line('action', 'text', { action, done: false, owner, ...(due !== undefined && { due }) });
    }
    case 'ActionChanged': {
      const { action, owner, due } = fact.data;
      return line('action', null, {
        action,
        ...(owner !== undefined && { owner: ownerIn(owner, fact.texts.owner) }),
        ...(due !== undefined && { due }),
      });
    }
    case 'ActionReopened':
      return line('action', null, { action: fact.data.action, done: false, reopened: true });
    case 'ActionCompleted':
      return line('action', null, { action: fact.data.action, done: true });
    case 'StatusPosted': {
      const { state, components, states, next } = fact.data;
      const { title, anyway } = fact.texts;
      return line('post', 'text', {
        state,
        ...(components !== undefined && {
          components: listed(fact, 'component', components),
          states: states ?? [],
        }),
        ...(next !== undefined && { next }),
        ...(title !== undefined && { title }),
        ...(anyway !== undefined && { anyway }),
      });
    }
    case 'PostImported': {
      const { state, external, components, states } = fact.data;
      return line('post', 'text', {
        ...{ state, imported: external, title: fact.texts.title ?? null, states },
        components: listed(fact, 'component', components),
      });
    }
    case 'ComponentStateSet':
      return line('component', 'component', { state: fact.data.state });
    case 'MaintenancePlanned': {
      const { maintenance, components } = fact.data;
      const { title = null, anyway } = fact.texts;
      return line('post', 'text', {
        ...{ maintenance: maintenanceRef(maintenance), state: 'scheduled', title },
        components: listed(fact, 'component', components),
        ...(anyway !== undefined && { anyway }),
      });
    }
    case 'MaintenancePosted': {
      const { maintenance, state } = fact.data;
      const { anyway } = fact.texts;
      return line('post', 'text', {
        ...{ maintenance: maintenanceRef(maintenance), state },
        ...(anyway !== undefined && { anyway }),
      });
    }
    case 'MeasureAsked':
    case 'PeopleInvited':
    case 'PeopleLeft':
    case 'EntryEdited':
    case 'EntryRetimed':
    case 'EntryStruck':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'FilesKept':
    case 'ChannelOpened':
    case 'ChannelLost':
    case 'ChannelFound':
    case 'ChannelRenamed':
    case 'HeadlinePosted':
    case 'Announced':
    case 'CaughtUp':
    case 'BridgeShown':
    case 'NumbersSkipped':
    case 'ActionFiled':
      return null;
    default: {
      const unknown: never = fact;
      throw new Error(`a fact of an unknown type: ${JSON.stringify((unknown as { type?: unknown }).type)}`);
    }
  }
}

function ownerIn(id: string | null, name: string | null | undefined): Person | null {
  return id === null ? null : { id, name: name ?? null };
}

function measurementOf(fact: Extract<Fact, { type: 'ImpactMeasured' }>): Measurement {
  const { looked, stepMs, components, limited, noted, bucketMs, failedIn, totalIn } = fact.data;
  const names = listed(fact, 'component', components.length);
  return {
    looked,
    stepMs,
    failedQuery: fact.texts.failedQuery ?? ERASED,
    totalQuery: fact.texts.totalQuery ?? ERASED,
    components: components.map((one, i) => ({ name: names[i] ?? ERASED, ...one })),
    ...(limited && { limited }),
    groups: groupsIn(fact.texts.groups),
    noted,
    bucketMs,
    failedIn,
    totalIn,
  };
}

/** Kept as JSON, because labels are of others' making and can be erased with it; erased, there are none. */
function groupsIn(json: string | null | undefined): Counted[] {
  try {
    return json ? (JSON.parse(json) as Counted[]) : [];
  } catch {
    return [];
  }
}

/** @returns what a fact changes in an earlier entry, or null. What an alert does later, or that an action item has a ticket, is no correction: nobody edited it. */
export function amendmentOf(fact: Fact): Amendment | null {
  const editedAt = fact.recordedAt;
  switch (fact.type) {
    case 'EntryEdited': {
      const text = fact.texts.text ?? null;
      return { n: fact.data.entry, set: { text, erased: text === null, editedAt } };
    }
    case 'EntryRetimed': {
      const { entry, at, until, precision } = fact.data;
      return { n: entry, set: { at, until, precision, editedAt } };
    }
    case 'EntryStruck':
      return {
        n: fact.data.entry,
        set: { struck: true, editedAt, detail: { struckReason: fact.texts.reason ?? null } },
      };
    case 'MessageEdited': {
      const text = fact.texts.text ?? null;
      return fact.data.shown ? { n: fact.data.entry, set: { text, erased: text === null, editedAt } } : null;
    }
    case 'MessageDeleted': {
      const { entry, ts, hidden, corrected } = fact.data;
      const detail = { deleted: momentOfTs(ts), ...(hidden && { files: [], kept: [] }) };
      return { n: entry, set: { ...(hidden && !corrected && { text: null }), detail } };
    }
    case 'FilesKept': {
      const { entry, files } = fact.data;
      const digests = listed(fact, 'image', files.length);
      // Where the digest was erased, the bytes were too.
      const kept = files.flatMap((file, i) => {
        const digest = digests[i] ?? ERASED;
        return digest === ERASED ? [] : [{ ...file, digest }];
      });
      return { n: entry, set: { detail: { kept } } };
    }
    case 'AlertChanged': {
      const { entry, does, at, times } = fact.data;
      const fires = does === 'fired';
      const said = 'values' in fact.texts && {
        about: fact.texts.text ?? null,
        values: namedIn(fact.texts.values),
      };
      const detail = { firing: fires, times, ...(fires && { since: at }), ...said };
      return { n: entry, set: { until: fires ? null : at, detail } };
    }
    case 'ActionFiled': {
      const { ticket = null, url = null } = fact.texts;
      return { n: fact.data.entry, set: { link: url, detail: { ticket } } };
    }
    default:
      return null;
  }
}
