import { printable } from '#domain/text.js';
import type { Severity } from '#domain/words.js';
import { ActionFailed } from '#runbooks/action.js';
import { type Asked, Broken, exchange } from '#runbooks/exchange.js';
import { guardedLookup } from '#runbooks/reach.js';
import type { Secret } from '#runbooks/secret.js';
import { KIND_NAMES, type ServiceKind, type ServiceSettings } from './settings.js';

/** What a service is told. `key`: the same for all that is said of one page, so that there is one alert of it there. */
export interface PageEvent {
  readonly does: 'trigger' | 'acknowledge' | 'resolve';
  readonly key: string;
  /** One line, for a phone that rings. */
  readonly summary: string;
  /** `INC-7`; null: it may not be known there. */
  readonly ref: string | null;
  readonly severity: Severity | null;
  /** Where people go; null: there is no place yet. */
  readonly link: string | null;
  /** Who has acknowledged. */
  readonly by: string | null;
  readonly details: Readonly<Record<string, string>>;
}

/** A service that can be given pages. */
export interface PagingService {
  readonly name: string;
  /** `main (PagerDuty)` */
  readonly called: string;
  /** Resolves when the service has taken it. @throws NotTaken */
  notify(event: PageEvent, signal: AbortSignal): Promise<void>;
}

/** The service has not taken it. The message holds nothing of what was sent, and of the answer no secret. */
export class NotTaken extends Error {
  override name = 'NotTaken';

  /**
   * @param final asking again is of no use
   * @param retryMs it says when it may be asked again; null: it does not
   */
  constructor(
    message: string,
    readonly final: boolean,
    readonly retryMs: number | null = null,
  ) {
    super(message);
  }
}

interface Ports {
  /** @throws ActionFailed where there is none */
  secret(name: string): Secret;
  scrub: { text(text: string): string };
  /** For an answer, in ms; 10,000. */
  ms?: number;
}

const MS = 10_000;
const MOST = 100_000;
/** Both ask for patience without saying for how long, most of the time. */
const PATIENCE_MS = 30_000;
const LONGEST_MS = 300_000;
/** Characters of what was answered. */
const WHY = 200;

/** Opens what `paging: services:` names. Redirects are answers: the key goes to the address in tocsin.yml, and nowhere else. */
export function createService(settings: ServiceSettings, { secret, scrub, ms = MS }: Ports): PagingService {
  const { name, kind, url } = settings;
  const called = `${name} (${KIND_NAMES[kind]})`;
  return {
    name,
    called,
    async notify(event, signal) {
      const request = REQUESTS[kind]({ url, event, key: keyOf(settings, secret) });
      const chunks: Buffer[] = [];
      const take = (chunk: Buffer) => void chunks.push(chunk);
      const limits = { signal, ms, most: MOST, lookup: guardedLookup, take };
      const { status, headers } = await exchange(request, limits).catch((error: unknown) => {
        if (!(error instanceof Broken)) throw error;
        const why =
          error.why === 'late' ? `did not answer within ${ms / 1_000} s` : `gave no answer (${error.said})`;
        throw new NotTaken(`${called} ${why}`, false);
      });
      // A proxy between us and them says yes to anything, with another code.
      if (status === 202) return;
      const said = wordsOf(Buffer.concat(chunks).toString('utf8'));
      const clean = [...printable(scrub.text(said)).replace(/\s+/g, ' ')].slice(0, WHY).join('');
      throw judged(called, status, clean, headers['retry-after']);
    },
  };
}

function keyOf({ secret: name }: ServiceSettings, secret: Ports['secret']): string {
  try {
    return secret(name).reveal();
  } catch (error) {
    if (!(error instanceof ActionFailed)) throw error;
    throw new NotTaken(error.message, true);
  }
}

function judged(called: string, status: number, said: string, retryAfter: string | undefined): NotTaken {
  const words = `${called} answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 429) {
    const asked = Number(retryAfter) * 1_000;
    return new NotTaken(words, false, asked > 0 ? Math.min(asked, LONGEST_MS) : PATIENCE_MS);
  }
  if (status >= 300 && status < 400)
    return new NotTaken(`${words}, and redirects are not followed: mend its \`url\` in tocsin.yml`, true);
  // What it did not understand it will not understand the next time; a time-out of its own it may.
  return new NotTaken(words, status >= 400 && status < 500 && status !== 408);
}

/** @returns what an answer says of why not: `message`, and `errors`, which is a list with the one and a mapping with the other */
function wordsOf(body: string): string {
  try {
    const { message, errors } = JSON.parse(body) as { message?: unknown; errors?: unknown };
    const each =
      typeof errors === 'object' && errors !== null
        ? Object.entries(errors).map(([name, why]) =>
            Array.isArray(errors) ? String(why) : `${name} ${String(why)}`,
          )
        : [];
    return [...(typeof message === 'string' ? [message] : []), ...each].join('; ');
  } catch {
    return '';
  }
}

interface Call {
  url: string;
  event: PageEvent;
  key: string;
}

const post = (url: string, headers: Record<string, string>, body: object): Asked => ({
  method: 'POST',
  url,
  headers: {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    'User-Agent': 'tocsin',
    ...headers,
  },
  body: JSON.stringify(body),
});

function cutTo(text: string, most: number): string {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
}

/** Their words for our severities. */
const SEVERITY = { sev1: 'critical', sev2: 'error', sev3: 'warning', sev4: 'info' } as const;
const PRIORITY = { sev1: 'P1', sev2: 'P2', sev3: 'P3', sev4: 'P4' } as const;

/** What each kind is sent, within the sizes that its makers name. */
const REQUESTS: Readonly<Record<ServiceKind, (call: Call) => Asked>> = {
  /** developer.pagerduty.com: Send an event to PagerDuty (Events API v2). */
  pagerduty({ url, event, key }) {
    const { does, summary, ref, severity, link, details } = event;
    const known = { routing_key: key, event_action: does, dedup_key: event.key };
    const payload = {
      summary: cutTo(summary, 1_024),
      source: ref ?? 'Tocsin',
      severity: severity ? SEVERITY[severity] : 'error',
      class: 'incident',
      custom_details: details,
    };
    const way = link === null ? {} : { client_url: link, links: [{ href: link, text: 'Open the channel' }] };
    return post(
      `${url}/v2/enqueue`,
      {},
      does === 'trigger' ? { ...known, client: 'Tocsin', ...way, payload } : known,
    );
  },

  /** docs.opsgenie.com: Alert API. Jira Service Management has the same below another address. */
  opsgenie({ url, event, key }) {
    const { does, summary, ref, severity, link, by, details } = event;
    const headers = { Authorization: `GenieKey ${key}` };
    const source = 'Tocsin';
    if (does === 'trigger') {
      const more = { ...details, ...(link !== null && { channel: link }) };
      const body = {
        message: cutTo(summary, 130),
        alias: event.key,
        description: cutTo([summary, link].filter((part) => part !== null).join('\n'), 15_000),
        entity: ref ?? undefined,
        priority: severity ? PRIORITY[severity] : 'P3',
        ...{ source, details: more, tags: ['tocsin'] },
      };
      return post(`${url}/v2/alerts`, headers, body);
    }
    const what = does === 'acknowledge' ? 'acknowledge' : 'close';
    const where = `${url}/v2/alerts/${encodeURIComponent(event.key)}/${what}?identifierType=alias`;
    return post(where, headers, { source, ...(by !== null && { user: cutTo(by, 100) }) });
  },
};
