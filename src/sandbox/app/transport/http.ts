import { createHmac } from 'node:crypto';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Parcel, Receipt, Transport } from '../delivery.js';

/** Where a parcel goes; undefined: nowhere. */
export type Addressing = (parcel: Parcel) => string | undefined;

const MAX_REDIRECTS = 2;
/** More than any answer that means something. */
const MAX_ANSWER = 1_000_000;

/** Delivers as signed HTTP requests to the app's request URLs. */
export class HttpTransport implements Transport {
  constructor(
    readonly addressOf: Addressing,
    readonly signingSecret: string,
  ) {}

  async deliver(parcel: Parcel, ackMs: number): Promise<Receipt> {
    const url = this.addressOf(parcel);
    if (url === undefined) return { outcome: 'failed', reason: 'connection_failed' };
    const json = parcel.kind === 'events_api';
    const body = encode(parcel);
    // The machine's time, whatever the sandbox's clock says: the bot compares it with its own, and refuses old ones.
    const timestamp = Math.floor(Date.now() / 1000);
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
    return new Sending(headers, body, json).to(url, ackMs);
  }
}

/**
 * Slack's `v0` signature.
 * @param body the exact bytes that are sent
 * @param timestamp epoch seconds, also sent as a header
 */
export function sign(secret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

function encode(parcel: Parcel): string {
  if (parcel.kind === 'events_api') return JSON.stringify(parcel.payload);
  if (parcel.kind === 'interactive')
    return new URLSearchParams({ payload: JSON.stringify(parcel.payload) }).toString();
  const fields = Object.entries(parcel.payload).map(([key, value]): [string, string] => [key, String(value)]);
  return new URLSearchParams(fields).toString();
}

/** One request, with the redirects it may follow and one patience for all of them. */
class Sending {
  #request: ClientRequest | undefined;
  #over: (receipt: Receipt) => void = () => {};
  #done = false;

  constructor(
    readonly headers: Record<string, string | number>,
    readonly body: string,
    /** Events take any 2xx and follow redirects; for everything else only 200 will do. */
    readonly event: boolean,
  ) {}

  to(url: string, ackMs: number): Promise<Receipt> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#finish({ outcome: 'timeout' }), ackMs);
      this.#over = (receipt) => {
        clearTimeout(timer);
        resolve(receipt);
      };
      this.#go(url, 0);
    });
  }

  #finish(receipt: Receipt): void {
    if (this.#done) return;
    this.#done = true;
    this.#over(receipt);
    this.#request?.destroy();
  }

  #go(url: string, redirects: number): void {
    const make = url.startsWith('https:') ? httpsRequest : httpRequest;
    let request: ClientRequest;
    try {
      // No kept-alive connections: a bot that was restarted must not be met with a dead one.
      request = make(url, { method: 'POST', headers: this.headers, agent: false });
    } catch {
      // An address that is none.
      this.#finish({ outcome: 'failed', reason: 'unknown_error' });
      return;
    }
    this.#request = request;
    request.on('response', (response) => this.#heard(url, redirects, response));
    request.on('error', (error) => {
      if (this.#request === request) this.#finish({ outcome: 'failed', reason: reasonOf(error) });
    });
    request.end(this.body);
  }

  #heard(url: string, redirects: number, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (this.event && (status === 301 || status === 302) && location) {
      if (redirects === MAX_REDIRECTS) {
        this.#finish({ outcome: 'failed', status, reason: 'too_many_redirects' });
        return;
      }
      response.resume();
      const next = URL.canParse(location, url) ? new URL(location, url).href : '';
      this.#go(next, redirects + 1);
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_ANSWER) this.#finish({ outcome: 'failed', status, reason: 'http_error' });
    });
    response.on('error', () => this.#finish({ outcome: 'failed', reason: 'connection_failed' }));
    response.on('end', () => {
      const noRetry = response.headers['x-slack-no-retry'] === '1';
      const taken = this.event ? status >= 200 && status <= 299 : status === 200;
      if (!taken) this.#finish({ outcome: 'failed', status, reason: 'http_error', noRetry });
      else {
        const text = Buffer.concat(chunks).toString('utf8');
        this.#finish({ outcome: 'acked', status, ...decoded(text, response.headers['content-type']) });
      }
    });
  }
}

function reasonOf(error: Error & { code?: string }): string {
  return /CERT|TLS|SSL|SIGNATURE|EPROTO/.test(error.code ?? '') ? 'ssl_error' : 'connection_failed';
}

/** JSON when it says so; otherwise the text as it is. */
function decoded(text: string, contentType: string | undefined): { body: unknown; malformed?: boolean } {
  if (text.trim() === '') return { body: '' };
  if (!contentType?.includes('json')) return { body: text };
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { body: text, malformed: true };
  }
}
