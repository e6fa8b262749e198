import { createHash } from 'node:crypto';
import type { Fact } from '#domain/incident/fact.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Permits, type Power, type Reach, type Rules, sightOf } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { SecretKind } from '#domain/secret/kind.js';
import { scrubSecrets } from '#domain/secret/scrub.js';
import { refOf } from '#domain/words.js';
import type { Log } from '#log.js';
import type { Committed, Metrics } from '#metrics.js';
import type { Commit, Stream, Turn } from '#store/commit.js';
import type { Loaded, Receipt } from '#store/incidents.js';
import { Conflict, Locked, troubleOf, Unavailable, Unconfirmed } from '#store/pools.js';
import type { Store } from '#store/store.js';
import { Cache, type Draft, draftGroup, type Loading, nameOf, type Request, streamOf } from './draft.js';
import {
  type Admission,
  ANYTHING,
  bareIn,
  createAdmission,
  type GroupNamed,
  lookedUpFor,
  type People,
  permitted,
  powersOf,
  withGroups,
} from './lookups.js';
import { type Scrubbing, withoutSecrets } from './secrets.js';

/**
 * The only way to change an incident: load, decide, append.
 * @param target the number in INC-n; null for OpenIncident
 * @param notes remarks for the receipt ("your time zone is not known: read as UTC")
 * @returns what was recorded, after the commit; or a refusal: nothing was recorded (NOT_CONFIRMED: that is not known)
 */
export type Handle = (
  intent: TypedIntent,
  target: number | null,
  asking: Asking,
  notes?: string[],
) => Promise<Recorded | Refusal>;

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

/**
 * Whether a request was recorded before, for one that comes no further than to an answer or a *no* this time.
 * @returns its first receipt; a refusal when that key names another request; null: nothing was recorded under it
 * @throws {Unavailable} when the database cannot be asked
 */
export type Before = (asking: Asking) => Promise<Recorded | Refusal | null>;

interface HandleOptions extends WriterOptions {
  store: WriterStore & People;
  groupNamed?: GroupNamed;
  /** Knows the secrets that are not to be recorded. */
  scrub?: Scrubbing;
  /** Kinds of secrets that are left in what people write. */
  keeps?: ReadonlySet<SecretKind>;
  log?: Pick<Log, 'info' | 'debug'>;
}

/**
 * Would that be recorded, if they asked for it now? Judged as it would be, and nothing is written.
 * @returns null: it would; or the refusal that they would get
 * @throws {Unavailable} when the database cannot be asked
 */
export type Would = (intent: TypedIntent, target: number, asking: Asking) => Promise<Refusal | null>;

/** How far somebody has each power, for telling them. */
export type Powers = (asking: Asking) => Promise<Array<{ power: Power; reach: Reach }>>;

export function createHandle(
  options: HandleOptions,
): Handle & { before: Before; permits: Permits; would: Would; powers: Powers } {
  const writer = new Writer(options);
  const rules = options.rules ?? {};
  const admit = createAdmission(options.store, rules);
  const { groupNamed = async () => ({ unsaid: 'no Slack here' }), scrub, keeps, log } = options;
  const lookups = { ...options.store, groupNamed };
  const record: Handle = async (said, target, asking, notes = []) => {
    let admission: Admission;
    const fit = withoutSecrets(said, asking, { scrub, keeps });
    if (isRefusal(fit)) return fit;
    const { intent } = fit;
    let meant = intent;
    try {
      if (bareIn(intent).length > 0) {
        const named = await withGroups(lookups, intent, asking.team);
        if (isRefusal(named)) return named;
        meant = named;
      }
      const admitted = admit(intent, target, asking);
      admission = admitted instanceof Promise ? await admitted : admitted;
    } catch (error) {
      // Nothing was begun.
      if (!(error instanceof Unavailable)) options.onError(error);
      return refusalOf(error);
    }
    return writer.write(meant, target, asking, [...notes, ...fit.notes], admission);
  };
  return Object.assign(log ? loggedHandle(record, log) : record, {
    before: (asking: Asking) => writer.before(asking),
    permits: permitted.bind(null, options.store, rules),
    powers: powersOf.bind(null, options.store, rules),
    async would(intent: TypedIntent, target: number, asking: Asking) {
      const admission = await admit(intent, target, asking);
      const request = { intent, target, asking, notes: [], admission };
      const { refused, failed } = await draftGroup(options.store, new Cache(), [request], new Map(), rules);
      if (failed[0]) throw failed[0].error;
      return refused[0]?.refusal ?? null;
    },
  });
}

