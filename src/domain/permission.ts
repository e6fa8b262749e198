import type { Asker, Asking, Intent } from './incident/intent.js';
import type { IncidentState } from './incident/state.js';
import { type Refusal, refuse } from './refusal.js';
import type { RunState } from './run/state.js';
import { type Account, type Person, personLabel, refOf, runRef } from './words.js';

interface Row {
  /** In a refusal: `Approving a run` is for … */
  readonly doing: string;
  /** Verbs, reactions and shortcuts that need it; buttons and forms need the same as their verb. */
  readonly ways: readonly string[];
  /** Who has it where the configuration says nothing. */
  readonly from: readonly string[];
  /** Also for guests and strangers, in the channels where they are members. */
  readonly guests: boolean;
  /** It acts on production: nobody has it whose account is not known. */
  readonly acts: boolean;
}

/** Every full member of the workspace; and those of them who are in the incident's channel. */
export const EVERYONE = 'everyone';
export const CHANNEL = 'channel';
const MEMBERS = [EVERYONE] as const;
const ACTING = ['lead', CHANNEL] as const;

const power = (doing: string, ways: string[], more: Partial<Omit<Row, 'doing' | 'ways'>> = {}): Row => ({
  ...{ doing, ways, from: MEMBERS, guests: false, acts: false },
  ...more,
});
const ACTS = { from: ACTING, acts: true };

/**
 * Who may do what: the one table. docs/permissions.md says the same, and a test compares the two.
 *
 * Recording is open to every full member, because a list that somebody forgot to extend fails at night, without a
 * word. What acts on production is for those who were named for it. Guests, people of other workspaces, bots and
 * deactivated accounts read and note where they are members, and no more; no configuration gives them more.
 */
export const PERMISSIONS = {
  declare: power('Opening an incident', ['open', 'Declare an incident', 'Declare from message']),
  note: power('Recording', ['note', 'log', ':pushpin:', 'pin', 'Add to timeline'], { guests: true }),
  correct: power('Correcting an entry', ['edit', 'time', 'strike', 'undo', 'log #N']),
  state: power('Changing an incident', [
    ...['status', 'resolve', 'reopen', 'sev', 'title', 'mark', 'component', 'lead', 'role'],
    ...['impact', 'impact measure', 'cause', 'action', 'done', 'dismiss', 'attach', 'split'],
    ...['link', 'merge', 'bridge', 'next', 'snooze', 'Still going'],
  ]),
  invite: power('Letting people in or out', ['invite', 'uninvite']),
  see: power(
    'Looking at an incident',
    [
      ...['here', 'show', 'list', 'search', 'timeline', 'history', 'catchup', 'actions', 'runs'],
      'the Home tab',
    ],
    { guests: true },
  ),
  mute: power('Muting alerts', ['mute']),
  page: power('Paging', ['page', 'ack', 'Acknowledge']),
  publish: power('Publishing', [
    ...['publish', 'publish --correct', 'publish --withdraw', 'component state', 'postmortem --publish'],
  ]),
  maintain: power('Planning maintenance', ['maintenance']),
  subscribers: power('Seeing subscribers', ['subscribers'], { from: [], acts: true }),
  export: power('Exporting an incident', ['export', 'postmortem']),
  plan: power('Planning a runbook', ['run … --plan'], ACTS),
  watch: power('Watching an incident', ['watch'], ACTS),
  run: power('Running a runbook', ['run', 'undo RUN', 'retry', 'skip', 'answer'], ACTS),
  approve: power('Approving a run', ['approve', 'reject'], ACTS),
  break_glass: power('Breaking the glass', ['approve … --break-glass'], ACTS),
  cancel: power('Cancelling a run', ['cancel'], ACTS),
  administer: power(
    'Administering Tocsin',
    [
      ...['alerts', 'deliveries', 'doctor', 'drill', 'erase', 'health', 'migrate', 'rebuild'],
      ...['restored', 'runbook', 'sandbox', 'start', 'token', 'verify'],
    ],
    { from: [], acts: true },
  ),
} satisfies Record<string, Row>;

export type Power = keyof typeof PERMISSIONS;
export const POWERS = Object.keys(PERMISSIONS) as Power[];

