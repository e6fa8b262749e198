import { type Attempt, type Body, Undeliverable } from './attempt.js';

/** Brings the one message of a group of alerts in the incident's channel up to date, for however many rows ask. */
export async function showAlerts(attempt: Attempt<'alerts.show'>): Promise<Body> {
  if (!attempt.incident.alerts?.[attempt.row.effect.payload.group]) throw new Undeliverable('no_such_alerts');
  return {};
}
