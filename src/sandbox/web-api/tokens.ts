import { randomBytes, timingSafeEqual } from 'node:crypto';
import { SlackError } from '../refuse.js';

/** `bot`: xoxb, `user`: xoxp, `app`: xapp. */
export type TokenKind = 'bot' | 'user' | 'app';

/** Whom a token speaks for, and what it may. */
export interface Bearer {
  readonly kind: TokenKind;
  /** The bot user, or the person who allowed the app to act for them; the bot user for the app-level token. */
  readonly user: string;
  readonly scopes: ReadonlySet<string>;
}

/** Every token of the app: its own two, and one for each person who allowed it. Tokens are compared in constant time. */
export class Tokens {
  readonly #bearers = new Map<string, Bearer>();
  readonly #revoked = new Set<string>();

  constructor(
    readonly bot: string,
    readonly app: string,
    readonly own: { botUser: string; botScopes: ReadonlySet<string>; userScopes: ReadonlySet<string> },
  ) {
    this.reset();
  }

  /** A token that lets the app act as this person. */
  issue(user: string): string {
    const token = `xoxp-sandbox-${randomBytes(12).toString('hex')}`;
    this.#bearers.set(token, { kind: 'user', user, scopes: this.own.userScopes });
    return token;
  }

  /**
   * Whose token that is.
   * @throws SlackError `not_authed`, `invalid_auth`, `token_revoked`
   */
  bearer(token: string | undefined): Bearer {
    if (!token) throw new SlackError('not_authed');
    for (const [known, bearer] of this.#bearers) {
      if (!same(token, known)) continue;
      if (this.#revoked.has(known)) throw new SlackError('token_revoked');
      return bearer;
    }
    throw new SlackError('invalid_auth');
  }

  /** What a token is, good or revoked; undefined when nobody knows it. */
  kindOf(token: string | undefined): TokenKind | undefined {
    if (token === undefined) return undefined;
    for (const [known, { kind }] of this.#bearers) if (same(token, known)) return kind;
    return undefined;
  }

  /** Ends one token, or every token of a person; it is `token_revoked` from then on. */
  revoke(which: { token: string } | { user: string }): void {
    for (const [token, { user }] of this.#bearers) {
      if ('token' in which ? same(which.token, token) : user === which.user) this.#revoked.add(token);
    }
  }

  /** Only the app's own two are left, and both are good. */
  reset(): void {
    this.#revoked.clear();
    this.#bearers.clear();
    const { botUser, botScopes } = this.own;
    this.#bearers.set(this.bot, { kind: 'bot', user: botUser, scopes: botScopes });
    this.#bearers.set(this.app, { kind: 'app', user: botUser, scopes: new Set(['connections:write']) });
  }
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
