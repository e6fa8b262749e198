import { z } from 'zod';
import {
  anything,
  digestOf,
  firstText,
  type Hook,
  isSigned,
  jsonOf,
  labelled,
  member,
  type Received,
  type Reported,
  type Sender,
  shaped,
} from '../sender.js';

const body = z.object({ action: z.string().nullish(), data: z.record(z.string(), z.unknown()).nullish() });
const id = z.union([z.string().min(1), z.number()]);
const event = z.object({
  issue_id: id,
  title: anything,
  culprit: anything,
  message: anything,
  level: anything,
  platform: anything,
  environment: anything,
  project: anything,
  datetime: anything,
  web_url: anything,
  tags: z.array(z.array(z.unknown())).nullish(),
});
const metric = z.object({
  id,
  title: anything,
  date_started: anything,
  date_closed: anything,
  projects: z.array(z.unknown()).nullish(),
  alert_rule: z
    .object({ name: anything, environment: anything, query: anything, aggregate: anything })
    .nullish(),
});
const issue = z.object({
  id,
  title: anything,
  culprit: anything,
  level: anything,
  platform: anything,
  priority: anything,
  substatus: anything,
  firstSeen: anything,
  lastSeen: anything,
  web_url: anything,
  permalink: anything,
  project: z.object({ slug: anything }).nullish(),
});

const ISSUE: Readonly<Record<string, 'firing' | 'resolved'>> = {
  created: 'firing',
  unresolved: 'firing',
  resolved: 'resolved',
  archived: 'resolved',
  // What `archived` was called before.
  ignored: 'resolved',
};

/** Sentry: an internal integration. An issue is one alert, whether a rule of alerts or the issue itself speaks of it. */
export const sentry: Sender<Record<string, never>> = {
  type: 'sentry',
  settings: z.strictObject({}),
  refuses({ headers, body }, secrets) {
    const given = headers['sentry-hook-signature'];
    if (given === undefined) return 'Sentry-Hook-Signature is missing';
    return isSigned([given], [body], secrets)
      ? null
      : 'Sentry-Hook-Signature is not made with the client secret of ours';
  },
  read(hook): Received {
    const json = jsonOf(hook);
    const { action, data } = shaped(body, json, 'a webhook of Sentry (an object with `action` and `data`)');
    const alert = reportedOf(resourceOf(hook, data ?? {}), action ?? '', data ?? {}, hook.now);
    const delivery = firstText(hook.headers['request-id'])?.slice(0, 200) ?? digestOf(json);
    return { delivery, alerts: alert === null ? [] : [alert] };
  },
};

function resourceOf({ headers }: Hook, data: Record<string, unknown>): string {
  const named = headers['sentry-hook-resource'];
  if (named !== undefined) return named;
  return 'metric_alert' in data
    ? 'metric_alert'
    : 'event' in data
      ? 'event_alert'
      : 'issue' in data
        ? 'issue'
        : '';
}

/** @returns null: nothing that begins or ends an alert (a comment, an installation, somebody was assigned) */
function reportedOf(
  resource: string,
  action: string,
  data: Record<string, unknown>,
  now: Date,
): Reported | null {
  if (resource === 'event_alert') {
    const of = shaped(event, data.event, 'an event of Sentry');
    const tags = (of.tags ?? []).flatMap(([name, value]) =>
      typeof name === 'string' ? [[name, value]] : [],
    );
    return {
      alert: `issue ${of.issue_id}`,
      status: 'firing',
      since: of.datetime,
      title: of.title,
      text: firstText(of.message, of.culprit),
      // Tags hold what users sent: none of them takes the place of what Sentry says itself.
      labels: labelled(
        {
          resource,
          rule: data.triggered_rule,
          level: of.level,
          platform: of.platform,
          project: of.project,
          environment: of.environment,
        },
        Object.fromEntries(tags),
      ),
      links: [{ title: 'Sentry', url: of.web_url }],
    };
  }
  if (resource === 'metric_alert') {
    const of = shaped(metric, data.metric_alert, 'a metric alert of Sentry');
    const rule = of.alert_rule;
    const resolved = action === 'resolved';
    return {
      alert: `metric ${of.id}`,
      status: resolved ? 'resolved' : 'firing',
      since: of.date_started,
      until: of.date_closed ?? now.toISOString(),
      title: firstText(rule?.name, data.description_title, of.title),
      text: firstText(data.description_text),
      labels: {
        resource,
        rule: rule?.name,
        severity: resolved ? null : action,
        environment: rule?.environment,
        project: of.projects?.[0],
      },
      links: [{ title: 'Sentry', url: data.web_url }],
    };
  }
  const status = resource === 'issue' ? ISSUE[action] : undefined;
  if (!status) return null;
  const of = shaped(issue, data.issue, 'an issue of Sentry');
  return {
    alert: `issue ${of.id}`,
    status,
    // An issue that comes back does so now: it was first seen long before.
    since:
      action === 'created'
        ? of.firstSeen
        : status === 'firing'
          ? (of.lastSeen ?? now.toISOString())
          : of.firstSeen,
    until: now.toISOString(),
    title: of.title,
    text: firstText(of.culprit),
    labels: {
      resource,
      level: of.level,
      platform: of.platform,
      priority: of.priority,
      substatus: of.substatus,
      project: member(of.project, 'slug'),
    },
    links: [{ title: 'Sentry', url: of.web_url ?? of.permalink }],
  };
}
