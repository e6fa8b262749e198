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
