import { createHash } from 'node:crypto';
import { copy, type Fields, textOf } from '../fields.js';
import { type Channel, channelType } from '../workspace/objects/channel.js';
import { renderOutside } from '../workspace/objects/user.js';
import type { Settings } from '../workspace/settings.js';
import type { Happening, World } from '../workspace/world.js';
import type { Receipt, Transport } from './delivery.js';
import { EventHealth } from './event-health.js';

// At once, after a minute, after five: Slack's three repeats.
const RETRY_MS = [0, 60_000, 300_000];
const HOUR_MS = 3_600_000;
/** Hourly for a day, when the app asks for delayed events. */
const DELAYED = 24;
/** How long what happens at one moment is gathered before it is shuffled. */
const SHUFFLE_MS = 20;
const NAMES = {
  channel: 'message.channels',
  group: 'message.groups',
  im: 'message.im',
  mpim: 'message.mpim',
} as const;

/** An event sent to the app, and what became of it. */
export interface SentEvent {
  readonly payload: Fields;
  readonly attempts: Array<{ attempt: number; at: number; receipt: Receipt }>;
}

/** Tells the app what it subscribed to and may see, and repeats what it did not take. */
export class Events {
  readonly sent: SentEvent[] = [];
  readonly health: EventHealth;
  readonly #waiting = new Set<() => void>();
  #gathered: SentEvent[] = [];
  #shuffle: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    readonly world: World,
    readonly transport: Transport,
    readonly settings: Settings,
    readonly log: (line: string) => void,
    /** Whether Slack's limits hold. */
    readonly limited: () => boolean,
    /** Whether the app listens on a request URL. */
    readonly overHttp: () => boolean,
  ) {
    this.health = new EventHealth(world.clock, settings);
    world.onHappening = (happening) => this.#consider(happening);
  }

  /** Delivers an event again with the same `event_id`. */
  async again(payload: Fields): Promise<Receipt> {
    return this.transport.deliver({ kind: 'events_api', payload }, this.settings.ackMs);
  }

  /** Tells the app that its events of this minute were too many. */
  async tellLimited(minute = this.world.clock.seconds()): Promise<Receipt> {
    const { teamId, appId, verificationToken } = this.world.identity;
    return this.again({
      token: verificationToken,
      type: 'app_rate_limited',
      team_id: teamId,
      minute_rate_limited: minute - (minute % 60),
      api_app_id: appId,
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#forget();
  }

  reset(): void {
    this.#forget();
    this.health.reset();
    this.sent.length = 0;
  }

  #forget(): void {
    clearTimeout(this.#shuffle);
    this.#shuffle = undefined;
    this.#gathered = [];
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }

  #consider({ event, channel, everywhere }: Happening): void {
    const { identity, manifest } = this.world;
    const name = event.type === 'message' && channel ? NAMES[channelType(channel)] : event.type;
    if (!manifest.events.has(name) || this.health.disabled) return;
    if (channel) {
      const visible = channel.members.has(identity.botUserId) || (everywhere && !channel.isPrivate);
      if (!visible) return;
    }
    if (this.limited()) {
      const room = this.health.take();
      if (room === 'dropped') return;
      if (room === 'told') {
        // Over sockets no such thing is documented, and the official client would break on it.
        if (this.overHttp()) void this.tellLimited();
        return;
      }
    }
    const sent: SentEvent = { payload: this.#wrap(event, channel), attempts: [] };
    this.sent.push(sent);
    if (this.sent.length > 5000) this.sent.splice(0, 1000);
    if (this.settings.shuffleEvents) this.#gather(sent);
    else void this.#attempt(sent, 0, '', this.world.clock.now());
  }

  #gather(sent: SentEvent): void {
    this.#gathered.push(sent);
    this.#shuffle ??= setTimeout(() => {
      this.#shuffle = undefined;
      const gathered = this.#gathered;
      this.#gathered = [];
      void this.#inTurn(shuffled(gathered));
    }, SHUFFLE_MS);
  }

  /** One after the other, so that they arrive in this order and no other. */
  async #inTurn(events: readonly SentEvent[]): Promise<void> {
    for (const event of events) {
      if (this.#stopped) return;
      await this.#attempt(event, 0, '', this.world.clock.now());
    }
  }

  /** In a shared channel the envelope names the workspace of whoever acted; the authorization is always ours. */
  #wrap(happened: Fields, channel: Channel | undefined): Fields {
    const { world } = this;
    const actor = typeof happened.user === 'object' ? (happened.user as Fields).id : happened.user;
    const outside = renderOutside(world.users.get(String(actor)));
    const event = channel ? { ...happened, ...outside } : happened;
    const { teamId, appId, botUserId, verificationToken } = world.identity;
    const { enterprise } = world;
    const org = enterprise?.orgInstall ?? false;
    return copy({
      token: verificationToken,
      team_id: this.settings.outerTeam ?? outside.user_team ?? teamId,
      ...(enterprise ? { enterprise_id: enterprise.id } : {}),
      context_team_id: teamId,
      context_enterprise_id: enterprise?.id ?? null,
      api_app_id: appId,
      event,
      type: 'event_callback',
      event_id: world.ids.make('Ev'),
      event_time: world.clock.seconds(),
      authorizations: [
        {
          enterprise_id: enterprise?.id ?? null,
          team_id: org ? null : teamId,
          user_id: botUserId,
          is_bot: true,
          is_enterprise_install: org,
        },
      ],
      is_ext_shared_channel: channel?.sharedWith !== undefined,
      event_context: `4-${Buffer.from(world.ids.hex(24)).toString('base64url')}`,
    });
  }

  /** @param due when it was to be sent: repeats are counted from there, so that a clock wound far ahead brings all of them */
  async #attempt(sent: SentEvent, attempt: number, reason: string, due: number): Promise<void> {
    const parcel = { kind: 'events_api', payload: sent.payload, attempt, reason } as const;
    const receipt = await this.transport.deliver(parcel, this.settings.ackMs);
    if (this.#stopped) return;
    sent.attempts.push({ attempt, at: this.world.clock.now(), receipt });
    const taken = receipt.outcome === 'acked';
    if (this.overHttp() && this.health.note(taken))
      this.log('events are switched off: more than 95 % of them failed within an hour');
    if (taken || this.health.disabled || (receipt.outcome === 'failed' && receipt.noRetry)) return;
    const wait = this.#waitAfter(attempt);
    const why = receipt.outcome === 'timeout' ? 'http_timeout' : receipt.reason;
    if (wait === undefined) {
      const id = textOf(sent.payload.event_id) ?? '';
      this.log(`event ${id} given up after ${attempt + 1} attempts: ${why}`);
      return;
    }
    const next = due + wait * this.settings.retryScale;
    const cancel = this.world.clock.at(next, () => {
      this.#waiting.delete(cancel);
      void this.#attempt(sent, attempt + 1, why, next);
    });
    this.#waiting.add(cancel);
  }

  #waitAfter(attempt: number): number | undefined {
    if (attempt < RETRY_MS.length) return RETRY_MS[attempt];
    return this.settings.delayedEvents && attempt < RETRY_MS.length + DELAYED ? HOUR_MS : undefined;
  }
}

/** Another order than that in which they came, by their ids: with seeded ids always the same. */
function shuffled(events: readonly SentEvent[]): SentEvent[] {
  const key = ({ payload }: SentEvent) => createHash('sha256').update(String(payload.event_id)).digest('hex');
  const other = [...events].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return other.every((event, index) => event === events[index]) ? other.reverse() : other;
}
