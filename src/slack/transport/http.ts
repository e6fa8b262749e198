import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type App,
  type BufferedIncomingMessage,
  HTTPModuleFunctions as bolt,
  HTTPResponseAck,
  type ReceiverEvent,
} from '@slack/bolt';
import { z } from 'zod';
import type { Logs } from '#log.js';
import { CHANNEL_EVENTS } from '../people/membership.js';
import { slackLogger } from './client.js';

const FORM = 'application/x-www-form-urlencoded';
/** Slack's own rule for old requests; Bolt does not apply it to requests from the future. */
const WINDOW_S = 5 * 60;

/** As Bolt's receivers are, but for the two apps. */
export interface FrontReceiver {
  init(apps: Apps): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface HttpFront {
  receiver: FrontReceiver;
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
    // The body took too long to arrive, and the request was answered with that.
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
      init: (apps) => {
        events = answeringEventsAfter(apps, log);
      },
      start: async () => undefined,
      stop: async () => undefined,
    },
    async listener(request, response) {
      const { headers } = request;
      const sent = Number(headers['x-slack-request-timestamp']);
      // The body of a request without a signature is not read.
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
        if (error instanceof Unfit) {
          log.warn({ why: error.message, ...about }, 'Refused a Slack request');
          if (!response.headersSent) bolt.buildNoBodyResponse(response, 400);
          return;
        }
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
  // Only the text of a command is recorded, and on the hot path nothing but that is looked at.
  if (typeof body.text === 'string' && !body.text.includes(REPLACEMENT)) return body;
  try {
    // Strict, unlike the decoder of forms.
    decodeURIComponent(raw.toString());
    return body;
  } catch {
    return JSON.parse(JSON.stringify(body).replaceAll(REPLACEMENT, '\\ud800'));
  }
}

/** A request that is signed, and is nothing that Slack sends. */
class Unfit extends Error {
  override name = 'Unfit';
}

const word = z.string().min(1);
const maybe = z.string().nullish();
const who = z.looseObject({ id: word, name: maybe, username: maybe });
const place = z.looseObject({ id: word, name: maybe });
const view = z.looseObject({
  ...{ id: word, type: maybe, callback_id: maybe, private_metadata: z.string() },
  state: z.looseObject({ values: z.record(z.string(), z.record(z.string(), z.unknown())) }).nullish(),
});
const interaction = { user: who, trigger_id: maybe };

/** As much of each kind of request as listeners rest on, checked once, at the door: behind it nobody looks twice. */
const FIT: Readonly<Record<string, z.ZodType>> = {
  event: z.looseObject({
    event_id: word,
    // Bolt looks into these, whatever the event.
    event: z.looseObject({
      ...{ type: word, user: z.union([word, who]).optional() },
      ...{ channel: z.union([word, place]).optional(), item: z.looseObject({}).optional() },
    }),
  }),
  command: z.looseObject({
    ...{ command: word, user_id: word, user_name: maybe, channel_id: word, channel_name: maybe, text: maybe },
    ...{ trigger_id: maybe, response_url: maybe },
  }),
  block_actions: z.looseObject({
    ...interaction,
    ...{ response_url: maybe, channel: place.optional(), view: view.optional() },
    actions: z.array(z.looseObject({ action_id: word, value: maybe })).min(1),
  }),
  view_submission: z.looseObject({ ...interaction, view }),
  shortcut: z.looseObject({ ...interaction, callback_id: word }),
  message_action: z.looseObject({ ...interaction, callback_id: word, channel: place, response_url: maybe }),
  view_closed: z.looseObject({ user: who, view }),
  block_suggestion: z.looseObject({ user: who, action_id: word }),
  app_rate_limited: z.looseObject({}),
};

const reaction = z.looseObject({
  ...{ user: word, reaction: word },
  item: z.union([
    z.looseObject({ type: z.literal('message'), channel: word, ts: word }),
    z.looseObject({ type: word.refine((type) => type !== 'message') }),
  ]),
});
const membership = z.looseObject({ user: word, channel: word });
const ofChannel = z.looseObject({ channel: z.union([word, place]) });
/** Of the events that are listened to, what their listeners rest on. */
const FIT_EVENT: Readonly<Record<string, z.ZodType>> = {
  ...{ reaction_added: reaction, reaction_removed: reaction },
  ...{ member_joined_channel: membership, member_left_channel: membership },
  ...{ user_change: z.looseObject({ user: who }), team_join: z.looseObject({ user: who }) },
  ...Object.fromEntries(CHANNEL_EVENTS.map((name) => [name, ofChannel])),
  tokens_revoked: z.looseObject({ tokens: z.looseObject({ bot: z.array(z.string()).nullish() }) }),
};

/** @throws Unfit which names the member that is wrong, and nothing of what stands in it */
function mustFit(body: Readonly<Record<string, unknown>>): void {
  const { event, command, type } = body;
  const named = typeof type === 'string' ? type : '';
  const kind = event !== undefined ? 'event' : command !== undefined ? 'command' : named;
  if (!Object.hasOwn(FIT, kind)) throw new Unfit('of a kind that Slack does not send here');
  const wrong = FIT[kind]?.safeParse(body).error ?? (kind === 'event' ? wrongIn(event) : undefined);
  const path = wrong?.issues[0]?.path.join('.');
  if (path !== undefined) throw new Unfit(`${kind}: ${path} is not what it is in Slack`);
}

function wrongIn(event: unknown): z.ZodError | undefined {
  const type = String((event as { type?: unknown }).type);
  return Object.hasOwn(FIT_EVENT, type) ? FIT_EVENT[type]?.safeParse(event).error : undefined;
}

/**
 * Bolt tries every listener of an app on every request; a dozen of them cost a command half as much again. So commands
 * have an app of their own.
 */
export interface Apps {
  commands: App;
  others: App;
}

/**
 * Bolt answers an event before its listeners run: a crash in between would lose it, and Slack would not send it again.
 * Here an event is answered after its listeners are done, so that what it asks is in the outbox by then; if they fail it is
 * not answered and Slack repeats it (keys make the repeat one fact). Commands and interactions answer for themselves.
 * @returns what a receiver of Bolt's takes for its app
 */
export function answeringEventsAfter({ commands, others }: Apps, log: Logs): App {
  const processEvent = async (event: ReceiverEvent): Promise<void> => {
    const { body, ack } = event;
    mustFit(body);
    if (body.type === 'app_rate_limited') {
      log.warn({ minute: body.minute_rate_limited }, 'Slack holds back events: too many in that minute');
      return ack();
    }
    if (body.command !== undefined) return commands.processEvent(event);
    if (body.event === undefined) return others.processEvent(event);
    let wanted = false;
    await others.processEvent({
      ...event,
      ack: async () => {
        wanted = true;
      },
    });
    if (wanted) await ack();
  };
  return Object.create(others, { processEvent: { value: processEvent } });
}
