import { setTimeout as sleep } from 'node:timers/promises';
import type { Effect, EffectKind } from '#domain/incident/effect.js';
import type { Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { isLoss, natureOf } from '#domain/slack-code.js';
import { botAsking } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import type { Lease } from '#lanes/lane.js';
import { Lost } from '#runbooks/action.js';
import type { SlackResult } from '#slack/transport/client.js';
import type { Pace } from '#store/posts.js';
import type { Outbox, OutboxRow, World } from './ports.js';

// Slack counts posts per channel and everything else per method.
// `run.show` is our own pace: a run that goes fast would change its message with every step.
const PER_CHANNEL = new Set(['chat.postMessage', 'chat.postEphemeral', 'chat.update', 'run.show']);

/** Slack's own limit on posts to one channel; more may be dropped or hidden. */
const POST_GAP_MS = 1_000;

/** Posts of all channels together: Slack allows "several hundred" a minute, and after a burst it allows none for most of one. */
const POSTS_PER_MINUTE = 270;
const FEWEST_PER_MINUTE = 60;
const BURST = 20;
/** A lane waits at most this long before it asks again: something urgent may have come to it meanwhile. */
const ASK_AGAIN_MS = 2_000;
/** A lane that has not asked again for this long does not want its turn any more. */
const FORGOTTEN_MS = 3 * ASK_AGAIN_MS;
/** In a quiet quarter of an hour all that Slack allows is ours again. */
const RECOVERY_MS = 15 * 60_000;

const POST = 'chat.postMessage';

/** Where all processes find out whose turn it is to post; the store's. */
export type Posts = Pick<Outbox, 'turnToPost' | 'tooManyPosts'>;

/**
 * Which methods must wait, and until when. One per process, so that one lane's `Retry-After` is heeded by all
 * lanes, while other methods and other channels go on. The workspace's posts are shared out among all processes.
 */
export class Gate {
  readonly #shut = new Map<string, { since: Moment; ms: number }>();
  #perMinute = POSTS_PER_MINUTE;
  #paceAt = performance.now();

  constructor(private readonly now: () => Date) {}

  /**
   * Asks for this channel's turn among all those that want to post in the workspace; it is used up by asking.
   * @param urgent it goes first
   * @returns until when a post must wait, or null when it may be made
   */
  async turn(posts: Posts, team: string, channel: unknown, urgent: boolean): Promise<Date | null> {
    const ms = await posts.turnToPost({ team, channel: String(channel), urgent }, this.#pace(), FORGOTTEN_MS);
    return ms === 0 ? null : new Date(this.now().getTime() + Math.min(ms, ASK_AGAIN_MS));
  }

  /** Slack says that posts are too many: other programs post too, or this workspace may do less. */
  async tooMany(posts: Posts, team: string): Promise<void> {
    this.#pace();
    this.#perMinute = Math.max(FEWEST_PER_MINUTE, this.#perMinute * 0.8);
    // Processes that do not learn of it here are told by Slack.
    await posts.tooManyPosts(team, this.#pace()).catch(() => undefined);
  }

  #pace(): Pace {
    const now = performance.now();
    const recovered = ((now - this.#paceAt) / RECOVERY_MS) * POSTS_PER_MINUTE;
    this.#perMinute = Math.min(POSTS_PER_MINUTE, this.#perMinute + recovered);
    this.#paceAt = now;
    return { everyMs: 60_000 / this.#perMinute, burst: BURST, gapMs: POST_GAP_MS };
  }

  /** @returns until when this call must wait, or null when it may be made. */
  until(method: string, channel: unknown): Date | null {
    const key = keyOf(method, channel);
    const ms = this.#left(key);
    if (ms > 0) return new Date(this.now().getTime() + ms);
    this.#shut.delete(key);
    return null;
  }

  /** Shuts for `ms` from now, or longer if it was shut for longer already. @returns until when */
  shut(method: string, channel: unknown, ms: number): Date {
    const key = keyOf(method, channel);
    const left = Math.max(this.#left(key), ms);
    const now = this.now().getTime();
    this.#shut.set(key, { since: moment(now), ms: left });
    if (this.#shut.size > 1_000) this.#sweep();
    return new Date(now + left);
  }

  /** A wait is a span, not a time of day: a clock that was ahead must not keep anything shut until it is reached. */
  #left(key: string): number {
    const shut = this.#shut.get(key);
    return shut ? Math.max(0, Math.ceil(shut.ms - age(shut.since, this.now().getTime()))) : 0;
  }

  #sweep(): void {
    for (const key of this.#shut.keys()) if (this.#left(key) <= 0) this.#shut.delete(key);
  }
}

function keyOf(method: string, channel: unknown): string {
  return PER_CHANNEL.has(method) ? `${method} ${String(channel)}` : method;
}

/** The longest that a call to Slack lasts: the time-out of the Web API client (slack/transport/client.ts). */
export const CALL_MS = 10_000;
/** How long a lane stays ours without a sign of life, and so the longest that a killed worker can hold it up. */
export const LEASE_MS = 4_000;

export type Body = Readonly<Record<string, unknown>>;

// A pause this short is slept through: to leave would cost a whole new attempt.
const SHORT_MS = POST_GAP_MS + 100;

/**
 * One try at paying some rows of a lane: what a delivery is handed, and its only way to Slack. Every call waits
 * for the gate, holds the lease, and turns what is not a plain success into an error: Later, Refused, Unknown.
 *
 * A call that Slack takes longer over than a lease lives may still be on its way when another worker comes after a crash:
 * that one looks in Slack before it speaks, and where Slack is that slow a message may stand twice, never be missing.
 */
export class Attempt<K extends EffectKind = EffectKind> {
  #started: Promise<void> | null = null;
  #unsure: boolean;
  #ended = false;
  #shutOut = false;
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

  get ids(): number[] {
    return this.rows.map(({ id }) => id);
  }

  /** An earlier attempt at these rows may have reached Slack: look before you speak. */
  get repeated(): boolean {
    return this.rows.some((row) => row.uncertain);
  }

  /** The incident's channel. @throws Undeliverable when it could not be made: with it retried, this is to be retried too */
  get channel(): NonNullable<IncidentState['channel']> {
    const { channel } = this.incident;
    if (!channel) throw new Undeliverable('no_channel');
    return channel;
  }

  /** Something may have reached Slack, in this attempt or an earlier one. */
  get unsure(): boolean {
    return this.#unsure;
  }

  /** Slack has refused something because of how the incident's channel is. */
  get shutOut(): boolean {
    return this.#shutOut;
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
   * the next worker looks before it speaks.
   * @param patient sleeps through the second between two posts instead of throwing Later
   * @throws Later | Refused | Unknown | Lost
   */
  async write(method: string, args: Body, { patient = false } = {}): Promise<Body> {
    if (patient) await this.#awaitTurn(method, args.channel);
    return this.#call(method, args, true);
  }

  /**
   * Posts a message once: where an earlier attempt may have posted it, it is looked for first, by its tag.
   * @param since when Slack can have heard of it at the earliest
   * @returns `found`: it stood there already, under that `ts`; else what Slack answered
   * @throws Later | Refused | Unknown | Lost
   */
  async postOnce(
    tagged: { id: string; incident?: number; entry?: number },
    since: Date,
    message: Body & { channel: string },
    { patient = true } = {},
  ): Promise<{ found: string | null; body: Body }> {
    const found = await saidBefore(this, message.channel, since, (one) => one.tag?.id === tagged.id);
    if (found) return { found, body: {} };
    return { found, body: await this.write(POST, { ...message, metadata: tag(tagged) }, { patient }) };
  }

  /** Sleeps until the call may be made, if that is soon. @throws Later */
  async #awaitTurn(method: string, channel: unknown): Promise<void> {
    const end = this.world.now().getTime() + SHORT_MS;
    for (;;) {
      try {
        return await this.mayCall(method, channel);
      } catch (error) {
        if (!(error instanceof Later) || error.until.getTime() > end) throw error;
        const ms = Math.max(1, error.until.getTime() - this.world.now().getTime());
        await (this.world.pass ?? sleep)(ms);
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
    const asking = botAsking(team, `delivery:${id}:${what}`, this.world.now());
    const answer = await this.world.tell(intent, incident, asking);
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
    const { outbox } = this.world;
    if (!(await outbox.markStarted(this.lease.hold, this.ids, LEASE_MS))) throw new Lost();
  }

  #judge(method: string, result: SlackResult, channel: unknown): Body {
    switch (result.kind) {
      case 'ok':
        return result.data;
      case 'ratelimited':
        throw new Later(this.gate.shut(method, channel, result.retryAfterMs), method, true);
      case 'refused':
        // Of a person who is to go it means that they are out.
        if (method !== 'conversations.kick' && channel === this.incident.channel?.id)
          this.#shutOut ||= isLoss(result.error);
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

// Clocks differ; so does what Slack thinks of when a request came in.
const SKEW_MS = 5 * 60_000;
const PAGE = 200;
// Two thousand messages: a crashed attempt that lies further back was days ago.
const PAGES = 10;

/** A message of ours in a channel, as far as we look at it. */
export interface Seen {
  ts: string;
  text: string;
  tag: Record<string, unknown> | null;
  blocks: Body[];
}

/** No previews of what a message links to. */
export const NO_PREVIEWS = { unfurl_links: false, unfurl_media: false };

/** @returns what marks a message as ours. `id` is never a text: all members of the channel can read it. */
export function tag(payload: Record<string, string | number>): Body {
  return { event_type: 'tocsin', event_payload: payload };
}

/**
 * What we have said in a channel since about `since`, newest first: to find out whether an attempt whose answer was lost
 * has been heard all the same. Other posters can write our words and our metadata: only what we posted ourselves counts.
 *
 * Where the bot may not read (not a member of the announcement channel; no history scope), or Slack does not tell who we
 * are, nothing is found, and a message whose answer was lost is sent again: a rare double, rather than a silent hole.
 */
export async function* seenSince(
  attempt: Pick<Attempt, 'read' | 'world'>,
  channel: string,
  since: Date,
): AsyncGenerator<Seen> {
  const me = await botUser(attempt);
  if (me === null) return;
  const oldest = ((notAhead(since, attempt.world.now()).getTime() - SKEW_MS) / 1000).toFixed(6);
  const args = { channel, oldest, limit: PAGE, include_all_metadata: true };
  for await (const body of pages(PAGES, (page) =>
    attempt.read('conversations.history', { ...args, ...page }),
  ))
    for (const message of list(body.messages)) if (message.user === me) yield seen(message);
}

/**
 * Reads a list of Slack's page by page, up to `most`; to where Slack refuses it for good.
 * @param read one page; null: there are no more
 */
export async function* pages(
  most: number,
  read: (page: { cursor?: string }) => Promise<Body | null>,
): AsyncGenerator<Body> {
  let page: { cursor?: string } = {};
  for (let n = 0; n < most; n++) {
    const body = await read(page).catch((error: unknown) => {
      if (isPermanent(error)) return null;
      throw error;
    });
    if (!body) return;
    yield body;
    const cursor = object(body.response_metadata).next_cursor;
    if (typeof cursor !== 'string' || cursor === '') return;
    page = { cursor };
  }
}

/** How far back to look where it is not known since when: longer than an outage. */
export const DAY_MS = 86_400_000;

/**
 * A time that lies ahead was written when a clock was: it says nothing, and Slack, whose clock is right, has nothing from
 * then on.
 */
export function notAhead(since: Date, now: Date): Date {
  return since <= now ? since : new Date(now.getTime() - DAY_MS);
}

/** @returns since when Slack can have heard of an incident. */
export function opened({ incident }: Pick<Attempt, 'incident'>): Date {
  return new Date(incident.recordedAt);
}

/** @returns since when Slack can have heard a notice: it is owed within the life of the incident, and a day covers an outage. */
export function sinceOf({ incident, world }: Pick<Attempt, 'incident' | 'world'>): Date {
  return new Date(Math.max(Date.parse(incident.recordedAt), world.now().getTime() - DAY_MS));
}

/** @returns `ts` of the message in which an earlier attempt said it; null: there is none, or no earlier attempt */
export async function saidBefore(
  attempt: Pick<Attempt, 'read' | 'world' | 'repeated'>,
  channel: string,
  since: Date,
  isIt: (message: Seen) => boolean,
): Promise<string | null> {
  if (!attempt.repeated) return null;
  for await (const message of seenSince(attempt, channel, since)) if (isIt(message)) return message.ts;
  return null;
}

function seen(message: Body): Seen {
  const metadata = object(message.metadata);
  return {
    ts: String(message.ts),
    text: typeof message.text === 'string' ? message.text : '',
    tag: metadata.event_type === 'tocsin' ? object(metadata.event_payload) : null,
    blocks: list(message.blocks),
  };
}

/**
 * What a *yes* of Slack's must hold to be one: a message has a `ts`, a channel an `id`.
 * @throws Unknown where it holds no such thing: nobody can say what was made, so it is looked for
 */
export function needed(method: string, body: Body, member: string): string {
  const value = body[member];
  if (typeof value === 'string' && value !== '') return value;
  throw new Unknown(method, `no_${member}`);
}

/** Slack's answers are read with care: what is not there is empty, never an exception. */
export function object(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {};
}

export function list(value: unknown): Body[] {
  return Array.isArray(value) ? value.map(object) : [];
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** Asks for something that a delivery can do without: only a wait that Slack has named is worth it. @returns null: not told */
export async function courtesy(
  attempt: Pick<Attempt, 'read'>,
  method: string,
  args: Body,
): Promise<Body | null> {
  try {
    return await attempt.read(method, args);
  } catch (error) {
    if (error instanceof Later || error instanceof Lost) throw error;
    return null;
  }
}

/** @returns the bot's own user id; null where Slack does not tell. */
export async function botUser(attempt: Pick<Attempt, 'read'>): Promise<string | null> {
  try {
    const { user_id: id } = await attempt.read('auth.test', {});
    return typeof id === 'string' ? id : null;
  } catch (error) {
    if (isPermanent(error)) return null;
    throw error;
  }
}

/** Nothing happened; it may be tried at `until`. Not an attempt: a full lane is nobody's fault. */
export class Later extends Error {
  /** @param told Slack said so in this attempt (Retry-After); otherwise we knew before and did not ask */
  constructor(
    readonly until: Date,
    readonly method: string,
    readonly told: boolean,
  ) {
    super(`${method} must wait`);
  }
}

/** A code that nobody has told us of is heard this often before it counts as a plain no. */
export const TRIES = 5;

/** Slack said no. `errors`: its answers for single items, where a call has several. */
export class Refused extends Error {
  /** It stays a no: a part of a delivery may do without it, and the whole of one is given up. */
  readonly final: boolean;
  /** How often such an answer was heard in a row, where we do not know the code; 0 where we do. */
  readonly tries: number;

  /** @param before how often these rows have heard of a code that we do not know */
  constructor(
    readonly method: string,
    readonly code: string,
    readonly errors: unknown[] = [],
    before = TRIES - 1,
  ) {
    super(`${method}: ${code}`);
    const nature = natureOf(code);
    // One that was given up and is tried anew has been heard often enough: another such answer ends it.
    this.tries = nature === 'unknown' ? Math.min(before + 1, TRIES) : 0;
    this.final = nature === 'final' || this.tries >= TRIES;
  }

  /** As it is kept with the rows: `chat.postMessage: new_code (try 2 of 5)`. */
  get kept(): string {
    return this.tries === 0 ? this.message : `${this.message} (try ${this.tries} of ${TRIES})`;
  }
}

/** @param error as kept with a row. @returns how often it has heard of a code that we do not know, in a row */
export function triesOf(error: string | null): number {
  return Number(/ \(try (\d+) of \d+\)$/.exec(error ?? '')?.[1] ?? 0);
}

/** Nobody can say whether it happened. */
export class Unknown extends Error {
  constructor(
    readonly method: string,
    why: string,
  ) {
    super(`${method}: ${why}`);
  }
}

/** We say no: this can never be delivered as things stand. Dead at once, and a person may retry it. */
export class Undeliverable extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** The database could not take a fact now; what Slack made is found again by the next attempt. */
export class NotRecorded extends Error {}

/** Is this a no that stays a no, so that a part of a delivery can do without it? */
export function isPermanent(error: unknown): error is Refused {
  return error instanceof Refused && error.final;
}

// A no to the message itself rather than to its channel: of several entries in it perhaps one is to blame.
const ABOUT_THE_MESSAGE =
  /^chat\.\w+: (invalid_blocks|invalid_blocks_format|invalid_attachments|msg_.*|no_text|metadata_.*|invalid_metadata.*)$/;

/** @param error `method: code`, as kept with the row */
export function isAboutTheMessage(error: string): boolean {
  return ABOUT_THE_MESSAGE.test(error);
}