/**
 * @param request everything that makes it this request and no other, as JSON
 * @returns its fingerprint, for `Asking.asked`; of its secrets nothing is in it, because a short one could be guessed from it
 */
export function askedOf(request: unknown): string {
  const withoutSecrets = (_: string, value: unknown) =>
    typeof value === 'string' ? scrubSecrets(value).text : value;
  return createHash('sha256').update(JSON.stringify(request, withoutSecrets)).digest('hex');
}

/** The first answer to a request, and what that request was. */
type First = Omit<Receipt, 'body'>;

export type WriterStore = Loading &
  Committing &
  Pick<Store['incidents'], 'receiptOf'> &
  Pick<Store, 'inTurn' | 'lockedAmong'>;

interface WriterOptions {
  store: WriterStore;
  /** Hears after each commit that owes something which lanes now have something due. */
  relay: { nudge(lanes: string[]): void };
  onError: (error: unknown) => void;
  /** Who may do what, where tocsin.yml says otherwise than the table of permissions. */
  rules?: Rules;
  /** Counts what is written. */
  metrics?: Pick<Metrics, 'committed' | 'recorded'>;
}

const MAX_GROUP = 200;
const MAX_TRIES = 25;
/** From then on a group that still meets conflicts is halved: whoever causes them is soon alone. */
const TRIES_AS_GROUP = 4;
/** After a turn was not given within the time limit, this process does without one for so long: whoever has it is stuck. */
const WITHOUT_TURNS_MS = 5_000;

/**
 * The one writer of a process. All requests that wait are decided in order and written with one statement; while that
 * is on its way the next group gathers. Other processes write too: whoever comes second gets a conflict, and then they take
 * turns (store/commit.ts) for as long as both write to the same incidents. A request that cannot be written holds up no
 * other: repeats are answered first, those of a locked incident are set aside, and one that fails for a reason of its own
 * is found by halving the group.
 */
class Writer {
  private readonly queue: Pending[] = [];
  private readonly aside: Aside;
  private readonly cache = new Cache();
  private running = false;
  private withoutTurnsUntil = 0;

  constructor(private readonly options: WriterOptions) {
    this.aside = new Aside(options.store, {
      // In front: requests that came later for the same incident are behind them.
      free: (ones) => {
        this.queue.unshift(...ones);
        if (!this.running) void this.run();
      },
      give: (ones, error) => this.tellFailure(ones, error),
    });
  }

  write(
    intent: TypedIntent,
    target: number | null,
    asking: Asking,
    notes: string[],
    admission: Admission = {},
  ): Promise<Recorded | Refusal> {
    return new Promise((done) => {
      this.queue.push(new Pending(intent, target, asking, notes, admission, performance.now(), done));
      if (!this.running) void this.run();
    });
  }

  /** @see Before */
  before(asking: Asking): Promise<Recorded | Refusal | null> {
    return this.repeated({ ...asking, key: shortKey(asking.key) });
  }

