import { verbNamed } from '#domain/command/verbs.js';
import type { Found } from '#domain/incident/decide/decide.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Asking, Intent, TypedIntent } from '#domain/incident/intent.js';
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
  STANDING,
} from '#domain/words.js';
import type { Admission } from './admission.js';
import { type Cache, type Gathering, gathering, type Known, type Planned, plan } from './plan.js';
import { nameOf, refusalOf, summariesOf, type Waiting } from './write.js';

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
