import { createHash } from 'node:crypto';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { Power, Rules } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import type { Log } from '#log.js';
import type { Commit } from '#store/commit.js';
import { Conflict, Locked, troubleOf, Unavailable, Unconfirmed } from '#store/pools.js';
import type { Stream, Turn } from '#store/turn.js';
import { type Admission, createAdmission, type People, permitted } from './admission.js';
import {
  bareIn,
  Cache,
  decideTogether,
  distinct,
  type GroupNamed,
  type Known,
  type Loading,
  nameOf,
  needsLookup,
  type Planned,
  type Recorded,
  refusalOf,
  shortKey,
  stillOf,
  Waiting,
  withGroups,
} from './plan.js';

export { nothingKept, type Recorded } from './plan.js';

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

/**
 * Whether a request was recorded before, for those that come no further than to a look or a *no* this time.
 * @returns its first receipt; a refusal when that key names another request; null: nothing was recorded under it
 * @throws {Unavailable} when the database cannot be asked
 */
export type Before = (asking: Asking) => Promise<Recorded | Refusal | null>;

/** May whoever asks do that, in that incident (null: in none)? Looked at before anything is told of it. */
export type Permits = (power: Power, incident: number | null, asking: Asking) => Promise<Refusal | null>;

interface HandleOptions extends WriterOptions {
  store: WriterStore & People;
  groupNamed?: GroupNamed;
  /** Knows the secrets that are not to be recorded. */
  scrub?: Scrubbing;
  log?: Pick<Log, 'info' | 'debug'>;
}

export function createHandle(options: HandleOptions): Handle & { before: Before; permits: Permits } {
  const writer = new Writer(options);
  const rules = options.rules ?? {};
  const admit = createAdmission(options.store, rules);
  const { groupNamed = async () => ({ unsaid: 'no Slack here' }), scrub, log } = options;
  const look = { ...options.store, groupNamed };
  const record: Handle = async (said, target, asking, notes = []) => {
    let admission: Admission;
    const intent = scrub ? withoutSecrets(said, asking, scrub) : said;
    if (isRefusal(intent)) return intent;
    let meant = intent;
    try {
      if (bareIn(intent).length > 0) {
        const named = await withGroups(look, intent, asking.team);
        if (isRefusal(named)) return named;
        meant = named;
      }
      const looked = admit(intent, target, asking);
      admission = looked instanceof Promise ? await looked : looked;
    } catch (error) {
      // Nothing was begun.
      if (!(error instanceof Unavailable)) options.onError(error);
      return refusalOf(error);
    }
    return writer.write(meant, target, asking, notes, admission);
  };
  return Object.assign(log ? loggedHandle(record, log) : record, {
    before: (asking: Asking) => writer.before(asking),
    permits: permitted.bind(null, options.store, rules),
  });
}

/** @param request everything that makes it this request and no other, as JSON. @returns its fingerprint, for `Asking.asked` */
export function askedOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

/** The first answer to a request, and what that request was. */
interface First {
  incident: number;
  receipt: string;
  asked: string | null;
}

export interface WriterStore extends Loading, Committing {
  receiptOf(team: string, key: string): Promise<First | null>;
  inTurn<T>(teams: readonly string[], wait: boolean, work: (turn: Turn) => Promise<T>): Promise<T>;
  lockedAmong(streams: readonly Stream[]): Promise<Stream[]>;
}

interface WriterOptions {
  store: WriterStore;
  /** Called after each commit that owes something, with the lanes that now have something due. */
  onCommitted: (lanes: string[]) => void;
  onError: (error: unknown) => void;
  /** Who may do what, where tocsin.yml says otherwise than the table of permissions. */
  rules?: Rules;
}

const MAX_TOGETHER = 200;
const MAX_TRIES = 25;
/** From then on a group that still meets conflicts is halved: whoever causes them is soon alone. */
const TRIES_TOGETHER = 4;
/** Who did not get a turn within the time limit does without for a while: its holder stands still. */
const WITHOUT_TURNS_MS = 5_000;

/**
 * The one writer of a process. Everything that waits is decided in order and written with one statement; while that
 * is on its way the next group gathers. Other processes write too: who comes second gets a conflict, and then they take
 * turns (store/turn.ts) for as long as both write to the same incidents. One that cannot be written keeps nobody else:
 * repeats are answered first, a locked incident's are set aside, and what fails for a reason of its own is found by halving.
 */
