import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link lets its holder read, until when. */
export interface Grant {
  team: string;
  incident: number;
  /** The last part of the path, such as `timeline.md`. */
  file: string;
  /** Unix seconds. */
  expires: number;
}

/** @returns hex; everything that the link grants is under the signature */
function signature(secret: string, grant: Grant): string {
  const text = JSON.stringify(['tocsin.link/1', grant.team, grant.incident, grant.file, grant.expires]);
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** @returns path and query of a link to one export; anybody who has it may read that one file until it expires. */
export function signedPath(secret: string, grant: Grant, zone: string): string {
  const query = new URLSearchParams({
    zone,
    team: grant.team,
    expires: String(grant.expires),
    signature: signature(secret, grant),
  });
  return `/incidents/INC-${grant.incident}/${grant.file}?${query}`;
}

/** @param now Unix seconds. @returns the team whose incident may be read, or null. */
export function teamOfLink(
  secret: string,
  query: URLSearchParams,
  asked: { incident: number; file: string },
  now: number,
): string | null {
  const team = query.get('team');
  const expires = Number(query.get('expires'));
  const given = query.get('signature');
  if (!team || !given || !Number.isInteger(expires) || expires < now) return null;
  const expected = Buffer.from(signature(secret, { team, expires, ...asked }), 'hex');
  const actual = Buffer.from(given, 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? team : null;
}
