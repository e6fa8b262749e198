import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../workspace/clock.js';
import type { Parcel, Receipt, Transport } from './delivery.js';
import { sign } from './sign.js';

/** Delivers as signed HTTP requests to the app's request URL. */
export class HttpTransport implements Transport {
  constructor(
    readonly url: string,
    readonly signingSecret: string,
    readonly clock: Clock,
  ) {}

  deliver(parcel: Parcel, ackMs: number): Promise<Receipt> {
    const json = parcel.kind === 'events_api';
    const body = encode(parcel);
    const timestamp = this.clock.seconds();
    const headers: Record<string, string | number> = {
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      accept: '*/*',
      // Exactly this, without a charset: some frameworks compare the whole header.
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': sign(this.signingSecret, timestamp, body),
    };
    if (parcel.attempt) {
      headers['x-slack-retry-num'] = parcel.attempt;
      headers['x-slack-retry-reason'] = parcel.reason ?? 'unknown_error';
    }
    return send(this.url, headers, body, ackMs);
  }
}

function encode(parcel: Parcel): string {
  if (parcel.kind === 'events_api') return JSON.stringify(parcel.payload);
  if (parcel.kind === 'interactive')
    return new URLSearchParams({ payload: JSON.stringify(parcel.payload) }).toString();
  const fields = Object.entries(parcel.payload).map(([key, value]): [string, string] => [key, String(value)]);
  return new URLSearchParams(fields).toString();
}

function send(
  url: string,
  headers: Record<string, string | number>,
  body: string,
  ackMs: number,
): Promise<Receipt> {
  return new Promise((resolve) => {
    const make = url.startsWith('https:') ? httpsRequest : httpRequest;
    // No kept-alive connections: a bot that was restarted must not be met with a dead one.
    const outgoing = make(url, { method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => finish({ outcome: 'failed', reason: 'connection_failed' }));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const text = Buffer.concat(chunks).toString('utf8');
        const noRetry = response.headers['x-slack-no-retry'] === '1';
        if (status < 200 || status > 299) {
          finish({ outcome: 'failed', status, reason: 'http_error', noRetry });
        } else {
          finish({ outcome: 'acked', status, body: decode(text, response.headers['content-type']) });
        }
      });
    });
    const timer = setTimeout(() => {
      finish({ outcome: 'timeout' });
      outgoing.destroy();
    }, ackMs);
    const finish = (receipt: Receipt) => {
      clearTimeout(timer);
      resolve(receipt);
    };
    outgoing.on('error', () => finish({ outcome: 'failed', reason: 'connection_failed' }));
    outgoing.end(body);
  });
}

/** JSON when it says so; otherwise the text as it is. */
function decode(text: string, contentType: string | undefined): unknown {
  if (text.trim() === '') return '';
  if (!contentType?.includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