  private async run(): Promise<void> {
    this.running = true;
    // Requests that arrive in the same turn of the event loop go into one statement.
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      const now = performance.now();
      const shared = this.queue.map(streamOf).some((of) => this.cache.isShared(of.team, of.incident, now));
      // A group that waits for a turn takes along whoever comes meanwhile.
      await this.attempt(shared ? null : this.takeGroup(), 1);
    }
    this.running = false;
  }

  /** Takes from the front what can be written together; what must see an earlier one's outcome stays for the next round. */
  private takeGroup(): Pending[] {
    const taken: Pending[] = [];
    const incidents = new Set<string>();
    const keys = new Set<string>();
    const looked = new Set<string>();
    while (this.queue.length > 0 && taken.length < MAX_GROUP) {
      const next = this.queue[0] as Pending;
      const incident = nameOf(streamOf(next));
      if (this.aside.joins(next)) {
        this.queue.shift();
        continue;
      }
      const key = next.asking.key === null ? null : `${next.asking.team}/${next.asking.key}`;
      const looks = lookedUpFor(next.intent);
      const about = `${incident} ${looks}`;
      if (looks !== null && incidents.has(incident) && (looks === ANYTHING || looked.has(about))) break;
      if (key !== null && keys.has(key)) break;
      // A number is taken by looking for the highest: one new incident at a time.
      if (next.target === null && incidents.has(incident)) break;
      incidents.add(incident);
      if (key !== null) keys.add(key);
      taken.push(this.queue.shift() as Pending);
      looked.add(about);
      if (looks === ANYTHING) break;
    }
    return taken;
  }

  /**
   * Returns when everybody in the group is answered or set aside. Never throws: nobody may be left without an answer.
   * @param group null: those who wait when it is our turn
   */
  private async attempt(group: readonly Pending[] | null, firstTry: number): Promise<void> {
    const at = { group: group ?? [] };
    for (let tries = firstTry; ; tries++) {
      let error: unknown;
      try {
        error =
          tries > 1 || group === null
            ? await this.inTurn(at)
            : await this.writeGroup(at.group, new Map(), this.options.store);
      } catch (bug) {
        error = bug;
      }
      const left = stillOf(at.group);
      if (left.length === 0) {
        // The turn was not even begun: that is the answer for the requests that wait.
        if (error && at.group.length === 0) await this.tellFailure(this.takeGroup(), error);
        return;
      }
      if (error instanceof Locked && tries < MAX_TRIES) {
        await this.aside.take(left);
        await this.tellFailure(
          left.filter((one) => !this.aside.holds(one) && isLate(one)),
          error,
        );
      } else if (error instanceof Conflict && tries < MAX_TRIES) {
        if (left.length > 1 && tries >= TRIES_AS_GROUP) return this.halves(left, tries + 1);
        if (tries > 1) await pause(Math.random() * Math.min(5 * tries, 50));
      } else if (left.length > 1 && isOurs(error)) {
        return this.halves(left, tries);
      } else {
        return this.tellFailure(left, error);
      }
      at.group = stillOf(left).filter((one) => !this.aside.holds(one));
      if (at.group.length === 0) return;
    }
  }

  private async halves(group: readonly Pending[], tries: number): Promise<void> {
    const middle = Math.ceil(group.length / 2);
    await this.attempt(group.slice(0, middle), tries);
    // Somebody of the first half may have been set aside meanwhile: then theirs in the second wait behind.
    const second = group.slice(middle).filter((one) => !this.aside.joins(one));
    if (second.length > 0) await this.attempt(second, tries);
  }

  /**
   * Writes the group when it is our turn.
   * @param at the group that is being written; where none is given, those who wait by then
   * @returns why not, if those of `at.group` who are not answered could not be written
   */
  private async inTurn(at: { group: readonly Pending[] }): Promise<unknown> {
    const { store } = this.options;
    const teams = [...new Set([...at.group, ...this.queue].map((one) => one.asking.team))];
    const wait = performance.now() >= this.withoutTurnsUntil;
    return store.inTurn(teams, wait, async (turn) => {
      if (wait && !turn.taken) this.withoutTurnsUntil = performance.now() + WITHOUT_TURNS_MS;
      if (at.group.length === 0) at.group = this.takeGroup();
      if (at.group.length === 0) return null;
      const there = await this.answerRepeats(at.group, turn);
      return this.writeGroup(at.group, there, {
        commit: once(turn.commit, store.commit),
        wasWritten: store.wasWritten,
      });
    });
  }

  /** Answers those who were recorded before. @returns what the others' incidents are like now */
  private async answerRepeats(group: readonly Pending[], turn: Turn): Promise<Map<string, Loaded | null>> {
    const streams = distinct(group.map((one) => streamOf(one))).filter(({ incident }) => incident >= 0);
    const keys = group.flatMap(({ asking: { team, key } }) => (key === null ? [] : [{ team, key }]));
    const seen = await turn.reload(streams, keys);
    const there = new Map<string, Loaded | null>(streams.map((stream) => [nameOf(stream), null]));
    for (const known of seen.known) {
      there.set(nameOf(known), known);
      this.cache.compare(known.team, known.incident, known, performance.now());
      this.cache.set(known.team, known.incident, known);
    }
    const before = new Map(seen.receipts.map((one) => [`${one.team}/${one.key}`, one]));
    for (const one of group) {
      const receipt = before.get(`${one.asking.team}/${one.asking.key}`);
      const recorded = receipt && (await this.recordedBefore(one.asking, receipt, one.admission));
      if (recorded) one.done(recorded);
    }
    return there;
  }

  /** @returns why not, if those who are not answered yet could not be written */
  private async writeGroup(
    all: readonly Pending[],
    there: ReadonlyMap<string, Loaded | null>,
    committing: Committing,
  ): Promise<unknown> {
    const { onError, relay, store, metrics, rules = {} } = this.options;
    await this.answerKnownRepeats(all);
    const group = stillOf(all);
    const { commit, drafts, held, refused, failed } = await draftGroup(
      store,
      this.cache,
      group,
      there,
      rules,
    );
    for (const { request, error } of failed) {
      onError(error);
      await this.refuseUnlessRepeated(request, refusalOf(error));
    }
    for (const { request, refusal } of refused) await this.refuseUnlessRepeated(request, refusal);
    const began = performance.now();
    try {
      if (commit.facts.length > 0) {
        await writeForSure(committing, commit);
        metrics?.committed('written', performance.now() - began);
      }
    } catch (error) {
      metrics?.committed(endOf(error), performance.now() - began);
      return error;
    }
    for (const { request, draft } of drafts) {
      const { team, key } = request.asking;
      metrics?.recorded(draft.facts, draft.after.state);
      this.cache.set(team, draft.incident, draft.after);
      if (key !== null && draft.facts.length > 0) this.cache.addKey(team, key);
      request.done(recordedOf(team, draft));
    }
    for (const { request, refusal } of held) await this.refuseUnlessRepeated(request, refusal);
    const lanes = new Set(commit.effects.map((effect) => effect.lane));
    try {
      if (lanes.size > 0) relay.nudge([...lanes]);
    } catch (error) {
      // It is written, and the relay finds what is owed.
      onError(error);
    }
    return null;
  }

  /** Requests that this process remembers to have recorded are answered without a statement. */
  private async answerKnownRepeats(group: readonly Pending[]): Promise<void> {
    for (const one of stillOf(group)) {
      const { team, key } = one.asking;
      if (key === null || !this.cache.hasKey(team, key)) continue;
      const first = await this.repeated(one.asking, one.admission).catch(() => null);
      if (first) one.done(first);
    }
  }

  /** What was recorded once and is refused now (`resolve`, typed once, delivered twice) gets its first receipt again. */
  private async refuseUnlessRepeated(one: Pending, refusal: Refusal): Promise<void> {
    one.done((await this.repeated(one.asking, one.admission).catch(() => null)) ?? refusal);
  }

  private async repeated(asking: Asking, admission: Admission = {}): Promise<Recorded | Refusal | null> {
    const { team, key } = asking;
    const first = key === null ? null : await this.options.store.receiptOf(team, key);
    return first && this.recordedBefore(asking, first, admission);
  }

  /**
   * The key of a button is everybody's who may press it: its receipt is for those of them who may see the incident.
   * @returns what was recorded under that key; a refusal when it was another request; null: it is not there for them
   */
  private async recordedBefore(
    asking: Asking,
    { incident, receipt, asked: first }: First,
    admission: Admission,
  ): Promise<Recorded | Refusal | null> {
    const { team, asked } = asking;
    // An older version kept no fingerprint, and an erasure takes it away: then it counts as the same.
    if (asked && first && asked !== first) return refuse('KEY_USED_BEFORE', { ref: refOf(incident) });
    const known = this.cache.get(team, incident) ?? (await this.options.store.load(team, incident));
    if (!known || !mayHear(known.state, asking, admission)) return null;
    return {
      recorded: true,
      team,
      incident,
      ref: refOf(incident),
      // Without words: they were erased since.
      receipt: receipt || `${refOf(incident)}: recorded before.`,
      repeated: true,
      facts: [],
      state: known.state,
    };
  }

  private async tellFailure(group: readonly Pending[], error: unknown): Promise<void> {
    for (const one of group) this.cache.drop(one.asking.team, streamOf(one).incident);
    const doubt = error instanceof Unconfirmed;
    for (const one of group) {
      const first = doubt ? await this.repeated(one.asking, one.admission).catch(() => null) : null;
      one.done(first ?? refusalOf(error));
    }
    if (isOurs(error)) this.options.onError(error);
  }
}

