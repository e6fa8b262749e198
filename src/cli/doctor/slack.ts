import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Config } from '#config/config.js';
import { codeInWords, mendOf, natureOf } from '#domain/slack-code.js';
import { readPagingSettings } from '#paging/settings.js';
import { createGroups } from '#slack/people/groups.js';
import { type Template, templates } from '#slack/templates.js';
import { createSlackClient, type SlackClient } from '#slack/transport/client.js';
import { TOO_MANY, trySocket } from '#slack/transport/socket.js';
import type { Finding } from './finding.js';

const MANIFEST = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });

/** So long Slack has to say which user groups there are. */
const SLACK_MS = 5_000;
/** Pages of a thousand channels. */
const PAGES = 20;

/** What the settings of the status page name in Slack. */
export interface PublicInSlack {
  /** Where what is published is posted too, by name or id; null: nowhere. */
  channel: string | null;
  /** User groups that publish, such as `@press`. */
  groups: readonly string[];
}

const NOTHING: PublicInSlack = { channel: null, groups: [] };

/**
 * Asks Slack about our token: is it good, does it have the scopes of the manifest, and can it say what it is to say?
 * @param paged user groups that policies of paging name
 */
export async function askSlack(
  config: Config,
  publicly: PublicInSlack = NOTHING,
  paged: readonly string[] = [],
): Promise<Finding[]> {
  const { botToken, apiUrl } = config.slack;
  if (botToken === null) return [];
  const client = createSlackClient({ token: botToken, log: pino({ level: 'silent' }), apiUrl });
  const answer = await client.call('auth.test');
  if (answer.kind === 'ratelimited') {
    return [{ what: 'Slack', ok: false, detail: 'asks us to wait', fix: 'try again in a minute' }];
  }
  if (answer.kind !== 'ok') {
    const token = 'copy the Bot User OAuth Token again into SLACK_BOT_TOKEN';
    // A policy that keeps us out is not mended by another token.
    const mend = natureOf(answer.error) === 'fatal' ? token : (mendOf(answer.error) ?? token);
    const fix = answer.kind === 'refused' ? mend : 'can this machine reach slack.com (or SLACK_API_URL)?';
    return [{ what: 'Slack', ok: false, detail: answer.error, fix }];
  }
  const { team, user } = answer.data as { team?: string; user?: string };
  return [
    { what: 'Slack', ok: true, detail: `knows us as ${user ?? 'a bot'} of ${team ?? 'a workspace'}` },
    await scopes(answer.data),
    ...(await announcements(config, client)),
    ...(await published(publicly, client)),
    ...(await groupsThere(client, 'paging', paged, PAGED)),
    ...(await sockets(config)),
  ];
}

/** In Socket Mode: does Slack keep a socket of ours? */
async function sockets(config: Config): Promise<Finding[]> {
  const { appToken, apiUrl } = config.slack;
  if (appToken === null) return [];
  const log = pino({ level: 'silent' });
  const { connections, refused } = await trySocket({ appToken, log, apiUrl });
  const what = 'Socket Mode';
  if (refused === TOO_MANY) {
    const detail = `${refused}: more than ten sockets of this app are open, so Slack sends ours away`;
    const fix =
      'stop the other copies of the bot that use this app token, or make an app of their own for them';
    return [{ what, ok: false, detail, fix }];
  }
  if (refused !== null) {
    const settings =
      'is SLACK_APP_TOKEN right (xapp-…, with connections:write), and Socket Mode switched on for the app?';
    const passes = ['doubtful', 'passing'].includes(natureOf(refused));
    return [{ what, ok: false, detail: refused, fix: passes ? PASSING : settings }];
  }
  return [{ what, ok: true, detail: `Slack says hello, ${connections ?? 1} open with this one` }];
}

interface Place {
  id: string;
  name: string;
  is_archived?: boolean;
  is_member?: boolean;
  is_private?: boolean;
}

/** What Slack did not say now says nothing about our settings. */
const PASSING = 'Slack does not tell now: try again in a minute';

/** Will the announcement of the next incident be heard? */
async function announcements(config: Config, client: SlackClient): Promise<Finding[]> {
  const { announce } = config.org;
  if (announce === null) return [];
  const setting = { name: '`announce:` in tocsin.yml', lost: 'no incident will be announced' };
  return [await channelOf('announcements', announce, setting, client)];
}

/** Will what is published stand in its channel, and is there anybody who may publish? */
async function published({ channel, groups }: PublicInSlack, client: SlackClient): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (channel !== null) {
    const name = '`status: subscribers: slack: channel:` in tocsin.yml';
    const setting = { name, lost: 'nothing that is published is posted there', in: true };
    findings.push(await channelOf('status channel', channel, setting, client));
  }
  return [...findings, ...(await groupsThere(client, 'publishers', groups, PUBLISHERS))];
}

