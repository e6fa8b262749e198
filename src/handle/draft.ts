import { randomFillSync } from 'node:crypto';
import { alertsHere, firingIn } from '#domain/alert/state.js';
import { CHAIN_START, type SealedFact, seal } from '#domain/incident/chain.js';
import { type Effect, effectsOf, laneOf, laneOfEffect } from '#domain/incident/effect.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { Asking, Found, Intent, TypedIntent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import { type Rules, sightOf, unseen } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { personLabel, refOf, STANDING } from '#domain/words.js';
import { receiptOf } from '#render/receipt.js';
import type { Commit, Stream } from '#store/commit.js';
import type { Loaded } from '#store/incidents.js';
import type { Store } from '#store/store.js';
import { type Admission, type Lookups, lookUp, remarksOnPeople, resolvePeople } from './lookups.js';

/** One intent, and whoever asks for it. `target`: the number in INC-n; null for a new incident. */
export interface Request {
  readonly intent: TypedIntent;
  readonly target: number | null;
  readonly asking: Asking;
  /** Remarks for the receipt. */
  readonly notes: readonly string[];
  readonly admission: Admission;
}

/** What one intent would write, and what its asker would be told once it is written. */
export interface Draft {
  incident: number;
  facts: Fact[];
  receipt: string;
  before: Loaded | null;
  after: Loaded;
}

/** What was decided of a group of requests, before any of it is written. */
interface DraftedGroup<R> {
  commit: Gathering;
  drafts: Array<{ request: R; draft: Draft }>;
  /** A *no* that rests on what is about to be written: it may be said once that is written, and not before. */
  held: Array<{ request: R; refusal: Refusal }>;
  /** A *no* that counts whatever becomes of the others. */
  refused: Array<{ request: R; refusal: Refusal }>;
  /** These could not be decided. */
  failed: Array<{ request: R; error: unknown }>;
}

export type Loading = Lookups & Pick<Store['incidents'], 'load'>;

/**
 * Decides requests that are written together, in order; each on what the ones before it will have left.
 * If deciding one of them fails, the others are not refused for it.
 * @param there incidents as they are now, seen under our turn; what is not among them is remembered or loaded
 */
export async function draftGroup<R extends Request>(
  store: Loading,
  cache: Cache,
  group: readonly R[],
  there: ReadonlyMap<string, Loaded | null>,
  rules: Rules,
): Promise<DraftedGroup<R>> {
  const result: DraftedGroup<R> = { commit: gathering(), drafts: [], held: [], refused: [], failed: [] };
  const latest = new Map<string, Loaded>();
  const preparing = group.map((request) => ({ request, prepared: prepare(store, cache, request, there) }));
  // All at once. One that fails is met again below, where it fails alone.
  await Promise.allSettled(preparing.map(({ prepared }) => prepared));
  for (const { request, prepared } of preparing) {
    try {
      const before = latest.get(nameOf(streamOf(request)));
      let is = await prepared;
      let outcome = decideOne(request, is, before, rules);
      const nothing = isRefusal(outcome) || outcome.draft.facts.length === 0;
      if (nothing && !before && !isRefusal(is) && !is.fresh) {
        // Neither a *no* nor a *nothing to record* may rest on what this process remembers: another one may have written since,
        // and what writes nothing meets no conflict.
        is = await prepare(store, cache, request, there, true);
        outcome = decideOne(request, is, undefined, rules);
      }
      if (isRefusal(outcome)) {
        (before ? result.held : result.refused).push({ request, refusal: outcome });
        continue;
      }
      // What is gathered request by request; a summary is made once for all.
      const { commit, draft } = outcome;
      result.commit.facts.push(...commit.facts);
      result.commit.entries.push(...commit.entries);
      result.commit.amendments.push(...commit.amendments);
      result.commit.effects.push(...commit.effects);
      latest.set(nameOf({ team: request.asking.team, incident: draft.incident }), draft.after);
      result.drafts.push({ request, draft });
    } catch (error) {
      result.failed.push({ request, error });
    }
  }
  result.commit.summaries = summariesOf(result.drafts);
  return result;
}

/** No number of an incident: all new ones of a workspace are one stream. */
const NEW = -1;

