import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link lets its holder read, until when. */
export interface Grant {
  team: string;
  incident: number;
  /** For whom it was made: of a private incident it opens nothing once they have left its channel. */
  user: string;
  /** The last part of the path, such as `timeline.md`. */
  file: string;
  /** Unix seconds. */
  expires: number;
}

/** @returns hex; everything that the link grants is under the signature */
function signature(secret: string, grant: Grant): string {
  const text = JSON.stringify([
    'tocsin.link/2',
    grant.team,
    grant.incident,
    grant.user,
    grant.file,
    grant.expires,
  ]);
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** @returns path and query of a link to one export; anybody who has it reads that one file until it
 *   expires, as the person whom it was made for may. */
export function signedPath(secret: string, grant: Grant, zone: string): string {
  const query = new URLSearchParams({
    zone,
    team: grant.team,
    user: grant.user,
    expires: String(grant.expires),
    signature: signature(secret, grant),
  });
  return `/incidents/INC-${grant.incident}/${grant.file}?${query}`;
}

/** @param now Unix seconds. @returns in which workspace, and as whom it may be read; or null. */
export function holderOfLink(
  secret: string,
  query: URLSearchParams,
  asked: { incident: number; file: string },
  now: number,
): { team: string; user: string } | null {
  const team = query.get('team');
  const user = query.get('user');
  const expires = Number(query.get('expires'));
  const given = query.get('signature');
  if (!team || !user || !given || !Number.isInteger(expires) || expires < now) return null;
  const expected = Buffer.from(signature(secret, { team, user, expires, ...asked }), 'hex');
  const actual = Buffer.from(given, 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? { team, user } : null;
}
