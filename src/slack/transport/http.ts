import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type App,
  type BufferedIncomingMessage,
  HTTPModuleFunctions as bolt,
  HTTPResponseAck,
  type Receiver,
  type ReceiverEvent,
} from '@slack/bolt';
import { z } from 'zod';
import { natureOf } from '#domain/slack-code.js';
import type { Logs } from '#log.js';
import { type SlackClient, slackLogger } from './client.js';

const FORM = 'application/x-www-form-urlencoded';
/** Slack's own rule for old requests; Bolt does not apply it to requests from the future. */
const WINDOW_S = 5 * 60;

export interface HttpFront {
  receiver: Receiver;
  /**
   * Serves `POST /slack/events`; the body must not have been read. Answers in every case, and never rejects.
   * @returns resolves when all is told, which may be after an answer that was empty to be in time
   */
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/**
 * Slack over HTTP, from Bolt's parts instead of its receiver: that one has a server of its own, leaves a signed `null` without
 * an answer, and keeps the bytes of a body from us.
 */
export function createHttpFront(options: { signingSecret: string; log: Logs; now: () => Date }): HttpFront {
  const { signingSecret, log } = options;
  const logger = slackLogger(log);
  let events: App | undefined;

  async function take(
    request: IncomingMessage,
    response: ServerResponse,
    about: { request?: unknown },
  ): Promise<void> {
    const read = await readBody(request);
    // It took too long to arrive, and that was said.
    if (response.headersSent) return;
    if ('status' in read) {
      log.warn({ why: read.why }, 'Refused a Slack request');
      return bolt.buildNoBodyResponse(response, read.status);
    }
    const { body } = read;
    about.request = body.trigger_id ?? body.event_id;
    if (body.ssl_check === '1') return bolt.buildSSLCheckResponse(response);
    if (body.type === 'url_verification') return bolt.buildUrlVerificationResponse(response, body);
    const ack = new HTTPResponseAck({
      logger,
      processBeforeResponse: false,
      httpRequest: request,
      httpRequestBody: body,
      httpResponse: response,
    });
    await events?.processEvent({ body, ack: ack.bind() });
  }

  /** Checks the signature over the bytes as they came, then decodes them. */
  async function readBody(
    request: IncomingMessage,
  ): Promise<{ body: Record<string, unknown> } | { status: number; why: string }> {
    let verified: BufferedIncomingMessage;
    try {
      const bodyLimit = bolt.defaultBodyLimit;
      verified = await bolt.parseAndVerifyHTTPRequest({ signingSecret, bodyLimit }, request);
    } catch (error) {
      const large = bolt.isRawBodyError(error) && error.statusCode === 413;
      return { status: large ? 413 : 401, why: error instanceof Error ? error.message : 'unreadable' };
    }
    let body: unknown;
    try {
      body = bolt.parseHTTPRequestBody(verified);
    } catch {
      return { status: 400, why: 'the body cannot be decoded' };
    }
    if (!isObject(body)) return { status: 400, why: 'the body is no object' };
    return { body: request.headers['content-type'] === FORM ? halvesKept(body, verified.rawBody) : body };
  }

  return {
    receiver: {
      init: (app) => {
        events = answeringEventsAfter(app, log);
      },
      start: async () => undefined,
      stop: async () => undefined,
    },
    async listener(request, response) {
      const { headers } = request;
      const sent = Number(headers['x-slack-request-timestamp']);
      // What nobody signed is not worth reading.
      if (!headers['x-slack-signature'] || Number.isNaN(sent)) {
        request.resume();
        response.writeHead(401).end();
        return;
      }
      if (sent > options.now().getTime() / 1_000 + WINDOW_S) {
        log.warn({ sent }, 'Refused a Slack request from the future; is this clock right?');
        request.resume();
        response.writeHead(401).end();
        return;
      }
      // Bolt compares the whole header, so that `…; charset=utf-8` would be read as JSON.
      if (headers['content-type']?.startsWith(`${FORM};`)) headers['content-type'] = FORM;
      const about: { request?: unknown } = {};
      try {
        await take(request, response, about);
      } catch (error) {
        log.error({ err: error, ...about }, 'A Slack request could not be handled');
        if (!response.headersSent) bolt.buildNoBodyResponse(response, 500);
      }
    },
  };
}

function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

/** What a decoder writes in place of bytes that are no character. People type it too, though rarely. */
const REPLACEMENT = '\uFFFD';

/**
 * A form may hold half a character (`%ED%A0%80`, or an emoji that was cut). Decoded, it is U+FFFD, and nobody could tell any more
 * that something else was sent. So it becomes a lone surrogate, which every text is refused for: an entry is never altered.
 * @param raw the form as it came
 * @returns the body itself when every byte of the form is part of a character
 */
function halvesKept(body: Record<string, unknown>, raw: Buffer): Record<string, unknown> {
  // Of a command only the text is kept, and a look at it is all that the hot path pays.
  if (typeof body.text === 'string' && !body.text.includes(REPLACEMENT)) return body;
  try {
    // Strict, unlike the decoder of forms.
    decodeURIComponent(raw.toString());
    return body;
  } catch {
    return JSON.parse(JSON.stringify(body).replaceAll(REPLACEMENT, '\\ud800'));
  }
}

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

/**
 * Bolt answers an event before its listeners run: a crash in between would lose it, and Slack would not send it again.
 * Here an event is answered after its listeners are done, so that what it asks is in the outbox by then; if they fail it is
 * not answered and Slack repeats it (keys make the repeat one fact). Commands and interactions answer for themselves.
 * @returns what a receiver is to be initialised with instead of the app
 */
export function answeringEventsAfter(app: App, log: Logs): App {
  const processEvent = async (event: ReceiverEvent): Promise<void> => {
    const { body, ack } = event;
    if (body.type === 'app_rate_limited') {
      log.warn({ minute: body.minute_rate_limited }, 'Slack holds back events: too many in that minute');
      return ack();
    }
    if (body.event === undefined) return app.processEvent(event);
    let wanted = false;
    await app.processEvent({
      ...event,
      ack: async () => {
        wanted = true;
      },
    });
    if (wanted) await ack();
  };
  return Object.create(app, { processEvent: { value: processEvent } });
}
