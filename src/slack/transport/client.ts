import type { AuthorizeResult } from '@slack/bolt';
import {
  type Logger,
  LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
} from '@slack/web-api';
import { z } from 'zod';
import { natureOf } from '#domain/slack-code.js';
import type { Logs } from '#log.js';
import type { Metrics } from '#metrics.js';

/**
 * How a Web API call ended.
 * - `ok`: it happened.
 * - `ratelimited`: it did not happen; not before `retryAfterMs`.
 * - `refused`: it did not happen; `error` is Slack's code (`channel_not_found`, `missing_scope` with `needed` …).
 * - `unknown`: nobody can say whether it happened (no answer, one that is not Slack's JSON, or a code by which Slack says so
 *   itself); `sent: false`: the request certainly never left.
 */
export type SlackResult =
  | { kind: 'ok'; data: SlackData }
  | { kind: 'ratelimited'; retryAfterMs: number }
  | { kind: 'refused'; error: string; needed: string | null; data: SlackData }
  | { kind: 'unknown'; error: string; sent: boolean };

/** An answer as Slack gave it: look into it with zod. */
type SlackData = Readonly<Record<string, unknown>>;

export interface SlackClient {
  /** Call once; never throws, never retries, never waits for a limit to pass. */
  call(method: string, args?: Record<string, unknown>): Promise<SlackResult>;
}

interface SlackClientOptions {
  token: string;
  /** Base address of the Web API; null: Slack's own. */
  apiUrl?: string | null;
  log: Logs;
  /** Milliseconds after which an answer is given up. */
  timeout?: number;
  /** Added to every call; only organisation-wide installations need it. */
  teamId?: string;
  /** Counts every call. */
  metrics?: Pick<Metrics, 'slackCalled'>;
}

const NEVER_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const SLACK_CODE = /^[a-zA-Z0-9_.:-]{1,80}$/;

/** One attempt per call: the caller decides what to repeat, because only it knows what must not happen twice. */
export function createSlackClient(options: SlackClientOptions): SlackClient {
  const web = new WebClient(options.token, {
    ...(options.apiUrl && { slackApiUrl: options.apiUrl }),
    ...(options.teamId && { teamId: options.teamId }),
    logger: slackLogger(options.log),
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    timeout: options.timeout ?? 10_000,
  });
  const once = async (method: string, args: Record<string, unknown>): Promise<SlackResult> => {
    try {
      return { kind: 'ok', data: { ...(await web.apiCall(method, args)) } };
    } catch (error) {
      return resultOf(error);
    }
  };
  return {
    async call(method, args = {}) {
      const began = performance.now();
      const result = await once(method, args);
      options.metrics?.slackCalled(method, result, performance.now() - began);
      return result;
    },
  };
}

function resultOf(error: unknown): SlackResult {
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: 'ratelimited', retryAfterMs: waitOf(error.retryAfter) };
  }
  if (error instanceof WebAPIPlatformError) return refusalIn(error.data) ?? NO_JSON;
  if (error instanceof WebAPIHTTPError) {
    const { statusCode: status } = error;
    // A no of Slack's is JSON. Whatever else has such a status comes from a proxy, or from a wrong SLACK_API_URL.
    const refusal = status < 500 ? refusalIn(error.body) : null;
    return refusal ?? { kind: 'unknown', error: `http_${status}`, sent: true };
  }
  const message = error instanceof Error ? error.message : String(error);
  // The SDK has no class for a 429 without a usable Retry-After.
  if (message.startsWith('Retry header')) return { kind: 'ratelimited', retryAfterMs: 5_000 };
  const code = codeOf(error);
  return { kind: 'unknown', error: code ?? 'no_answer', sent: !(code && NEVER_LEFT.has(code)) };
}

const NO_JSON: SlackResult = { kind: 'unknown', error: 'no_json', sent: true };

/**
 * @returns null: this is no answer of Slack's. A page of HTML instead of JSON arrives here as the “code”; so does JSON that
 *   is no answer, without one
 */
