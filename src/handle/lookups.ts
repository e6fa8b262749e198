import { verbNamed } from '#domain/command/verbs.js';
import { itemsOf } from '#domain/incident/action.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Asker, Asking, Found, Intent, TypedIntent } from '#domain/incident/intent.js';
import { CHANGE_KINDS } from '#domain/incident/restored.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type PagingRules, pageNumbered, type Step, wasPaged } from '#domain/paging/page.js';
import {
  askerIn,
  CHANNEL,
  EVERYONE,
  forbidden,
  GIVEN_POWERS,
  isLimited,
  isStranger,
  mayHearOf,
  mustBeMet,
  namesIn,
  PERMISSIONS,
  type Power,
  powerFor,
  type Reach,
  type Rules,
  reachOf,
  sees,
  speakerOf,
  unseen,
} from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { PublicRules } from '#domain/status/publish.js';
import {
  type Account,
  isGroup,
  isInSlack,
  type Person,
  type PersonRef,
  personLabel,
  STANDING,
} from '#domain/words.js';
import type { KnownPerson } from '#store/people.js';
import type { Store } from '#store/store.js';

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
  /** They were called for, and may say that they come, also where they may see nothing of it. */
  paged?: true;
  /** Why they may not have that done in the other incident that it is about. */
  there?: Refusal;
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
    if (power === null || asked.source === 'bot' || asked.source === 'alerts') return PLAIN;
    const wanted = needsAsker(power, asked, rules);
    const elsewhere = target !== null && asked.source === 'slack' && !asked.seesPrivate;
    const name = `${asked.team}/${target}`;
    const known = publicOnes.has(name) && !isLimited(asked.account);
    const aim = otherOf(intent);
    const comes = intent.type === 'AcknowledgePage' ? intent : null;
    if (!wanted && (!elsewhere || known) && aim === null && !comes) return PLAIN;
    return (async () => {
      const asking = await met(people, power, asked);
      const state = target === null ? null : await stateOf(asking.team, target);
      if (state && !state.private) {
        publicOnes.add(name);
        if (publicOnes.size > REMEMBERED) publicOnes.delete(publicOnes.keys().next().value as string);
      }
      if (comes && state && wasPaged(state, comes.page, asking.by.id))
        return { paged: true, asker: { ...askerIn(asking), among: true } };
      const sight =
        elsewhere && state ? { inside: await sees(state, asking, (...of) => people.inChannel(...of)) } : {};
      // Whoever may not see it hears nothing more, and nothing more is looked up.
      if (sight.inside === false) return sight;
      const there = aim === null ? null : await notThere(people, power, aim, asking, rules);
      if (there) return { ...sight, there };
      return wanted ? { ...sight, asker: await askerOf(people, power, state, asking, rules) } : sight;
    })();
  };
}

/** @returns the other incident that an intent of a person is about: they must be allowed to have that done there too */
function otherOf(intent: TypedIntent): number | null {
  switch (intent.type) {
    case 'MoveAlerts':
    case 'LinkIncidents':
    case 'MergeIncident':
      return intent.to;
    default:
      return null;
  }
}

