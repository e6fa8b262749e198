import { type Logger, LogLevel, webApi } from '@slack/bolt';
import { natureOf } from '#domain/slack-code.js';
import type { Logs } from '#log.js';

/**
 * How a Web API call ended.
 * - `ok`: it happened.
 * - `ratelimited`: it did not happen; not before `retryAfterMs`.
 * - `refused`: it did not happen; `error` is Slack's code (`channel_not_found`, `missing_scope` with `needed` …).
 * - `unknown`: nobody can say whether it happened (no answer, 5xx, or a code by which Slack says so itself);
 *   `sent: false`: the request certainly never left.
 */
export type SlackResult =
  | { kind: 'ok'; data: SlackData }
  | { kind: 'ratelimited'; retryAfterMs: number }
  | { kind: 'refused'; error: string; needed: string | null; data: SlackData }
  | { kind: 'unknown'; error: string; sent: boolean };

/** An answer as Slack gave it: look into it with zod. */
export type SlackData = Readonly<Record<string, unknown>>;

export interface SlackClient {
  /** Call once; never throws, never retries, never waits for a limit to pass. */
  call(method: string, args?: Record<string, unknown>): Promise<SlackResult>;
}

export interface SlackClientOptions {
  token: string;
  /** Base address of the Web API, default Slack's own. */
  apiUrl?: string;
  log: Logs;
  /** Milliseconds after which an answer is given up. */
  timeout?: number;
  /** Added to every call; only organisation-wide installations need it. */
  teamId?: string;
}

const NEVER_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const SLACK_CODE = /^[a-zA-Z0-9_.:-]{1,80}$/;

/** One attempt per call: whoever calls decides what to repeat, because only they know what must not happen twice. */
export function createSlackClient(options: SlackClientOptions): SlackClient {
  const web = new webApi.WebClient(options.token, {
    ...(options.apiUrl && { slackApiUrl: options.apiUrl }),
    ...(options.teamId && { teamId: options.teamId }),
    logger: slackLogger(options.log),
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    timeout: options.timeout ?? 10_000,
  });
  return {
    async call(method, args = {}) {
      try {
        return { kind: 'ok', data: { ...(await web.apiCall(method, args)) } };
      } catch (error) {
        return resultOf(error);
      }
    },
  };
}

function resultOf(error: unknown): SlackResult {
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return { kind: 'ratelimited', retryAfterMs: waitOf(error.retryAfter) };
  }
  if (error instanceof webApi.WebAPIPlatformError) {
    const { error: code, response_metadata: metadata } = error.data as Partial<typeof error.data>;
    const data: SlackData = { ...error.data };
    if (code === 'ratelimited') {
      return { kind: 'ratelimited', retryAfterMs: waitOf(metadata?.retryAfter ?? 1) };
    }
    // A page of HTML instead of JSON ends up here as the “code”; so does JSON that is no answer of Slack's, without one.
    if (code === undefined || !SLACK_CODE.test(code))
      return { kind: 'unknown', error: 'no_json', sent: true };
    // Slack says by it that the action may have happened all the same.
    if (natureOf(code) === 'doubtful') return { kind: 'unknown', error: code, sent: true };
    return {
      kind: 'refused',
      error: code,
      needed: typeof data.needed === 'string' ? data.needed : null,
      data,
    };
  }
  if (error instanceof webApi.WebAPIHTTPError) {
    const { statusCode } = error;
    if (statusCode === 404 || statusCode === 405) {
      return { kind: 'refused', error: 'unknown_method', needed: null, data: {} };
    }
    if (statusCode >= 400 && statusCode < 500) {
      return { kind: 'refused', error: `http_${statusCode}`, needed: null, data: {} };
    }
    return { kind: 'unknown', error: `http_${statusCode}`, sent: true };
  }
  const message = error instanceof Error ? error.message : String(error);
  // The SDK has no class for a 429 without a usable Retry-After.
  if (message.startsWith('Retry header')) return { kind: 'ratelimited', retryAfterMs: 5_000 };
  const code = codeOf(error);
  return { kind: 'unknown', error: code ?? 'no_answer', sent: !(code && NEVER_LEFT.has(code)) };
}

/** A wait of nothing would be a loop, and one of days a mistake. @param seconds as Slack says it */
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
