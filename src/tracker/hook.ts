import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Effect, laneBeside } from '#domain/incident/effect.js';
import type { PlainLog } from '#log.js';
import type { Secret } from '#runbooks/secret.js';
import { Unavailable } from '#store/pools.js';
import type { Store } from '#store/store.js';
import type { TrackerSettings } from './settings.js';
import type { Tracker } from './tracker.js';

interface HookRequest {
  method: string;
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  read(most: number, more: (bytes: number) => boolean): Promise<Buffer | null>;
}

interface HookAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

interface HookPorts {
  settings: TrackerSettings;
  tracker: Pick<Tracker, 'place'>;
  /** @throws when it cannot be read, with why */
  secret(name: string): Secret;
  actions: Pick<Store['actions'], 'ticketsNamed'>;
  /** Leaves it in the outbox, and wakes that lane. */
  owe(
    effect: Effect,
    of: { team: string; lane: string; incident: number; key: string | null },
  ): Promise<void>;
  team(): Promise<string | null>;
  log: PlainLog;
}

/** What we use of the events of issues is a few hundred bytes; with all that stands around it, this is far more than they have. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Strangers may open many connections. */
const AT_ONCE = 50;

const GITHUB = z.object({
  issue: z.object({ number: z.int().positive() }).optional(),
  repository: z.object({ full_name: z.string() }).optional(),
});
const JIRA = z.object({ issue: z.object({ id: z.union([z.string(), z.number()]) }).optional() });

/** Where the webhook of a tracker is: `/hooks/tracker/github`. */
export function hookPath({ kind }: Pick<TrackerSettings, 'kind'>): string {
  return `/hooks/tracker/${kind}`;
}

/**
 * A tracker says that something happened to an issue. It is believed no more than that: whichever of our tickets it is about is
 * looked at, so that what arrives late, twice or in another order tells nothing that is not so.
 * @returns null: it is not for us
 */
export function createTrackerHook(ports: HookPorts) {
  let inHand = 0;
  const { settings, log } = ports;
  return async (request: HookRequest): Promise<HookAnswer | null> => {
    const [path = ''] = request.target.split('?');
    if (path.replace(/\/+$/, '') !== hookPath(settings) || settings.webhook.length === 0) return null;
    if (request.method !== 'POST') return said(405, 'Events are sent here with POST.', { Allow: 'POST' });
    const signatures = signaturesIn(request.headers);
    // Before anything is read: whoever has not signed it is a stranger.
    if (signatures.length === 0) return said(401, UNSIGNED);
    if (inHand >= AT_ONCE) return busy('Too many events are being taken at this moment.');
    inHand += 1;
    try {
      const body = await request.read(MOST_BYTES, () => true);
      if (body === null) return said(413, `That is more than ${MOST_BYTES} bytes.`, { Connection: 'close' });
      const secrets = secretsOf(ports);
      if (secrets.length === 0)
        return busy('The secret of this webhook cannot be read here; the log says why.');
      if (!isSigned(signatures, body, secrets)) {
        log.warn(
          { hook: path },
          'an event of a tracker was refused: it is not signed with the secret of ours',
        );
        return said(401, UNSIGNED);
      }
      return await taken(ports, request, body);
    } catch (error) {
      if (error instanceof Unavailable) return busy('The database does not take it now.');
      throw error;
    } finally {
      inHand -= 1;
    }
  };
}

const UNSIGNED =
  'This is not signed with the secret of ours. Compare what the tracker was given with `webhook:` under `tracker:` in tocsin.yml.';

async function taken(ports: HookPorts, request: HookRequest, body: Buffer): Promise<HookAnswer> {
  const { settings, tracker } = ports;
  const id = ticketIn(settings, body);
  if (id === undefined) return said(400, 'The body is not the JSON of an event of this tracker.');
  const team = await ports.team();
  if (team === null) return busy('Slack has not said yet which workspace this is.');
  const tickets = id === null ? [] : await ports.actions.ticketsNamed(team, tracker.place, id);
  const delivery = header(
    request.headers,
    settings.kind === 'github' ? 'x-github-delivery' : 'x-atlassian-webhook-identifier',
  );
  for (const { incident, action } of tickets) {
    const lane = laneBeside(team, incident, 'ticket.push');
    const key = delivery && `ticket:${delivery.slice(0, 100)}:${incident}:${action}`;
    await ports.owe({ kind: 'ticket.look', payload: { action } }, { team, lane, incident, key });
  }
  return { status: 202, body: { status: 'accepted', tickets: tickets.length } };
}

/** @returns by what the issue is known; null: it is about none, or about one elsewhere; undefined: it cannot be read */
function ticketIn(settings: TrackerSettings, body: Buffer): string | null | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (settings.kind === 'jira') {
    const { data } = JIRA.safeParse(json);
    return data && (data.issue === undefined ? null : String(data.issue.id));
  }
  const { data } = GITHUB.safeParse(json);
  if (!data) return undefined;
  const here = data.repository?.full_name.toLowerCase() === settings.repo.toLowerCase();
  return data.issue && here ? String(data.issue.number) : null;
}

/** GitHub's, and that of Jira, which has another name for the same. */
function signaturesIn(headers: HookRequest['headers']): Buffer[] {
  return ['x-hub-signature-256', 'x-hub-signature'].flatMap((name) => {
    const hex = /^sha256=([0-9a-f]{64})$/i.exec(header(headers, name) ?? '')?.[1];
    return hex === undefined ? [] : [Buffer.from(hex, 'hex')];
  });
}

/** Over the bytes as they came. All are compared: how long it takes says nothing of which one it was. */
function isSigned(signatures: readonly Buffer[], body: Buffer, secrets: readonly Secret[]): boolean {
  const held = secrets.flatMap((secret) => {
    const expected = createHmac('sha256', secret.reveal()).update(body).digest();
    return signatures.map((one) => timingSafeEqual(one, expected));
  });
  return held.includes(true);
}

function secretsOf({ settings, secret, log }: HookPorts): Secret[] {
  return settings.webhook.flatMap((name) => {
    try {
      return [secret(name)];
    } catch (error) {
      log.warn({ why: (error as Error).message }, 'a secret of the webhook of the tracker cannot be read');
      return [];
    }
  });
}

function header(headers: HookRequest['headers'], name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function said(status: number, error: string, headers?: Record<string, string>): HookAnswer {
  return { status, body: { status: 'error', error }, ...(headers && { headers }) };
}

const busy = (why: string) => said(503, `${why} Nothing was kept; send it again.`, { 'Retry-After': '5' });