/** A request that waits to be written, and whom to tell: once. What was answered is never decided again. */
class Pending implements Request {
  readonly asking: Asking;
  answered = false;

  constructor(
    readonly intent: TypedIntent,
    readonly target: number | null,
    asking: Asking,
    readonly notes: readonly string[],
    readonly admission: Admission,
    /** When it came, in monotonic ms. */
    readonly since: number,
    private readonly tell: (outcome: Recorded | Refusal) => void,
  ) {
    this.asking = { ...asking, key: shortKey(asking.key) };
  }

  done(outcome: Recorded | Refusal): void {
    if (this.answered) return;
    this.answered = true;
    this.tell(outcome);
  }
}

/** An index takes keys of up to some 2,700 bytes; one that is too long must not fail those who wait beside it. */
function shortKey(key: string | null): string | null {
  return key !== null && key.length > 200 ? `sha256:${createHash('sha256').update(key).digest('hex')}` : key;
}

/** What was found out before counts; where nothing was, a member was one when it was recorded. */
function mayHear(state: IncidentState, asking: Asking, { inside, paged }: Admission): boolean {
  if (paged || inside) return true;
  const sight = sightOf(state, asking);
  return sight === 'in-channel'
    ? inside === undefined && state.members.includes(asking.by.id)
    : sight === 'yes';
}

