import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { type Person, personLabel } from '#domain/words.js';

export type Scope = 'read' | 'write' | 'admin';

/** An API token as the store knows it: never the token, only its hash. */
export interface Token {
  team: string;
  name: string;
  scope: Scope;
  /** Created with --private: private incidents are visible. */
  private: boolean;
  /** Whose word it is. `gone`: the account is deactivated. */
  owner: (Person & { gone: boolean }) | null;
  /** UTC ISO 8601; null: not. */
  revokedAt: string | null;
  expiresAt: string | null;
  expired: boolean;
}

/** Asked anew at each request: a token that was withdrawn is refused at once. */
export type FindToken = (hash: string) => Promise<Token | null>;

const RANK: Record<Scope, number> = { read: 0, write: 1, admin: 2 };

/** @returns what is stored of a token. Tokens are 256 random bits: a plain hash cannot be guessed back. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** @returns the token of an `Authorization: Bearer` header, or null */
export function bearerOf(request: Request): string | null {
  return /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1] ?? null;
}

/**
 * Lets a request in, or answers it: 401 without a good token, 403 with one that may not do this.
 * @returns the token, or null when the answer has been sent
 */
export async function admitted(
  find: FindToken,
  request: Request,
  response: Response,
  scope: Scope,
): Promise<Token | null> {
  const bearer = bearerOf(request);
  const token = bearer === null ? null : await find(hashOfToken(bearer));
  const why = whyNot(bearer, token);
  if (!token || why !== null) {
    response
      .status(401)
      .set('WWW-Authenticate', `Bearer realm="tocsin"${bearer === null ? '' : ', error="invalid_token"'}`)
      .type('text/plain')
      .send(`${why} Make one with \`tocsin token create --name NAME\`.\n`);
    return null;
  }
  if (RANK[token.scope] < RANK[scope]) {
    response
      .status(403)
      .type('text/plain')
      .send(`This needs a token with the scope ${scope}; this one has ${token.scope}.\n`);
    return null;
  }
  return token;
}

/** What became of a token is for whoever holds it: only they can present one that was good once. */
function whyNot(bearer: string | null, token: Token | null): string | null {
  if (bearer === null) return 'This needs a token: send `Authorization: Bearer TOKEN`.';
  if (!token) return 'That token is not known here.';
  const { name, owner, revokedAt, expiresAt, expired } = token;
  if (revokedAt !== null) return `The token ${name} was revoked at ${minute(revokedAt)}.`;
  if (expired && expiresAt !== null) return `The token ${name} expired at ${minute(expiresAt)}.`;
  if (owner?.gone)
    return `The token ${name} stopped working when the account of its owner, ${personLabel(owner)}, was deactivated.`;
  return null;
}

/** @param iso UTC ISO 8601 */
const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