/** @returns why something may not be done in an incident that is not the one where it was asked for */
async function notThere(
  people: People,
  power: Power,
  incident: number,
  asked: Asking,
  rules: Rules,
): Promise<Refusal | null> {
  // In Slack, being in the one's channel says nothing about the other.
  const asking = asked.source === 'slack' ? { ...asked, seesPrivate: false } : asked;
  const state = await people.stateOf(asking.team, incident);
  const seen = state && (await sees(state, asking, (...of) => people.inChannel(...of)));
  if (!seen) return unseen(incident);
  if (!needsAsker(power, asking, rules)) return null;
  return forbidden(power, state, asking, await askerOf(people, power, state, asking, rules), rules);
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

/** How far the table gives somebody each power that tocsin.yml could give; Slack is asked who they are, if need be. */
export async function powersOf(
  people: People,
  rules: Rules,
  asked: Asking,
): Promise<Array<{ power: Power; reach: Reach }>> {
  const account = isStranger(asked) ? await people.account(asked.team, asked.by.id) : asked.account;
  const asking = account === undefined ? asked : { ...asked, account };
  return Promise.all(
    GIVEN_POWERS.map(async (power) => {
      const asker = isLimited(account) ? askerIn(asking) : await askerOf(people, power, null, asking, rules);
      return { power, reach: reachOf(power, asking, asker, rules) };
    }),
  );
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
    if (person && !takesGroups(intent)) continue;
    const called = await lookups.groupNamed(name);
    if (person) {
      // Anybody may give himself a group's name, and would be let in for it.
      if (called && 'id' in called) return refuse('UNKNOWN_PERSON', { name, both: true });
      continue;
    }
    const isId = GROUP_ID.test(name) && (!called || 'unsaid' in called);
    const group = isId ? { id: name, handle: null } : called;
    if (!group || 'unsaid' in group) {
      const unsaid = takesGroups(intent) ? group?.unsaid : undefined;
      return refuse('UNKNOWN_PERSON', { name, ...(unsaid !== undefined && { unsaid }) });
    }
    if (!takesGroups(intent)) {
      const verb = verbOf(intent);
      return refuse('GROUP_IS_NOBODY', { group: `@${name}`, verb, form: verbNamed(verb)?.form ?? verb });
    }
    found.set(ref, { id: group.id, name: group.handle });
  }
  return found.size === 0 ? intent : naming(intent, (ref) => found.get(ref) ?? ref);
}

/** Whole groups are brought in, and called for. */
function takesGroups({ type }: TypedIntent): boolean {
  return type === 'InvitePeople' || type === 'PagePeople';
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
    case 'ChangeAction':
      return intent.owner ? [intent.owner] : [];
    case 'InvitePeople':
    case 'UninvitePeople':
    case 'PagePeople':
      return intent.people;
    default:
      return [];
  }
}

function verbOf(intent: TypedIntent): string {
  if (intent.type === 'AssignRole') return intent.role === 'lead' ? 'lead' : 'role';
  return intent.type === 'AddAction' || intent.type === 'ChangeAction' ? 'action' : 'uninvite';
}

/** What is looked up when a request is decided. */
export interface Lookups
  extends Pick<Store['people'], 'personById' | 'personByName'>,
    Pick<
      Store['incidents'],
      | 'nextNumber'
      | 'entry'
      | 'lastEntryBy'
      | 'capturedEntry'
      | 'capturedTs'
      | 'history'
      | 'alertEntry'
      | 'entriesOf'
      | 'entriesOfAction'
    > {
  /** Another incident, as it is now. */
  stateOf(team: string, incident: number): Promise<IncidentState | null>;
  /** The run that holds a target. */
  targetHolder(
    team: string,
    target: string,
  ): Promise<{ incident: number; run: number; of: IncidentState } | null>;
  /** The target of a run that this incident remembers. */
  targetOfRun(team: string, incident: number, run: number): Promise<string | null>;
  /** What tocsin.yml says of the public page; absent: nothing. */
  publicly?: PublicRules;
  /** What tocsin.yml says of paging; absent: nothing. */
  paging?: PagingRules;
  /** The time zone in somebody's profile; null: not known. `zone` is that of whoever has none; absent: UTC. */
  zoneOf(team: string, id: string): Promise<string | null>;
  zone?: string | null;
  /** What is known of these accounts. */
  accountsOf(team: string, ids: readonly string[]): Promise<ReadonlyMap<string, Account>>;
}

/** Where something is looked up, and for whom. */
interface Place {
  lookups: Lookups;
  team: string;
  /** 0 for a new one. */
  incident: number;
  asking: Asking;
}

type LookUp<T extends TypedIntent['type']> = (
  at: Place,
  intent: Extract<TypedIntent, { type: T }>,
) => Promise<Partial<Found>>;

