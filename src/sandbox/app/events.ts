import { copy, type Fields } from '../fields.js';
import { type Channel, channelType } from '../workspace/objects/channel.js';
import { renderOutside } from '../workspace/objects/user.js';
import type { Settings } from '../workspace/settings.js';
import type { Happening, World } from '../workspace/world.js';
import type { Receipt, Transport } from './delivery.js';

// At once, after a minute, after five: Slack's three repeats.
const RETRY_MS = [0, 60_000, 300_000];
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
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(
    readonly world: World,
    readonly transport: Transport,
    readonly settings: Settings,
    readonly log: (line: string) => void,
  ) {
    world.onHappening = (happening) => this.#consider(happening);
  }

  /** Delivers an event again with the same `event_id`. */
  async again(payload: Fields): Promise<Receipt> {
    return this.transport.deliver({ kind: 'events_api', payload }, this.settings.ackMs);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  reset(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.sent.length = 0;
  }

  #consider({ event, channel, everywhere }: Happening): void {
    const { identity, manifest } = this.world;
    const name = event.type === 'message' && channel ? NAMES[channelType(channel)] : event.type;
    if (!manifest.events.has(name)) return;
    if (channel) {
      const visible = channel.members.has(identity.botUserId) || (everywhere && !channel.isPrivate);
      if (!visible) return;
    }
    const sent: SentEvent = { payload: this.#wrap(event, channel), attempts: [] };
    this.sent.push(sent);
    if (this.sent.length > 5000) this.sent.splice(0, 1000);
    void this.#attempt(sent, 0, '');
  }

  /** In a shared channel the envelope names the workspace of whoever acted; the authorization is always ours. */
  #wrap(happened: Fields, channel: Channel | undefined): Fields {
    const { world } = this;
    const actor = typeof happened.user === 'object' ? (happened.user as Fields).id : happened.user;
    const outside = renderOutside(world.users.get(String(actor)));
    const event = channel ? { ...happened, ...outside } : happened;
    const { teamId, appId, botUserId, verificationToken } = world.identity;
    return copy({
      token: verificationToken,
      team_id: this.settings.outerTeam ?? outside.user_team ?? teamId,
      context_team_id: teamId,
      context_enterprise_id: null,
      api_app_id: appId,
      event,
      type: 'event_callback',
      event_id: world.ids.make('Ev'),
      event_time: world.clock.seconds(),
      authorizations: [
        {
          enterprise_id: null,
          team_id: teamId,
          user_id: botUserId,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: channel?.sharedWith !== undefined,
      event_context: `4-${Buffer.from(world.ids.hex(24)).toString('base64url')}`,
    });
  }

  async #attempt(sent: SentEvent, attempt: number, reason: string): Promise<void> {
    const parcel = { kind: 'events_api', payload: sent.payload, attempt, reason } as const;
    const receipt = await this.transport.deliver(parcel, this.settings.ackMs);
    if (this.#stopped) return;
    sent.attempts.push({ attempt, at: this.world.clock.now(), receipt });
    if (receipt.outcome === 'acked' || (receipt.outcome === 'failed' && receipt.noRetry)) return;
    const wait = RETRY_MS[attempt];
    const why = receipt.outcome === 'timeout' ? 'http_timeout' : receipt.reason;
    if (wait === undefined) {
      this.log(`event ${String(sent.payload.event_id)} given up after ${attempt + 1} attempts: ${why}`);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#attempt(sent, attempt + 1, why);
    }, wait * this.settings.retryScale);
    this.#timers.add(timer);
  }
}
