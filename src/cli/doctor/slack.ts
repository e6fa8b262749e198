import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Config } from '#config/config.js';
import { codeInWords, mendOf, natureOf } from '#domain/slack-code.js';
import { readPagingSettings } from '#paging/settings.js';
import { createGroups } from '#slack/people/groups.js';
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
    return { what, ok: false, detail, fix: natureOf(found) === 'final' ? (mendOf(found) ?? fix) : PASSING };
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

/** What goes on without a scope, and how; of the others an incident needs each. */
const WITHOUT: Readonly<Record<string, string>> = {
  'calls:write': 'calls are shown as plain links',
  'canvases:read': 'no channel gets a canvas',
  'canvases:write': 'no channel gets a canvas',
  'links:read': 'links to incidents stay bare',
  'links:write': 'links to incidents stay bare',
};

function without(scope: string): string {
  return WITHOUT[scope] === undefined ? scope : `${scope} (${WITHOUT[scope]})`;
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
    detail: missing.length === 0 ? `all ${wanted.length}` : `missing: ${missing.map(without).join(', ')}`,
    fix: 'add them under OAuth & Permissions (or paste manifest.yml again), then reinstall the app',
  };
}
