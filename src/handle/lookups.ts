import { verbNamed } from '#domain/command/verbs.js';
import type { Found } from '#domain/decide.js';
import type { Entry } from '#domain/entry.js';
import type { Asking, Intent, TypedIntent } from '#domain/intent.js';
import { mayHearOf } from '#domain/permission.js';
import { isGroup, type Person, type PersonRef, personLabel } from '#domain/person.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { CHANGE_KINDS } from '#domain/standing.js';
import { type IncidentState, STANDING } from '#domain/state.js';
import type { EntryKind } from '#domain/words.js';

/** What `handle` looks up beside an incident's state: at most one entry or one person. */
export interface Lookups {
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
export async function lookUp(
  look: Lookups,
  intent: TypedIntent,
  incident: number,
  asking: Asking,
): Promise<Found> {
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
export async function remarksOn(look: Lookups, intent: Intent, team: string): Promise<string[]> {
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
export async function resolvePeople(
  look: Lookups,
  intent: TypedIntent,
  team: string,
): Promise<Intent | Refusal> {
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
