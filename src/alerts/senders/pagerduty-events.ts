import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Secret } from '#runbooks/secret.js';
import {
  anything,
  digestOf,
  firstText,
  type Hook,
  isAmong,
  jsonOf,
  labelled,
  member,
  type Received,
  type Sender,
  Unreadable,
  withinMinute,
  wrongIn,
} from '../sender.js';

const text = z.string();
const details = z.record(z.string(), z.unknown()).nullish();
const links = z.array(z.object({ href: anything, text: anything })).nullish();
const blank = 'is missing or blank';
const required = z.string(blank).refine((one) => one.trim() !== '', blank);
const change = z.object({
  routing_key: required,
  payload: z.object({
    summary: required,
    source: text.nullish(),
    timestamp: text.nullish(),
    custom_details: details,
  }),
});
const ended = z.object({ event_action: z.enum(['acknowledge', 'resolve']), dedup_key: required });
const trigger = z.object({
  event_action: z.literal('trigger'),
  dedup_key: text.max(255, 'is longer than 255 characters').nullish(),
  payload: z.object({
    summary: required,
    source: required,
    severity: z.enum(['critical', 'error', 'warning', 'info'], 'must be critical, error, warning or info'),
    timestamp: anything,
    component: anything,
    group: anything,
    class: anything,
    custom_details: anything,
  }),
  client: anything,
  client_url: anything,
  links,
});
const event = z.discriminatedUnion('event_action', [trigger, ended], {
  error: 'must be trigger, acknowledge or resolve',
});

/**
 * What speaks PagerDuty's Events API v2, told another address: `v2/enqueue` and `v2/change/enqueue` below the hook. The
 * routing key is a secret of the source.
 */
export const pagerdutyEvents: Sender<Record<string, never>> = {
  type: 'pagerduty-events',
  settings: z.strictObject({}),
  path: '/v2/enqueue',
  refuses(hook, secrets) {
    const key = routingKey(hook);
    if (key === null) return 'the body has no routing_key';
    return isAmong(new Secret(key), secrets) ? null : 'routing_key is none of the secrets of this source';
  },
  read(hook): Received {
    const body = jsonOf(hook);
    if (hook.path === '/v2/change/enqueue') {
      valid(change, body);
      const answer = { status: 202, body: { status: 'success', message: 'Change event processed' } };
      return { delivery: digestOf(body), alerts: [], answer };
    }
    if (hook.path !== '/v2/enqueue')
      throw new Unreadable(404, 'Events are taken at v2/enqueue and v2/change/enqueue below this address.');
    const given = valid(event, body);
    const key = given.dedup_key || randomUUID();
    const answer = { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
    // The same words may be said of two firings: what comes twice is recognised by how the alert stands.
    const delivery = digestOf(key, randomUUID());
    const stoodAt = hook.now;
    if (given.event_action !== 'trigger') {
      const closed = { alert: key, status: 'resolved' as const, until: hook.now.toISOString(), labels: {} };
      if (given.event_action === 'resolve') return { delivery, answer, stoodAt, alerts: [closed] };
      const remark = { alert: key, does: 'acknowledged' as const, by: null, text: null };
      return { ...withinMinute(hook.now, 'acknowledge', key), answer, alerts: [], remarks: [remark] };
    }
    const { payload, client, client_url } = given;
    const { source, severity, component, group, class: kind, custom_details: more } = payload;
    const shown =
      typeof more === 'object' && more !== null && !Array.isArray(more)
        ? (more as Record<string, unknown>)
        : {};
    return {
      delivery,
      answer,
      stoodAt,
      alerts: [
        {
          alert: key,
          status: 'firing',
          since: payload.timestamp,
          title: payload.summary,
          text:
            typeof more === 'string' ? more : firstText(member(more, 'description'), member(more, 'details')),
          labels: labelled({ source, severity, component, group, class: kind, client }, shown),
          links: [
            { title: firstText(client) ?? 'Client', url: client_url },
            ...(given.links ?? []).map(({ href, text: title }) => ({
              title: firstText(title) ?? 'Link',
              url: href,
            })),
          ],
        },
      ],
    };
  },
  no: (_status, sentence, wrong) => {
    const errors = Object.entries(wrong).map(([name, why]) => `'${name}' ${why}`);
    return {
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: errors.length > 0 ? errors : [sentence],
    };
  },
};

/** Only who has it is heard; so it is read before anything else is. */
function routingKey(hook: Hook): string | null {
  try {
    const key = member(jsonOf(hook), 'routing_key');
    return typeof key === 'string' && key !== '' ? key : null;
  } catch {
    return null;
  }
}

function valid<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const wrong = wrongIn(parsed.error, 'is not what it has to be');
  throw new Unreadable(400, 'This is no event of the Events API v2.', wrong);
}