const stillOf = (group: readonly Pending[]): Pending[] => group.filter((one) => !one.answered);

const distinct = (streams: readonly Stream[]): Stream[] => [
  ...new Map(streams.map((stream) => [nameOf(stream), stream])).values(),
];

/** What its asker is told once the draft is written. */
function recordedOf(team: string, { incident, receipt, facts, after }: Draft): Recorded {
  const { state } = after;
  return { recorded: true, team, incident, ref: refOf(incident), receipt, repeated: false, facts, state };
}

/** How long somebody waits for an incident that is locked before they are told, and how often that is checked. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 25;

const isLate = (one: Pending): boolean => performance.now() - one.since > PATIENCE_MS;

/**
 * Requests whose incident is locked (by a rebuild, an erasure) wait here, by incident and in order; requests that come later for
 * the same incident wait behind them. All others are written meanwhile.
 */
class Aside {
  private readonly byIncident = new Map<string, Pending[]>();
  private watching = false;

  constructor(
    private readonly store: Pick<Store, 'lockedAmong'>,
    private readonly back: {
      /** They may be tried again, before anybody else. */
      free(ones: Pending[]): void;
      /** They will not be written, and are to be told. */
      give(ones: Pending[], error: unknown): Promise<void>;
    },
  ) {}

  holds(one: Pending): boolean {
    return this.byIncident.has(nameOf(streamOf(one)));
  }

  /** @returns true: others wait for that incident, and so does this one now */
  joins(one: Pending): boolean {
    const others = this.byIncident.get(nameOf(streamOf(one)));
    others?.push(one);
    return others !== undefined;
  }

  /** Takes those of the group whose incident is held at this moment. */
  async take(group: readonly Pending[]): Promise<void> {
    const locked = await this.locked(group).catch(() => new Set<string>());
    for (const one of group) {
      const name = nameOf(streamOf(one));
      if (locked.has(name) && !this.joins(one)) this.byIncident.set(name, [one]);
    }
    if (!this.watching) void this.watch();
  }

  private async watch(): Promise<void> {
    this.watching = true;
    while (this.byIncident.size > 0) {
      await pause(LOOK_AGAIN_MS);
      try {
        const locked = await this.locked([...this.byIncident.values()].flat());
        const free = [...this.byIncident].filter(([name]) => !locked.has(name));
        for (const [name] of free) this.byIncident.delete(name);
        if (free.length > 0) this.back.free(free.flatMap(([, ones]) => ones));
        await this.giveUp(isLate, new Locked('held for too long'));
      } catch (error) {
        await this.giveUp(() => true, error);
      }
    }
    this.watching = false;
  }

  private async giveUp(on: (one: Pending) => boolean, error: unknown): Promise<void> {
    await this.back.give([...this.byIncident.values()].flat().filter(on), error);
    for (const [name, ones] of this.byIncident) {
      const still = stillOf(ones);
      if (still.length > 0) this.byIncident.set(name, still);
      else this.byIncident.delete(name);
    }
  }

