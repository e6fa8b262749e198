import { createHash, randomFillSync } from 'node:crypto';
import { verbNamed } from '#domain/command/verbs.js';
import { CHAIN_START, type SealedFact, seal } from '#domain/incident/chain.js';
import { decide } from '#domain/incident/decide.js';
import { type Effect, effectsOf, laneOf, laneOfEffect } from '#domain/incident/effect.js';
import { amendmentOf, type Entry, entryOf } from '#domain/incident/entry.js';
import { evolve, start } from '#domain/incident/evolve.js';
import type { Fact } from '#domain/incident/fact.js';
import type { Asking, Found, Intent, TypedIntent } from '#domain/incident/intent.js';
import { CHANGE_KINDS } from '#domain/incident/standing.js';
import type { IncidentState } from '#domain/incident/state.js';
import { mayHearOf, type Rules, sightOf, unseen } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import {
  type EntryKind,
  isGroup,
  type Person,
  type PersonRef,
  personLabel,
  refOf,
  STANDING,
} from '#domain/words.js';
import { receiptOf } from '#render/receipt.js';
import type { Commit } from '#store/commit.js';
import { Conflict, Locked, troubleOf, Unavailable, Unconfirmed } from '#store/pools.js';
import type { Admission } from './admission.js';

/** How many values one call of the system's generator makes: a call for each would cost more than the hash that it salts. */
const AHEAD = 256;

