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
});
