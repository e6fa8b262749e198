import type { IncidentState } from '../incident/state.js';
import { mergedInto } from '../link/link.js';
import { wantsSomebody, wasPaged } from '../paging/page.js';
import type { Power } from '../permission.js';
import { yesRefused } from '../run/decide.js';
import type { RunState } from '../run/state.js';
import { isApproved, runsOf } from '../run/state.js';
import { watchOf } from '../watch/watch.js';
import { type PostState, refOf } from '../words.js';

// What somebody who only says "here I am" is told: what they are in an incident, what waits for them, what is likely next.

/** Something that may be done: by a press, or by typing it. */
export interface Next {
  /** What a button says. */
  readonly label: string;
  /** The line that a press stands for, without the command and without the incident; one that lacks its text opens a form. */
  readonly line: string;
  /** What to type where nothing can be pressed. */
  readonly typed: string;
  /** What it takes; null: nothing. */
  readonly power: Power | null;
  /** Asked before it is done: it is not what anybody wants to press by mistake. */
  readonly sure?: string;
}

/** More are not looked at by anybody; they fit one row of a phone's screen, or two. */
export const NEXT = 5;

const next = (label: string, line: string, power: Power, more: Partial<Next> = {}): Next => ({
  ...{ label, line, typed: line, power },
  ...more,
});

/** Somebody is in an incident: they were brought in, or have a role. */
export function isIn(state: IncidentState, person: string): boolean {
  return state.members.includes(person) || rolesOf(state, person).length > 0;
}

/** @returns the roles that somebody has, the lead first */
export function rolesOf({ roles }: IncidentState, person: string): string[] {
  const held = Object.keys(roles).filter((role) => roles[role]?.id === person);
  return held.sort((a, b) => Number(b === 'lead') - Number(a === 'lead'));
}

/** A run that stands still until somebody says something. `yours`: they are among those who may agree. */
export interface WaitingRun {
  readonly run: RunState;
  readonly why: 'approval' | 'answer';
  readonly yours: boolean;
}

/** @param may whether they may approve, and answer, at all. @returns runs that wait for a person */
export function runsWaiting(
  state: IncidentState,
  person: string,
  may: { approve: boolean; run: boolean },
): WaitingRun[] {
  return runsOf(state).list.flatMap((run): WaitingRun[] => {
    if (run.status === 'asking' && run.asked) return [{ run, why: 'answer', yours: may.run }];
    if (run.status !== 'waiting' || run.planOnly || isApproved(run)) return [];
    const counts = yesRefused(state, run, person, {}) === null;
    return [{ run, why: 'approval', yours: may.approve && counts }];
  });
}

/** Somebody was called for, and nobody has come yet. */
export function isPaged(state: IncidentState, person: string): boolean {
  const waits = (state.pages?.list ?? []).filter(wantsSomebody);
  return waits.some(({ page }) => wasPaged(state, page, person));
}

/** An update that somebody is waiting for. `to`: whom it was promised to. `due`: by now. */
export interface Promised {
  readonly to: 'public' | 'channel';
  readonly by: string;
  readonly due: boolean;
}

/** @returns what was promised and has not come yet */
export function promises({ promised, rhythm, status }: IncidentState, now: Date): Promised[] {
  if (status === 'resolved') return [];
  const both = { public: promised?.by, channel: rhythm?.next?.by };
  return (['public', 'channel'] as const).flatMap((to) => {
    const by = both[to];
    return by === undefined ? [] : [{ to, by, due: Date.parse(by) <= now.getTime() }];
  });
}

/** @returns what the public still reads of an incident that is over; null: it knows, or was told nothing */
export function publicStillReads({ status, lastPost, drill }: IncidentState): PostState | null {
  const open = lastPost !== null && !['resolved', 'postmortem'].includes(lastPost.state);
  return status === 'resolved' && open && !drill ? lastPost.state : null;
}

/** What is known beside the state. */
export interface Around {
  person: string;
  /** `me` means somebody: a person asks, and no program. */
  me: boolean;
  now: Date;
  /** For how long a watch is offered, as it is typed; null: there is nothing to watch. */
  watchSpan: string | null;
  /** The incident is not implied where they are: a line names it. */
  named: boolean;
  /** Action items that are not done. */
  actions: number;
}

