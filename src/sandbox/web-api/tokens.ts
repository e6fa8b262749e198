import { randomBytes, timingSafeEqual } from 'node:crypto';
import { SlackError } from '../refuse.js';

/** `bot`: xoxb, `user`: xoxp, `app`: xapp, `config`: xoxe.xoxp, with which apps are configured. */
export type TokenKind = 'bot' | 'user' | 'app' | 'config';

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
  #installed = true;

  constructor(
    readonly bot: string,
    readonly app: string,
    readonly own: { botUser: string; botScopes: ReadonlySet<string>; userScopes: ReadonlySet<string> },
  ) {
    this.reset();
  }

  /** A token that lets the app act as this person; with the user scopes of the manifest when none are given. */
  issue(user: string, scopes: ReadonlySet<string> = this.own.userScopes): string {
    const token = `xoxp-sandbox-${randomBytes(12).toString('hex')}`;
    this.#bearers.set(token, { kind: 'user', user, scopes });
    return token;
  }

  /** A token with which this person configures apps. */
  issueConfig(user: string): string {
    const token = `xoxe.xoxp-1-sandbox-${randomBytes(12).toString('hex')}`;
    this.#bearers.set(token, { kind: 'config', user, scopes: new Set(['app_configurations:write']) });
    return token;
  }

  /** The app is allowed (again), with these scopes. */
  install(scopes: ReadonlySet<string>): void {
    this.#installed = true;
    this.#revoked.delete(this.bot);
    this.#bearers.set(this.bot, { kind: 'bot', user: this.own.botUser, scopes });
  }

  /**
   * The app is taken off: its bot and user tokens are `account_inactive` from then on.
   * @returns whom they spoke for
   */
  uninstall(): Bearer[] {
    this.#installed = false;
    return [...this.#bearers]
      .filter(([token, { kind }]) => (kind === 'bot' || kind === 'user') && !this.#revoked.has(token))
      .map(([, bearer]) => bearer);
  }

  /**
   * Whose token that is.
   * @throws SlackError `not_authed`, `invalid_auth`, `token_revoked`, `account_inactive`
   */
  bearer(token: string | undefined): Bearer {
    if (!token) throw new SlackError('not_authed');
    for (const [known, bearer] of this.#bearers) {
      if (!same(token, known)) continue;
      if (this.#revoked.has(known)) throw new SlackError('token_revoked');
      const ofTheApp = bearer.kind === 'bot' || bearer.kind === 'user';
      if (ofTheApp && !this.#installed) throw new SlackError('account_inactive');
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

  /**
   * Ends one token, or every token of a person; it is `token_revoked` from then on.
   * @returns whom the ended ones spoke for
   */
  revoke(which: { token: string } | { user: string }): Bearer[] {
    const gone: Bearer[] = [];
    for (const [token, bearer] of this.#bearers) {
      if ('token' in which ? !same(which.token, token) : bearer.user !== which.user) continue;
      if (!this.#revoked.has(token)) gone.push(bearer);
      this.#revoked.add(token);
    }
    return gone;
  }

  /** Remembers which tokens are good. @returns puts that back */
  keep(): () => void {
    const bearers = [...this.#bearers];
    const revoked = [...this.#revoked];
    const installed = this.#installed;
    return () => {
      this.#installed = installed;
      this.#revoked.clear();
      for (const token of revoked) this.#revoked.add(token);
      this.#bearers.clear();
      for (const [token, bearer] of bearers) this.#bearers.set(token, bearer);
    };
  }

  /** Only the app's own two are left, and both are good. */
  reset(): void {
    this.#installed = true;
    this.#revoked.clear();
    this.#bearers.clear();
    const { botUser, botScopes } = this.own;
    this.#bearers.set(this.bot, { kind: 'bot', user: botUser, scopes: botScopes });
    this.#bearers.set(this.app, {
      kind: 'app',
      user: botUser,
      scopes: new Set(['connections:write', 'authorizations:read']),
    });
  }
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
