import { z } from 'zod';
import { duration } from '#runbooks/actions/touch.js';
import {
  anything,
  digestOf,
  type Hook,
  isSigned,
  jsonOf,
  type Received,
  refusesPresented,
  type Sender,
  shaped,
} from '../sender.js';
import { alertShape, type GivenAlert, reportedOf } from './alertmanager.js';

const grafanaAlert = alertShape.extend({
  status: z.enum(['firing', 'resolved']),
  values: z.record(z.string(), z.unknown()).nullish(),
  silenceURL: anything,
  dashboardURL: anything,
  panelURL: anything,
});
const notification = z.object({
  orgId: z.number().nullish(),
  groupKey: anything,
  status: anything,
  externalURL: anything,
  truncatedAlerts: z.number().nullish(),
  alerts: z.array(grafanaAlert),
});

const header = z
  .string()
  .regex(
    /^[A-Za-z0-9-]{1,100}$/,
    'is not the name of a header; write one such as X-Grafana-Alerting-Signature',
  )
  .transform((name) => name.toLowerCase());
const settings = z.strictObject({
  /** Once named, nothing but a signature counts. */
  signature_header: header.nullable().default(null),
  /** The header in which the time of the signature is; null: none is signed. */
  timestamp_header: header.nullable().default(null),
  /** How old a signature may be, where its time is signed. */
  window: duration.default(300_000),
});
type Settings = z.infer<typeof settings>;

/** As Grafana's form has it, and as its library does. */
const USUAL = ['x-grafana-alerting-signature', 'x-grafana-alert-signature'];

/** Grafana: a webhook of a contact point, with a token, basic authorization, or an HMAC signature over `TIME:BODY` or the body. */
export const grafana: Sender<Settings> = {
  type: 'grafana',
  settings: settings as z.ZodType<Settings>,
  methods: ['POST', 'PUT'],
  refuses(hook, secrets, settings) {
    const { signature_header: named, timestamp_header: timed, window } = settings;
    const given = signatureOf(hook, settings);
    if (given === undefined) {
      if (named === null && timed === null) return refusesPresented(hook, secrets);
      return 'the header with the signature is missing';
    }
    if (timed === null)
      return isSigned([given], [hook.body], secrets) ? null : 'the signature is none of ours';
    const time = hook.headers[timed];
    if (time === undefined || !/^\d{9,11}$/.test(time))
      return 'the header with the time of the signature is missing, or holds no seconds';
    if (!isSigned([given], [time, ':', hook.body], secrets))
      return 'the signature over the time and the body is none of ours';
    const apart = Math.abs(hook.now.getTime() - Number(time) * 1_000);
    return apart <= window ? null : `the signature is ${Math.round(apart / 1_000)} s away from the time here`;
  },
  read(hook, settings): Received {
    const { alerts, groupKey, status, orgId, externalURL, truncatedAlerts } = shaped(
      notification,
      jsonOf(hook),
      'a notification of Grafana (an object with `alerts`)',
    );
    const from = { title: 'Grafana', url: externalURL };
    const known = alerts.map((one) => ({ ...grafanaReported(one, orgId ?? 1, from), given: one }));
    return {
      delivery: digestOf(
        orgId,
        groupKey,
        status,
        known
          .map(({ alert, given }) => [
            alert,
            given.startsAt,
            given.status,
            given.status === 'resolved' && given.endsAt,
          ])
          .sort(),
      ),
      alerts: known.map(({ given, values, links, ...one }) => ({
        ...one,
        status: given.status,
        values: given.values ?? values,
        links: [
          { title: 'Panel', url: given.panelURL },
          { title: 'Dashboard', url: given.dashboardURL },
          { title: 'Silence', url: given.silenceURL },
          ...links,
        ],
      })),
      ...stoodAt(hook, settings),
      left: Math.max(0, truncatedAlerts ?? 0),
    };
  },
};

function signatureOf({ headers }: Hook, { signature_header: named }: Settings): string | undefined {
  const names = named === null ? USUAL : [named];
  return names.map((name) => headers[name]).find((one) => one !== undefined);
}

/** A token is said now, a signature at its time; one without a time may have been copied, and says nothing of when. */
function stoodAt(hook: Hook, settings: Settings): Pick<Received, 'stoodAt'> {
  const { timestamp_header: timed } = settings;
  if (timed !== null) return { stoodAt: new Date(Number(hook.headers[timed]) * 1_000) };
  return signatureOf(hook, settings) === undefined ? { stoodAt: hook.now } : {};
}

/** Organisations of one Grafana may have alerts with the same labels. */
export function grafanaReported(given: GivenAlert, org: number, from: { title: string; url: unknown }) {
  const { alert, links = [], ...rest } = reportedOf(given, from);
  return { ...rest, links, alert: `${org}/${alert}` };
}