/** The incident that a request is about. */
export function streamOf({ asking, target }: Request): Stream {
  return { team: asking.team, incident: target ?? NEW };
}

export const nameOf = ({ team, incident }: Stream): string => `${team}/${incident}`;

/** Everything that one request is decided with. */
interface Prepared {
  intent: Intent;
  found: Found;
  /** Remarks on those who were named, for the receipt. */
  remarks: string[];
  /** Null: there is no such incident, or there is none yet. */
  known: Loaded | null;
  /** Seen in the database just now, and not remembered. */
  fresh: boolean;
}

async function prepare(
  store: Loading,
  cache: Cache,
  request: Request,
  there: ReadonlyMap<string, Loaded | null>,
  loadAnew = false,
): Promise<Prepared | Refusal> {
  const { asking, target } = request;
  const intent = await resolvePeople(store, request.intent, asking.team);
  if (isRefusal(intent)) return intent;
  let known: Loaded | null = null;
  let fresh = true;
  if (target !== null) {
    const seen = there.get(nameOf(streamOf(request)));
    const remembered = loadAnew ? undefined : cache.get(asking.team, target);
    fresh = seen !== undefined || remembered === undefined;
    known = seen !== undefined ? seen : (remembered ?? (await store.load(asking.team, target)));
  }
  // After the state: what was looked up must not be older than what it is decided with, or a change in between goes unseen.
  const at = { lookups: store, team: asking.team, incident: target ?? 0, asking };
  const found = await lookUp(request.intent, at);
  const remarks = await remarksOnPeople(store, intent, asking.team);
  return { intent, found, remarks, known, fresh };
}

function decideOne(
  { target, asking, notes, admission }: Request,
  is: Prepared | Refusal,
  before: Loaded | undefined,
  rules: Rules,
): { commit: Gathering; draft: Draft } | Refusal {
  if (isRefusal(is)) return is;
  const known = before ?? is.known;
  if (target !== null && (!known || !maySee(known.state, asking, admission))) return unseen(target);
  // Apart at first: if deciding fails half-way, nothing of it is among what the others write.
  const commit = gathering();
  if (admission.there) return admission.there;
  const { asker } = admission;
  const found = asker ? { ...is.found, asker } : is.found;
  const draft = draftOf(commit, known, is.intent, asking, found, [...notes, ...is.remarks], rules);
  return isRefusal(draft) ? draft : { commit, draft };
}

function maySee(state: IncidentState, asking: Asking, { inside, paged }: Admission): boolean {
  if (paged) return true;
  // Found out with more than the asking says: what kind of account they have, who is in the channel.
  if (inside === false) return false;
  const sight = sightOf(state, asking);
  return sight === 'in-channel' ? inside === true : sight === 'yes';
}

/**
 * Decides one intent and adds what follows to `commit`; nothing is written yet.
 * @param known the incident as it will be when this is written; null for a new one
 * @public the bench fills incidents with it
 */