  private async locked(ones: readonly Pending[]): Promise<Set<string>> {
    const streams = distinct(ones.map((one) => streamOf(one))).filter(({ incident }) => incident >= 0);
    return new Set((await this.store.lockedAmong(streams)).map(nameOf));
  }
}

/** How often an answer that was lost is asked for again: 100, 200, 400, 800 ms apart. */
const DOUBTS = 4;

type Committing = Pick<Store, 'commit' | 'wasWritten'>;

/**
 * Writes, and finds out when the answer was lost: the same commit again cannot be written twice, so it goes
 * through now, or a conflict says that something of it is there, and the hashes say whether it is all of it.
 */
async function writeForSure(store: Committing, commit: Commit): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await store.commit(commit);
    } catch (error) {
      const doubt = tries > 0 || error instanceof Unconfirmed;
      if (!doubt) throw error;
      // Cannot be asked: that is no *no*, and the next try meets the same conflict.
      const written = error instanceof Conflict ? await store.wasWritten(commit).catch(() => null) : null;
      if (written) return;
      if (written === false) throw error;
      if (tries === DOUBTS) throw new Unconfirmed('the database does not say whether it was written');
      await pause(100 * 2 ** tries);
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A bug, or something that the database does not take: it was not written, and it is one of the group that is to blame. */
const isOurs = (error: unknown): boolean =>
  !(error instanceof Conflict || error instanceof Unavailable || error instanceof Unconfirmed);

const endOf = (error: unknown): Committed =>
  error instanceof Conflict
    ? 'conflict'
    : error instanceof Unconfirmed
      ? 'unconfirmed'
      : error instanceof Unavailable
        ? 'unavailable'
        : 'failed';

/** The first time on the connection that holds our turn; when that broke, on any. */
function once(first: Committing['commit'], then: Committing['commit']): Committing['commit'] {
  let used = false;
  return (commit) => {
    if (used) return then(commit);
    used = true;
    return first(commit);
  };
}

/** What somebody is told whose request could not be written. */
function refusalOf(error: unknown): Refusal {
  const why = (why: string) => refuse('NOT_RECORDED', { why });
  if (error instanceof Locked) return why('that incident is being rebuilt or erased at this moment');
  if (error instanceof Unavailable) return nothingKept(error);
  if (error instanceof Conflict) return why('too many people are writing to this incident at once');
  if (error instanceof Unconfirmed) return refuse('NOT_CONFIRMED', {});
  return why('Tocsin made a mistake, which is in its log');
}

/** @returns what whoever wanted something recorded is told: nothing was, and why the database would not */
export function nothingKept(error: unknown): Refusal {
  const { state, reason, fix } = troubleOf(error);
  if (state === 'refusing') return refuse('DATABASE_REFUSES', { why: reason, fix });
  return refuse('NOT_RECORDED', { why: 'the database does not answer' });
}

/** @returns what whoever only asked is told */
export function notRead(error: unknown): Refusal {
  const { state, reason } = troubleOf(error);
  const why =
    state === 'refusing' ? `the database answers, but refuses: ${reason}` : 'the database does not answer';
  return refuse('NOT_READ', { why });
}

/**
 * One line for each command that was recorded, and none of its words: which incident, which request, how long it took. What
 * the bot itself records (a channel that was made, a step that was done) stands at the level `debug`.
 */
export function loggedHandle(handle: Handle, log: Pick<Log, 'info' | 'debug'>): Handle {
  return async (intent, target, asking, notes) => {
    const began = performance.now();
    const outcome = await handle(intent, target, asking, notes);
    const about = {
      incident: target === null ? null : refOf(target),
      what: intent.type,
      source: asking.source,
      by: asking.by.id,
      request: asking.key,
      ms: Math.round(performance.now() - began),
    };
    if (isRefusal(outcome)) log.debug({ ...about, code: outcome.code }, 'refused');
    else {
      const { ref, repeated, facts } = outcome;
      const line = {
        ...about,
        incident: ref,
        facts: facts.map(({ seq }) => seq),
        ...(repeated && { repeated }),
      };
      const quiet = asking.source === 'bot' || (asking.source === 'alerts' && intent.type === 'RecordAlert');
      log[quiet ? 'debug' : 'info'](line, 'recorded');
    }
    return outcome;
  };
}
