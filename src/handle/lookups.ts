import { verbNamed } from '#domain/command/verbs.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Asker, Asking, Found, Intent, TypedIntent } from '#domain/incident/intent.js';
import { CHANGE_KINDS } from '#domain/incident/restored.js';
import type { IncidentState } from '#domain/incident/state.js';
import {
  askerIn,
  CHANNEL,
  EVERYONE,
  forbidden,
  isLimited,
  mayHearOf,
  mustBeMet,
  namesIn,
  PERMISSIONS,
  type Power,
  powerFor,
  type Rules,
  sees,
  speakerOf,
  unseen,
} from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import {
  type Account,
  type EntryKind,
  isGroup,
  type Person,
  type PersonRef,
  personLabel,
  STANDING,
} from '#domain/words.js';

// Two kinds of look-ups. Before a request waits to be written: who asks, and which groups they name. Slack may be asked for
// that, and whoever has to wait for Slack must delay nobody else. When it is decided: at most one entry or person of the
// database, beside the incident's state.

/** What is asked about people: of the database, and of Slack's memory beside us. */
export interface People {
  /** What kind of account that is; where it matters who acts, Slack may be asked. */
  account(team: string, id: string): Promise<Account>;
  /** Is that person in that channel now? null: Slack does not say. */
  inChannel(team: string, channel: string, id: string): Promise<boolean | null>;
  /** Is that person one of those named, or in one of the groups (`@sre`, ids of people and groups)? */
  isAmong(team: string, id: string, names: readonly string[]): Promise<boolean>;
  /** The incident as it is now. */
  stateOf(team: string, incident: number): Promise<IncidentState | null>;
}

/** What had to be looked up of whoever asks, before their request waits to be written. */
export interface Admission {
  /** Absent: what came with the asking is enough. */
  asker?: Asker;
  /** They may see the incident, although the record alone does not say so: they are in its channel now. */
  inside?: boolean;
}

const PLAIN: Admission = {};
/** Incidents that are remembered to be public. */
const REMEMBERED = 5_000;

type Admit = (intent: TypedIntent, target: number | null, asking: Asking) => Admission | Promise<Admission>;

/**
 * A full member who may record needs no look-up: neither in the incident's channel, nor elsewhere once the incident is known
 * to be public, which it stays for ever. Requests for the same incident keep their order, as long as nobody has to ask Slack.
 */
export function createAdmission(people: People, rules: Rules): Admit {
  const publicOnes = new Set<string>();
  const loading = new Map<string, Promise<IncidentState | null>>();

  function stateOf(team: string, incident: number): Promise<IncidentState | null> {
    const name = `${team}/${incident}`;
    let load = loading.get(name);
    if (!load) {
      load = people.stateOf(team, incident).finally(() => loading.delete(name));
      loading.set(name, load);
    }
    return load;
  }

  return (intent, target, asked) => {
    const power = powerFor(intent);
    if (power === null || asked.source === 'bot') return PLAIN;
    const wanted = needsAsker(power, asked, rules);
    const elsewhere = target !== null && asked.source === 'slack' && !asked.seesPrivate;
    const name = `${asked.team}/${target}`;
    const known = publicOnes.has(name) && !isLimited(asked.account);
    if (!wanted && (!elsewhere || known)) return PLAIN;
    return (async () => {
      const asking = await met(people, power, asked);
      const state = target === null ? null : await stateOf(asking.team, target);
      if (state && !state.private) {
        publicOnes.add(name);
        if (publicOnes.size > REMEMBERED) publicOnes.delete(publicOnes.keys().next().value as string);
      }
      if (!elsewhere || !state)
        return wanted ? { asker: await askerOf(people, power, state, asking, rules) } : PLAIN;
      const inside = await sees(state, asking, (...of) => people.inChannel(...of));
      // Whoever may not see it hears nothing more, and nothing more is looked up.
      if (!inside || !wanted) return { inside };
      return { inside, asker: await askerOf(people, power, state, asking, rules) };
    })();
  };
}

/**
 * For what is only shown, and for runbooks before their files are read: may whoever asks do that?
 * @param incident null where it is about none
 * @returns null, or a refusal that says who may; of an incident that they may not see, no more than that
 */