export function draftOf(
  commit: Gathering,
  known: Loaded | null,
  intent: Intent,
  asking: Asking,
  found: Found,
  notes: string[],
  rules: Rules,
): Draft | Refusal {
  const decision = decide(known?.state ?? null, intent, asking, found, rules);
  if (isRefusal(decision)) return decision;
  const incident = known?.state.number ?? found.number;
  const { team, by, source } = asking;
  const recordedAt = asking.now.toISOString();
  const facts: Fact[] = [];
  const sealed: SealedFact[] = [];
  let state = known?.state ?? null;
  let seq = known?.seq ?? 0;
  let head = known?.head ?? CHAIN_START;
  for (const draft of decision) {
    seq += 1;
    const one = seal(draft, { team, incident, seq, prev: head, recordedAt, by, source, salt });
    const before = state;
    state = evolve(state, one.fact);
    head = one.sealed.hash;
    facts.push(one.fact);
    sealed.push(one.sealed);
    const entry = entryOf(one.fact);
    if (entry) commit.entries.push({ team, incident, entry });
    const amendment = amendmentOf(one.fact);
    if (amendment) commit.amendments.push({ team, incident, amendment });
    for (const effect of effectsOf(one.fact, before, head)) {
      // The standing record has no channel: of it nothing is shown anywhere, but its runs go on, and what is asked is answered.
      if (incident === STANDING && !UNSHOWN.has(effect.kind)) continue;
      const lane = laneOfEffect(team, incident, effect);
      commit.effects.push({ team, lane, incident, seq, effect: withAsker(effect, asking) });
    }
  }
  const after = { state: state as IncidentState, seq, head, epoch: known?.epoch ?? 0 };
  const remarks = [
    ...notes,
    ...putBack(known?.state ?? null, after.state, facts),
    ...stillFiring(after.state, facts),
    ...alertsGone(after.state, facts),
    ...linesKnown(intent, facts),
    ...zoneOfLines(intent, found),
  ];
  const receipt =
    facts.length === 0
      ? ''
      : receiptOf({ ref: refOf(incident), facts: decision, notes: remarks, now: asking.now });
  facts.forEach(({ seq, type, v, recordedAt }, i) => {
    const { body, hash, texts } = sealed[i] as SealedFact;
    // One key for all the facts of one intent: it belongs to the first.
    const first = i === 0 && asking.key !== null;
    commit.facts.push({
      ...{ team, incident, seq, type, v, recordedAt, body, hash, texts },
      key: first ? asking.key : null,
      receipt: first ? receipt : null,
      asked: first ? (asking.asked ?? null) : null,
    });
  });
  return { incident, facts, receipt, before: known, after };
}

/** What is owed for its own sake, and not to show it to anybody. */
const UNSHOWN: ReadonlySet<Effect['kind']> = new Set<Effect['kind']>([
  ...(['run.advance', 'impact.measure', 'status.page', 'status.tell'] as const),
]);

/** Notes who waits for the channel, or for a figure: that it does not come may be found out much later, by another process. */
function withAsker(effect: Effect, { owner, channel }: Asking): Effect {
  if (effect.kind === 'impact.measure') {
    const payload = {
      ...effect.payload,
      ...(owner && { user: owner.id }),
      ...(channel && { typed: channel }),
    };
    return { kind: 'impact.measure', payload };
  }
  if (effect.kind !== 'channel.open') return effect;
  const payload = { ...(owner && { owner: owner.id }), ...(channel && { typed: channel }) };
  return { kind: 'channel.open', payload };
}

/** Says what counts again after a change was struck: nobody should have to look it up. */
function putBack(before: IncidentState | null, after: IncidentState, facts: Fact[]): string[] {
  if (!before || !facts.some((fact) => fact.type === 'EntryStruck' && fact.data.restored)) return [];
  const remarks: string[] = [];
  const differs = (key: keyof IncidentState) => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  if (differs('status')) remarks.push(`The status is ${after.status} again.`);
  if (differs('severity')) remarks.push(`The severity is ${after.severity ?? 'not set'} again.`);
  if (differs('title')) remarks.push('The title is what it was before.');
  if (differs('roles')) remarks.push('The role is what it was before.');
  if (differs('components')) remarks.push('The components are what they were before.');
  return remarks;
}

/** Said to whoever pastes what they have pasted before, with more below it. */
function linesKnown(intent: Intent, facts: Fact[]): string[] {
  const known = intent.type === 'RecordLog' ? intent.lines.length - facts.length : 0;
  if (known === 0 || facts.length === 0) return [];
  return [`${known === 1 ? '1 line was' : `${known} lines were`} in the timeline already, put there by you.`];
}

/** Times are meant in the zone of whoever wrote them, and not of whoever takes them in. */
function zoneOfLines(intent: Intent, { written, entry }: Found): string[] {
  if (intent.type !== 'TakeInLines' || !written || written.zoneKnown) return [];
  const author = entry?.detail.author;
  const who = author ? `${personLabel(author)}'s time zone` : "The author's time zone";
  return [`${who} is not known: times without a zone were read in ${written.zone}.`];
}

/** Said to whoever moves away the last of what monitoring saw here. */
function alertsGone({ number, status, alerts }: IncidentState, facts: Fact[]): string[] {
  const moved = facts.some((fact) => fact.type === 'AlertsMoved');
  if (!moved || mergedIn(facts) || status === 'resolved' || alertsHere(alerts).length > 0) return [];
  return [
    `${refOf(number)} has no alerts any more: \`dismiss\` closes it, if it was no incident of its own.`,
  ];
}

