import { z } from 'zod';
import { isKeyOfPage } from '#domain/paging/page.js';
import {
  anything,
  firstText,
  isSigned,
  jsonOf,
  member,
  type Received,
  type Sender,
  shaped,
} from '../sender.js';

const reference = z.object({ summary: z.string().nullish() }).nullish();
const webhook = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string(),
    occurred_at: z.string().nullish(),
    agent: anything,
    data: anything,
  }),
});
const incident = z.object({
  id: z.string().min(1),
  title: anything,
  html_url: anything,
  number: anything,
  created_at: z.string().nullish(),
  urgency: anything,
  service: reference,
  priority: reference,
  escalation_policy: reference,
  teams: z.array(reference).nullish(),
});

const acknowledged = z.object({ id: z.string().min(1) });
const annotated = z.object({ incident: acknowledged, content: z.string() });

/** What changes whether an incident of theirs is going on. */
const STATUS: Readonly<Record<string, 'firing' | 'resolved'>> = {
  'incident.triggered': 'firing',
  'incident.reopened': 'firing',
  'incident.resolved': 'resolved',
};

/** PagerDuty: a webhook subscription (v3). An incident there is an alert here. */
export const pagerduty: Sender<Record<string, never>> = {
  type: 'pagerduty',
  settings: z.strictObject({}),
  refuses({ headers, body }, secrets) {
    const given = headers['x-pagerduty-signature'];
    if (given === undefined) return 'X-PagerDuty-Signature is missing';
    // Several while the secret is changed there; later versions are not ours to read.
    const signatures = given
      .split(',')
      .map((one) => one.trim())
      .flatMap((one) => (one.startsWith('v1=') ? [one.slice('v1='.length)] : []));
    return isSigned(signatures, [body], secrets)
      ? null
      : 'no signature (v1) in X-PagerDuty-Signature is one of ours';
  },
  read(hook): Received {
    const { event } = shaped(webhook, jsonOf(hook), 'a webhook of PagerDuty (v3: an object with `event`)');
    const { event_type: type, agent, occurred_at: at } = event;
    const by = firstText(member(agent, 'summary'));
    if (type === 'incident.acknowledged') {
      const { id } = shaped(acknowledged, event.data, 'the incident of an acknowledgement');
      const remark = { alert: id, does: 'acknowledged' as const, by, text: null, at };
      return { delivery: event.id, alerts: [], remarks: [remark] };
    }
    if (type === 'incident.annotated') {
      const { incident: of, content } = shaped(annotated, event.data, 'a note on an incident');
      const remark = { alert: of.id, does: 'noted' as const, by, text: content, at };
      return { delivery: event.id, alerts: [], remarks: [remark] };
    }
    const status = Object.hasOwn(STATUS, type) ? STATUS[type] : undefined;
    // What we have it call people for is an incident here already: it must not open another, which calls again.
    if (!status || isKeyOfPage(member(event.data, 'incident_key'))) return { delivery: event.id, alerts: [] };
    const of = shaped(incident, event.data, `the incident of an event ${type.slice(0, 40)}`);
    const { service, priority, escalation_policy: policy, teams } = of;
    return {
      delivery: event.id,
      alerts: [
        {
          alert: of.id,
          status,
          // A second firing of the same incident begins when it was opened again.
          since:
            event.event_type === 'incident.triggered'
              ? (of.created_at ?? event.occurred_at)
              : status === 'firing'
                ? event.occurred_at
                : of.created_at,
          until: event.occurred_at,
          title: of.title,
          text: firstText(member(member(event.data, 'body'), 'details')),
          labels: {
            service: service?.summary,
            urgency: of.urgency,
            priority: priority?.summary,
            policy: policy?.summary,
            team: teams?.[0]?.summary,
            number: of.number,
          },
          links: [{ title: 'PagerDuty', url: of.html_url }],
        },
      ],
    };
  },
};