export async function permitted(
  people: People,
  rules: Rules,
  power: Power,
  incident: number | null,
  asked: Asking,
): Promise<Refusal | null> {
  const wanted = needsAsker(power, asked, rules);
  // Whether they may see it is found out where it is shown.
  if (!wanted && !isLimited(asked.account)) return null;
  // A rule is about each of those that a list would hold, and is applied there.
  if (power === 'see' && rules.see && incident === null) return null;
  const asking = await met(people, power, asked);
  const state = incident === null ? null : await people.stateOf(asking.team, incident);
  if (incident !== null) {
    const seen = state && (await sees(state, asking, (...of) => people.inChannel(...of)));
    if (!seen) return unseen(incident);
  }
  const asker = wanted ? await askerOf(people, power, state, asking, rules) : askerIn(asking);
  return forbidden(power, state, asking, asker, rules);
}

/** Must something be found out about the asker? Not where every full member may, and nobody else is answered for. */
function needsAsker(power: Power, asking: Asking, rules: Rules): boolean {
  const rule = rules[power] ?? PERMISSIONS[power].from;
  const { acts } = PERMISSIONS[power];
  return acts || !rule.includes(EVERYONE) || Boolean(asking.owner) || mustBeMet(power, asking);
}

/** @returns the asking, with the kind of account of somebody of whom nothing was known, as far as Slack says it */
async function met(people: People, power: Power, asking: Asking): Promise<Asking> {
  if (!mustBeMet(power, asking)) return asking;
  return { ...asking, account: await people.account(asking.team, asking.by.id) };
}

async function askerOf(
  people: People,
  power: Power,
  state: IncidentState | null,
  asking: Asking,
  rules: Rules,
): Promise<Asker> {
  const { acts, from } = PERMISSIONS[power];
  const rule = rules[power] ?? from;
  const names = namesIn(rule);
  const { team } = asking;
  const { id } = speakerOf(asking);
  const known = askerIn(asking);
  const [account, among, present] = await Promise.all([
    acts || asking.owner || known.account === 'unknown' ? people.account(team, id) : known.account,
    names.length > 0 ? people.isAmong(team, id, names) : false,
    rule.includes(CHANNEL) && !known.present ? isPresent(people, asking, state) : known.present,
  ]);
  return { account, among, present };
}

/** Before there is a channel, members count as present; of people at a machine it is not known. */
async function isPresent(
  people: People,
  asking: Asking,
  state: IncidentState | null,
): Promise<boolean | null> {
  const { id } = speakerOf(asking);
  if (state?.channel) return people.inChannel(asking.team, state.channel.id, id);
  return asking.source === 'slack' ? (state?.members.includes(id) ?? null) : null;
}

/** The user group of a handle; null: there is none; or why that could not be found out. */
export type GroupNamed = (
  handle: string,
) => Promise<{ id: string; handle: string } | { unsaid: string } | null>;

/** As somebody writes them where no list is offered: on the command line, in a program. */
const PERSON_ID = /^[UW][A-Z0-9]{2,}$/;
const GROUP_ID = /^S[A-Z0-9]{6,}$/;

/**
 * A bare `@sre` that is nobody's name may be a user group's.
 * @returns the intent with the groups' ids; or what is wrong: a group where people are meant, or nobody of that name
 */
