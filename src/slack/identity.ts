import { z } from 'zod';
import { natureOf } from '#domain/slack-code.js';
import type { SlackClient } from './client.js';
import type { Log } from './ports.js';

/** What auth.test told about our own token; an emulator or an old workspace may leave out `botId`. */
export interface Identity {
  slackTeamId: string;
  /** The Enterprise organisation of the workspace, `E…`; null for a workspace that has none. */
  enterpriseId: string | null;
  botUserId: string;
  botId: string | null;
  /** Address of the workspace, `https://acme.slack.com/`. */
  url: string | null;
}

/** With such a code there is no point in going on: a person must give us another token. */
export function isFatal(code: string): boolean {
  return natureOf(code) === 'fatal';
}

const TOLD = z.object({
  team_id: z.string(),
  user_id: z.string(),
  bot_id: z.string().nullish(),
  enterprise_id: z.string().nullish(),
  url: z.string().nullish(),
});

export interface WhoAmI {
  start(): void;
  stop(): void;
  /** null until Slack has answered. */
  current(): Identity | null;
  /**
   * Why Slack did not say it when it was last asked; null: it did, or was not asked yet. `answers`: it was there, and would
   * not.
   */
  why(): { code: string; answers: boolean } | null;
}

/**
 * Asks Slack who we are, beside everything else, until it answers: starting needs nothing from Slack.
 * @param onKnown called once
 * @param onFatal called once, with Slack's code, when the token is no good
 */
export function createWhoAmI(options: {
  client: SlackClient;
  log: Log;
  onKnown: (identity: Identity) => void;
  onFatal: (code: string) => void;
}): WhoAmI {
  const { client, log } = options;
  let identity: Identity | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failure: { code: string; answers: boolean } | null = null;

  async function ask(attempt: number): Promise<void> {
    const result = await client.call('auth.test');
    if (stopped) return;
    if (result.kind === 'refused' && isFatal(result.error)) return options.onFatal(result.error);
    const told = result.kind === 'ok' ? TOLD.safeParse(result.data) : null;
    if (told?.success) {
      const { team_id, enterprise_id, user_id, bot_id, url } = told.data;
      identity = {
        slackTeamId: team_id,
        enterpriseId: enterprise_id || null,
        botUserId: user_id,
        botId: bot_id ?? null,
        url: url ?? null,
      };
      failure = null;
      log.info({ team: team_id, bot: user_id }, 'Slack knows us');
      return options.onKnown(identity);
    }
    const why =
      result.kind === 'ok' ? 'unreadable' : result.kind === 'ratelimited' ? 'ratelimited' : result.error;
    failure = { code: why, answers: result.kind !== 'unknown' };
    const wait = result.kind === 'ratelimited' ? result.retryAfterMs : Math.min(60_000, 1_000 * 2 ** attempt);
    log.warn({ why, again_in_ms: wait }, 'Slack does not say who we are; recording goes on');
    timer = setTimeout(() => void ask(Math.min(attempt + 1, 10)), wait);
    timer.unref();
  }

  return {
    start: () => void ask(0),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    current: () => identity,
    why: () => failure,
  };
}
