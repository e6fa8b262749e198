import { createHash, randomBytes } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { type Host, INSIDE_TEXT, isInside, isListed, isNever, NEVER_TEXT } from '#runbooks/reach.js';
import { PARTS } from '../change.js';

/** RFC 5321. */
const LONGEST_MAIL = 254;
const LONGEST_URL = 2_000;

/**
 * An address as it is kept: in lower case, because no mailbox of today tells them apart, and its domain as DNS has it. What could say more than an address to a header, a log
 * or a mail server is refused, quoted local parts among it.
 * @returns null: we cannot write to it
 */
export function mailAddress(typed: string): string | null {
  const text = typed.trim();
  if (text.length > LONGEST_MAIL) return null;
  const [, local = '', domain = ''] =
    /^([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@([^@\s]+)$/.exec(text) ?? [];
  if (local === '' || local.length > 64) return null;
  // Of this the domain is made, and not only tested: `domainToASCII` passes over what some take for the end of a name.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain)) return null;
  const ascii = domainToASCII(domain.toLowerCase());
  const labels = ascii.split('.');
  const named =
    labels.length > 1 && labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return named && !/^\d+$/.test(labels.at(-1) ?? '') ? `${local.toLowerCase()}@${ascii}` : null;
}

/**
 * An address as it is kept, or why a stranger may not have us call it. What its name stands for is looked at when it is called.
 * @param allow hosts that tocsin.yml lets strangers name, inside our network too, and over http
 */
export function hookAddress(typed: string, allow: readonly Host[]): { url: string } | { why: string } {
  const text = typed.trim();
  if (text.length > LONGEST_URL || !URL.canParse(text) || /[\s\p{Cc}]/u.test(text))
    return { why: 'is not an address' };
  const url = new URL(text);
  if (url.username + url.password !== '') return { why: 'holds a user or a password' };
  url.hash = '';
  if (isNever(url.hostname)) return { why: `is ${NEVER_TEXT}` };
  if (!/^https?:$/.test(url.protocol)) return { why: 'does not begin with https://' };
  if (isListed(allow, url)) return { url: url.href };
  if (url.protocol !== 'https:') return { why: 'does not begin with https://' };
  if (isInside(url.hostname)) return { why: `is ${INSIDE_TEXT}` };
  return { url: url.href };
}

/** @returns an address for people who look over a shoulder: `a…@example.org`, `https://example.org/…` */
export function masked(kind: string, address: string): string {
  if (kind === 'email') return `${address.slice(0, 1)}…${address.slice(address.lastIndexOf('@'))}`;
  return URL.canParse(address) ? `${new URL(address).origin}/…` : '…';
}

/** @returns a name that says nothing, and the share in which it is told */
export function newId(): { id: string; share: number } {
  const id = randomBytes(12).toString('hex');
  return { id, share: shareOf(id) };
}

export const shareOf = (id: string): number =>
  (createHash('sha256').update(id).digest()[0] ?? 0) % PARTS.shares;

/** What is put into links; kept is its hash alone. */
export const newToken = (): string => randomBytes(32).toString('base64url');
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
/** As Standard Webhooks has them. */
export const newSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;