export async function withGroups(
  lookups: Pick<Lookups, 'personByName' | 'personById'> & { groupNamed: GroupNamed },
  intent: TypedIntent,
  team: string,
): Promise<TypedIntent | Refusal> {
  const found = new Map<PersonRef, PersonRef>();
  for (const ref of bareIn(intent)) {
    const { name } = ref;
    if (name === null) continue;
    const person =
      (await lookups.personByName(team, name)) ??
      (PERSON_ID.test(name) ? await lookups.personById(team, name) : null);
    if (person && intent.type !== 'InvitePeople') continue;
    const called = await lookups.groupNamed(name);
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

/** Those who are named without an id. */
export function bareIn(intent: TypedIntent): PersonRef[] {
  return namedIn(intent).filter((ref) => ref.id === null);
}

/** Those whom an intent names. */
function namedIn<P extends PersonRef>(intent: Intent<P>): readonly P[] {
  switch (intent.type) {
    case 'AssignRole':
      return [intent.person];
    case 'AddAction':
      return intent.owner ? [intent.owner] : [];
    case 'InvitePeople':
    case 'UninvitePeople':
      return intent.people;
    default:
      return [];
  }
}

function verbOf(intent: TypedIntent): string {
  if (intent.type === 'AssignRole') return intent.role === 'lead' ? 'lead' : 'role';
  return intent.type === 'AddAction' ? 'action' : 'uninvite';
}

/** What is looked up when a request is decided. */
export interface Lookups {
  nextNumber(team: string): Promise<number>;
  entry(team: string, incident: number, n: number): Promise<Entry | null>;
  lastEntryBy(team: string, incident: number, by: string): Promise<Entry | null>;
  capturedEntry(team: string, incident: number, channel: string, ts: string): Promise<Entry | null>;
  /** Unstruck entries of those kinds, in order of recording. */
  entriesOf(team: string, incident: number, kinds: readonly EntryKind[]): Promise<Entry[]>;
  actionDone(team: string, incident: number, action: number): Promise<boolean>;
  /** The run that holds a target. */
  targetHolder(
    team: string,
    target: string,
  ): Promise<{ incident: number; run: number; of: IncidentState } | null>;
  /** The target of a run that this incident remembers. */
  targetOfRun(team: string, incident: number, run: number): Promise<string | null>;
  /** Those of these accounts that are deactivated, as far as is known. */
  goneAmong(team: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  personById(team: string, id: string): Promise<Person | null>;
  personByName(team: string, name: string): Promise<Person | null>;
}

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

const NOTHING: Found = { entry: null, changes: [], captured: null, actionDone: false, number: 0 };

/** @param incident 0 for a new one */
export async function lookUp(
  lookups: Lookups,
  intent: TypedIntent,
  incident: number,
  asking: Asking,
): Promise<Found> {
  const { team } = asking;
  switch (intent.type) {
    case 'OpenIncident':
      return { ...NOTHING, number: await lookups.nextNumber(team) };
    case 'OpenStandingRecord':
      return { ...NOTHING, number: STANDING };
    case 'EditEntry':
    case 'RetimeEntry':
      return { ...NOTHING, entry: await lookups.entry(team, incident, intent.entry) };
    case 'StrikeEntry':
    case 'UndoLastEntry': {
      const entry =
        intent.type === 'StrikeEntry'
          ? await lookups.entry(team, incident, intent.entry)
          : await lookups.lastEntryBy(team, incident, asking.by.id);
      const isChange = entry !== null && CHANGE_KINDS.some((kind) => kind === entry.kind);
      const changes = isChange ? await lookups.entriesOf(team, incident, CHANGE_KINDS) : [];
      return { ...NOTHING, entry, changes };
    }
    case 'CaptureMessage': {
      const { channel, ts } = intent.message;
      return { ...NOTHING, captured: await lookups.capturedEntry(team, incident, channel, ts) };
    }
    case 'CompleteAction':
      return { ...NOTHING, actionDone: await lookups.actionDone(team, incident, intent.action) };
    case 'ProposeRun':
      return { ...NOTHING, holder: await holderOf(lookups, intent.target, incident, asking) };
    case 'UndoRun': {
      const target = await lookups.targetOfRun(team, incident, intent.run);
      const holder = target === null ? null : await holderOf(lookups, target, incident, asking);
      return { ...NOTHING, holder };
    }
    default:
      return NOTHING;
  }
}

/** If the asker may not see the incident of the run that holds the target, only its existence is told. */
async function holderOf(
  lookups: Lookups,
  target: string,
  incident: number,
  asking: Asking,
): Promise<Found['holder']> {
  const held = await lookups.targetHolder(asking.team, target);
  if (!held) return null;
  const hidden = held.incident !== incident && !mayHearOf(held.of, asking);
  return { incident: held.incident, run: held.run, hidden };
}

/** Turns `@ana` into a person: a mention keeps its id, a bare name must mean exactly one person. */
export async function resolvePeople(
  lookups: Lookups,
  intent: TypedIntent,
  team: string,
): Promise<Intent | Refusal> {
  const find = async (ref: PersonRef): Promise<Person | Refusal> => {
    if (ref.id !== null) {
      if (isGroup(ref.id)) return { id: ref.id, name: ref.name === null ? null : `@${ref.name}` };
      if (ref.name !== null) return { id: ref.id, name: ref.name };
      return { id: ref.id, name: (await lookups.personById(team, ref.id))?.name ?? null };
    }
    const person = ref.name === null ? null : await lookups.personByName(team, ref.name);
    const byId = !person && ref.name !== null && PERSON_ID.test(ref.name);
    const known = byId ? await lookups.personById(team, ref.name as string) : person;
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

/** A remark for each named person whose account is deactivated: work that is given to them is seen by nobody. */
export async function remarksOnPeople(lookups: Lookups, intent: Intent, team: string): Promise<string[]> {
  if (intent.type === 'UninvitePeople') return [];
  const named = namedIn(intent).filter(({ id }) => /^[UW][A-Z0-9]+$/.test(id));
  if (named.length === 0) return [];
  const gone = await lookups.goneAmong(
    team,
    named.map(({ id }) => id),
  );
  return named
    .filter(({ id }) => gone.has(id))
    .map((person) => `@${personLabel(person)}'s account is deactivated: nothing reaches them in Slack.`);
}