function refusalIn(body: unknown): SlackResult | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const data: SlackData = { ...body };
  const { error: code, needed, response_metadata: metadata } = data;
  if (typeof code !== 'string' || !SLACK_CODE.test(code)) return null;
  if (code === 'ratelimited') {
    const { retryAfter = 1 } = (metadata ?? {}) as { retryAfter?: number };
    return { kind: 'ratelimited', retryAfterMs: waitOf(retryAfter) };
  }
  // By this code Slack says that the action may have happened all the same.
  if (natureOf(code) === 'doubtful') return { kind: 'unknown', error: code, sent: true };
  return { kind: 'refused', error: code, needed: typeof needed === 'string' ? needed : null, data };
}

/** How long to wait: at least a second, so that there is no loop, and at most an hour. @param seconds as Slack says it */
function waitOf(seconds: number): number {
  return Math.min(Math.max(seconds, 1), 3_600) * 1_000;
}

/** @returns the system's code (`ECONNREFUSED`), which fetch buries under causes */
function codeOf(error: unknown): string | null {
  let at: unknown = error;
  for (let depth = 0; typeof at === 'object' && at !== null && depth < 6; depth++) {
    const { code, original, cause } = at as { code?: unknown; original?: unknown; cause?: unknown };
    if (typeof code === 'string' && !code.startsWith('slack_')) return code;
    at = original ?? cause;
  }
  return null;
}

/**
 * Slack's libraries log through ours, one level quieter. Their debug lines hold whole requests (texts, response addresses,
 * tickets), so those are dropped whatever the level.
 */
export function slackLogger(log: Logs): Logger {
  return {
    debug: () => {},
    info: (...said) => log.debug({}, words(said)),
    warn: (...said) => log.warn({}, words(said)),
    error: (...said) => log.error({}, words(said)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}

function words(said: unknown[]): string {
  return withoutSecrets(
    `slack: ${said.map((one) => (one instanceof Error ? one.message : String(one))).join(' ')}`,
  );
}

/** Tokens, and addresses that are secrets by themselves, never reach a log. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\bx(?:ox[a-z]|app)[-.][\w.-]+/gi, '[token]')
    .replace(/\b(wss?:\/\/[^\s/?]+)\S*/gi, '$1/[ticket]')
    .replace(/(\/(?:commands|actions|response|app)\/)\S+/gi, '$1[address]')
    .slice(0, 1_000);
}

const TOLD = z
  .object({
    team_id: z.string(),
    user_id: z.string(),
    bot_id: z.string().nullish(),
    enterprise_id: z.string().nullish(),
    url: z.string().nullish(),
  })
  .transform((told) => ({
    slackTeamId: told.team_id,
    /** The Enterprise organisation of the workspace, `E…`; null for a workspace that has none. */
    enterpriseId: told.enterprise_id || null,
    botUserId: told.user_id,
    botId: told.bot_id ?? null,
    /** Address of the workspace, `https://acme.slack.com/`. */
    url: told.url ?? null,
  }));

/** What auth.test told about our own token; an emulator or an old workspace may leave out `botId`. */
export type Identity = z.output<typeof TOLD>;

/** Where we are installed, in Slack's ids; `enterprise`: its organisation, null for a workspace that has none. */
export interface Home {
  team: string;
  /** Absent: not known. */
  enterprise?: string | null;
}

interface WhoAmI {
  start(): void;
  stop(): void;
  /** null until Slack has answered. */
  current(): Identity | null;
  /** null until Slack has answered. */
  home(): Home | null;
  /** What Bolt is to know of us. No call to Slack: the token was given to us. */
  authorize(): Promise<AuthorizeResult>;
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
  token: string;
  log: Logs;
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
    if (result.kind === 'refused' && natureOf(result.error) === 'fatal') return options.onFatal(result.error);
    const told = result.kind === 'ok' ? TOLD.safeParse(result.data) : null;
    if (told?.success) {
      identity = told.data;
      failure = null;
      log.info({ team: identity.slackTeamId, bot: identity.botUserId }, 'Slack knows us');
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
    home: () => identity && { team: identity.slackTeamId, enterprise: identity.enterpriseId },
    // A fresh object each time, because Bolt writes into it.
    authorize: async () => ({
      botToken: options.token,
      botId: identity?.botId ?? undefined,
      botUserId: identity?.botUserId,
    }),
    why: () => failure,
  };
}
