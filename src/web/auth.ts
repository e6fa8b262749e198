import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Asking } from '#domain/incident/intent.js';
import { personLabel } from '#domain/words.js';
import type { KeptToken } from '#store/people.js';
import type { Store } from '#store/store.js';

/** API tokens: never a token itself, only its hash. Asked anew at each request, so a withdrawn one is refused at once. */
export interface Tokens {
  byHash(hash: string): Promise<Token | null>;
  noteUse: Store['tokens']['noteUse'];
}

/** `owner`: whose word it is; `gone`: that account is deactivated. `private`: private incidents are visible to it. */
export type Token = Omit<KeptToken, 'createdAt' | 'lastUsedAt'>;

export type Scope = Token['scope'];

// What the public reads is no step of this ladder: it takes a token that was made for it (`mayPublish`).
const RANK: Record<Scope, number> = { read: 0, write: 1, publish: 1, admin: 2 };

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
  tokens: Tokens,
  request: Request,
  response: Response,
  scope: Scope,
): Promise<Token | null> {
  const bearer = bearerOf(request);
  const token = bearer === null ? null : await tokens.byHash(hashOfToken(bearer));
  if (token && token.revokedAt === null && !token.expired) tokens.noteUse(token);
  const why = whyNot(bearer, token);
  if (!token || why !== null) {
    const wrong = bearer === null ? '' : ', error="invalid_token"';
    response.set('WWW-Authenticate', `Bearer realm="tocsin"${wrong}`);
    say(response, 401, `${why} Make one with \`tocsin token create --name NAME\`.`);
    return null;
  }
  if (RANK[token.scope] < RANK[scope]) {
    say(response, 403, `This needs a token with the scope ${scope}; this one has ${token.scope}.`);
    return null;
  }
  return token;
}

/** May a token change what the public reads? One that was made before there was a status page, or for anything else, may not. */
export function mayPublish({ scope }: Pick<Token, 'scope'>): boolean {
  return scope === 'publish';
}

/** Who asks, when a program does. */
export function askerOf(token: Token): Pick<Asking, 'team' | 'by' | 'source' | 'seesPrivate' | 'owner'> {
  return {
    team: token.team,
    by: { id: `token:${token.name}`, name: token.name },
    source: 'api',
    seesPrivate: token.private,
    owner: token.owner && { id: token.owner.id, name: token.owner.name },
  };
}

/** Answers with one sentence. */
export function say(response: Response, status: number, sentence: string): void {
  response.status(status).type('text/plain').send(`${sentence}\n`);
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
