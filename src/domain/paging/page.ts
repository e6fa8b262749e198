import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type BodyOf, count, happened, id, number, shape } from '../shape.js';
import { isInSlack, type Person, personLabel, SEVERITIES, type Severity } from '../words.js';

// Somebody is called for. A page goes through the steps of its policy, one after the other, until somebody acknowledges it,
// the incident is over, or nobody is left. Its steps are copied into the record when it begins: when the next one is due, and
// whom it is for, is computed from facts alone, whatever tocsin.yml says by then.

/** Whom a step is for: `@sre` (a user group, or a name under `approvers:`), an id of Slack's, or `service:NAME`. */
export interface Step {
  readonly notify: readonly string[];
  /** For how long nobody has acknowledged before the next one begins. */
  readonly waitMs: number;
}

export interface Policy {
  readonly steps: readonly Step[];
  /** How often all of them are gone through once more. */
  readonly repeat: number;
  /** Those whom it is for may know of a private incident: they read its title, and are let in when they acknowledge. */
  readonly openly: boolean;
}

/** `paging:` of tocsin.yml, as far as deciding needs it. */
export interface PagingRules {
  readonly policies: ReadonlyMap<string, Policy>;
  /** What is paged by itself where an incident is opened with that severity, or raised to it. */
  readonly bySeverity: Readonly<Partial<Record<Severity, string>>>;
  /** So long the same is not paged again for an incident, unless somebody says `--again`. */
  readonly holdMs: number;
  /** For how long those who were named one by one have to acknowledge. */
  readonly waitMs: number;
}

const SERVICE = 'service:';

/** @returns the name of the service that a step notifies; null: it is for people */
export function serviceIn(to: string): string | null {
  return to.startsWith(SERVICE) ? to.slice(SERVICE.length) : null;
}

/**
 * How far an incident's pages may go. A drill pages nobody by itself, and nobody outside of Slack: whoever is on call somewhere
 * else would not know that it is one.
 */
export function reachOf({ drill }: { drill: boolean }): { bySeverity: boolean; services: boolean } {
  return { bySeverity: !drill, services: !drill };
}

const KEY = 'tocsin-';

/** What all that a service is told of one page has in common. It says nothing of the incident: a private one has a number too. */
export function keyOfPage(team: string, incident: number, page: number): string {
  return `${KEY}${createHash('sha256').update(`${team}/${incident}/${page}`).digest('hex').slice(0, 40)}`;
}

/** Is it one of ours? A service that tells us of its alerts tells of those too, and they are no news. */
export function isKeyOfPage(key: unknown): boolean {
  return typeof key === 'string' && key.startsWith(KEY);
}

/** A page holds no more than that. */
export const PAGE_LIMITS = { steps: 10, notify: 20, repeat: 9 } as const;

const whom = z.array(id).max(PAGE_LIMITS.notify);
const steps = z
  .array(z.strictObject({ notify: whom, waitMs: number }))
  .min(1)
  .max(PAGE_LIMITS.steps);

/** Whom a page calls when it begins: those who were named one by one, else the first step of its policy. */
export function pagedAtFirst({
  policy,
  people,
  steps,
}: {
  policy: string | null;
  people: readonly string[];
  steps: readonly Step[];
}): readonly string[] {
  return policy === null ? people : (steps[0]?.notify ?? []);
}

/** `page`: which of the incident's, from 1; `step`: 0, 1, 2 … over all rounds. */
export const PAGE_FACTS = {
  /** `people`: who was named one by one, where it is by no policy. `severity`: nobody typed it. */
  PageStarted: shape(
    {
      ...{ ...happened, page: number, policy: id.nullable(), people: z.array(id), steps, repeat: count },
      openly: z.literal(true).optional(),
      severity: z.enum(SEVERITIES).optional(),
    },
    {
      optional: ['text'],
      list: { field: 'person', count: (d) => pagedAtFirst(d).length, required: false },
    },
  ),
  /** Nobody has acknowledged. `of`: how many steps a round has; `late`: by how many seconds, because no bot was there. */
  PageEscalated: shape(
    {
      ...{ ...happened, page: number, step: number, of: number, notify: whom },
      late: number.optional(),
    },
    { list: { field: 'person', count: (d) => d.notify.length, required: false } },
  ),
  /**
   * It has reached somebody in Slack (`channel` and `ts` are the message), or a service has taken it. `bare`: the message does not
   * show the way to the channel, because there was none yet.
   */
  PageSent: shape({
    ...{ page: number, step: count, to: id, channel: id.optional(), ts: id.optional() },
    bare: z.literal(true).optional(),
  }),
  /** It does not reach them, or not yet; `why` says what to do. */
  PageFailed: shape({ ...happened, page: number, step: count, to: id }, { required: ['why'] }),
  PageAcknowledged: shape({ ...happened, page: number }),
  /** All of its steps are over, and nobody has acknowledged. */
  PageEnded: shape({ ...happened, page: number, policy: id.nullable() }),
};

export type PageFactBody = BodyOf<typeof PAGE_FACTS>;

