import type { Sender } from '../sender.js';
import { alertmanager } from './alertmanager.js';
import { cloudevents } from './cloudevents.js';
import { datadog } from './datadog.js';
import { grafana } from './grafana.js';
import { json } from './json.js';
import { opsgenie } from './opsgenie.js';
import { pagerduty } from './pagerduty.js';
import { pagerdutyEvents } from './pagerduty-events.js';
import { sentry } from './sentry.js';

/** Every kind of sender, in order of names. To add one: a file in this folder, and its line here. */
export const SENDERS: readonly Sender[] = [
  alertmanager,
  cloudevents,
  datadog,
  grafana,
  json,
  opsgenie,
  pagerduty,
  pagerdutyEvents,
  sentry,
] as Sender[];