const PUBLISHERS = { lost: 'nobody publishes by it', setting: '`status: publishers:`' };
const PAGED = { lost: 'nobody is paged by it', setting: '`paging: policies:`' };

/** User groups that policies name. Of settings that are wrong nothing is looked up: that is said elsewhere. */
export function pagedGroups(config: Config): string[] {
  const read = readPagingSettings(config.org.paging, Object.keys(config.org.secrets), config.org.at);
  if ('problems' in read) return [];
  const steps = [...read.settings.rules.policies.values()].flatMap((policy) => policy.steps);
  const named = new Set(steps.flatMap(({ notify }) => notify).filter((to) => to.startsWith('@')));
  return [...named].filter((name) => !Object.hasOwn(config.org.approvers, name.slice(1)));
}

/** @returns what is wrong with user groups that tocsin.yml names; nothing where all of them are there */
async function groupsThere(
  client: SlackClient,
  what: string,
  groups: readonly string[],
  { lost, setting }: { lost: string; setting: string },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const known = createGroups(client, SLACK_MS);
  for (const group of groups) {
    const found = await known.called(group.replace(/^@/, ''));
    if (found === null) {
      const detail = `${group} is no user group of this workspace, so ${lost}`;
      const fix = `mend ${setting} in tocsin.yml, or make that user group in Slack`;
      findings.push({ what, ok: false, detail, fix });
    } else if ('unsaid' in found) {
      const detail = `${group}: ${codeInWords(found.unsaid)}`;
      findings.push({ what, ok: false, detail, fix: mendOf(found.unsaid) ?? PASSING });
    }
  }
  return findings;
}

