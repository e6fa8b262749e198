import type { Found } from '#domain/decide.js';
import type { Asking, Intent, TypedIntent } from '#domain/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { maySee, refOf } from '#domain/state.js';
import { Conflict, Unavailable, Unconfirmed } from '#store/outcome.js';
import { Cache, type Known } from './cache.js';
import { type Lookups, lookUp, needsLookup, remarksOn, resolvePeople } from './lookups.js';
import { type Gathering, gathering, laneOf, type Planned, plan } from './plan.js';
import type { Recorded } from './recorded.js';
import { recordedOf, shortKey, type Waiting } from './waiting.js';
import { type Committing, pause, summariesOf, writeForSure } from './write.js';

export interface WriterStore extends Lookups, Committing {
  load(team: string, incident: number): Promise<Known | null>;
  receiptOf(team: string, key: string): Promise<{ incident: number; receipt: string } | null>;
}

export interface WriterOptions {
  store: WriterStore;
  /** Called after each commit that owes something, with the lanes that now have something due. */
  onCommitted: (lanes: string[]) => void;
  onError: (error: unknown) => void;
}

interface Prepared {
  waiting: Waiting;
  intent: Intent;
  found: Found;
  notes: string[];
}

const MAX_TOGETHER = 200;
const MAX_TRIES = 25;

/**
 * The one writer of a process. Everything that waits is decided in order and written with one statement; while that
 * is on its way the next group gathers. Other processes write too: who comes second gets a conflict and decides anew.
 */
export class Writer {
  private readonly waiting: Waiting[] = [];
  private readonly cache = new Cache();
  private running = false;

  constructor(private readonly options: WriterOptions) {}