/** Somebody, or a service, that a page has reached. */
interface Sent {
  to: string;
  step: number;
  channel?: string;
  ts?: string;
}

export interface Page {
  page: number;
  /** The entry that says so. */
  n: number;
  policy: string | null;
  people: string[];
  steps: Step[];
  repeat: number;
  openly?: true;
  by: Person;
  /** When it began, and when the step did that it is at: ISO 8601, UTC. */
  began: string;
  since: string;
  step: number;
  sent: Sent[];
  /** What was told of those whom it does not reach. */
  failed: string[];
  acknowledged?: { by: Person; at: string };
  unanswered?: true;
  /** The incident was over. */
  over?: true;
}

export interface Pages {
  list: Page[];
  /** One of them waits for somebody. Absent: none does. */
  waiting?: true;
}

/** People that a page remembers to have reached, and troubles that it has told. */
const SENT = 200;
const TOLD = 20;

export function isWaiting({ acknowledged, unanswered, over }: Page): boolean {
  return !acknowledged && !unanswered && !over;
}

/** Nobody has come, and somebody is to: also when nobody else is left to be paged. */
export function wantsSomebody({ acknowledged, over }: Page): boolean {
  return !acknowledged && !over;
}

export function pageNumbered({ pages }: { pages?: Pages }, page: number): Page | null {
  return pages?.list.find((one) => one.page === page) ?? null;
}

/** Was that page sent to them? Whoever was called for may say that they come, whatever else they may not. */
export function wasPaged(state: { pages?: Pages }, page: number | null, person: string): boolean {
  const to = ({ sent }: Page) => sent.some((one) => one.to === person);
  return (state.pages?.list ?? []).some((one) => (page === null || one.page === page) && to(one));
}

export function evolvePages(
  pages: Pages | undefined,
  fact: PageFactBody & { by: Person; recordedAt: string },
): Pages {
  const { list } = pages ?? { list: [] };
  const { page } = fact.data;
  const changed = (change: (one: Page) => Page) =>
    pagesOf(list.map((one) => (one.page === page ? change(one) : one)));
  const { recordedAt } = fact;
  switch (fact.type) {
    case 'PageStarted': {
      const { n, policy, people, steps, repeat, openly } = fact.data;
      const fresh = { began: recordedAt, since: recordedAt, step: 0, sent: [], failed: [] };
      const one = { page, n, policy, people, steps, repeat, by: fact.by, ...fresh };
      return pagesOf([...list, { ...one, ...(openly && { openly }) }]);
    }
    case 'PageEscalated': {
      const { step } = fact.data;
      return changed((one) => ({ ...one, step, since: recordedAt }));
    }
    case 'PageSent': {
      const { to, step, channel, ts } = fact.data;
      const sent: Sent = { to, step, ...(channel !== undefined && ts !== undefined && { channel, ts }) };
      return changed((one) => ({ ...one, sent: [...one.sent, sent].slice(-SENT) }));
    }
    case 'PageFailed': {
      const { to } = fact.data;
      return changed((one) => ({ ...one, failed: [...one.failed, to].slice(-TOLD) }));
    }
    case 'PageAcknowledged': {
      const acknowledged = { by: fact.by, at: recordedAt };
      return changed((one) => ({ ...one, acknowledged }));
    }
    case 'PageEnded':
      return changed((one) => ({ ...one, unanswered: true }));
  }
}

function pagesOf(list: Page[]): Pages {
  return { list, ...(list.some(isWaiting) && { waiting: true as const }) };
}

/** Of what is over nobody is paged any more, also should it be reopened: then somebody is there. */
export function unlessOver<S extends { status: string; pages?: Pages }>(state: S): S {
  const { pages } = state;
  if (!pages || state.status !== 'resolved' || pages.list.every(({ over }) => over)) return state;
  return { ...state, pages: pagesOf(pages.list.map((one) => ({ ...one, over: true }))) };
}

/** @returns services that a page has been given to, or is on its way to */
export function servicesOf({ steps, step }: Page): string[] {
  const begun = steps.slice(0, step + 1).flatMap(({ notify }) => notify);
  return [...new Set(begun.filter((to) => serviceIn(to) !== null))];
}

/** @returns people in Slack who have a message of it */
export function toldOf({ sent }: Page): string[] {
  return [...new Set(sent.filter(({ to }) => isInSlack(to)).map(({ to }) => to))];
}

/** A time that lies further ahead than clocks differ was written when one was ahead. */
const AHEAD_MS = 60_000;

/**
 * What is due of the pages of an incident. A page whose time lies ahead of the clock comes from one that was ahead: it is due at
 * once, because nobody is to wait for help until that clock is reached.
 */
export function pagesDue({ pages }: { pages?: Pages }, now: Date): Due[] {
  const due = (pages?.list ?? []).filter((one) => isWaiting(one) && lateBy(one, now) !== null);
  return due.map(({ page, step, steps, repeat }): Due => {
    const more = step + 1 < steps.length * (repeat + 1);
    return more ? { type: 'EscalatePage', page, step: step + 1 } : { type: 'EndPage', page };
  });
}

