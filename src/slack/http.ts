import type { IncomingMessage, ServerResponse } from 'node:http';
import { HTTPReceiver, type Receiver } from '@slack/bolt';
import { answeringEventsAfter } from './events-after.js';
import { slackLogger } from './logger.js';
import type { Log } from './ports.js';

const FORM = 'application/x-www-form-urlencoded';
/** Slack's own rule for old requests; Bolt does not apply it to requests from the future. */
const WINDOW_S = 5 * 60;

export interface HttpFront {
  receiver: Receiver;
  /** Serves `POST /slack/events`; the body must not have been read. */
  listener: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Slack over HTTP: Bolt's receiver without a server of its own, so that one server of ours serves everything. */
export function createHttpFront(options: { signingSecret: string; log: Log; now: () => Date }): HttpFront {
  const http = new HTTPReceiver({ signingSecret: options.signingSecret, logger: slackLogger(options.log) });
  return {
    receiver: {
      init: (app) => http.init(answeringEventsAfter(app, options.log)),
      start: async () => undefined,
      stop: async () => undefined,
    },
    listener(request, response) {
      const { headers } = request;
      const sent = Number(headers['x-slack-request-timestamp']);
      if (sent > options.now().getTime() / 1_000 + WINDOW_S) {
        options.log.warn({ sent }, 'Refused a Slack request from the future; is this clock right?');
        request.resume();
        response.writeHead(401).end();
        return;
      }
      // Bolt compares the whole header, so that `…; charset=utf-8` would be read as JSON.
      if (headers['content-type']?.startsWith(`${FORM};`)) headers['content-type'] = FORM;
      http.requestListener(request, response);
    },
  };
}