const mergedIn = (facts: Fact[]) => facts.some((fact) => fact.type === 'IncidentMerged');

/** Said to whoever resolves what monitoring still sees. */
function stillFiring({ alerts }: IncidentState, facts: Fact[]): string[] {
  const firing = firingIn(alerts);
  const resolves = facts.some((fact) => fact.type === 'StatusChanged' && fact.data.status === 'resolved');
  if (!resolves || firing === 0) return [];
  return [`${firing === 1 ? '1 alert still fires' : `${firing} alerts still fire`}.`];
}

/** A commit that is being gathered. */
type Gathering = { -readonly [K in keyof Commit]: Array<Commit[K][number]> };

/** @public the bench fills incidents with it */
export const gathering = (): Gathering => ({
  facts: [],
  entries: [],
  amendments: [],
  summaries: [],
  effects: [],
});

/** One summary an incident, from before the first to after the last intent of this commit. */
function summariesOf(drafts: ReadonlyArray<{ request: Request; draft: Draft }>): Gathering['summaries'] {
  const byLane = new Map<string, Commit['summaries'][number]>();
  for (const { request, draft } of drafts) {
    if (draft.facts.length === 0) continue;
    const { team } = request.asking;
    const lane = laneOf(team, draft.incident);
    const expected = byLane.get(lane)?.expected ?? draft.before?.seq ?? 0;
    byLane.set(lane, { team, incident: draft.incident, expected, ...draft.after });
  }
  return [...byLane.values()];
}

/** How many values one call of the system's generator makes: a call for each would cost more than the hash that it salts. */
const AHEAD = 256;

/** @returns a source of random values of `bytes` bytes, as hex, each given once. */
function randomValues(bytes: number): () => string {
  const pool = Buffer.alloc(bytes * AHEAD);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const value = pool.toString('hex', at, at + bytes);
    // What was given is not kept: a salt is as secret as the text until it is erased.
    pool.fill(0, at, at + bytes);
    at += bytes;
    return value;
  };
}

const salt = randomValues(16);

/** For how long an incident that another process wrote to is taken to be one that both write to. */
const SHARED_MS = 10_000;

/**
 * Incidents that were written lately, so that a note costs one round trip and not two. Never trusted for a *no*
 * (another process may have written since), and for a *yes* the store's unique sequence numbers have the last word.
 */
export class Cache {
  private readonly known = new Map<string, Loaded>();
  private readonly shared = new Map<string, number>();
  private readonly keys = new Set<string>();

  constructor(
    private readonly limit = 500,
    private readonly keyLimit = 5_000,
  ) {}

  get(team: string, incident: number): Loaded | undefined {
    return this.known.get(`${team}/${incident}`);
  }

  set(team: string, incident: number, known: Loaded): void {
    keep(this.known, `${team}/${incident}`, known, this.limit);
  }

  drop(team: string, incident: number): void {
    this.known.delete(`${team}/${incident}`);
  }

  /** @param there as it is in the database, seen just now. If it is not what we left there, somebody else writes to it too. */
  compare(team: string, incident: number, there: Loaded, now: number): void {
    const ours = this.get(team, incident);
    if (!ours || (ours.seq === there.seq && ours.epoch === there.epoch)) return;
    keep(this.shared, `${team}/${incident}`, now + SHARED_MS, this.limit);
  }

  /** Does another process write to it too, as far as was seen lately? */
  isShared(team: string, incident: number, now: number): boolean {
    return (this.shared.get(`${team}/${incident}`) ?? 0) > now;
  }

  /** Was a request with this key recorded by this process lately? */
  hasKey(team: string, key: string): boolean {
    return this.keys.has(`${team}/${key}`);
  }

  addKey(team: string, key: string): void {
    this.keys.add(`${team}/${key}`);
    if (this.keys.size > this.keyLimit) this.keys.delete(this.keys.keys().next().value as string);
  }
}

/** Re-inserted at the end: the first key is always the one that was kept longest ago, and goes when there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value as string);
}
