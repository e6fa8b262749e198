import { z } from 'zod';
import {
  anything,
  digestOf,
  firstText,
  jsonOf,
  type Received,
  type Reported,
  refusesPresented,
  type Sender,
  shaped,
} from '../sender.js';

const labels = z.record(z.string(), z.unknown()).nullish();
/** One alert, as in a notification, and as in the list that is asked for at `/api/v2/alerts`. */
export const alertShape = z.object({
  labels,
  annotations: labels,
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  generatorURL: anything,
  fingerprint: z.string().nullish(),
});
export type GivenAlert = z.infer<typeof alertShape>;

/** Version 4 is what all releases since 2016 say; a later one whose members are these is taken as well. */
const notification = z.object({
  version: z.union([z.string(), z.number()]).nullish(),
  groupKey: anything,
  status: anything,
  externalURL: anything,
  truncatedAlerts: z.number().nullish(),
  alerts: z.array(alertShape.extend({ status: z.enum(['firing', 'resolved']) })),
});

/** Prometheus' Alertmanager: `webhook_configs`. It signs nothing; its `http_config` has `authorization` and `basic_auth`. */
export const alertmanager: Sender<Record<string, never>> = {
  type: 'alertmanager',
  inFront: true,
  settings: z.strictObject({}),
  refuses: (hook, secrets) => refusesPresented(hook, secrets),
  read(hook): Received {
    const { alerts, groupKey, status, externalURL, truncatedAlerts } = shaped(
      notification,
      jsonOf(hook),
      'a notification of Alertmanager (version 4: an object with `alerts`)',
    );
    return {
      // What it sends again after `repeat_interval`, and what we were late to answer, is the same.
      delivery: digestOf(
        groupKey,
        status,
        alerts
          .map((one) => [identityOf(one), one.startsAt, one.status, one.status === 'resolved' && one.endsAt])
          .sort(),
      ),
      alerts: alerts.map((one) => ({
        ...reportedOf(one, { title: 'Alertmanager', url: externalURL }),
        status: one.status,
      })),
      // Whoever has the token says it now. Without Prometheus for a while, Alertmanager says that alerts have ended, and
      // afterwards word for word what it said at first.
      stoodAt: hook.now,
      left: Math.max(0, truncatedAlerts ?? 0),
    };
  },
};

/** @returns what an alert is known by: the fingerprint of its labels, or else these */
function identityOf({ fingerprint, labels }: GivenAlert): string {
  // By their names: what a value is when it is read as a text is up to who sends it, and it need not be any.
  const named = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return firstText(fingerprint) ?? digestOf(named);
}

/** @param from the page of who sends it */
export function reportedOf(given: GivenAlert, from: { title: string; url: unknown }): Reported {
  const { labels, annotations, startsAt, endsAt, generatorURL } = given;
  const said = annotations ?? {};
  const { summary, title, description, message, value } = said;
  return {
    alert: identityOf(given),
    status: 'firing',
    since: startsAt,
    until: endsAt,
    title: firstText(summary, title, labels?.alertname) ?? undefined,
    text: firstText(description, message) ?? undefined,
    labels: labels ?? {},
    // Prometheus sends no measurements; who wants them writes them into an annotation of that name.
    values: value === undefined ? {} : { value },
    links: [
      { title: 'Query', url: generatorURL },
      { title: 'Runbook', url: said.runbook_url },
      { title: 'Dashboard', url: said.dashboard_url ?? said.dashboard },
      from,
    ],
  };
}
