import type { DraftFact } from '../incident/fact.js';
import type { Asking, Decision, Found } from '../incident/intent.js';
import type { IncidentState } from '../incident/state.js';
import { refuse } from '../refusal.js';
import { given, LIMITS } from '../text.js';
import {
  happened,
  isInSlack,
  type Person,
  personLabel,
  refOf,
  SEVERITIES,
  type Severity,
  STANDING,
} from '../words.js';
import {
  isWaiting,
  lateBy,
  type Page,
  type PageIntent,
  type PagingRules,
  type Policy,
  pagedAtFirst,
  pageNumbered,
  pagesDue,
  reachOf,
  type Step,
  serviceIn,
  wantsSomebody,
} from './page.js';

/** What follows from an intent about pages. Pure. */
export function decidePage(state: IncidentState, intent: PageIntent, asking: Asking, found: Found): Decision {
  const rule = RULES[intent.type] as Rule<typeof intent.type>;
  return rule(state, intent, asking, { rules: found.paging ?? NONE, called: found.called });
}

export function isAboutPages(intent: { type: string }): intent is PageIntent {
  return Object.hasOwn(RULES, intent.type);
}

type Rule<T extends PageIntent['type']> = (
  state: IncidentState,
  intent: Extract<PageIntent, { type: T }>,
  asking: Asking,
  found: { rules: PagingRules; called: Found['called'] },
) => Decision;

/** Where tocsin.yml has no `paging:`. */
const NONE: PagingRules = { policies: new Map(), bySeverity: {}, holdMs: 15 * 60_000, waitMs: 5 * 60_000 };
/** Sooner than that a step is not said to be late. */
const LATE_MS = 60_000;

const RULES: { readonly [T in PageIntent['type']]: Rule<T> } = {
  PagePeople: (state, { policy: name, people: named, reason, again }, asking, { rules, called }) => {
    const ref = refOf(state.number);
    const known = [...rules.policies.keys()];
    if (state.number === STANDING) return refuse('NO_SUCH_INCIDENT', { ref });
    if (state.status === 'resolved') return refuse('PAGE_OVER', { ref, page: null });
    const people = [...new Map(named.map((one) => [one.id, one])).values()];
    if (name === null && people.length === 0) return refuse('PAGE_WHOM', { known });
    const policy = name === null ? directly(people, rules) : rules.policies.get(name);
    if (!policy) return refuse('NO_SUCH_POLICY', { policy: name ?? '', known });
    const steps = reachable(state, policy);
    if (steps.length === 0) return refuse('PAGE_DRILL', { ref, policy: name ?? '' });
    const before = again ? null : lately(state, name, people, asking.now, rules);
    if (before) return refuse('PAGED_ALREADY', { ...toldOf(before, asking.now), policy: name });
    const count = (state.pages?.list.length ?? 0) + 1;
    const next = 'Call people, and record whom: `note called @NAME`.';
    if (count > LIMITS.pages) return refuse('TOO_MANY', { what: 'pages', count, limit: LIMITS.pages, next });
    return [started(state, asking, { name, policy, steps, people, reason, called })];
  },

  /** Twice is once. By whom is recorded, whether they were paged or not; and whoever comes is let in where that gives nothing away. */
  AcknowledgePage: (state, { page }, asking) => {
    const ref = refOf(state.number);
    const { list = [] } = state.pages ?? {};
    const last = list.at(-1);
    if (!last) return refuse('NO_PAGE', { ref, page: null });
    const one = page === null ? null : pageNumbered(state, page);
    if (page !== null && !one) return refuse('NO_PAGE', { ref, page });
    const open = one ? [one] : list.filter(wantsSomebody);
    const answered = open.filter(wantsSomebody);
    if (answered.length === 0) {
      const about = one ?? last;
      const { acknowledged } = about;
      if (!acknowledged) return refuse('PAGE_OVER', { ref, page: about.page });
      const by = acknowledged.by.id === asking.by.id ? 'you' : personLabel(acknowledged.by);
      return refuse('PAGE_ACKNOWLEDGED', { page: about.page, by, at: acknowledged.at.slice(11, 16) });
    }
    const facts = answered.map(
      (each, i): DraftFact => ({
        type: 'PageAcknowledged',
        data: { ...happened(state, asking, null, i), page: each.page },
        texts: {},
      }),
    );
    return [...facts, ...letIn(state, asking.by, answered)];
  },

  EscalatePage: (state, { page, step }, asking, { called }) => {
    const one = pageNumbered(state, page);
    const due = pagesDue(state, asking.now).some(
      (intent) => intent.type === 'EscalatePage' && intent.page === page && intent.step === step,
    );
    if (!one || !due) return [];
    const of = one.steps.length;
    const notify = [...(one.steps[step % of]?.notify ?? [])];
    const late = lateBy(one, asking.now) ?? 0;
    const data = { ...happened(state, asking, null), page, step, of, notify };
    return [
      {
        type: 'PageEscalated',
        data: { ...data, ...(late > LATE_MS && { late: Math.round(late / 1_000) }) },
        texts: namesOf(notify, called),
      },
    ];
  },

  EndPage: (state, { page }, asking) => {
    const one = pageNumbered(state, page);
    const due = pagesDue(state, asking.now).some(
      (intent) => intent.type === 'EndPage' && intent.page === page,
    );
    if (!one || !due) return [];
    const data = { ...happened(state, asking, null), page, policy: one.policy };
    return [{ type: 'PageEnded', data, texts: {} }];
  },

  NotePageSent: (state, { page, step, to, message, bare }) => {
    const one = pageNumbered(state, page);
    if (!one || one.sent.some((sent) => sent.to === to && sent.step === step)) return [];
    const data = { page, step, to, ...message, ...(bare && { bare: true as const }) };
    return [{ type: 'PageSent', data, texts: {} }];
  },

  /** Each trouble is told once. */
  NotePageFailed: (state, { page, step, to, why }, asking) => {
    const one = pageNumbered(state, page);
    if (!one || one.failed.includes(to)) return [];
    const data = { ...happened(state, asking, null), page, step, to };
    return [{ type: 'PageFailed', data, texts: { why } }];
  },
};