/** Of each intent that is decided on more than the state: what else. */
const LOOKUPS: { readonly [T in TypedIntent['type']]?: LookUp<T> } = {
  EditEntry: async (at, { entry }) => ({ entry: await entryNumbered(at, entry) }),
  RetimeEntry: async (at, { entry }) => ({ entry: await entryNumbered(at, entry) }),
  StrikeEntry: async (at, { entry }) => withChanges(at, await entryNumbered(at, entry)),
  PublishPost: async ({ lookups: { publicly } }) => ({ publicly }),
  CorrectPost: async (at, { entry }) => ({
    entry: await entryNumbered(at, entry),
    publicly: at.lookups.publicly,
  }),
  WithdrawPost: async (at, { entry }) => withChanges(at, await entryNumbered(at, entry)),
  SetComponentState: async ({ lookups: { publicly } }) => ({ publicly }),
  PlanMaintenance: async ({ lookups: { publicly } }) => ({ publicly }),
  PostMaintenance: async ({ lookups: { publicly } }) => ({ publicly }),
  UndoLastEntry: async (at) =>
    withChanges(at, await at.lookups.lastEntryBy(at.team, at.incident, at.asking.by.id)),
  RecordLog: async ({ lookups, team, incident, asking }) => ({
    notes: (await lookups.entriesOf(team, incident, ['note'])).filter(({ by }) => by.id === asking.by.id),
  }),
  TakeInLines: async (at, { of }) => {
    const { lookups, team, incident } = at;
    const entry =
      'entry' in of
        ? await entryNumbered(at, of.entry)
        : await lookups.capturedEntry(team, incident, of.channel, of.ts);
    const ts = entry && (await lookups.capturedTs(team, incident, entry.n));
    const author = entry?.detail.author;
    if (!ts || !author) return { entry };
    const own = await lookups.zoneOf(team, author.id);
    const sent = new Date(Number.parseInt(ts, 10) * 1000);
    return {
      entry,
      written: { sent, zone: own ?? lookups.zone ?? 'UTC', zoneKnown: own !== null },
    };
  },
  CaptureMessage: async ({ lookups, team, incident }, { message: { channel, ts } }) => ({
    captured: await lookups.capturedEntry(team, incident, channel, ts),
  }),
  NoteMessageEdited: (at, intent) => withHistory(at, intent.at),
  NoteMessageDeleted: (at, intent) => withHistory(at, intent.at),
  NoteFilesKept: async (at, { entry }) => ({ entry: await entryNumbered(at, entry) }),
  MeasureImpact: async ({ lookups, team, incident }) => ({
    damageFrom: damageIn(await lookups.entriesOf(team, incident, ['impact'])),
  }),
  ChangeAction: itemNamed,
  CompleteAction: itemNamed,
  ReopenAction: itemNamed,
  NoteActionFiled: itemNamed,
  RecordAlert: async ({ lookups, team, incident }, { alert }) => ({
    alert: await lookups.alertEntry(team, incident, alert.id),
  }),
  MoveAlerts: async ({ lookups, team }, { to }) => ({
    target: to === null ? null : await lookups.stateOf(team, to),
  }),
  LinkIncidents: async ({ lookups, team }, { to }) => ({ target: await lookups.stateOf(team, to) }),
  MergeIncident: async ({ lookups, team }, { to }) => ({ target: await lookups.stateOf(team, to) }),
  PagePeople: ({ lookups, team }) => pagedBy(lookups, team),
  ChangeSeverity: ({ lookups, team }) => pagedBy(lookups, team),
  EscalatePage: async ({ lookups, team, incident }, { page }) => {
    const state = await lookups.stateOf(team, incident);
    const steps = (state && pageNumbered(state, page)?.steps) ?? [];
    return { called: await called(lookups, team, steps) };
  },
  ProposeRun: async (at, { target }) => ({ holder: await holderOf(at, target) }),
  UndoRun: async (at, { run }) => {
    const target = await at.lookups.targetOfRun(at.team, at.incident, run);
    return { holder: target === null ? null : await holderOf(at, target) };
  },
};