  write(
    intent: TypedIntent,
    target: number | null,
    asking: Asking,
    notes: string[],
  ): Promise<Recorded | Refusal> {
    return new Promise((done) => {
      this.waiting.push({ intent, target, asking: { ...asking, key: shortKey(asking.key) }, notes, done });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // What arrived in the same breath goes into the first statement, and does not wait for it to come back.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const together = this.takeTogether();
      try {
        await this.attempt(together, 1);
      } catch (error) {
        // A bug, not a refusal: nobody may be left without an answer.
        this.options.onError(error);
        for (const one of together) one.done(refuse('NOT_CONFIRMED', {}));
      }
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
      const incident = `${next.asking.team}/${next.target}`;
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

  private async attempt(together: Waiting[], tries: number): Promise<void> {
    let planned: Array<{ waiting: Waiting; plan: Planned }>;
    const commit = gathering();
    try {
      planned = await this.planAll(commit, together);
    } catch (error) {
      // Nothing was sent to be written yet: whatever went wrong, nothing is recorded.
      return this.afterFailure(
        together,
        tries,
        error instanceof Unavailable ? error : this.asUnavailable(error),
      );
    }
    try {
      if (commit.facts.length > 0) await writeForSure(this.options.store, commit);
    } catch (error) {
      return this.afterFailure(together, tries, error);
    }
    for (const { waiting, plan: p } of planned) {
      this.cache.set(waiting.asking.team, p.incident, p.after);
      waiting.done(recordedOf(waiting, p));
    }
    if (commit.effects.length > 0) {
      this.options.onCommitted([...new Set(commit.effects.map((effect) => effect.lane))]);
    }
  }

  private async planAll(commit: Gathering, together: Waiting[]) {
    const prepared = (await Promise.all(together.map((one) => this.prepare(one)))).filter((p) => p !== null);
    const latest = new Map<string, Known>();
    const planned: Array<{ waiting: Waiting; plan: Planned }> = [];
    for (const { waiting, intent, found, notes } of prepared) {
      const { asking, target } = waiting;
      const lane = target === null ? null : laneOf(asking.team, target);
      let known: Known | null = null;
      let fresh = true;
      if (lane !== null && target !== null) {
        const cached = latest.get(lane) ?? this.cache.get(asking.team, target);
        fresh = cached === undefined;
        known = cached ?? (await this.options.store.load(asking.team, target));
        // Somebody may have been brought in by another process since.
        if (known && !fresh && !maySee(known.state, asking)) {
          known = await this.options.store.load(asking.team, target);
        }
        if (!known || !maySee(known.state, asking)) {
          waiting.done(refuse('NO_SUCH_INCIDENT', { ref: refOf(target) }));
          continue;
        }
      }
      let outcome = plan(commit, known, intent, asking, found, notes);
      if (isRefusal(outcome) && !fresh && target !== null && lane !== null && !latest.has(lane)) {
        // A *no* must not rest on what this process remembers: another one may have written since.
        known = await this.options.store.load(asking.team, target);
        outcome = plan(commit, known, intent, asking, found, notes);
      }
      if (isRefusal(outcome)) {
        await this.refuseUnlessRepeated(waiting, outcome);
        continue;
      }
      latest.set(laneOf(asking.team, outcome.incident), outcome.after);
      planned.push({ waiting, plan: outcome });
    }
    commit.summaries = summariesOf(planned);
    return planned;
  }

  private async prepare(waiting: Waiting): Promise<Prepared | null> {
    const { store } = this.options;
    const intent = await resolvePeople(store, waiting.intent, waiting.asking.team);
    if (isRefusal(intent)) {
      await this.refuseUnlessRepeated(waiting, intent);
      return null;
    }
    const found = await lookUp(store, waiting.intent, waiting.target ?? 0, waiting.asking);
    const notes = [...waiting.notes, ...(await remarksOn(store, intent, waiting.asking.team))];
    return { waiting, intent, found, notes };
  }

  /** What was recorded once and is refused now (`resolve`, typed once, delivered twice) gets its first receipt again. */
  private async refuseUnlessRepeated(waiting: Waiting, refusal: Refusal): Promise<void> {
    waiting.done((await this.repeated(waiting)) ?? refusal);
  }

  private async repeated(waiting: Waiting): Promise<Recorded | null> {
    const { key, team } = waiting.asking;
    if (key === null) return null;
    const first = await this.options.store.receiptOf(team, key);
    if (!first) return null;
    const known = await this.options.store.load(team, first.incident);
    if (!known) return null;
    return {
      recorded: true,
      team,
      incident: first.incident,
      ref: refOf(first.incident),
      // Without words: they were erased since.
      receipt: first.receipt || `${refOf(first.incident)}: recorded before.`,
      repeated: true,
      facts: [],
      state: known.state,
    };
  }

  private asUnavailable(error: unknown): Unavailable {
    this.options.onError(error);
    return new Unavailable('could not be looked up');
  }

  private async afterFailure(together: Waiting[], tries: number, error: unknown): Promise<void> {
    for (const { asking, target } of together) if (target !== null) this.cache.drop(asking.team, target);
    if (error instanceof Conflict) {
      // Apart, so that one repeated key or one busy incident does not send everybody round again.
      if (together.length > 1) {
        for (const one of together) await this.attempt([one], 1);
        return;
      }
      const one = together[0] as Waiting;
      const first = await this.repeated(one).catch(() => null);
      if (first) return one.done(first);
      if (tries < MAX_TRIES) {
        await pause(Math.random() * Math.min(5 * tries, 50));
        return this.attempt(together, tries + 1);
      }
      return one.done(
        refuse('NOT_RECORDED', { why: 'too many people are writing to this incident at once' }),
      );
    }
    const unknown = error instanceof Unconfirmed;
    if (!unknown && !(error instanceof Unavailable)) this.options.onError(error);
    for (const one of together) {
      const first = unknown ? await this.repeated(one).catch(() => null) : null;
      one.done(
        first ??
          (error instanceof Unavailable
            ? refuse('NOT_RECORDED', { why: 'the database does not answer' })
            : refuse('NOT_CONFIRMED', {})),
      );
    }
  }
}
