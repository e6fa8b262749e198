import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Config } from '#config.js';
import { createSlackClient } from '#slack/client.js';
import type { Finding } from './finding.js';

const MANIFEST = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });

/** Asks Slack about our token: is it good, and does it have the scopes of the manifest? */
export async function askSlack(config: Config): Promise<Finding[]> {
  const { botToken, apiUrl } = config.slack;
  if (botToken === null) return [];
  const client = createSlackClient({
    token: botToken,
    log: pino({ level: 'silent' }),
    ...(apiUrl && { apiUrl }),
  });
  const answer = await client.call('auth.test');
  if (answer.kind === 'ratelimited') {
    return [{ what: 'Slack', ok: false, detail: 'asks us to wait', fix: 'try again in a minute' }];
  }
  if (answer.kind !== 'ok') {
    const fix =
      answer.kind === 'refused'
        ? 'copy the Bot User OAuth Token again into SLACK_BOT_TOKEN'
        : 'can this machine reach slack.com (or SLACK_API_URL)?';
    return [{ what: 'Slack', ok: false, detail: answer.error, fix }];
  }
  const { team, user } = answer.data as { team?: string; user?: string };
  return [
    { what: 'Slack', ok: true, detail: `knows us as ${user ?? 'a bot'} of ${team ?? 'a workspace'}` },
    await scopes(answer.data),
  ];
}

async function scopes(data: unknown): Promise<Finding> {
  const granted = (data as { response_metadata?: { scopes?: string[] } }).response_metadata?.scopes;
  if (!granted) return { what: 'scopes', ok: true, detail: 'Slack did not say which ones we have' };
  const file = new URL('../../manifest.yml', import.meta.url);
  const wanted = MANIFEST.parse(parse(await readFile(file, 'utf8'))).oauth_config.scopes.bot;
  const missing = wanted.filter((scope) => !granted.includes(scope));
  return {
    what: 'scopes',
    ok: missing.length === 0,
    detail: missing.length === 0 ? `all ${wanted.length}` : `missing: ${missing.join(', ')}`,
    fix: 'add them under OAuth & Permissions (or paste manifest.yml again), then reinstall the app',
  };
}