/** What tocsin.yml says of paging, and what those are called whom it names by their ids. */
async function pagedBy(lookups: Lookups, team: string): Promise<Partial<Found>> {
  const { paging } = lookups;
  if (!paging) return {};
  const steps = [...paging.policies.values()].flatMap((policy) => policy.steps);
  return { paging, called: await called(lookups, team, steps) };
}

async function called(
  lookups: Pick<Lookups, 'personById'>,
  team: string,
  steps: readonly Step[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(steps.flatMap(({ notify }) => notify))].filter(isInSlack);
  const people = await Promise.all(ids.map((id) => lookups.personById(team, id)));
  return new Map(people.flatMap((one) => (one?.name ? [[one.id, one.name]] : [])));
}

async function itemNamed(
  { lookups, team, incident }: Place,
  { action }: { action: number },
): Promise<Partial<Found>> {
  const item = itemsOf(await lookups.entriesOfAction(team, incident, action))[0] ?? null;
  return { item, actionDone: item?.done ?? false };
}

/** @returns the earliest beginning that somebody typed: one that was measured rests on another */
function damageIn(impacts: readonly Entry[]): string | null {
  const begins = impacts.flatMap(({ detail }) => (detail.measured ? [] : (detail.from ?? [])));
  return begins.sort()[0] ?? null;
}

/** What an intent is decided on beside the state, where anything of its incident may bear on it. */
export const ANYTHING = 'anything';

/**
 * What deciding this needs beside the state; null: nothing. Such an intent must not share a commit with an earlier one on its
 * incident that may change what is looked up. What is known of an alert only that alert changes: a storm of them is written
 * together.
 */
export function lookedUpFor(intent: TypedIntent): string | null {
  if (!Object.hasOwn(LOOKUPS, intent.type)) return null;
  return intent.type === 'RecordAlert' ? `alert ${intent.alert.id}` : ANYTHING;
}

const NOTHING: Found = { entry: null, changes: [], captured: null, actionDone: false, number: 0 };

export async function lookUp(intent: TypedIntent, at: Place): Promise<Found> {
  if (intent.type === 'OpenIncident') {
    const paging = await pagedBy(at.lookups, at.team);
    return { ...NOTHING, number: await at.lookups.nextNumber(at.team), ...paging };
  }
  if (intent.type === 'OpenStandingRecord') return { ...NOTHING, number: STANDING };
  const find = LOOKUPS[intent.type] as LookUp<typeof intent.type> | undefined;
  return find ? { ...NOTHING, ...(await find(at, intent)) } : NOTHING;
}

function entryNumbered({ lookups, team, incident }: Place, n: number): Promise<Entry | null> {
  return lookups.entry(team, incident, n);
}

/** The entry of a recorded message, with all that became of it. */
async function withHistory({ lookups, team, incident }: Place, at: { channel: string; ts: string }) {
  const entry = await lookups.capturedEntry(team, incident, at.channel, at.ts);
  return { entry, history: entry ? await lookups.history(team, incident, entry.n) : [] };
}

/** What an entry had changed is what it was before, once it is struck: the other changes say what that is. */
async function withChanges({ lookups, team, incident }: Place, entry: Entry | null) {
  const isChange = entry !== null && CHANGE_KINDS.some((kind) => kind === entry.kind);
  return { entry, changes: isChange ? await lookups.entriesOf(team, incident, CHANGE_KINDS) : [] };
}

/** If the asker may not see the incident of the run that holds the target, only its existence is told. */
async function holderOf(
  { lookups, team, incident, asking }: Place,
  target: string,
): Promise<Found['holder']> {
  const held = await lookups.targetHolder(team, target);
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
  const found = new Map<PersonRef, Person>();
  for (const ref of namedIn(intent)) {
    const person = await personMeant(lookups, ref, team);
    if (isRefusal(person)) return person;
    found.set(ref, person);
  }
  return naming(intent, (ref) => found.get(ref) as Person);
}