/**
 * What only adds to the record: nobody waits for Slack to say what kind of account they have. Before anything is shown,
 * published, let in or acted on, Slack is asked.
 */
const RECORDING: ReadonlySet<Power> = new Set(['declare', 'note', 'correct', 'state']);

/** Powers that `permissions:` of tocsin.yml can give to somebody else than the default says. */
export const GIVEN_POWERS = POWERS.filter((power) => power !== 'administer' && power !== 'subscribers');

/** What tocsin.yml gives to whom, instead of the default: roles, `@groups`, ids, `everyone`, `channel`, `token:NAME`. */
export type Rules = { readonly [P in Power]?: readonly string[] };

/**
 * Who speaks to the public, where `permissions:` does not say so of a power itself: the publishers of the status page, once it
 * names any; else whoever may change an incident's state.
 * @param publishers `status.publishers`; null: not set
 */
export function rulesWithPublishers(rules: Rules, publishers: readonly string[] | null): Rules {
  const speakers = publishers ?? rules.state;
  return speakers ? { publish: speakers, maintain: speakers, ...rules } : rules;
}

/** Powers over what the public reads. A token has them only if it was made for that. */
const PUBLIC: ReadonlySet<Power> = new Set(['publish', 'maintain']);

export function isPublic(power: Power | null): boolean {
  return power !== null && PUBLIC.has(power);
}

