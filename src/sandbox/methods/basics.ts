import { gemoji } from 'gemoji';
import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { pictures } from '../workspace/objects/user.js';
import type { World } from '../workspace/world.js';

const LONG_AGO = 1700000000;
const BOT_ICONS = [36, 48, 72];
const TEAM_ICONS = [34, 44, 68, 88, 102, 132, 230];
/** The app in whose name `/control/message/app` writes. */
const OTHER_APP = { botId: 'B0OTHERAPP', appId: 'A0OTHERAPP', name: 'Another app', userId: '' };

/** Who am I, where am I, and the door to Socket Mode. */
export const basics: Methods = {
  'api.test': {
    tier: 4,
    errors: [],
    run: ({ args }) => {
      const error = args.text('error');
      // Whatever code the caller wants to see.
      if (error) return { ok: false, error, args: args.shown() };
      return { args: args.shown() };
    },
  },
  'auth.test': {
    tier: 'special',
    errors: [],
    run: ({ world, me, bearer }) => {
      const { url, teamName, teamId, botId, appId, appName } = world.identity;
      const { enterprise } = world;
      const org = enterprise?.orgInstall ? enterprise : undefined;
      return {
        url: `${url}/`,
        team: org?.name ?? teamName,
        user: world.users.get(me)?.name ?? '',
        team_id: org?.id ?? teamId,
        user_id: me,
        ...(bearer.kind === 'bot' ? { bot_id: botId } : {}),
        ...(enterprise ? { enterprise_id: enterprise.id } : {}),
        is_enterprise_install: org !== undefined,
        app_id: appId,
        app_name: appName,
      };
    },
  },
  'apps.connections.open': {
    tier: 3,
    tokens: ['app'],
    post: true,
    errors: ['insecure_request', 'missing_args'],
    run: ({ socket }) => {
      // The app has no Socket Mode: it listens on a request URL.
      if (!socket) refuse('access_denied');
      return { url: socket.ticket() };
    },
  },
  'team.info': {
    tier: 3,
    scopes: ['team:read'],
    errors: ['team_not_found'],
    run: ({ world, args }) => {
      const { teamId, domain } = world.identity;
      const [team, wanted] = [args.text('team'), args.text('domain')];
      if (team && team !== teamId) refuse('team_not_found');
      if (!team && wanted && wanted !== domain) refuse('team_not_found');
      return { team: showTeam(world) };
    },
  },
  'bots.info': {
    tier: 3,
    scopes: ['users:read'],
    errors: ['bot_not_found', 'missing_argument'],
    run: (call) => {
      const id = call.args.text('bot');
      if (!id) refuse('missing_argument');
      const bot = botOf(call, id);
      if (!bot) refuse('bot_not_found');
      return {
        bot: {
          id: bot.botId,
          deleted: false,
          name: bot.name,
          updated: LONG_AGO,
          app_id: bot.appId,
          ...(bot.userId ? { user_id: bot.userId } : {}),
          icons: pictures(`${call.world.identity.url}/avatar/${bot.botId}`, BOT_ICONS),
        },
      };
    },
  },
  'emoji.list': {
    tier: 2,
    scopes: ['emoji:read'],
    errors: [],
    run: ({ world, args }) => ({
      emoji: Object.fromEntries(world.emoji),
      cache_ts: `${world.clock.seconds()}.000000`,
      ...(args.flag('include_categories') ? { categories_version: '1', categories: categories() } : {}),
    }),
  },
};

/** The workspace as `team.info` shows it. */
function showTeam(world: World): Fields {
  const { teamId, teamName, domain, url } = world.identity;
  const { enterprise } = world;
  return {
    id: teamId,
    name: teamName,
    domain,
    email_domain: 'example.com',
    icon: { ...pictures(`${url}/avatar/${teamId}`, TEAM_ICONS), image_default: true },
    avatar_base_url: `${url}/avatar/`,
    is_verified: false,
    url: `${url}/`,
    discoverable: 'invite_only',
    locale: 'en-US',
    ...(enterprise
      ? {
          enterprise_id: enterprise.id,
          enterprise_name: enterprise.name,
          enterprise_domain: enterprise.domain,
        }
      : {}),
  };
}

function botOf({ world }: Call, id: string) {
  const { botId, appId, appName, botUserId } = world.identity;
  if (id === botId) return { botId, appId, name: appName, userId: botUserId };
  const user = [...world.users.values()].find((it) => it.bot?.botId === id);
  if (user?.bot) return { ...user.bot, name: user.realName, userId: user.id };
  return id === OTHER_APP.botId ? OTHER_APP : undefined;
}

/** Slack's own emoji by the kinds in which its picker shows them. */
function categories(): Fields[] {
  const kinds = new Map<string, string[]>();
  for (const { category, names } of gemoji) {
    kinds.set(category, [...(kinds.get(category) ?? []), ...names]);
  }
  return [...kinds].map(([name, emoji_names]) => ({ name, emoji_names }));
}