class Writer {
  private readonly waiting: Waiting[] = [];
  private readonly aside: Aside;
  private readonly cache = new Cache();
  private running = false;
  private withoutTurnsUntil = 0;

  constructor(private readonly options: WriterOptions) {
    this.aside = new Aside(options.store, {
      // In front: whoever came later for the same incident stands behind them.
      free: (ones) => {
        this.waiting.unshift(...ones);
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
      this.waiting.push(new Waiting(intent, target, asking, notes, admission, performance.now(), done));
      if (!this.running) void this.run();
    });
  }

  /** @see Before */
  before(asking: Asking): Promise<Recorded | Refusal | null> {
    return this.repeated({ ...asking, key: shortKey(asking.key) });
  }

  private async run(): Promise<void> {
    this.running = true;
    // What arrived in the same breath goes into the first statement, and does not wait for it to come back.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const now = performance.now();
      const shared = this.waiting.some(({ stream }) =>
        this.cache.isShared(stream.team, stream.incident, now),
      );
      // Who waits for a turn takes along whoever comes meanwhile.
      await this.attempt(shared ? null : this.takeTogether(), 1);
    }
    this.running = false;
  }

  /** Takes from the front what can be written together; what must see an earlier one's outcome stays for the next round. */
  private takeTogether(): Waiting[] {
    const taken: Waiting[] = [];
    const incidents = new Set<string>();
    const keys = new Set<string>();
    while (this.waiting.length > 0 && taken.length < MAX_TOGETHER) {
      const next = this.waiting[0] as Waiting;
      const incident = nameOf(next.stream);
      if (this.aside.joins(next)) {
        this.waiting.shift();
        continue;
      }
      const key = next.asking.key === null ? null : `${next.asking.team}/${next.asking.key}`;
      if (incidents.has(incident) && needsLookup(next.intent)) break;
      if (key !== null && keys.has(key)) break;
      // A number is taken by looking for the highest: one new incident at a time.
      if (next.target === null && incidents.has(incident)) break;
      incidents.add(incident);
      if (key !== null) keys.add(key);
      taken.push(this.waiting.shift() as Waiting);
      if (needsLookup(next.intent)) break;
    }
    return taken;
  }

