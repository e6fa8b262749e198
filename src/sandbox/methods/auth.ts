import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { page } from '../web-api/conversation.js';
import { pictures } from '../workspace/objects/user.js';

const TEAM_ICONS = [34, 44, 68, 88, 102, 132, 230];

/** How an app gets its tokens, and how it loses them. */
export const auth: Methods = {
  'oauth.v2.access': {
    tier: 'special',
    anonymous: true,
    errors: [
      ...['invalid_client_id', 'bad_client_secret', 'invalid_code', 'bad_redirect_uri', 'invalid_grant_type'],
      'invalid_refresh_token',
    ],
    run: (call) => {
      const { args, installation } = call;
      mustBeTheApp(call);
      const grant = args.text('grant_type') || 'authorization_code';
      // The sandbox rotates no tokens, so that there is none to refresh.
      if (grant === 'refresh_token') refuse('invalid_refresh_token');
      if (grant !== 'authorization_code') refuse('invalid_grant_type');
      return installation.exchange(args.text('code') ?? '', args.text('redirect_uri'));
    },
  },
  'auth.revoke': {
    tier: 3,
    errors: [],
    run: (call) => {
      if (call.args.flag('test')) return { revoked: false };
      call.installation.revoke({ token: call.token });
      return { revoked: true };
    },
  },
  'auth.teams.list': {
    tier: 2,
    tokens: ['bot', 'user'],
    errors: ['invalid_cursor', 'invalid_limit'],
    run: ({ world, args }) => {
      const { teamId, teamName, url } = world.identity;
      const teams = [{ id: teamId, name: teamName }, ...(world.enterprise?.teams ?? [])];
      const { items, next } = page(teams, args.limit(100, 1000), args.text('cursor'));
      const icon = (id: string) =>
        args.flag('include_icon') ? { icon: pictures(`${url}/avatar/${id}`, TEAM_ICONS) } : {};
      return {
        teams: items.map(({ id, name }) => ({ id, name, ...icon(id) })),
        response_metadata: { next_cursor: next },
      };
    },
  },
  'apps.uninstall': {
    tier: 1,
    errors: ['invalid_client_id', 'bad_client_secret'],
    run: (call) => {
      mustBeTheApp(call);
      call.installation.uninstall();
      return {};
    },
  },
  'apps.event.authorizations.list': {
    tier: 'special',
    tokens: ['app'],
    scopes: ['authorizations:read'],
    errors: ['invalid_event_context', 'invalid_cursor', 'invalid_limit'],
    run: ({ args, events }) => {
      const context = args.need('event_context');
      const sent = events.sent.find(({ payload }) => payload.event_context === context);
      if (!sent) refuse('invalid_event_context');
      const all = Array.isArray(sent.payload.authorizations) ? sent.payload.authorizations : [];
      const { items, next } = page(all, args.limit(100, 1000), args.text('cursor'));
      return { authorizations: items, response_metadata: { next_cursor: next } };
    },
  },
};

/** @throws SlackError `invalid_client_id`, `bad_client_secret` */
function mustBeTheApp({ args, installation }: Call): void {
  const { clientId, clientSecret } = installation.credentials;
  if (args.text('client_id') !== clientId) refuse('invalid_client_id');
  if (args.text('client_secret') !== clientSecret) refuse('bad_client_secret');
}
