import type { Effect, EffectKind } from '#domain/effect.js';
import type { Intent } from '#domain/intent.js';
import { isRefusal } from '#domain/refusal.js';
import type { IncidentState } from '#domain/state.js';
import { Lost } from '#runbooks/action.js';
import type { SlackResult } from '#slack/client.js';
import { Later, NotRecorded, Refused, triesOf, Unknown } from './failure.js';
import { type Gate, POST, POST_GAP_MS } from './gate.js';
import { LEASE_MS, type Lease } from './lease.js';
import type { OutboxRow, World } from './ports.js';

export type Body = Readonly<Record<string, unknown>>;

// A pause this short is slept through where it would otherwise cost a whole new attempt.
const NAP_MS = POST_GAP_MS + 100;

/**
 * One try at paying some rows of a lane: what a delivery is handed, and its only way to Slack. Every call waits
 * for the gate, holds the lease, and turns what is not a plain success into one of failure.ts.
 */
export class Attempt<K extends EffectKind = EffectKind> {
  #started: Promise<void> | null = null;
  #unsure: boolean;
  #ended = false;
  /** The channel in which it is our turn to post once. */
  #turnIn: unknown = null;

  constructor(
    /** The rows that this attempt pays; a delivery that pays only some of them narrows them. */
    public rows: OutboxRow<K>[],
    public incident: IncidentState,
    private readonly lease: Lease,
    private readonly gate: Gate,
    readonly world: World,
  ) {
    this.#unsure = rows.some((row) => row.uncertain);
  }

  /** The first of the rows; there is always one. */
  get row(): OutboxRow<K> {
    return this.rows[0] as OutboxRow<K>;
  }

  /** An earlier attempt at these rows may have reached Slack: look before you speak. */
  get repeated(): boolean {
    return this.rows.some((row) => row.uncertain);
  }

  /** Something may have reached Slack, in this attempt or an earlier one. */
  get unsure(): boolean {
    return this.#unsure;
  }

  /** Pays only these; the others stay as they were. Call before the first `write`. */
  narrow(rows: OutboxRow<K>[]): void {
    this.rows = rows;
  }

  /** The attempt is settled: what a delivery left running must not speak any more. */
  end(): void {
    this.#ended = true;
  }

  /**
   * Before anything is looked up for a call: would it have to wait? A turn to post is kept for the call.
   * @throws Later while Slack would not take it
   */
  async mayCall(method: string, channel: unknown): Promise<void> {
    if (method === POST && this.#turnIn === channel) return;
    const free = (shut: Date | null) => {
      if (shut) throw new Later(shut, method, false);
    };
    free(this.gate.until(method, channel));
    if (method !== POST) return;
    free(await this.gate.turn(this.world.outbox, this.row.team, channel, this.#urgent));
    // Another lane may have asked for the same channel meanwhile: the announcement channel.
    free(this.gate.until(method, channel));
    this.gate.shut(method, channel, POST_GAP_MS);
    this.#turnIn = channel;
  }

  /** New incidents, headlines, answers and changes of state go before entries and corrections. */
  get #urgent(): boolean {
    return this.rows.some((row) => {
      const effect: Effect = row.effect;
      if (effect.kind === 'channel.entry') return effect.payload.head !== null;
      return effect.kind !== 'channel.amend';
    });
  }

  /**
   * For what may follow itself faster than Slack likes: at most once a second for each `place`. Call before the first `write`.
   * @throws Later until the second is over
   */
  pace(what: string, place: string): void {
    const shut = this.gate.until(what, place);
    if (shut) throw new Later(shut, what, false);
    this.gate.shut(what, place, POST_GAP_MS);
  }

  /** A call that changes nothing in Slack. @throws Later | Refused | Unknown | Lost */
  async read(method: string, args: Body): Promise<Body> {
    return this.#call(method, args, false);
  }

  /**
   * A call that changes something. The first one of an attempt notes in the outbox that it begins, so that
   * whoever comes after us looks before speaking.
   * @param patient sleeps through the second between two posts instead of throwing Later
   * @throws Later | Refused | Unknown | Lost
   */
  async write(method: string, args: Body, { patient = false } = {}): Promise<Body> {
    if (patient) await this.#nap(method, args.channel);
    return this.#call(method, args, true);
  }

  async #nap(method: string, channel: unknown): Promise<void> {
    const end = this.world.now().getTime() + NAP_MS;
    for (;;) {
      try {
        return await this.mayCall(method, channel);
      } catch (error) {
        if (!(error instanceof Later) || error.until.getTime() > end) throw error;
        const ms = Math.max(1, error.until.getTime() - this.world.now().getTime());
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
    }
  }

  /** Notes in the outbox that this attempt begins; by itself before the first `write`. @throws Lost */
  async begin(): Promise<void> {
    this.#started ??= this.#start();
    await this.#started;
  }

  /** Makes sure that something may be said now that is no call of the Web API: a file's bytes. @throws Lost */
  async may(): Promise<void> {
    await this.#ready(true);
  }

  /**
   * Records what Slack made, as a fact of the incident.
   * @param what names the fact within this delivery: the same one twice is one fact
   * @throws when it was not recorded, or that is not known: the row is tried again and finds what Slack made
   */
  async record(intent: Intent, what: string): Promise<void> {
    const { team, incident, id } = this.row;
    const answer = await this.world.tell(intent, incident, {
      team,
      by: { id: 'tocsin', name: null },
      source: 'bot',
      key: `delivery:${id}:${what}`,
      now: this.world.now(),
      seesPrivate: true,
    });
    if (isRefusal(answer)) throw new NotRecorded(`${intent.type}: ${answer.code}`);
    this.incident = answer.state;
  }

  async #call(method: string, args: Body, changes: boolean): Promise<Body> {
    await this.mayCall(method, args.channel);
    await this.#ready(changes);
    if (method === POST) {
      this.#turnIn = null;
      this.gate.shut(method, args.channel, POST_GAP_MS);
    }
    const result = await this.world.slack.call(method, args);
    if (changes) this.#unsure ||= result.kind === 'ok' || (result.kind === 'unknown' && result.sent);
    if (method === POST && result.kind === 'ratelimited')
      await this.gate.tooMany(this.world.outbox, this.row.team);
    return this.#judge(method, result, args.channel);
  }

  async #ready(changes: boolean): Promise<void> {
    if (changes) await this.begin();
    await this.lease.secure();
    if (this.#ended) throw new Lost();
  }

  async #start(): Promise<void> {
    const ids = this.rows.map((row) => row.id);
    if (!(await this.world.outbox.markStarted(this.lease.hold, ids, LEASE_MS))) throw new Lost();
  }

  #judge(method: string, result: SlackResult, channel: unknown): Body {
    switch (result.kind) {
      case 'ok':
        return result.data;
      case 'ratelimited':
        throw new Later(this.gate.shut(method, channel, result.retryAfterMs), method, true);
      case 'refused':
        throw new Refused(
          method,
          result.error,
          Array.isArray(result.data.errors) ? result.data.errors : [],
          triesOf(this.row.error),
        );
      case 'unknown':
        throw new Unknown(method, result.error);
      default: {
        const never: never = result;
        throw new Error(`Slack answered ${JSON.stringify(never)}`);
      }
    }
  }
}

/** Pays one kind of effect. @returns what is kept with the row, for whoever asks later */
export type Delivery<K extends EffectKind> = (attempt: Attempt<K>) => Promise<Body>;
