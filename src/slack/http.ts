import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type App,
  type BufferedIncomingMessage,
  HTTPModuleFunctions as bolt,
  HTTPResponseAck,
  type Receiver,
} from '@slack/bolt';
import { answeringEventsAfter } from './events-after.js';
import { halvesKept } from './halves.js';
import { slackLogger } from './logger.js';
import type { Log } from './ports.js';

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
export function createHttpFront(options: { signingSecret: string; log: Log; now: () => Date }): HttpFront {
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