/** @returns a source of random values of `bytes` bytes, as hex, each given once. */
function fresh(bytes: number): () => string {
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

/** A commit that is being gathered. */
type Gathering = { -readonly [K in keyof Commit]: Array<Commit[K][number]> };

const gathering = (): Gathering => ({
  facts: [],
  entries: [],
  amendments: [],
  summaries: [],
  effects: [],
});

/** What one intent would write, and what its asker would be told once it is written. */
export interface Planned {
  incident: number;
  facts: Fact[];
  receipt: string;
  before: Known | null;
  after: Known;
}

const salt = fresh(16);

/** Who waits for the channel is known now: that it cannot be made may be found out much later, by somebody else. */
function withAsker(effect: Effect, { owner, channel }: Asking): Effect {
  if (effect.kind !== 'channel.open') return effect;
  const payload = { ...(owner && { owner: owner.id }), ...(channel && { typed: channel }) };
  return { kind: 'channel.open', payload };
}

/**
 * Decides one intent and adds what follows to `commit`; nothing is written yet.
 * @param known the incident as it will be when this is written; null for a new one
 */
function plan(
  commit: Gathering,
  known: Known | null,
  intent: Intent,
  asking: Asking,
  found: Found,
  notes: string[],
  rules: Rules,
): Planned | Refusal {
  const decision = decide(known?.state ?? null, intent, asking, found, rules);
  if (isRefusal(decision)) return decision;
  const incident = known?.state.number ?? found.number;
  const { team } = asking;
  const facts: Fact[] = [];
  const sealed: SealedFact[] = [];
  let state: IncidentState | null = known?.state ?? null;
  let seq = known?.seq ?? 0;
  let head = known?.head ?? CHAIN_START;
  for (const draft of decision) {
    seq += 1;
    const one = seal(draft, {
      team,
      incident,
      seq,
      prev: head,
      recordedAt: asking.now.toISOString(),
      by: asking.by,
      source: asking.source,
      salt,
    });
    const before = state;
    state = one.fact.type === 'IncidentOpened' ? start(one.fact) : evolve(state as IncidentState, one.fact);
    head = one.sealed.hash;
    facts.push(one.fact);
    sealed.push(one.sealed);
    const entry = entryOf(one.fact);
    if (entry) commit.entries.push({ team, incident, entry });
    const amendment = amendmentOf(one.fact);
    if (amendment) commit.amendments.push({ team, incident, amendment });
    for (const effect of effectsOf(one.fact, before, head)) {
      // The standing record has no channel: of it nothing is shown anywhere, but its runs go on.
      if (incident === STANDING && effect.kind !== 'run.advance') continue;
      const lane = laneOfEffect(team, incident, effect);
      commit.effects.push({ team, lane, incident, seq, effect: withAsker(effect, asking) });
    }
  }
  const after = { state: state as IncidentState, seq, head, epoch: known?.epoch ?? 0 };
  const remarks = [...notes, ...putBack(known?.state ?? null, after.state, facts)];
  const receipt =
    facts.length === 0
      ? ''
      : receiptOf({ ref: refOf(incident), facts: decision, notes: remarks, now: asking.now });
  facts.forEach((fact, i) => {
    const { body, hash, texts } = sealed[i] as SealedFact;
    // One key for all the facts of one intent: it stands on the first.
    const first = i === 0 && asking.key !== null;
    commit.facts.push({
      ...{
        team,
        incident,
        seq: fact.seq,
        type: fact.type,
        v: fact.v,
        recordedAt: fact.recordedAt,
        body,
        hash,
      },
      key: first ? asking.key : null,
      receipt: first ? receipt : null,
      asked: first ? (asking.asked ?? null) : null,
      texts: texts.map(({ field, salt, text }) => ({ field, salt: salt as string, text: text as string })),
    });
  });
  return { incident, facts, receipt, before: known, after };
}

/** Says what stands again after a change was struck: nobody should have to look it up. */
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

/** An incident as this process last knew it. `seq` is the version that the next fact must follow. */
export interface Known {
  state: IncidentState;
  seq: number;
  head: string;
  /** The store's: changes when the summary was computed anew beside us. */
  epoch: number;
}

/** For how long an incident that another process wrote to is taken to be one that both write to. */
const SHARED_MS = 10_000;

/**
 * Incidents that were written lately, so that a note costs one round trip and not two. Never trusted for a *no*
 * (another process may have written since), and for a *yes* the store's unique sequence numbers have the last word.
 */
export class Cache {
  private readonly known = new Map<string, Known>();
  private readonly shared = new Map<string, number>();
  private readonly keys = new Set<string>();

  constructor(
    private readonly limit = 500,
    private readonly keyLimit = 5_000,
  ) {}

  get(team: string, incident: number): Known | undefined {
    return this.known.get(`${team}/${incident}`);
  }

  set(team: string, incident: number, known: Known): void {
    keep(this.known, `${team}/${incident}`, known, this.limit);
  }

  drop(team: string, incident: number): void {
    this.known.delete(`${team}/${incident}`);
  }

  /** What stands in the database, seen just now. If it is not what we left there, somebody else writes to it too. */
  compare(team: string, incident: number, there: Known, now: number): void {
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

/** One summary an incident, from before the first to after the last intent of this commit. */
function summariesOf(planned: Array<{ waiting: Waiting; plan: Planned }>): Gathering['summaries'] {
  const byLane = new Map<string, Commit['summaries'][number]>();
  for (const { waiting, plan } of planned) {
    if (plan.facts.length === 0) continue;
    const { team } = waiting.asking;
    const lane = laneOf(team, plan.incident);
    const expected = byLane.get(lane)?.expected ?? plan.before?.seq ?? 0;
    const { seq, head, state, epoch } = plan.after;
    byLane.set(lane, { team, incident: plan.incident, seq, expected, epoch, head, state });
  }
  return [...byLane.values()];
}

const OUR_FAULT = 'Tocsin made a mistake, which is in its log';

const HELD = 'that incident is being rebuilt or erased at this moment';

const CROWDED = 'too many people are writing to this incident at once';

/** What somebody is told whose intent could not be written. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Locked) return refuse('NOT_RECORDED', { why: HELD });
  if (error instanceof Unavailable) return nothingKept(error);
  if (error instanceof Conflict) return refuse('NOT_RECORDED', { why: CROWDED });
  if (error instanceof Unconfirmed) return refuse('NOT_CONFIRMED', {});
  return refuse('NOT_RECORDED', { why: OUR_FAULT });
}

/** @returns what whoever wanted something recorded is told: nothing was, and why the database would not */
export function nothingKept(error: unknown): Refusal {
  const { state, reason, fix } = troubleOf(error);
  if (state === 'refusing') return refuse('DATABASE_REFUSES', { why: reason, fix });
  return refuse('NOT_RECORDED', { why: 'the database does not answer' });
}

/** An intent that waits for its turn, and whom to tell: once. What was answered is never decided again. */
export class Waiting {
  readonly asking: Asking;
  answered = false;

  constructor(
    readonly intent: TypedIntent,
    readonly target: number | null,
    asking: Asking,
    readonly notes: string[],
    readonly admission: Admission,
    /** When it came, in monotonic ms. */
    readonly since: number,
    private readonly tell: (outcome: Recorded | Refusal) => void,
  ) {
    this.asking = { ...asking, key: shortKey(asking.key) };
  }

  /** Of the incident that it is about; all new ones of a workspace stand under one name. */
  get stream(): { team: string; incident: number } {
    return { team: this.asking.team, incident: this.target ?? NEW };
  }

  done(outcome: Recorded | Refusal): void {
    if (this.answered) return;
    this.answered = true;
    this.tell(outcome);
  }
}

/** No number of an incident. */
const NEW = -1;

export const nameOf = ({ team, incident }: { team: string; incident: number }): string =>
  `${team}/${incident}`;

export const stillOf = (group: readonly Waiting[]): Waiting[] => group.filter((one) => !one.answered);

export function distinct<S extends { team: string; incident: number }>(streams: readonly S[]): S[] {
  return [...new Map(streams.map((stream) => [nameOf(stream), stream])).values()];
}

/** An index takes keys of up to some 2,700 bytes; one that is too long must not fail those who wait beside it. */
export function shortKey(key: string | null): string | null {
  return key !== null && key.length > 200 ? `sha256:${createHash('sha256').update(key).digest('hex')}` : key;
}

/** It is in the record. `receipt` is the sentence that says so; a repeat gets the first one again, with no facts. */
export interface Recorded {
  recorded: true;
  team: string;
  incident: number;
  ref: string;
  receipt: string;
  repeated: boolean;
  facts: Fact[];
  state: IncidentState;
}

export interface Loading extends Lookups {
  load(team: string, incident: number): Promise<Known | null>;
}

/** What was decided of a group, before any of it is written. */
export interface Decided {
  commit: Gathering;
  planned: Array<{ waiting: Waiting; plan: Planned }>;
  /** A *no* that rests on what is about to be written: it may be said once that is written, and not before. */
  held: Array<{ waiting: Waiting; refusal: Refusal }>;
  /** A *no* that stands whatever becomes of the others. */
  refused: Array<{ waiting: Waiting; refusal: Refusal }>;
}

/**
 * Decides what waits together, in order; each on what the ones before it will have left.
 * Whatever goes wrong while one of them is decided is that one's misfortune: the others are not refused for it.
 * @param there incidents as they stand, seen under our turn; what is not among them is remembered or loaded
 */
export async function decideTogether(
  store: Loading,
  cache: Cache,
  group: readonly Waiting[],
  there: ReadonlyMap<string, Known | null>,
  rules: Rules,
  onError: (error: unknown) => void,
): Promise<Decided> {
  const commit = gathering();
  const planned: Decided['planned'] = [];
  const held: Decided['held'] = [];
  const refused: Decided['refused'] = [];
  const latest = new Map<string, Known>();
  const failed = (waiting: Waiting, error: unknown) => {
    onError(error);
    refused.push({ waiting, refusal: refusalOf(error) });
  };

  const prepared = await Promise.all(
    group.map((waiting) =>
      prepare(store, cache, waiting, there).then(
        (is) => ({ waiting, is }),
        (error: unknown) => ({ waiting, error }),
      ),
    ),
  );
  for (const one of prepared) {
    const { waiting } = one;
    if ('error' in one) {
      failed(waiting, one.error);
      continue;
    }
    try {
      const stream = nameOf(waiting.stream);
      const before = latest.get(stream);
      let { is } = one;
      let outcome = decideOne(waiting, is, before, rules);
      if (isRefusal(outcome) && !before && !isRefusal(is) && !is.fresh) {
        // A *no* must not rest on what this process remembers: another one may have written since.
        is = await prepare(store, cache, waiting, there, true);
        outcome = decideOne(waiting, is, undefined, rules);
      }
      if (isRefusal(outcome)) {
        (before ? held : refused).push({ waiting, refusal: outcome });
        continue;
      }
      for (const part of PARTS) commit[part].push(...(outcome.commit[part] as never[]));
      latest.set(nameOf({ team: waiting.asking.team, incident: outcome.plan.incident }), outcome.plan.after);
      planned.push({ waiting, plan: outcome.plan });
    } catch (error) {
      failed(waiting, error);
    }
  }
  commit.summaries = summariesOf(planned);
  return { commit, planned, held, refused };
}

const PARTS = ['facts', 'entries', 'amendments', 'effects'] as const;

interface Prepared {
  intent: Intent;
  found: Found;
  /** Remarks on those who were named, for the receipt. */
  remarks: string[];
  /** Null: there is no such incident, or there is none yet. */
  known: Known | null;
  /** Seen in the database just now, and not remembered. */
  fresh: boolean;
}

async function prepare(
  store: Loading,
  cache: Cache,
  waiting: Waiting,
  there: ReadonlyMap<string, Known | null>,
  loadAnew = false,
): Promise<Prepared | Refusal> {
  const { asking, target } = waiting;
  const intent = await resolvePeople(store, waiting.intent, asking.team);
  if (isRefusal(intent)) return intent;
  let known: Known | null = null;
  let fresh = true;
  if (target !== null) {
    const seen = there.get(nameOf(waiting.stream));
    const remembered = loadAnew ? undefined : cache.get(asking.team, target);
    fresh = seen !== undefined || remembered === undefined;
    known = seen !== undefined ? seen : (remembered ?? (await store.load(asking.team, target)));
  }
  // After the state: what was looked up must not be older than what it is decided with, or a change in between goes unseen.
  const found = await lookUp(store, waiting.intent, target ?? 0, asking);
  const remarks = await remarksOn(store, intent, asking.team);
  return { intent, found, remarks, known, fresh };
}

function decideOne(
  { target, asking, notes, admission }: Waiting,
  is: Prepared | Refusal,
  before: Known | undefined,
  rules: Rules,
): { commit: Gathering; plan: Planned } | Refusal {
  if (isRefusal(is)) return is;
  const known = before ?? is.known;
  if (target !== null && (!known || !maySee(known.state, asking, admission))) return unseen(target);
  // Apart at first: if deciding fails half-way, nothing of it stands among what the others write.
  const commit = gathering();
  const { asker } = admission;
  const found = asker ? { ...is.found, asker } : is.found;
  const outcome = plan(commit, known, is.intent, asking, found, [...notes, ...is.remarks], rules);
  return isRefusal(outcome) ? outcome : { commit, plan: outcome };
}

function maySee(state: IncidentState, asking: Asking, { inside }: Admission): boolean {
  // Found out with more than the asking says: what kind of account they have, who is in the channel.
  if (inside === false) return false;
  const sight = sightOf(state, asking);
  return sight === 'in-channel' ? inside === true : sight === 'yes';
}

/** What `handle` looks up beside an incident's state: at most one entry or one person. */
interface Lookups {
  nextNumber(team: string): Promise<number>;
  entry(team: string, incident: number, n: number): Promise<Entry | null>;
  lastEntryBy(team: string, incident: number, by: string): Promise<Entry | null>;
  capturedEntry(team: string, incident: number, channel: string, ts: string): Promise<Entry | null>;
  /** Unstruck entries of those kinds, in order of recording. */
  entriesOf(team: string, incident: number, kinds: readonly EntryKind[]): Promise<Entry[]>;
  actionDone(team: string, incident: number, action: number): Promise<boolean>;
  /** Which run holds a target. */
  targetHolder(
    team: string,
    target: string,
  ): Promise<{ incident: number; run: number; of: IncidentState } | null>;
  /** The target of a run that this incident remembers. */
  targetOfRun(team: string, incident: number, run: number): Promise<string | null>;
  /** Which of these accounts are deactivated, as far as is known. */
  goneAmong(team: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  personById(team: string, id: string): Promise<Person | null>;
  personByName(team: string, name: string): Promise<Person | null>;
}

/** The user group of a handle; null: there is none; or why that could not be found out. */
export type GroupNamed = (
  handle: string,
) => Promise<{ id: string; handle: string } | { unsaid: string } | null>;

const NOTHING: Found = { entry: null, changes: [], captured: null, actionDone: false, number: 0 };

/** Does deciding this need more than the state? Such an intent must not share a commit with an earlier one on its incident. */
export function needsLookup(intent: TypedIntent): boolean {
  switch (intent.type) {
    case 'EditEntry':
    case 'RetimeEntry':
    case 'StrikeEntry':
    case 'UndoLastEntry':
    case 'CaptureMessage':
    case 'CompleteAction':
    case 'ProposeRun':
    case 'UndoRun':
      return true;
    default:
      return false;
  }
}

/** @param incident 0 for a new one */
async function lookUp(look: Lookups, intent: TypedIntent, incident: number, asking: Asking): Promise<Found> {
  const { team } = asking;
  switch (intent.type) {
    case 'OpenIncident':
      return { ...NOTHING, number: await look.nextNumber(team) };
    case 'OpenStandingRecord':
      return { ...NOTHING, number: STANDING };
    case 'EditEntry':
    case 'RetimeEntry':
      return { ...NOTHING, entry: await look.entry(team, incident, intent.entry) };
    case 'StrikeEntry':
    case 'UndoLastEntry': {
      const entry =
        intent.type === 'StrikeEntry'
          ? await look.entry(team, incident, intent.entry)
          : await look.lastEntryBy(team, incident, asking.by.id);
      const stands = entry !== null && CHANGE_KINDS.some((kind) => kind === entry.kind);
      const changes = stands ? await look.entriesOf(team, incident, CHANGE_KINDS) : [];
      return { ...NOTHING, entry, changes };
    }
    case 'CaptureMessage': {
      const { channel, ts } = intent.message;
      return { ...NOTHING, captured: await look.capturedEntry(team, incident, channel, ts) };
    }
    case 'CompleteAction':
      return { ...NOTHING, actionDone: await look.actionDone(team, incident, intent.action) };
    case 'ProposeRun':
      return { ...NOTHING, holder: await holderOf(look, intent.target, incident, asking) };
    case 'UndoRun': {
      const target = await look.targetOfRun(team, incident, intent.run);
      return { ...NOTHING, holder: target === null ? null : await holderOf(look, target, incident, asking) };
    }
    default:
      return NOTHING;
  }
}

/** What whoever named somebody should know: work that is given to a deactivated account is seen by nobody. */
async function remarksOn(look: Lookups, intent: Intent, team: string): Promise<string[]> {
  const named = namedIn(intent).filter(({ id }) => /^[UW][A-Z0-9]+$/.test(id));
  if (named.length === 0) return [];
  const gone = await look.goneAmong(
    team,
    named.map(({ id }) => id),
  );
  return named
    .filter(({ id }) => gone.has(id))
    .map((person) => `@${personLabel(person)}'s account is deactivated: nothing reaches them in Slack.`);
}

function namedIn(intent: Intent): readonly Person[] {
  switch (intent.type) {
    case 'AssignRole':
      return [intent.person];
    case 'AddAction':
      return intent.owner ? [intent.owner] : [];
    case 'InvitePeople':
      return intent.people;
    default:
      return [];
  }
}

/** As somebody writes them where no list is offered: on the command line, in a program. */
const PERSON_ID = /^[UW][A-Z0-9]{2,}$/;
const GROUP_ID = /^S[A-Z0-9]{6,}$/;

/**
 * A bare `@sre` that is nobody's name may be a user group's. Slack may be asked, so this is done before anybody waits to be
 * written.
 * @returns the intent with the groups' ids; or what is wrong: a group where people are meant, or nobody of that name
 */
export async function withGroups(
  look: Pick<Lookups, 'personByName' | 'personById'> & { groupNamed: GroupNamed },
  intent: TypedIntent,
  team: string,
): Promise<TypedIntent | Refusal> {
  const found = new Map<PersonRef, PersonRef>();
  for (const ref of bareIn(intent)) {
    const { name } = ref;
    if (name === null) continue;
    const person =
      (await look.personByName(team, name)) ??
      (PERSON_ID.test(name) ? await look.personById(team, name) : null);
    if (person && intent.type !== 'InvitePeople') continue;
    const called = await look.groupNamed(name);
    if (person) {
      // Anybody may give himself a group's name, and would be let in for it.
      if (called && 'id' in called) return refuse('UNKNOWN_PERSON', { name, both: true });
      continue;
    }
    const isId = GROUP_ID.test(name) && (!called || 'unsaid' in called);
    const group = isId ? { id: name, handle: null } : called;
    if (!group || 'unsaid' in group) {
      const unsaid = intent.type === 'InvitePeople' ? group?.unsaid : undefined;
      return refuse('UNKNOWN_PERSON', { name, ...(unsaid !== undefined && { unsaid }) });
    }
    if (intent.type !== 'InvitePeople') {
      const verb = verbOf(intent);
      return refuse('GROUP_IS_NOBODY', { group: `@${name}`, verb, form: verbNamed(verb)?.form ?? verb });
    }
    found.set(ref, { id: group.id, name: group.handle });
  }
  if (found.size === 0 || intent.type !== 'InvitePeople') return intent;
  return { ...intent, people: intent.people.map((ref) => found.get(ref) ?? ref) };
}

function verbOf(intent: TypedIntent): string {
  if (intent.type === 'AssignRole') return intent.role === 'lead' ? 'lead' : 'role';
  return intent.type === 'AddAction' ? 'action' : 'uninvite';
}

/** Those who are named without an id. */
export function bareIn(intent: TypedIntent): PersonRef[] {
  const named =
    intent.type === 'AssignRole'
      ? [intent.person]
      : intent.type === 'AddAction'
        ? [intent.owner]
        : intent.type === 'InvitePeople' || intent.type === 'UninvitePeople'
          ? intent.people
          : [];
  return named.filter((ref): ref is PersonRef => ref !== null && ref.id === null);
}

/** Turns `@ana` into a person: a mention keeps its id, a bare name must mean exactly one person. */
async function resolvePeople(look: Lookups, intent: TypedIntent, team: string): Promise<Intent | Refusal> {
  const find = async (ref: PersonRef): Promise<Person | Refusal> => {
    if (ref.id !== null) {
      if (isGroup(ref.id)) return { id: ref.id, name: ref.name === null ? null : `@${ref.name}` };
      if (ref.name !== null) return { id: ref.id, name: ref.name };
      return { id: ref.id, name: (await look.personById(team, ref.id))?.name ?? null };
    }
    const person = ref.name === null ? null : await look.personByName(team, ref.name);
    const byId = !person && ref.name !== null && PERSON_ID.test(ref.name);
    const known = byId ? await look.personById(team, ref.name as string) : person;
    return known ?? refuse('UNKNOWN_PERSON', { name: ref.name ?? '' });
  };
  switch (intent.type) {
    case 'AssignRole': {
      const person = await find(intent.person);
      return isRefusal(person) ? person : { ...intent, person };
    }
    case 'AddAction': {
      if (!intent.owner) return { ...intent, owner: null };
      const owner = await find(intent.owner);
      return isRefusal(owner) ? owner : { ...intent, owner };
    }
    case 'InvitePeople':
    case 'UninvitePeople': {
      const people: Person[] = [];
      for (const ref of intent.people) {
        const person = await find(ref);
        if (isRefusal(person)) return person;
        people.push(person);
      }
      return { ...intent, people };
    }
    default:
      return intent;
  }
}

/** Whoever asks may not see the other's incident: then all that is said is that there is one. */
async function holderOf(
  look: Lookups,
  target: string,
  incident: number,
  asking: Asking,
): Promise<Found['holder']> {
  const held = await look.targetHolder(asking.team, target);
  if (!held) return null;
  const hidden = held.incident !== incident && !mayHearOf(held.of, asking);
  return { incident: held.incident, run: held.run, hidden };
}
