import { isInSlack } from '../words.js';
import type { IncidentState } from './state.js';

// What coming and going means for an incident.

/** Who comes sooner than this has seen the channel being made: there is nothing to catch up on. */
const BEGINNING_MS = 5 * 60_000;

/**
 * Has somebody who came at that moment missed something? Reckoned from the headline, which is posted once the channel stands and
 * its first people are in: Slack may have made the channel long after the incident was opened.
 */
export function cameLate({ headline, status }: IncidentState, at: Date): boolean {
  if (!headline || status === 'resolved') return false;
  return at.getTime() - Number.parseInt(headline.ts, 10) * 1000 > BEGINNING_MS;
}

/** The roles that somebody has, the lead first. */
export function rolesOf({ roles }: Pick<IncidentState, 'roles'>, person: string): string[] {
  const held = Object.keys(roles).filter((role) => roles[role]?.id === person);
  return held.sort((a, b) => Number(b === 'lead') - Number(a === 'lead'));
}

/** Who could take a role over from somebody who has gone, the nearest first: who has another, then who was brought in. */
export function couldFollow({ roles, opener, members }: IncidentState, gone: string): string[] {
  const holders = Object.keys(roles)
    .sort((a, b) => Number(b === 'lead') - Number(a === 'lead'))
    .map((role) => roles[role]?.id ?? '');
  return [...new Set([...holders, opener.id, ...members])].filter((id) => isInSlack(id) && id !== gone);
}