  /**
   * Returns when everybody in the group is answered or set aside. Never throws: nobody may be left without an answer.
   * @param group null: those who wait when it is our turn
   */
  private async attempt(group: readonly Waiting[] | null, firstTry: number): Promise<void> {
    const at = { group: group ?? [] };
    for (let tries = firstTry; ; tries++) {
      let error: unknown;
      try {
        error =
          tries > 1 || group === null
            ? await this.inTurn(at)
            : await this.writeTogether(at.group, new Map(), this.options.store);
      } catch (bug) {
        error = bug;
      }
      const left = stillOf(at.group);
      if (left.length === 0) {
        // Not even begun, and that is the answer for those who wait.
        if (error && at.group.length === 0) await this.tellFailure(this.takeTogether(), error);
        return;
      }
      if (error instanceof Locked && tries < MAX_TRIES) {
        await this.aside.take(left);
        await this.tellFailure(
          left.filter((one) => !this.aside.holds(one) && isLate(one)),
          error,
        );
      } else if (error instanceof Conflict && tries < MAX_TRIES) {
        if (left.length > 1 && tries >= TRIES_TOGETHER) return this.halves(left, tries + 1);
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

  private async halves(group: readonly Waiting[], tries: number): Promise<void> {
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
  private async inTurn(at: { group: readonly Waiting[] }): Promise<unknown> {
    const { store } = this.options;
    const teams = [...new Set([...at.group, ...this.waiting].map((one) => one.asking.team))];
    const wait = performance.now() >= this.withoutTurnsUntil;
    return store.inTurn(teams, wait, async (turn) => {
      if (wait && !turn.taken) this.withoutTurnsUntil = performance.now() + WITHOUT_TURNS_MS;
      if (at.group.length === 0) at.group = this.takeTogether();
      if (at.group.length === 0) return null;
      const there = await this.look(at.group, turn);
      return this.writeTogether(at.group, there, {
        commit: once(turn.commit, store.commit),
        wasWritten: store.wasWritten,
      });
    });
  }

  /** Answers those who were recorded before. @returns what the others' incidents are like now */
  private async look(group: readonly Waiting[], turn: Turn): Promise<Map<string, Known | null>> {
    const streams = distinct(group.map((one) => one.stream)).filter(({ incident }) => incident >= 0);
    const keys = group.flatMap(({ asking: { team, key } }) => (key === null ? [] : [{ team, key }]));
    const seen = await turn.look(streams, keys);
    const there = new Map<string, Known | null>(streams.map((stream) => [nameOf(stream), null]));
    for (const known of seen.known) {
      there.set(nameOf(known), known);
      this.cache.compare(known.team, known.incident, known, performance.now());
      this.cache.set(known.team, known.incident, known);
    }
    const before = new Map(seen.receipts.map((one) => [`${one.team}/${one.key}`, one]));
    for (const one of group) {
      const receipt = before.get(`${one.asking.team}/${one.asking.key}`);
      const recorded = receipt && (await this.recordedBefore(one.asking, receipt));
      if (recorded) one.done(recorded);
    }
    return there;
  }

  /** @returns why not, if those who are not answered yet could not be written */
  private async writeTogether(
    all: readonly Waiting[],
    there: ReadonlyMap<string, Known | null>,
    committing: Committing,
  ): Promise<unknown> {
    const { onError, onCommitted, store, rules = {} } = this.options;
    await this.answerKnownRepeats(all);
    const group = stillOf(all);
    const { commit, planned, held, refused } = await decideTogether(
      store,
      this.cache,
      group,
      there,
      rules,
      onError,
    );
    for (const { waiting, refusal } of refused) await this.refuseUnlessRepeated(waiting, refusal);
    try {
      if (commit.facts.length > 0) await writeForSure(committing, commit);
    } catch (error) {
      return error;
    }
    for (const { waiting, plan } of planned) {
      const { team, key } = waiting.asking;
      this.cache.set(team, plan.incident, plan.after);
      if (key !== null && plan.facts.length > 0) this.cache.addKey(team, key);
      waiting.done(recordedOf(waiting, plan));
    }
    for (const { waiting, refusal } of held) await this.refuseUnlessRepeated(waiting, refusal);
    const lanes = new Set(commit.effects.map((effect) => effect.lane));
    try {
      if (lanes.size > 0) onCommitted([...lanes]);
    } catch (error) {
      // It is written, and the relay finds what is owed.
      onError(error);
    }
    return null;
  }

  /** What this process has recorded already need not go to the database to be found out there. */
  private async answerKnownRepeats(group: readonly Waiting[]): Promise<void> {
    for (const one of stillOf(group)) {
      const { team, key } = one.asking;
      if (key === null || !this.cache.hasKey(team, key)) continue;
      const first = await this.repeated(one.asking).catch(() => null);
      if (first) one.done(first);
    }
  }

  /** What was recorded once and is refused now (`resolve`, typed once, delivered twice) gets its first receipt again. */
  private async refuseUnlessRepeated(waiting: Waiting, refusal: Refusal): Promise<void> {
    waiting.done((await this.repeated(waiting.asking).catch(() => null)) ?? refusal);
  }

  private async repeated(asking: Asking): Promise<Recorded | Refusal | null> {
    const { team, key } = asking;
    const first = key === null ? null : await this.options.store.receiptOf(team, key);
    return first && this.recordedBefore(asking, first);
  }

  /** @returns what was recorded under that key; a refusal when it was another request; null: it is not there any more */
  private async recordedBefore(
    { team, asked }: Asking,
    { incident, receipt, asked: first }: First,
  ): Promise<Recorded | Refusal | null> {
    // An older version kept no fingerprint, and an erasure takes it away: then it counts as the same.
    if (asked && first && asked !== first) return refuse('KEY_USED_BEFORE', { ref: refOf(incident) });
    const known = this.cache.get(team, incident) ?? (await this.options.store.load(team, incident));
    if (!known) return null;
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

  private async tellFailure(group: readonly Waiting[], error: unknown): Promise<void> {
    for (const { stream } of group) this.cache.drop(stream.team, stream.incident);
    const doubt = error instanceof Unconfirmed;
    for (const one of group) {
      const first = doubt ? await this.repeated(one.asking).catch(() => null) : null;
      one.done(first ?? refusalOf(error));
    }
    if (isOurs(error)) this.options.onError(error);
  }
}

/** How long somebody waits for an incident that is locked before they are told, and how often it is looked at. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 25;

const isLate = (one: Waiting): boolean => performance.now() - one.since > PATIENCE_MS;

/**
 * Those whose incident somebody holds (a rebuild, an erasure) wait here, by incident and in order, and whoever comes later
 * for the same incident waits behind them. Everybody else is written meanwhile.
 */
class Aside {
  private readonly byIncident = new Map<string, Waiting[]>();
  private watching = false;

  constructor(
    private readonly store: { lockedAmong(streams: readonly Stream[]): Promise<Stream[]> },
    private readonly back: {
      /** They may be tried again, before anybody else. */
      free(ones: Waiting[]): void;
      /** They will not be written, and are to be told. */
      give(ones: Waiting[], error: unknown): Promise<void>;
    },
  ) {}

  holds(one: Waiting): boolean {
    return this.byIncident.has(nameOf(one.stream));
  }

  /** @returns true: others wait for that incident, and so does this one now */
  joins(one: Waiting): boolean {
    const others = this.byIncident.get(nameOf(one.stream));
    others?.push(one);
    return others !== undefined;
  }

  /** Takes those of the group whose incident is held at this moment. */
  async take(group: readonly Waiting[]): Promise<void> {
    const locked = await this.locked(group).catch(() => new Set<string>());
    for (const one of group) {
      const name = nameOf(one.stream);
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

  private async giveUp(which: (one: Waiting) => boolean, error: unknown): Promise<void> {
    await this.back.give([...this.byIncident.values()].flat().filter(which), error);
    for (const [name, ones] of this.byIncident) {
      const still = stillOf(ones);
      if (still.length > 0) this.byIncident.set(name, still);
      else this.byIncident.delete(name);
    }
  }

  private async locked(ones: readonly Waiting[]): Promise<Set<string>> {
    const streams = distinct(ones.map((one) => one.stream)).filter(({ incident }) => incident >= 0);
    return new Set((await this.store.lockedAmong(streams)).map(nameOf));
  }
}

/** How often an answer that was lost is asked for again: 100, 200, 400, 800 ms apart. */
const DOUBTS = 4;

interface Committing {
  commit(commit: Commit): Promise<void>;
  /** Are exactly these facts in the record? */
  wasWritten(commit: Commit): Promise<boolean>;
}

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

/** The first time on the connection that holds our turn; when that broke, on any. */
function once(first: Committing['commit'], then: Committing['commit']): Committing['commit'] {
  let used = false;
  return (commit) => {
    if (used) return then(commit);
    used = true;
    return first(commit);
  };
}

/** @returns what whoever only asked is told */
export function notRead(error: unknown): Refusal {
  const { state, reason } = troubleOf(error);
  const why =
    state === 'refusing' ? `the database answers, but refuses: ${reason}` : 'the database does not answer';
  return refuse('NOT_READ', { why });
}

/** What its asker is told once the plan is written. */
function recordedOf(waiting: Waiting, plan: Planned): Recorded {
  return {
    recorded: true,
    team: waiting.asking.team,
    incident: plan.incident,
    ref: refOf(plan.incident),
    receipt: plan.receipt,
    repeated: false,
    facts: plan.facts,
    state: plan.after.state,
  };
}

/** What knows the secrets of this installation, and takes them out of texts. */
export interface Scrubbing {
  text(text: string): string;
  json<T>(value: T): T;
}

/**
 * No known secret is recorded, whichever front it comes from. What a person writes is refused, so that their words are
 * kept as they are or not at all; a message that stands in Slack already, and what the bot itself says, is kept without
 * the secret.
 */
function withoutSecrets(intent: TypedIntent, asking: Asking, scrub: Scrubbing): TypedIntent | Refusal {
  const said = JSON.stringify(intent);
  if (scrub.text(said) === said) return intent;
  if (asking.source === 'bot') return scrub.json(intent);
  if (intent.type !== 'CaptureMessage') return secretTyped(asking);
  // Only what the author wrote: the place of the message in Slack is its identity.
  const { message } = intent;
  return { ...intent, message: { ...message, text: scrub.text(message.text) } };
}

export function secretTyped({ source }: Asking): Refusal {
  return refuse('SECRET_TYPED', { what: 'text', from: source === 'slack' ? 'slack' : 'elsewhere' });
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
      log[asking.source === 'bot' ? 'debug' : 'info'](line, 'recorded');
    }
    return outcome;
  };
}
