import { refuse } from '../refuse.js';
import type { Methods } from '../web-api/context.js';

/** Who am I, where am I, and the door to Socket Mode. */
export const basics: Methods = {
  'api.test': { tier: 4, run: ({ args }) => ({ args: args.shown() }) },
  'auth.test': {
    tier: 'special',
    run: ({ world, me }) => ({
      url: `${world.identity.url}/`,
      team: world.identity.teamName,
      user: world.users.get(me)?.name ?? '',
      team_id: world.identity.teamId,
      user_id: me,
      bot_id: world.identity.botId,
      is_enterprise_install: false,
    }),
  },
  'apps.connections.open': {
    tier: 3,
    tokens: ['app'],
    post: true,
    errors: ['insecure_request', 'missing_args', 'access_denied'],
    run: ({ socket }) => {
      // The app has no Socket Mode: it listens on a request URL.
      if (!socket) refuse('access_denied');
      return { url: socket.ticket() };
    },
  },
  'team.info': {
    tier: 3,
    scopes: ['team:read'],
    run: ({ world, args }) => {
      const { teamId, teamName, domain, url } = world.identity;
      const wanted = args.text('team');
      if (wanted && wanted !== teamId) refuse('team_not_found');
      return {
        team: { id: teamId, name: teamName, domain, email_domain: 'example.com', icon: {}, url: `${url}/` },
      };
    },
  },
  'bots.info': {
    tier: 3,
    scopes: ['users:read'],
    run: ({ world, args }) => {
      const { botId, appId, appName, botUserId } = world.identity;
      if (args.text('bot') !== botId) refuse('bot_not_found');
      return {
        bot: {
          id: botId,
          deleted: false,
          name: appName,
          updated: 1700000000,
          app_id: appId,
          user_id: botUserId,
          icons: {},
        },
      };
    },
  },
};
