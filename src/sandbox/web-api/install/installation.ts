import { randomBytes } from 'node:crypto';
import type { Fields } from '../../fields.js';
import type { Manifest } from '../../manifest/manifest.js';
import { refuse } from '../../refuse.js';
import type { World } from '../../workspace/world.js';
import type { Bearer, Tokens } from '../tokens.js';

const CODE_LIFE_MS = 600_000;

/** What an app shows to prove that it is itself. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What somebody allowed an app, until it is exchanged for tokens. */
interface Consent {
  readonly user: string;
  readonly redirectUri: string | undefined;
  readonly userScopes: readonly string[];
  readonly at: number;
}

/** The app on its workspace: consent, tokens, and being taken off again; and the manifests of apps. */
export class Installation {
  readonly #codes = new Map<string, Consent>();
  /** Manifest sources by the id of their app. */
  readonly manifests = new Map<string, object>();
  readonly #first: Manifest;

  constructor(
    readonly world: World,
    readonly tokens: Tokens,
    readonly credentials: Credentials,
    readonly source: object,
  ) {
    this.#first = world.manifest;
    this.reset();
  }

  /**
   * Somebody allows the app; the code can be exchanged once, within ten minutes.
   * @param userScopes what it may do as that person; nothing when empty
   */
  consent(user: string, redirectUri: string | undefined, userScopes: readonly string[]): string {
    const code = `${randomBytes(6).toString('hex')}.${randomBytes(16).toString('hex')}`;
    this.#codes.set(code, { user, redirectUri, userScopes, at: this.world.clock.now() });
    return code;
  }

  /**
   * The answer of `oauth.v2.access`. The app has the scopes of its manifest as it is now.
   * @throws SlackError `invalid_code`, `bad_redirect_uri`
   */
  exchange(code: string, redirectUri: string | undefined): Fields {
    const consent = this.#codes.get(code);
    if (!consent || this.world.clock.now() - consent.at > CODE_LIFE_MS) refuse('invalid_code');
    if (consent.redirectUri !== redirectUri) refuse('bad_redirect_uri');
    this.#codes.delete(code);
    const { world, tokens } = this;
    const { appId, teamId, teamName, botUserId } = world.identity;
    const { manifest, enterprise } = world;
    tokens.install(manifest.scopes);
    world.installed = true;
    const org = enterprise?.orgInstall ?? false;
    const user = consent.userScopes.length > 0;
    return {
      app_id: appId,
      authed_user: {
        id: consent.user,
        ...(user
          ? {
              scope: consent.userScopes.join(','),
              access_token: tokens.issue(consent.user, new Set(consent.userScopes)),
              token_type: 'user',
            }
          : {}),
      },
      scope: [...manifest.scopes].join(','),
      token_type: 'bot',
      access_token: tokens.bot,
      bot_user_id: botUserId,
      team: org ? null : { id: teamId, name: teamName },
      enterprise: enterprise ? { id: enterprise.id, name: enterprise.name } : null,
      is_enterprise_install: org,
    };
  }

  /** Ends tokens; the app is told. Without its bot token it is taken off the workspace. */
  revoke(which: { token: string } | { user: string }): void {
    const gone = this.tokens.revoke(which);
    if (gone.length === 0) return;
    this.#tellRevoked(gone);
    if (gone.some(({ kind }) => kind === 'bot')) this.#takeOff();
  }

  /** Takes the app off the workspace: every token ends, and it hears no more than that. */
  uninstall(): void {
    if (!this.world.installed) return;
    const gone = this.tokens.uninstall();
    this.#tellRevoked(gone);
    this.#takeOff();
  }

  /** Installed, with its first manifest. */
  reset(): void {
    this.#codes.clear();
    this.manifests.clear();
    this.manifests.set(this.world.identity.appId, this.source);
    this.world.manifest = this.#first;
    this.world.installed = true;
  }

  #takeOff(): void {
    const { world } = this;
    world.happened({ event: { type: 'app_uninstalled', event_ts: world.ids.ts() } });
    world.installed = false;
    world.changed();
  }

  #tellRevoked(gone: readonly Bearer[]): void {
    const { world } = this;
    const of = (kind: string) => [...new Set(gone.filter((it) => it.kind === kind).map((it) => it.user))];
    const tokens = { oauth: of('user'), bot: of('bot') };
    world.happened({ event: { type: 'tokens_revoked', tokens, event_ts: world.ids.ts() } });
  }
}

/** Client id and secret of the sandbox's app, those given or new ones. */
export function credentialsOf(given: Partial<Credentials>): Credentials {
  return {
    clientId: given.clientId ?? '1000000000001.1000000000002',
    clientSecret: given.clientSecret ?? randomBytes(16).toString('hex'),
  };
}