/** Those who are named one by one are paged at once, and nobody comes after them. */
function directly(people: readonly Person[], { waitMs }: PagingRules): Policy {
  return { steps: [{ notify: people.map(({ id }) => id), waitMs }], repeat: 0, openly: false };
}

function reachable(state: Pick<IncidentState, 'drill'>, { steps }: Policy): Step[] {
  const { services } = reachOf(state);
  return steps
    .map(({ notify, waitMs }) => ({
      notify: notify.filter((to) => services || serviceIn(to) === null),
      waitMs,
    }))
    .filter(({ notify }) => notify.length > 0);
}

interface Started {
  name: string | null;
  policy: Policy;
  steps: Step[];
  people: readonly Person[];
  reason: string | null;
  severity?: Severity;
  called: Found['called'];
}

function started(
  state: Pick<IncidentState, 'entries' | 'pages'>,
  asking: Asking,
  { name, policy, steps, people, reason, severity, called = new Map() }: Started,
  offset = 0,
): DraftFact {
  const data = {
    ...happened(state, asking, null, offset),
    ...{ page: (state.pages?.list.length ?? 0) + 1, policy: name, repeat: policy.repeat },
    people: people.map(({ id }) => id),
    steps: steps.map(({ notify, waitMs }) => ({ notify: [...notify], waitMs })),
    ...(policy.openly && { openly: true as const }),
    ...(severity && { severity }),
  };
  const named = new Map([
    ...called,
    ...people.flatMap(({ id, name }) => (name ? [[id, name] as const] : [])),
  ]);
  const texts = { ...given({ text: reason }), ...namesOf(pagedAtFirst(data), named) };
  return { type: 'PageStarted', data, texts };
}

/** People are named by their ids in tocsin.yml, and by their names to people. */
function namesOf(to: readonly string[], called: Found['called']): Record<string, string> {
  return Object.fromEntries(
    to.flatMap((id, i) => {
      const name = called?.get(id);
      return name === undefined ? [] : [[`person.${i}`, name]];
    }),
  );
}

/** @returns the page of the same policy, or of the same people, that waits still or began a moment ago */
function lately(
  { pages }: Pick<IncidentState, 'pages'>,
  policy: string | null,
  people: readonly Person[],
  now: Date,
  { holdMs }: PagingRules,
): Page | null {
  const ids = people.map(({ id }) => id).sort();
  const same = (one: Page) => one.policy === policy && [...one.people].sort().join() === ids.join();
  const fresh = (one: Page) => isWaiting(one) || now.getTime() - Date.parse(one.began) < holdMs;
  return (pages?.list ?? []).filter((one) => !one.over && same(one) && fresh(one)).at(-1) ?? null;
}

function toldOf({ page, began, acknowledged }: Page, now: Date) {
  const minutes = Math.max(0, Math.round((now.getTime() - Date.parse(began)) / 60_000));
  return { page, minutes, by: acknowledged ? personLabel(acknowledged.by) : null };
}

/** Whoever comes is brought into the channel; of a private incident only by a policy that is for it. */
function letIn(state: IncidentState, by: Person, pages: readonly Page[]): DraftFact[] {
  const may = !state.private || pages.some(({ openly }) => openly);
  if (!may || !isInSlack(by.id) || state.members.includes(by.id)) return [];
  if (state.members.length >= LIMITS.members) return [];
  return [
    { type: 'PeopleInvited', data: { people: [by.id] }, texts: by.name ? { 'person.0': by.name } : {} },
  ];
}

/**
 * Who is paged by itself because of a severity: where an incident is opened with it, or becomes worse. It is recorded with what
 * brings it about, so that neither is there without the other.
 * @param state as it is before that; null: the incident is being opened
 * @param offset entries that the same decision makes before this one
 */
export function pagedFor(
  severity: Severity | null,
  state: IncidentState | null,
  { drill }: Pick<IncidentState, 'drill'>,
  asking: Asking,
  { paging: rules = NONE, called }: Pick<Found, 'paging' | 'called'>,
  offset: number,
): DraftFact[] {
  const name = severity && rules.bySeverity[severity];
  const policy = name ? rules.policies.get(name) : undefined;
  if (!severity || !name || !policy || !reachOf({ drill }).bySeverity) return [];
  if (state && (state.status === 'resolved' || !isWorse(severity, state.severity))) return [];
  if (
    state &&
    (lately(state, name, [], asking.now, rules) || (state.pages?.list.length ?? 0) >= LIMITS.pages)
  )
    return [];
  const steps = reachable({ drill }, policy);
  const of = state ?? { entries: 0 };
  return [started(of, asking, { name, policy, steps, people: [], reason: null, severity, called }, offset)];
}

function isWorse(severity: Severity, before: Severity | null): boolean {
  return before === null || SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(before);
}