/** @param setting `lost`: what does not happen without it; `in`: the bot has to be in it, public or not */
async function channelOf(
  what: string,
  typed: string,
  setting: { name: string; lost: string; in?: boolean },
  client: SlackClient,
): Promise<Finding> {
  const wanted = typed.replace(/^#/, '');
  const found = await placeOf(wanted, client);
  const fix = `mend ${setting.name}, or invite the bot into that channel`;
  if (found === null) {
    const detail = `there is no channel ${wanted} that the bot can see`;
    return { what, ok: false, detail, fix: `${fix}; a private one is seen only by who is in it` };
  }
  if (typeof found === 'string') {
    const detail = `#${wanted}: ${codeInWords(found)}`;
    return { what, ok: false, detail, fix: mendOf(found) ?? (natureOf(found) === 'final' ? fix : PASSING) };
  }
  const name = `#${found.name}`;
  if (found.is_archived) {
    const detail = `${name} is archived: ${setting.lost}`;
    return { what, ok: false, detail, fix: `unarchive it, or name another as ${setting.name}` };
  }
  if (found.is_member) return { what, ok: true, detail: `${name}, the bot is in it` };
  const invite = `type /invite @tocsin in ${name}`;
  if (found.is_private) return { what, ok: false, detail: `the bot is not in ${name}`, fix: invite };
  if (!setting.in) return { what, ok: true, detail: `${name}, public: the bot may post without being in it` };
  const detail = `the bot is not in ${name}: it may post there, and after a crash it cannot see what it has posted already`;
  return { what, ok: false, detail, fix: invite };
}

/** @returns null: no such channel; a text: Slack's code for not telling */
async function placeOf(wanted: string, client: SlackClient): Promise<Place | string | null> {
  if (/^[CG][A-Z0-9]{6,}$/.test(wanted)) {
    const answer = await client.call('conversations.info', { channel: wanted });
    if (answer.kind === 'ok') return (answer.data.channel as Place | undefined) ?? 'no answer';
    if (answer.kind === 'ratelimited') return 'ratelimited';
    return answer.error === 'channel_not_found' ? null : answer.error;
  }
  let cursor = '';
  for (let page = 0; page < PAGES; page++) {
    const answer = await client.call('conversations.list', {
      types: 'public_channel,private_channel',
      limit: 1_000,
      ...(cursor && { cursor }),
    });
    if (answer.kind !== 'ok') return answer.kind === 'ratelimited' ? 'ratelimited' : answer.error;
    const { channels, response_metadata: more } = answer.data as {
      channels?: Place[];
      response_metadata?: { next_cursor?: string };
    };
    const found = channels?.find(({ name }) => name === wanted);
    if (found) return found;
    cursor = more?.next_cursor ?? '';
    if (cursor === '') return null;
  }
  return null;
}

/** What does not work without each scope. The same as in manifest.yml. */
export const WITHOUT_SCOPE: Readonly<Record<string, string>> = {
  commands: 'no command, no shortcut',
  'chat:write': 'nothing is said anywhere',
  'chat:write.public': 'no announcement in a channel that the bot is not in',
  'channels:manage': 'no incident gets a channel, nobody is brought in, no topic',
  'channels:read': 'who is in a channel is not known; a channel that people take away is not noticed',
  'channels:history': 'pinned messages are not recorded; after a crash a message may stand twice',
  'groups:write': 'no private incident gets a channel',
  'groups:read': 'who may see a private incident is known from the record alone',
  'groups:history': 'as `channels:history`, in private incidents',
  'im:write': 'nobody is told or paged directly; exports come only into channels',
  'files:write': 'no exports in Slack, no pictures',
  'pins:write': 'the headline is not pinned',
  'reactions:read': ':pushpin: records nothing',
  'reactions:write': 'a recorded message gets no tick',
  'users:read': 'no names and time zones; guests and deactivated people are not known',
  'usergroups:read': 'groups are neither brought in nor paged, and do not approve',
  'app_mentions:read': 'whoever mentions the bot gets no answer',
  'files:read': 'images of recorded messages are not kept',
  'pins:read': 'pins of Slack’s own record nothing',
  'calls:write': 'calls are shown as plain links',
  'canvases:read': 'no channel gets a canvas',
  'canvases:write': 'no channel gets a canvas',
  'links:read': 'links to incidents stay bare',
  'links:write': 'links to incidents stay bare',
};

/** Templates that are asked about at the same time. */
const AT_ONCE = 4;

/**
 * Shows Slack every message and form of ours with the longest texts that may be recorded: what it does not take would be
 * missing in the night, and rules of Slack's change.
 */
export async function checkTemplates(
  { slack: { botToken, apiUrl } }: { slack: Pick<Config['slack'], 'botToken' | 'apiUrl'> },
  all: readonly Template[] = templates('worst'),
): Promise<Finding[]> {
  if (botToken === null) return [];
  const client = createSlackClient({ token: botToken, log: pino({ level: 'silent' }), apiUrl });
  const what = 'messages and forms';
  const refused: Finding[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    const some = all.slice(i, i + AT_ONCE);
    const answers = await Promise.all(
      some.map((one) =>
        client.call('blocks.validate', 'view' in one ? { view: one.view } : { message: one.message }),
      ),
    );
    for (const [at, answer] of answers.entries()) {
      if (answer.kind === 'ok') continue;
      const code = answer.kind === 'ratelimited' ? answer.kind : answer.error;
      // An older Slack, or one that is not well, says nothing about our messages.
      if (answer.kind !== 'refused' || !/^invalid_(blocks|message|view)$/.test(code))
        return [...refused, { what, ok: true, detail: `Slack does not check them (${code})` }];
      const detail = `“${some[at]?.name}” is refused: ${complaintsIn(answer.data)}`;
      const fix = 'this version does not fit this Slack: install a newer one, or tell the authors';
      refused.push({ what, ok: false, detail, fix });
    }
  }
  if (refused.length > 0) return refused;
  return [{ what, ok: true, detail: `Slack takes all ${all.length}, with their longest texts` }];
}

const COMPLAINTS = z.object({
  errors: z.array(z.object({ pointer: z.string().nullish(), message: z.string().nullish() })),
});
/** Of what is wrong in a template, the rest follows from the first. */
const NAMED = 3;

function complaintsIn(data: unknown): string {
  const { errors = [] } = COMPLAINTS.safeParse(data).data ?? {};
  const each = errors
    .slice(0, NAMED)
    .map(({ pointer, message }) => `${pointer || '/'} ${message ?? ''}`.trim());
  return each.length === 0 ? 'Slack does not say why' : each.join('; ');
}

async function scopes(data: unknown): Promise<Finding> {
  const granted = (data as { response_metadata?: { scopes?: string[] } }).response_metadata?.scopes;
  if (!granted) return { what: 'scopes', ok: true, detail: 'Slack did not say which ones we have' };
  const file = new URL('../../../manifest.yml', import.meta.url);
  const wanted = MANIFEST.parse(parse(await readFile(file, 'utf8'))).oauth_config.scopes.bot;
  const missing = wanted.filter((scope) => !granted.includes(scope));
  return {
    what: 'scopes',
    ok: missing.length === 0,
    detail:
      missing.length === 0
        ? `all ${wanted.length}`
        : `missing: ${missing.map((scope) => `${scope} (${WITHOUT_SCOPE[scope] ?? 'see manifest.yml'})`).join(', ')}`,
    fix: 'add them under OAuth & Permissions (or paste manifest.yml again), then reinstall the app',
  };
}