const NAME =
  /^(everyone|channel|[a-z][a-z0-9-]{0,31}|@[^\s@]{1,80}|[UWS][A-Z0-9]{2,}|token:[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;

/**
 * Reads `permissions:` of tocsin.yml: `run: { from: [lead, "@sre"] }`, or the list alone.
 * @param roles that the organisation has: a misspelt one would name nobody; null: not known
 * @returns the rules, or everything that is wrong with them: the path within the section, and what to write instead
 */
export function readRules(
  section: Readonly<Record<string, unknown>>,
  roles: readonly string[] | null,
): { rules: Rules } | { problems: Array<{ path: string[]; what: string }> } {
  const rules: { [P in Power]?: readonly string[] } = {};
  const problems: Array<{ path: string[]; what: string }> = [];
  for (const [power, value] of Object.entries(section)) {
    const wrong = (what: string) => void problems.push({ path: [power], what });
    if (!(GIVEN_POWERS as readonly string[]).includes(power)) {
      wrong(`is nothing that can be given; these are: ${GIVEN_POWERS.join(', ')}`);
      continue;
    }
    const from = Array.isArray(value) ? value : fromIn(value);
    if (!from) {
      wrong('is not a list of who may; write `{ from: [lead, "@sre"] }`');
    } else if (from.length === 0) {
      wrong('is empty, so that nobody may; name somebody, or leave it out');
    } else {
      const names = from.filter((name): name is string => typeof name === 'string' && NAME.test(name));
      if (names.length < from.length) {
        const forms =
          'everyone, channel, a role, a group such as "@sre", an id such as U012AB3CD or S012AB3CD, or token:NAME';
        wrong(`holds a name that is nobody's; write ${forms}`);
      }
      const known = [...new Set(['lead', ...(roles ?? []), EVERYONE, CHANNEL])];
      const stray = roles && names.find((name) => /^[a-z][a-z0-9-]*$/.test(name) && !known.includes(name));
      if (stray) wrong(`names “${stray}”, which is no role here; these are: ${known.join(', ')}`);
      const later = names.find((name) => name !== EVERYONE && /^[a-z][a-z0-9-]*$/.test(name));
      if (power === 'declare' && later && !stray)
        wrong(`names “${later}”, and before there is an incident nobody is that; name people or groups`);
      rules[power as Power] = names;
    }
  }
  return problems.length > 0 ? { problems } : { rules };
}

function fromIn(value: unknown): unknown[] | null {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'from') return null;
  const { from } = value as { from: unknown };
  return Array.isArray(from) ? from : null;
}

/** What is known of an asker whom nobody looked up: as much as came with the asking. */
export function askerIn(asking: Asking): Asker {
  return { account: asking.account ?? 'unknown', present: isHere(asking), among: false };
}

/** Was this asked in the incident's own channel? Then whoever asks is in it. */
export function isHere(asking: Pick<Asking, 'seesPrivate'> & { source?: Asking['source'] }): boolean {
  return asking.source === 'slack' && asking.seesPrivate;
}

/** Is it somebody in Slack of whose account nothing is known yet? */
export function isStranger({ source, account }: Pick<Viewer, 'source' | 'account'>): boolean {
  return source === 'slack' && (account ?? 'unknown') === 'unknown';
}

/** Must it be found out first what kind of account a stranger has? */
export function mustBeMet(power: Power, asking: Pick<Viewer, 'source' | 'account'>): boolean {
  return isStranger(asking) && !RECORDING.has(power);
}

/** The power that each intent needs; null: only Tocsin itself asks for such a thing. */
const POWER_OF: Readonly<Record<Intent['type'], Power | null>> = {
  OpenIncident: 'declare',
  RecordNote: 'note',
  RecordLog: 'note',
  CaptureMessage: 'note',
  TakeInLines: 'correct',
  EditEntry: 'correct',
  RetimeEntry: 'correct',
  StrikeEntry: 'correct',
  UndoLastEntry: 'correct',
  ChangeStatus: 'state',
  ReopenIncident: 'state',
  DismissIncident: 'state',
  MoveAlerts: 'state',
  PagePeople: 'page',
  AcknowledgePage: 'page',
  LinkIncidents: 'state',
  MergeIncident: 'state',
  OpenBridge: 'state',
  ChangeSeverity: 'state',
  AssignRole: 'state',
  ChangeTitle: 'state',
  MarkMilestone: 'state',
  AddComponent: 'state',
  RemoveComponent: 'state',
  RecordImpact: 'state',
  MeasureImpact: 'state',
  RecordCause: 'state',
  AddAction: 'state',
  ChangeAction: 'state',
  CompleteAction: 'state',
  PromiseUpdate: 'state',
  SnoozeReminders: 'state',
  ConfirmOngoing: 'state',
  InvitePeople: 'invite',
  UninvitePeople: 'invite',
  PublishPost: 'publish',
  CorrectPost: 'publish',
  WithdrawPost: 'publish',
  SetComponentState: 'publish',
  PlanMaintenance: 'maintain',
  PostMaintenance: 'maintain',
  MoveMaintenance: 'maintain',
  ImportPost: 'publish',
  StartWatch: 'watch',
  StopWatch: 'watch',
  ProposeRun: 'run',
  UndoRun: 'run',
  RetryStep: 'run',
  SkipStep: 'run',
  AnswerStep: 'run',
  ApproveRun: 'approve',
  RejectRun: 'approve',
  CancelRun: 'cancel',
  OpenStandingRecord: null,
  NoteMessageEdited: null,
  NoteMessageDeleted: null,
  NoteFilesKept: null,
  NotePeopleLeft: null,
  NoteChannelOpened: null,
  NoteChannelSeen: null,
  NoteHeadlinePosted: null,
  NoteAnnounced: null,
  NoteCaughtUp: null,
  NoteBridgeShown: null,
  NoteImpactMeasured: null,
  ReopenAction: null,
  NoteActionFiled: null,
  SkipNumbers: null,
  NoteWatchLook: null,
  EndWatch: null,
  RecordAlert: null,
  NoteAlertsShown: null,
  TakeAlerts: null,
  RemindChannel: null,
  NoteLinked: null,
  NoteTakenIn: null,
  NoteUnlinked: null,
  EscalatePage: null,
  EndPage: null,
  NotePageSent: null,
  NotePageFailed: null,
  NoteRunPlanned: null,
  StartRun: null,
  StartStep: null,
  TakeStep: null,
  DelayStep: null,
  FinishStep: null,
  AskStep: null,
  BeginUndo: null,
  EndRun: null,
  NoteRunShown: null,
};

/**
 * What monitoring may ask for: that an incident is opened, with the people whom the rule names, what it sees and what people
 * say of it there is recorded, and the incident resolved. It may neither speak as a person nor act; which of it happens, the
 * rules of tocsin.yml say.
 */
const OF_MONITORING: ReadonlySet<Intent['type']> = new Set<Intent['type']>([
  ...(['OpenIncident', 'InvitePeople', 'RecordAlert', 'RecordNote', 'TakeAlerts', 'ChangeStatus'] as const),
]);

/** What is asked for at the machine only: it may be a whole history at once, of times that nobody here has seen. */
const OF_THE_MACHINE: ReadonlySet<Intent['type']> = new Set<Intent['type']>(['ImportPost']);

/** May such a thing be asked for there at all? Some things only Tocsin itself asks for, and monitoring only a few. */
export function maySay({ type }: Pick<Intent, 'type'>, source: Asking['source']): boolean {
  if (OF_THE_MACHINE.has(type)) return source === 'cli';
  if (source === 'alerts') return OF_MONITORING.has(type);
  return source === 'bot' || powerFor({ type }) !== null;
}

/** How far somebody has a power: everywhere; in those incidents where they hold a role or are in the channel; not at all. */
export type Reach = 'everywhere' | 'there' | 'nowhere';

/**
 * @param asker looked up; whether they are in a channel is no matter here
 * @returns how far the table gives that power to somebody, before any one incident is looked at
 */
export function reachOf(power: Power, asking: Asking, asker: Asker, rules: Rules): Reach {
  const { from, guests } = PERMISSIONS[power];
  if (isLimited(asker.account)) return guests ? 'there' : 'nowhere';
  if (forbidden(power, null, asking, { ...asker, present: false }, rules) === null) return 'everywhere';
  const places = (rules[power] ?? from).filter((name) => /^[a-z][a-z0-9-]*$/.test(name));
  return places.length > 0 && asker.account === 'member' ? 'there' : 'nowhere';
}

/** @returns the power that an intent needs, planning and breaking the glass told apart; null: only Tocsin asks for such a thing */
export function powerFor(
  intent: Pick<Intent, 'type'> & { planOnly?: boolean; breakGlass?: string | null },
): Power | null {
  const { type, planOnly, breakGlass } = intent;
  // Also where it has the name of a member that every object has: what is unknown is permitted to nobody.
  if (!Object.hasOwn(POWER_OF, type)) throw new Error(`an intent of an unknown type: ${String(type)}`);
  if (type === 'ProposeRun' && planOnly) return 'plan';
  if (type === 'ApproveRun' && breakGlass != null) return 'break_glass';
  return POWER_OF[type];
}

/** The names in a rule that mean people or groups; roles and the two words need no look-up. */
export function namesIn(rule: readonly string[]): string[] {
  return rule.filter((name) => /^(@|[UWS][A-Z0-9]+$)/.test(name));
}

/** The person who answers for it: the owner of a token, or whoever types. */
export function speakerOf(asking: Pick<Asking, 'by' | 'owner'>): Person {
  return asking.owner ?? asking.by;
}

/**
 * May this person do that? Pure; what had to be looked up is in `asker`.
 * @param state null for a new incident
 * @param run the run that is decided on: a definition that names its approvers has named them for it
 * @returns null, or a refusal that says who may, and how they are reached
 */
export function forbidden(
  power: Power,
  state: IncidentState | null,
  asking: Asking,
  asker: Asker,
  rules: Rules,
  run: RunState | null = null,
): Refusal | null {
  if (asking.source === 'bot' || asking.source === 'alerts') return null;
  const row = PERMISSIONS[power];
  const named = power === 'approve' && (run?.approvers?.from.length ?? 0) > 0;
  const rule = rules[power] ?? (named ? MEMBERS : row.from);
  if (asking.source !== 'slack' && !asking.owner) return forMachine(power, asking, rules[power], run);
  const no = (why: string) => refuse('NOT_PERMITTED', { doing: row.doing, why, ...whoMay(rule, state) });
  if (asker.account === 'unknown') {
    // A record must not wait for Slack to say who somebody is; what acts on production must.
    if (!row.acts && rule.includes(EVERYONE)) return null;
    if (asker.among) return null;
    return refuse('ACCOUNT_UNKNOWN', { doing: row.doing });
  }
  if (asker.account === 'gone' && run) return refuse('RUN_APPROVER_GONE', { run: runRef(run.run) });
  if (asker.account !== 'member') {
    // In which channels they are members is checked where an incident is shown (`sightOf`).
    return row.guests && asking.source === 'slack' ? null : no(ACCOUNTS[asker.account]);
  }
  const speaker = speakerOf(asking);
  // What lets a plan go on rests on who held a role when it was shown, or whoever takes the role would agree with himself.
  const agrees = power === 'approve' || power === 'break_glass';
  const holds = (name: string) => {
    if (name === EVERYONE) return true;
    // The owner of a token may what they may themselves; on a machine without Slack, where that cannot be checked, they are believed.
    if (name === CHANNEL)
      return asker.present === true || (asking.source !== 'slack' && asker.present === null);
    if (name.startsWith('token:')) return name === asking.by.id;
    return state !== null && holder(name, state, agrees ? run : null) === speaker.id;
  };
  if (asker.among || rule.some(holds)) return null;
  const roles = agrees && run && state && !rule.includes(CHANNEL) ? rule : [];
  const late = roles.find((role) => state !== null && holder(role, state) === speaker.id);
  if (run && late !== undefined) {
    const own = run.meddlers?.[late]?.includes(speaker.id) ?? false;
    const { runbook } = run;
    return refuse(own ? 'RUN_ROLES_CHANGED' : 'RUN_ROLE_LATE', { run: runRef(run.run), role: late, runbook });
  }
  return no(rule.includes(CHANNEL) ? 'you are not in that channel' : 'you are not among them');
}

const ACCOUNTS: Record<Exclude<Account, 'member' | 'unknown'>, string> = {
  guest: 'you are a guest in this workspace',
  outside: 'you are of another workspace',
  bot: 'a bot is nobody who could answer for it',
  gone: 'that account is deactivated',
};

/** Who holds a role. For an approval it must have been held when the plan was shown, and still be. */
export function holder(role: string, state: IncidentState, run: RunState | null = null): string | null {
  const now = state.roles[role]?.id ?? null;
  return run?.holders === undefined || run.holders[role] === now ? now : null;
}

/**
 * A token or the command line without an owner. It may ask for a run, which then needs one more approval; whoever is at
 * the machine that holds the database may also stop one. What a rule of tocsin.yml gives to people is not a token's.
 */
function forMachine(
  power: Power,
  { source, by }: Asking,
  rule: readonly string[] | undefined,
  run: RunState | null,
): Refusal | null {
  const row = PERMISSIONS[power];
  if (source === 'cli' || rule?.includes(by.id)) return null;
  if (row.acts && (rule !== undefined || run !== null)) return refuse('OWNER_NEEDED', { doing: row.doing });
  // What is for whoever is at the machine is no program's elsewhere.
  const isMachines = rule === undefined && row.from.length === 0;
  if (!isMachines && (rule === undefined || rule.includes(EVERYONE))) return null;
  const why = 'that token is not among them';
  return refuse('NOT_PERMITTED', { doing: row.doing, why, ...whoMay(rule ?? row.from, null) });
}

/** @returns for the receipt of a run that a token, or the command line, asked for without an owner: what that costs */
export function remarkOnOwner({ source, owner }: Pick<Asking, 'source' | 'owner'>): string[] {
  if (owner || (source !== 'cli' && source !== 'api')) return [];
  return [
    'Nobody answers for this machine or token, so where something is to be agreed to, one person more must agree; `--owner @NAME` says whose word it is.',
  ];
}

/** Who may, and how they are reached, in words for a refusal. */
function whoMay(rule: readonly string[], state: IncidentState | null): { who: string; reach: string } {
  if (rule.length === 0)
    return { who: 'whoever is at the machine that runs Tocsin', reach: 'Ask whoever runs Tocsin.' };
  const channel = state?.channel ? `#${state.channel.name}` : "the incident's channel";
  const who = rule.map((name) => {
    if (name === EVERYONE) return 'full members of the workspace';
    if (name === CHANNEL) return `full members of the workspace who are in ${channel}`;
    if (/^[UW][A-Z0-9]+$/.test(name)) return `<@${name}>`;
    if (/^S[A-Z0-9]+$/.test(name)) return `<!subteam^${name}>`;
    if (/^(@|token:)/.test(name)) return name;
    const held = state?.roles[name];
    const naming = name === 'lead' ? '`lead @NAME`' : `\`role ${name} @NAME\``;
    return `the ${name} (${held ? personLabel(held) : `nobody yet: ${naming}`})`;
  });
  const reach = rule.includes(CHANNEL)
    ? `Ask in ${channel}; if you are a full member, join it and type it there.`
    : `Ask ${who.length === 1 ? 'them' : 'one of them'}${state ? ` in ${channel}` : ''}.`;
  return { who: who.join(', or '), reach };
}

// -- who may see --

/** Who wants to see: the part of an Asking that decides what may be seen. */
export type Viewer = Pick<Asking, 'team' | 'by' | 'seesPrivate' | 'account' | 'owner'> & {
  source?: Asking['source'];
  now?: Date;
};

/** May whoever asks do that, in that incident (null: in none)? Looked at before anything is told of it. */
export type Permits = (power: Power, incident: number | null, asking: Asking) => Promise<Refusal | null>;

/** `in-channel`: whoever is in its channel now, which has to be looked up. */
type Sight = 'yes' | 'no' | 'in-channel';

/** Guests and strangers see what they are in the channel of, and nothing else. */
export function isLimited(account: Account | undefined): boolean {
  return account !== undefined && account !== 'member' && account !== 'unknown';
}

/**
 * May this person see the incident, or even know that it exists? A private one is seen by its members, for as long
 * as they are in its channel; guests and strangers see what they are in the channel of.
 */
export function sightOf(state: IncidentState, viewer: Viewer): Sight {
  if (viewer.seesPrivate) return 'yes';
  const limited = isLimited(viewer.account);
  if (!state.private && !limited) return 'yes';
  const recorded = state.members.includes(viewer.by.id);
  if (limited && !state.private) return state.channel ? 'in-channel' : recorded ? 'yes' : 'no';
  if (!recorded) return 'no';
  // Programs and machines are in no channel; before there is one, the record is all there is.
  return viewer.source === 'slack' && state.channel ? 'in-channel' : 'yes';
}

/** Somebody who was just brought in may not be in the channel yet: the invitation is on its way. */
const ON_THE_WAY_MS = 120_000;

/**
 * The whole answer, with the channel's members looked up where it needs them.
 * @param inChannel null: Slack does not say; then nobody who is not in the channel itself gets to see it
 */
export async function sees(
  state: IncidentState,
  viewer: Viewer,
  inChannel: (team: string, channel: string, person: string) => Promise<boolean | null>,
): Promise<boolean> {
  const sight = sightOf(state, viewer);
  if (sight !== 'in-channel') return sight === 'yes';
  const { id } = viewer.by;
  if ((await inChannel(viewer.team, state.channel?.id ?? '', id)) === true) return true;
  return state.members.includes(id) && viewer.now !== undefined && isOnTheWay(state, id, viewer.now);
}

/** Was this member brought in a moment ago, so that the invitation may not have arrived? */
export function isOnTheWay(state: IncidentState, id: string, now: Date): boolean {
  // Either way: a clock that was ahead when they were brought in must not give them an hour.
  return Math.abs(now.getTime() - Date.parse(state.since?.[id] ?? '')) < ON_THE_WAY_MS;
}

/**
 * May this person know of an incident that is not the one they ask in? In Slack `seesPrivate` comes from being in the
 * one's channel, and says nothing about another; a token's right goes for all. What would have to be looked at is not
 * spoken of.
 */
export function mayHearOf(other: IncidentState, asking: Asking): boolean {
  return (
    sightOf(other, { ...asking, seesPrivate: asking.seesPrivate && asking.source !== 'slack' }) === 'yes'
  );
}

/** @returns the refusal for an incident that may not be seen: the same as for one that does not exist */
export function unseen(incident: number): Refusal {
  return refuse('NO_SUCH_INCIDENT', { ref: refOf(incident) });
}