type Due = Extract<PageIntent, { type: 'EscalatePage' | 'EndPage' }>;

/** @returns for how many ms a page has waited longer than its step says; null: it may wait still */
export function lateBy({ steps, step, since }: Page, now: Date): number | null {
  const waited = now.getTime() - Date.parse(since);
  if (waited < -AHEAD_MS) return 0;
  const late = waited - (steps[step % steps.length]?.waitMs ?? 0);
  return late < 0 ? null : late;
}

/** What is asked about pages. `P`: as in Intent. */
export type PageIntent<P = Person> =
  /** By a policy, or those who are named. `again`: although the same was paged a moment ago. */
  | { type: 'PagePeople'; policy: string | null; people: P[]; reason: string | null; again: boolean }
  /** `page` null: all that wait. */
  | { type: 'AcknowledgePage'; page: number | null }
  | { type: 'EscalatePage'; page: number; step: number }
  | { type: 'EndPage'; page: number }
  /** `message`: the one in Slack. `bare`: it does not show the way to the channel. */
  | {
      type: 'NotePageSent';
      page: number;
      step: number;
      to: string;
      message: { channel: string; ts: string } | null;
      bare: boolean;
    }
  | { type: 'NotePageFailed'; page: number; step: number; to: string; why: string };

/** What the timeline says of a page; the words beside it are the entry's text. */
export type PageDetail =
  | { what: 'started'; page: number; policy: string | null; whom: string[]; severity?: Severity }
  | { what: 'escalated'; page: number; step: number; of: number; whom: string[]; late?: number }
  | { what: 'failed' | 'acknowledged'; page: number }
  | { what: 'unanswered'; page: number; policy: string | null };

/** @param texts of the fact: names of whom it calls, where they are known */
export function pageDetail(
  fact: PageFactBody,
  texts: Readonly<Record<string, string | null>>,
): { page: PageDetail } | null {
  const { page } = fact.data;
  const called = (some: readonly string[]) =>
    some.map((to, i) => {
      const name = texts[`person.${i}`] ?? null;
      return name === null ? whomText(to) : personLabel({ id: to, name });
    });
  switch (fact.type) {
    case 'PageStarted': {
      const { policy, severity } = fact.data;
      const whom = called(pagedAtFirst(fact.data));
      return { page: { what: 'started', page, policy, whom, ...(severity && { severity }) } };
    }
    case 'PageEscalated': {
      const { step, of, notify, late } = fact.data;
      const whom = called(notify);
      return { page: { what: 'escalated', page, step, of, whom, ...(late !== undefined && { late }) } };
    }
    case 'PageSent':
      return null;
    case 'PageFailed':
      return { page: { what: 'failed', page } };
    case 'PageAcknowledged':
      return { page: { what: 'acknowledged', page } };
    case 'PageEnded':
      return { page: { what: 'unanswered', page, policy: fact.data.policy } };
  }
}

/** `@sre`, `main`. */
export function whomText(to: string): string {
  return serviceIn(to) ?? to;
}

/** The sentence of an entry of a page. @param given the text beside it: why it was paged, or why somebody is not reached */
export function pageText(detail: PageDetail, given: string | null): string {
  const name = `page ${detail.page}`;
  switch (detail.what) {
    case 'started': {
      const { policy, whom, severity } = detail;
      const called = policy === null ? whom.join(', ') : `${policy} (${whom.join(', ')})`;
      return `${name}: ${called} paged${severity ? `, because it is ${severity}` : ''}${given ? `: ${given}` : ''}`;
    }
    case 'escalated': {
      const { step, of, whom, late } = detail;
      const round = step >= of ? `, round ${Math.floor(step / of) + 1}` : '';
      const delay = late ? ` (${Math.round(late / 60)} min late: no bot was there)` : '';
      return `${name}${round}, step ${(step % of) + 1} of ${of}: nobody has acknowledged, so ${whom.join(', ')} paged${delay}`;
    }
    case 'failed':
      return `${name}: ${given ?? ''}`;
    case 'acknowledged':
      return `${name} acknowledged`;
    case 'unanswered': {
      const again = detail.policy === null ? 'page @NAME' : `page ${detail.policy} --again`;
      return `${name}: nobody has acknowledged, and nobody is left to be paged. Call somebody, or type \`${again}\``;
    }
  }
}

/** `page 2 of sre: step 2 of 3, nobody has acknowledged`; empty where nothing was paged that is not over. */
export function pagesText({ list }: Pages, called: (person: Person) => string): string {
  return list
    .filter(({ over }) => !over)
    .slice(-3)
    .map(({ page, policy, step, steps, acknowledged, unanswered }) => {
      const name = `page ${page}${policy === null ? '' : ` of ${policy}`}`;
      if (acknowledged) return `${name} acknowledged by ${called(acknowledged.by)}`;
      const left = unanswered
        ? 'nobody is left to be paged'
        : `step ${(step % steps.length) + 1} of ${steps.length}`;
      return `${name}: nobody has acknowledged, ${left}`;
    })
    .join('; ');
}