async function personMeant(
  lookups: Lookups,
  { id, name }: PersonRef,
  team: string,
): Promise<Person | Refusal> {
  if (id !== null) {
    if (isGroup(id)) return { id, name: name === null ? null : `@${name}` };
    return { id, name: name ?? (await lookups.personById(team, id))?.name ?? null };
  }
  const called = name ?? '';
  const person = name === null ? null : await lookups.personByName(team, name);
  const known = person ?? (PERSON_ID.test(called) ? await lookups.personById(team, called) : null);
  return known ?? refuse('UNKNOWN_PERSON', { name: called });
}

/** @returns the same intent, with others in place of those whom it names */
function naming<P extends PersonRef>(intent: TypedIntent, of: (ref: PersonRef) => P): Intent<P> {
  switch (intent.type) {
    case 'AssignRole':
      return { ...intent, person: of(intent.person) };
    case 'AddAction':
      return { ...intent, owner: intent.owner ? of(intent.owner) : null };
    case 'ChangeAction': {
      const { owner, ...rest } = intent;
      return { ...rest, ...(owner !== undefined && { owner: owner && of(owner) }) };
    }
    case 'InvitePeople':
    case 'UninvitePeople':
    case 'PagePeople':
      return { ...intent, people: intent.people.map(of) };
    default:
      return intent;
  }
}

/** A remark for each named person who will not do what is expected of them: who reads it can name somebody else at once. */
export async function remarksOnPeople(lookups: Lookups, intent: Intent, team: string): Promise<string[]> {
  if (intent.type === 'UninvitePeople') return [];
  const named = namedIn(intent).filter(({ id }) => isInSlack(id));
  if (named.length === 0) return [];
  const accounts = await lookups.accountsOf(
    team,
    named.map(({ id }) => id),
  );
  const role =
    intent.type === 'AssignRole' ? ` Name somebody else with \`${lineOf(intent.role)} @NAME\`.` : '';
  return named.flatMap((person) => {
    const who = `@${personLabel(person)}`;
    const account = accounts.get(person.id);
    if (account === 'gone') return [`${who}'s account is deactivated: nothing reaches them in Slack.${role}`];
    const kind = intent.type === 'AssignRole' && account ? NO_HOLDERS[account] : undefined;
    return kind ? [`${who} ${kind}.${role}`] : [];
  });
}

const lineOf = (role: string) => (role === 'lead' ? 'lead' : `role ${role}`);

/** Who may hold a role, and do nothing with it. */
const NO_HOLDERS: { readonly [A in Account]?: string } = {
  guest: 'is a guest, who reads and notes here and may do no more',
  outside: 'is of another workspace, and reads and notes here and may do no more',
  bot: 'is a bot, which does nothing here',
};

/** The person whose word a token's, or the command line's, is to be. Nobody is guessed. */
export async function ownerNamed(
  people: Pick<Store['people'], 'get' | 'findByName'>,
  team: string,
  typed: string,
): Promise<Person | Refusal> {
  const said = typed.trim();
  const id = /^(?:<@)?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?$/.exec(said)?.[1];
  const byId = id === undefined ? null : await people.get(team, id);
  const named = byId ? [byId] : await people.findByName(team, said.replace(/^@/, ''), true);
  // Who left may have had the name of somebody who is here.
  const here = named.filter(({ deleted }) => !deleted);
  const [only, another] = here.length > 0 ? here : named;
  const why = another
    ? `that name means several people (${named.map((one) => one.id).join(', ')})`
    : whyNoOwner(only);
  if (!only || why !== null) return refuse('BAD_OWNER', { who: said.slice(0, 80), why: why ?? '' });
  return { id: only.id, name: only.name };
}

/** Who may not answer for what a machine does. */
function whyNoOwner(known: KnownPerson | undefined): string | null {
  if (!known) return 'nobody of that name is known here';
  if (known.deleted) return 'that account is deactivated';
  if (known.isBot || known.kind === 'bot') return 'that is a bot';
  if (known.kind === 'guest') return 'that is a guest of this workspace';
  return known.kind === 'outside' ? 'that is somebody of another workspace' : null;
}
