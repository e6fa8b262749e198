import { type Fields, isFields } from '../fields.js';
import { readManifest } from '../manifest/manifest.js';
import { ProblemsError } from '../manifest/problem.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';

const TOKENS = ['config'] as const;

/** Manifests, with the token that apps are configured with. */
export const manifests: Methods = {
  'apps.manifest.validate': {
    tier: 3,
    tokens: TOKENS,
    errors: ['invalid_manifest', 'invalid_app_id'],
    run: (call) => {
      const id = call.args.text('app_id');
      if (id && !call.installation.manifests.has(id)) refuse('invalid_app_id');
      given(call);
      return { errors: [] };
    },
  },
  'apps.manifest.export': {
    tier: 3,
    tokens: TOKENS,
    errors: ['invalid_app_id', 'app_not_found'],
    run: (call) => ({ manifest: call.installation.manifests.get(appOf(call)) ?? {} }),
  },
  'apps.manifest.create': {
    tier: 1,
    tokens: TOKENS,
    errors: ['invalid_manifest'],
    run: (call) => {
      const { source } = given(call);
      const { ids, identity } = call.world;
      const appId = ids.make('A');
      call.installation.manifests.set(appId, source);
      return {
        app_id: appId,
        credentials: {
          client_id: `${Number.parseInt(ids.hex(10), 16)}.${Number.parseInt(ids.hex(10), 16)}`,
          client_secret: ids.hex(32),
          verification_token: ids.hex(24),
          signing_secret: ids.hex(32),
        },
        oauth_authorize_url: `${identity.url}/oauth/v2/authorize?client_id=${appId}`,
        team_id: identity.teamId,
        team_domain: identity.domain,
      };
    },
  },
  'apps.manifest.update': {
    tier: 1,
    tokens: TOKENS,
    errors: ['invalid_manifest', 'invalid_app_id', 'app_not_found'],
    run: (call) => {
      const id = appOf(call);
      const { source, manifest } = given(call);
      call.installation.manifests.set(id, source);
      const own = id === call.world.identity.appId;
      const before = call.world.manifest;
      if (own) call.world.manifest = manifest;
      const permissions =
        !same(before.scopes, manifest.scopes) || !same(before.userScopes, manifest.userScopes);
      return { app_id: id, permissions_updated: own && permissions };
    },
  },
  'apps.manifest.delete': {
    tier: 1,
    tokens: TOKENS,
    errors: ['invalid_app_id', 'app_not_found'],
    run: (call) => {
      const id = appOf(call);
      call.installation.manifests.delete(id);
      if (id === call.world.identity.appId) call.installation.uninstall();
      return {};
    },
  },
};

/** @throws SlackError `invalid_app_id`, `app_not_found` */
function appOf({ args, installation }: Call): string {
  const id = args.text('app_id') ?? '';
  if (!/^A[A-Z0-9]+$/.test(id)) refuse('invalid_app_id');
  if (!installation.manifests.has(id)) refuse('app_not_found');
  return id;
}

/** The manifest of the call, read. @throws SlackError `invalid_manifest` with every problem and its pointer */
function given(call: Call) {
  const source = call.args.json('manifest', 'invalid_manifest');
  if (!isFields(source)) refuse('invalid_manifest');
  try {
    return { source, manifest: readManifest(source) };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const errors: Fields[] = error.problems.map(({ pointer, message }) => ({
      code: 'invalid_value',
      message,
      pointer,
    }));
    throw new SlackError('invalid_manifest', { errors });
  }
}

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((it) => b.has(it));
}
