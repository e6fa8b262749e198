import { z } from 'zod';
import { matchesPattern } from '#domain/alert/rule.js';
import { Secret } from '#runbooks/secret.js';
import {
  digestOf,
  firstText,
  type Hook,
  isAmong,
  jsonOf,
  labelled,
  member,
  presented,
  type Received,
  type Reported,
  type Sender,
  shaped,
  Unreadable,
} from '../sender.js';

const event = z.looseObject({
  specversion: z.string().regex(/^1\./, 'must be 1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1).max(1_000),
  subject: z.string().nullish(),
  time: z.string().nullish(),
});
type Event = z.infer<typeof event>;

const pattern = z.string().min(1).max(200);
const settings = z.strictObject({
  /** Of an event's `type`: it says that an alert has ended, where its data do not say how it stands. */
  resolved: z.array(pattern).default(['*.resolved', '*.recovered', '*.closed', '*.ok']),
  /** Events of other types are taken and passed over. */
  types: z.array(pattern).min(1).default(['*']),
});
type Settings = z.infer<typeof settings>;

const ENDED = /^(resolved|ok|closed|recovered|normal|healthy|success)$/i;
const BEGUN = /^(firing|alerting|triggered|critical|warning|error|open|failed|problem)$/i;

/** CloudEvents 1.0 over HTTP: one event (structured, binary) or several; with the handshake of its webhooks. */
export const cloudevents: Sender<Settings> = {
  type: 'cloudevents',
  inFront: true,
  settings: settings as z.ZodType<Settings>,
  methods: ['POST', 'OPTIONS'],
  refuses(hook, secrets) {
    // Their specification has receivers take a token from the address too; in a header it stays out of logs.
    const token = hook.query.get('access_token');
    const secret = presented(hook) ?? (token ? new Secret(token) : null);
    if (secret === null) return 'neither Authorization nor access_token';
    return isAmong(secret, secrets) ? null : 'the token is none of the secrets of this source';
  },
  greets({ method, headers }, perMinute) {
    if (method !== 'OPTIONS') return null;
    const origin = headers['webhook-request-origin'];
    // The handshake only says that events are welcome here; no address that it names is called.
    if (origin === undefined || !/^[\w.*:-]{1,253}$/.test(origin))
      return { status: 405, headers: { Allow: 'POST' } };
    const allowed = { 'WebHook-Allowed-Origin': origin, 'WebHook-Allowed-Rate': String(perMinute) };
    return { status: 200, headers: { Allow: 'POST', ...allowed } };
  },
  read(hook, { types, resolved }): Received {
    const events = eventsOf(hook);
    const wanted = events.filter(({ type }) => types.some((one) => matchesPattern(one, type)));
    return {
      // The specification: whose source and id are the same is the same event.
      delivery: digestOf(events.map(({ source, id }) => [source, id])),
      alerts: wanted.map((one) => reportedOf(one, resolved)),
    };
  },
};

const NOT_UNDERSTOOD =
  'This is no CloudEvent that is understood here: send application/cloudevents+json, application/cloudevents-batch+json, or headers ce-id, ce-source, ce-type and ce-specversion with a body of JSON.';

function eventsOf(hook: Hook): Event[] {
  const [media = ''] = (hook.headers['content-type'] ?? '').toLowerCase().split(';');
  const type = media.trim();
  if (type === 'application/cloudevents+json') return [shaped(event, jsonOf(hook), 'a CloudEvent')];
  if (type === 'application/cloudevents-batch+json')
    return shaped(z.array(event), jsonOf(hook), 'a batch of CloudEvents');
  if (hook.headers['ce-specversion'] === undefined || type.startsWith('application/cloudevents'))
    throw new Unreadable(415, NOT_UNDERSTOOD);
  const attributes = Object.entries(hook.headers).flatMap(([name, value]) =>
    name.startsWith('ce-') && value !== undefined ? [[name.slice('ce-'.length), decoded(value)]] : [],
  );
  return [shaped(event, { ...Object.fromEntries(attributes), data: dataOf(hook, type) }, 'a CloudEvent')];
}

function dataOf(hook: Hook, type: string): unknown {
  if (hook.body.length === 0) return undefined;
  if (type === '' || /^application\/(json|.+\+json)$/.test(type)) return jsonOf(hook);
  if (type.startsWith('text/')) return { message: hook.body.toString('utf8') };
  throw new Unreadable(415, NOT_UNDERSTOOD);
}

/** In headers, what is not plain ASCII is percent-encoded. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function reportedOf(given: Event, resolved: readonly string[]): Reported {
  const {
    id,
    source,
    type,
    subject,
    time,
    data,
    specversion: _,
    datacontenttype: _type,
    dataschema: _schema,
    data_base64: _bytes,
    ...extensions
  } = given;
  const said = firstText(member(data, 'status'), member(data, 'state'));
  const ended =
    said !== null && ENDED.test(said)
      ? true
      : said !== null && BEGUN.test(said)
        ? false
        : resolved.some((one) => matchesPattern(one, type));
  const labels = member(data, 'labels');
  const own = typeof labels === 'object' && labels !== null && !Array.isArray(labels) ? labels : {};
  return {
    // Without a subject an event is about itself, and nothing later can be about the same.
    alert: `${source} ${firstText(subject) ?? id}`,
    status: ended ? 'resolved' : 'firing',
    since: ended ? member(data, 'since') : (member(data, 'since') ?? time),
    until: time,
    title:
      firstText(member(data, 'title'), member(data, 'summary'), member(data, 'message')) ??
      [type, subject].filter(Boolean).join(' '),
    text: firstText(member(data, 'description'), member(data, 'text')),
    labels: labelled(
      { type, source, subject, severity: member(data, 'severity') },
      { ...extensions, ...own },
    ),
    values: 'value' in Object(data) ? { value: member(data, 'value') } : {},
    links: [{ title: 'Event', url: member(data, 'url') ?? member(data, 'link') }],
  };
}
