import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  anything,
  firstText,
  type Hook,
  jsonOf,
  labelled,
  member,
  type Received,
  type Reported,
  refusesPresented,
  type Sender,
  Unreadable,
  withinMinute,
  wrongIn,
} from '../sender.js';

const blank = 'may not be empty';
const created = z.object({
  message: z.string(blank).refine((one) => one.trim() !== '', blank),
  alias: z.string().max(512, 'size must be between 0 and 512').nullish(),
  description: z.string().nullish(),
  details: z.record(z.string(), z.unknown()).nullish(),
  source: anything,
  entity: anything,
  priority: anything,
  tags: z.array(z.unknown()).nullish(),
});

const ACCEPTED = 'Request will be processed';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What else may be done to an alert there: taken, so that clients go on, and without meaning here. */
const PASSED_OVER =
  /^(unacknowledge|snooze|escalate|assign|teams|responders|tags|details|message|description|priority|actions\/[^/]+)$/;

/**
 * What speaks Opsgenie's Alert API, told another address: `v2/alerts` and below. The key behind `GenieKey` is a secret of
 * the source. An alert is known by the id that is made from its alias, so that both lead to it.
 */
export const opsgenie: Sender<Record<string, never>> = {
  type: 'opsgenie',
  inFront: true,
  settings: z.strictObject({}),
  path: '/v2/alerts',
  methods: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'],
  refuses: (hook, secrets) => refusesPresented(hook, secrets, ['geniekey']),
  read(hook): Received {
    const { method, now } = hook;
    if (hook.path === '/v2/alerts') {
      if (method === 'GET')
        throw new Unreadable(404, 'Alerts are listed by Opsgenie; here they are created.');
      if (method !== 'POST') throw new Unreadable(405, 'Alerts are created here with POST.');
      const alert = createdOf(hook);
      return taken(alert.alert, [alert], now);
    }
    const [, identifier, does] = /^\/v2\/alerts\/([^/]+)(?:\/(.+))?$/.exec(hook.path) ?? [];
    if (identifier === undefined)
      throw new Unreadable(404, 'Alerts are taken at v2/alerts below this address.');
    const type = hook.query.get('identifierType') ?? 'id';
    if (type !== 'id' && type !== 'alias')
      throw new Unreadable(422, 'identifierType is id or alias here: an alert has no tiny id.', {
        identifierType: 'must be id or alias',
      });
    const alert = idOf(unescaped(identifier));
    const closed: Reported = { alert, status: 'resolved', until: now.toISOString(), labels: {} };
    if (does === 'close' && method === 'POST') return taken(alert, [closed], now);
    if (does === undefined && method === 'DELETE') return taken(alert, [closed], now);
    if ((does === 'acknowledge' || does === 'notes') && method === 'POST') return saidOf(alert, does, hook);
    if (does !== undefined && PASSED_OVER.test(does) && method !== 'GET') return taken(alert, [], now);
    throw new Unreadable(
      404,
      'Here an alert can be created, closed, acknowledged and noted upon; everything else stays with Opsgenie.',
    );
  },
  asks({ method, path, now }) {
    const [, request = '', alert] =
      /^\/v2\/alerts\/requests\/(([0-9a-f-]{36})-[0-9a-f]{12})$/.exec(path) ?? [];
    if (method !== 'GET' || !path.startsWith('/v2/alerts/requests/')) return null;
    const unknown = {
      message: 'Request not found. It might not be processed, yet.',
      took: 0.001,
      requestId: randomUUID(),
    };
    const data = {
      success: true,
      isSuccess: true,
      status: 'Processed',
      processedAt: now.toISOString(),
      alertId: alert,
      alias: alert,
    };
    return {
      delivery: request,
      answer: (arrived) =>
        arrived && alert !== undefined
          ? { status: 200, body: { data, took: 0.001, requestId: request } }
          : { status: 404, body: unknown },
    };
  },
  no: (_status, sentence, wrong) => ({
    message: sentence,
    ...(Object.keys(wrong).length > 0 && { errors: wrong }),
    took: 0.001,
    requestId: randomUUID(),
  }),
};

/**
 * The same words may be said of two firings, so each request is a delivery of its own: what comes twice is recognised by how
 * the alert stands. Its id, which clients ask by what became of it, has that of the alert within.
 */
function taken(
  alert: string,
  alerts: Reported[],
  stoodAt: Date,
  request = `${alert}-${randomBytes(6).toString('hex')}`,
): Received {
  const body = { result: ACCEPTED, took: 0.001, requestId: request };
  return {
    delivery: request,
    alerts,
    stoodAt,
    answer: { status: 202, headers: { 'X-Request-ID': request }, body },
  };
}

const UNPROCESSABLE = 'Request body is not processable. Please check the errors.';

/** Somebody has it in hand, or says something of it. */
function saidOf(alert: string, does: 'acknowledge' | 'notes', hook: Hook): Received {
  const body = does === 'acknowledge' && hook.body.length === 0 ? {} : jsonOf(hook);
  const by = firstText(member(body, 'user'), member(body, 'source'));
  const text = firstText(member(body, 'note'));
  if (does === 'notes' && text === null) throw new Unreadable(422, UNPROCESSABLE, { note: blank });
  const { delivery, earlier } = withinMinute(hook.now, does, alert, by, text);
  const requestOf = (digest: string) => `${alert}-${digest.slice(0, 12)}`;
  return {
    ...taken(alert, [], hook.now, requestOf(delivery)),
    earlier: requestOf(earlier),
    remarks: [{ alert, does: does === 'notes' ? 'noted' : 'acknowledged', by, text }],
  };
}

function createdOf(hook: Hook): Reported {
  const parsed = created.safeParse(jsonOf(hook));
  if (!parsed.success) throw new Unreadable(422, UNPROCESSABLE, wrongIn(parsed.error, 'is not valid'));
  const { message, alias, description, details, source, entity, priority, tags } = parsed.data;
  return {
    alert: alias ? idOf(alias) : randomUUID(),
    status: 'firing',
    title: message,
    text: firstText(description),
    labels: labelled(
      {
        source,
        entity,
        priority,
        alias,
        tags: (tags ?? []).filter((tag) => typeof tag === 'string').join(','),
      },
      details ?? {},
    ),
  };
}

/** An alias that is an id already is the one of an alert that was created without an alias. */
function idOf(alias: string): string {
  if (UUID.test(alias)) return alias.toLowerCase();
  const hex = createHash('sha256').update(alias).digest('hex');
  // As a UUID of version 8, of which everybody may make their own.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