/** How an incident goes on from each status. Only the first step is offered; every other can be typed. */
const ONWARD = {
  investigating: next('Identified', 'status identified', 'state', { typed: 'status identified TEXT' }),
  identified: next('Monitoring', 'status monitoring', 'state', { typed: 'status monitoring TEXT' }),
} as const;
const RESOLVE = next('Resolve', 'resolve', 'state', {
  typed: 'resolve TEXT',
  sure: 'It is over. `reopen REASON` takes it up again.',
});
const ACK = next('I have the page', 'ack', 'page');
const LEAD = next('I lead', 'lead me', 'state');
const NOTE = next('Note', 'note', 'note', { typed: 'note TEXT' });
const RUNS = next('Runs', 'runs', 'see');
const CATCHUP = next('Catch up', 'catchup', 'see');
const ACTIONS = next('Action items', 'actions', 'see');
const TIMELINE = next('Timeline', 'timeline', 'see');
const SHOW = next('Show all', 'show', 'see');
const PUBLISH = next('Tell the public', 'publish', 'publish', { typed: 'publish TEXT' });
const PUBLISH_END = { ...PUBLISH, typed: 'publish resolved TEXT' };
const EXPORT = next('Export', 'export md', 'export');
const POSTMORTEM = next('Postmortem', 'postmortem', 'export');

/** @returns what is likely next in an incident, the likeliest first: more than are shown, because not everybody may have all of it done */
export function nextIn(state: IncidentState, around: Around): Next[] {
  const all = [...new Map(likely(state, around).map((one) => [one.line, one])).values()];
  if (!around.named) return all;
  const ref = refOf(state.number);
  const of = (typed: string) => (typed.includes(' INC-') ? typed : typed.replace(/^\S+/, `$& ${ref}`));
  return all.map((one) => ({ ...one, typed: of(one.typed) }));
}

function likely(state: IncidentState, { person, me, now, watchSpan, actions }: Around): Next[] {
  const into = mergedInto(state);
  if (into !== null) return [goOn(into), TIMELINE, EXPORT, POSTMORTEM, SHOW];
  const { status, roles } = state;
  if (status === 'resolved') {
    const watch = watchSpan === null || watchOf(state) ? [] : [watching(watchSpan)];
    const draft = state.falseAlarm ? [] : [POSTMORTEM];
    const end = publicStillReads(state) === null ? [] : [PUBLISH_END];
    return [
      ...end,
      ...draft,
      EXPORT,
      ...(actions > 0 ? [ACTIONS] : []),
      ...watch,
      NOTE,
      TIMELINE,
      SHOW,
      CATCHUP,
    ];
  }
  const waits = runsOf(state).list.some((run) => run.status === 'asking' || run.status === 'waiting');
  const due = promises(state, now).filter((one) => one.due);
  const onward = status === 'monitoring' ? RESOLVE : ONWARD[status];
  return [
    ...(isPaged(state, person) ? [ACK] : []),
    ...('lead' in roles ? [] : [me ? LEAD : { ...LEAD, typed: 'lead @NAME' }]),
    ...(waits ? [RUNS] : []),
    ...due.map(({ to }) => (to === 'public' ? PUBLISH : updating(status))),
    ...(isIn(state, person) ? [] : [CATCHUP]),
    NOTE,
    onward,
    ...(status === 'identified' ? [RESOLVE] : []),
    PUBLISH,
    CATCHUP,
    ...(actions > 0 ? [ACTIONS] : []),
    TIMELINE,
    SHOW,
  ];
}

const goOn = (into: number): Next => {
  const line = `here ${refOf(into)}`;
  return next(`Go on in ${refOf(into)}`, line, 'see');
};

/** The form asks for the status too, and offers the one that it has. */
const updating = (status: string): Next =>
  next('Update', 'status', 'state', { typed: `status ${status} TEXT` });

const watching = (span: string): Next => next(`Watch ${span}`, `watch ${span}`, 'watch');

/**
 * @param open incidents that they may see, those that they are in first
 * @returns what is likely next where nobody is in an incident's channel
 */
export function nextOutside(open: readonly IncidentState[], person: string): Next[] {
  const mine = open.filter((state) => isIn(state, person));
  const some = (mine.length > 0 ? mine : open).slice(0, 2);
  const chosen = some.map(({ number }) => next(refOf(number), `here ${refOf(number)}`, 'see'));
  return [
    ...chosen,
    next('Declare an incident', 'open', 'declare', { typed: 'open sev2 TITLE' }),
    next('List', open.length > 0 ? 'list' : 'list --status all', 'see'),
    { label: 'Help', line: 'help', typed: 'help', power: null },
  ];
}
