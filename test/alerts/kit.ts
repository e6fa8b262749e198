import { createHmac } from 'node:crypto';
import type { Hook, Received, Reported } from '#alerts/sender.js';
import { Unreadable } from '#alerts/sender.js';
import { SENDERS } from '#alerts/senders/senders.js';
import { Secret } from '#runbooks/secret.js';

export const NOW = new Date('2026-11-10T01:43:07Z');
export const SECRETS = [new Secret('the first secret, of old'), new Secret('the second secret, anew')];

/** A request to a hook, as a sender makes it. */
export function hookOf(body: unknown, more: Partial<Omit<Hook, 'body'>> = {}): Hook {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return {
    method: 'POST',
    path: '',
    query: new URLSearchParams(),
    headers: {},
    now: NOW,
    ...more,
    body: bytes,
  };
}

export function senderOf(type: string) {
  const sender = SENDERS.find((one) => one.type === type);
  if (!sender) throw new Error(`there is no sender ${type}`);
  return sender;
}

/** What a kind of sender makes of a request; with its settings as they stand in tocsin.yml. */
export function received(type: string, hook: Hook, settings: object = {}): Received {
  const sender = senderOf(type);
  return sender.read(hook, sender.settings.parse(settings));
}

/** The one alert in it. */
export function reported(type: string, hook: Hook, settings: object = {}): Reported {
  const { alerts } = received(type, hook, settings);
  if (alerts.length !== 1 || !alerts[0]) throw new Error(`${alerts.length} alerts, not one`);
  return alerts[0];
}

/** @returns which check failed; null: none */
export function refusal(
  type: string,
  hook: Hook,
  settings: object = {},
  secrets: readonly Secret[] = SECRETS,
): string | null {
  const sender = senderOf(type);
  return sender.refuses(hook, secrets, sender.settings.parse(settings));
}

/** @returns how it was refused. @throws when it was taken */
export function unreadable(work: () => unknown): Unreadable {
  try {
    work();
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
  throw new Error('it was taken');
}

export const hmac = (secret: Secret | string, ...parts: Array<string | Buffer>): string => {
  const signing = createHmac('sha256', typeof secret === 'string' ? secret : secret.reveal());
  for (const part of parts) signing.update(part);
  return signing.digest('hex');
};

export const alertmanagerAlert = (more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'TtsAuthFailing', service: 'tts', severity: 'critical' },
  annotations: {
    summary: 'TTS refuses its keys',
    description: '41 % of requests get 401',
    runbook_url: 'https://wiki.example/tts',
  },
  startsAt: '2026-11-10T01:43:00.512Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example:9090/graph?g0.expr=up',
  fingerprint: '4c2e6f1f8b0d7a11',
  ...more,
});

export const alertmanagerBody = (alerts: object[] = [alertmanagerAlert()], more: object = {}) => ({
  receiver: 'tocsin',
  status: 'firing',
  alerts,
  groupLabels: { alertname: 'TtsAuthFailing' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager.example:9093',
  version: '4',
  groupKey: '{}:{alertname="TtsAuthFailing"}',
  truncatedAlerts: 0,
  ...more,
});
