import { z } from 'zod';

/** What a test may turn while the sandbox runs. */
export interface Settings {
  /** Time an app has to answer a payload. */
  ackMs: number;
  /** Factor on the waits between event repeats; 0 repeats at once. */
  retryScale: number;
  /** Time added to every Web API call. */
  latencyMs: number;
  /** Whether a mention in a command carries its name, `<@U…|ana>`. */
  mentionLabels: boolean;
  /** The outer `team_id` of every event, as shared channels (`T…`) and Enterprises (`E…`) may have it; null: what is usual. */
  outerTeam: string | null;
  /** Reason with which every new socket is sent away right after its hello; null: they stay. */
  goodbye: string | null;
  /** Most characters of all texts of a message's blocks together; null: no such cap. */
  blockTextCap: number | null;
  /** Two makings of one channel name within a second both succeed, as they may at Slack. */
  createRace: boolean;
  /** A scheduled message with metadata is taken and never posted, as Slack documents of itself. */
  scheduledMetadataBug: boolean;
  caps: Caps;
  /** Posts beyond the limit of a channel are answered with `ok` and hidden, instead of HTTP 429. */
  hideExcess: boolean;
  /** `distributed`: history and replies once a minute, 15 objects, as for new apps sold outside the Marketplace. */
  historyProfile: 'internal' | 'distributed';
  /** Life of a cursor. */
  cursorTtlMs: number;
  /** Lists come in short pages, every third of them empty, with a cursor that goes on. */
  shortPages: boolean;
  /** Events for the app in any hour; beyond it they are dropped and `app_rate_limited` is sent. */
  eventsPerHour: number;
  /** After the three repeats an event comes hourly for a day. */
  delayedEvents: boolean;
  /** Failures among so many or more events in an hour, above 95 %, end the subscription (HTTP only). */
  autoDisableFrom: number;
  /** Events of one moment come in another order. */
  shuffleEvents: boolean;
  /** Time after which a new socket is refreshed by the sandbox, with a warning ten seconds ahead; null: never. */
  socketLifeMs: number | null;
  /** Time between pings; a socket that leaves three of them without a pong is cut. */
  socketPingMs: number;
}

/** How many of a thing Slack takes; it does not publish these numbers. */
interface Caps {
  /** Channels in the workspace, archived ones too. */
  channels: number;
  /** Members of one channel. */
  members: number;
  /** Pins, and bookmarks, of one channel. */
  pins: number;
  bookmarks: number;
  /** Different emoji on one message, and by one person on it. */
  emoji: number;
  reactions: number;
}

export const defaultSettings = (): Settings => ({
  ackMs: 3000,
  retryScale: 1,
  latencyMs: 0,
  mentionLabels: false,
  outerTeam: null,
  goodbye: null,
  // Slack documents no sum; measured refusals lie between 11,000 and 13,200 characters.
  blockTextCap: 13_000,
  createRace: false,
  scheduledMetadataBug: false,
  caps: { channels: 20_000, members: 10_000, pins: 100, bookmarks: 100, emoji: 50, reactions: 23 },
  hideExcess: false,
  historyProfile: 'internal',
  cursorTtlMs: 3_600_000,
  shortPages: false,
  eventsPerHour: 30_000,
  delayedEvents: false,
  autoDisableFrom: 1000,
  shuffleEvents: false,
  socketLifeMs: null,
  socketPingMs: 10_000,
});

/** Reasons with which Slack sends a socket away. */
export const goodbyes = ['warning', 'refresh_requested', 'link_disabled', 'too_many_websockets'] as const;

const cap = z.number().int().min(0);

/** What `/control/settings` and a seed may say of the settings. */
export const settingsSchema = z.strictObject({
  goodbye: z.enum(goodbyes).nullable().optional(),
  ack_ms: z.number().positive().optional(),
  retry_scale: z.number().min(0).optional(),
  latency_ms: z.number().min(0).optional(),
  mention_labels: z.boolean().optional(),
  outer_team_id: z.string().nullable().optional(),
  rate_limits: z.boolean().optional(),
  block_text_cap: z.number().int().positive().nullable().optional(),
  create_race: z.boolean().optional(),
  scheduled_metadata_bug: z.boolean().optional(),
  caps: z
    .strictObject({ channels: cap, members: cap, pins: cap, bookmarks: cap, emoji: cap, reactions: cap })
    .partial()
    .optional(),
  hide_excess: z.boolean().optional(),
  history_profile: z.enum(['internal', 'distributed']).optional(),
  cursor_ttl_ms: z.number().min(0).optional(),
  short_pages: z.boolean().optional(),
  events_per_hour: z.number().int().min(0).optional(),
  delayed_events: z.boolean().optional(),
  auto_disable_from: z.number().int().min(1).optional(),
  shuffle_events: z.boolean().optional(),
  socket_life_ms: z.number().min(0).nullable().optional(),
  socket_ping_ms: z.number().min(1).optional(),
});

export type GivenSettings = z.infer<typeof settingsSchema>;

/** Turns what is given and leaves the rest. `rate_limits` is not among the settings: whoever keeps the limits turns it. */
export function turn(settings: Settings, given: GivenSettings): void {
  const named: { [Name in keyof Settings]: Settings[Name] | undefined } = {
    goodbye: given.goodbye,
    ackMs: given.ack_ms,
    retryScale: given.retry_scale,
    latencyMs: given.latency_ms,
    mentionLabels: given.mention_labels,
    outerTeam: given.outer_team_id,
    blockTextCap: given.block_text_cap,
    createRace: given.create_race,
    scheduledMetadataBug: given.scheduled_metadata_bug,
    caps: given.caps && { ...settings.caps, ...defined(given.caps) },
    hideExcess: given.hide_excess,
    historyProfile: given.history_profile,
    cursorTtlMs: given.cursor_ttl_ms,
    shortPages: given.short_pages,
    eventsPerHour: given.events_per_hour,
    delayedEvents: given.delayed_events,
    autoDisableFrom: given.auto_disable_from,
    shuffleEvents: given.shuffle_events,
    socketLifeMs: given.socket_life_ms,
    socketPingMs: given.socket_ping_ms,
  };
  Object.assign(settings, defined(named));
}

function defined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
