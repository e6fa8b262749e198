import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { askSlack, checkTemplates, pagedGroups, WITHOUT_SCOPE } from '#cli/doctor/slack.js';
import type { Config } from '#config/config.js';
import { readOrganisation } from '#config/organisation.js';
import { type Sandbox, startSandbox } from '#sandbox/sandbox.js';
import { templates } from '#slack/templates.js';
import { MANIFEST } from '../slack/kit.js';

// What the doctor says of a Slack that misbehaves: what is wrong, and what mends it, never an exception.
let slack: Sandbox;
beforeAll(async () => {
  slack = await startSandbox({ manifest: MANIFEST, settings: { rateLimits: false } });
});
beforeEach(() => control('fault/clear', {}));
afterAll(() => slack.stop());

async function control(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await fetch(`${slack.url}/control/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}
const fault = (method: string, kind: string, value: string | number = '') =>
  control('fault', { method, kind, value, times: 9 });

/** @returns the lines that are not well, as the doctor prints them, and the names of those that are */
async function asked(announce: string | null = 'incidents', socket = false) {
  const config = {
    slack: { botToken: slack.botToken, appToken: socket ? slack.appToken : null, apiUrl: slack.apiUrl },
    org: { announce },
  } as Config;
  const findings = await askSlack(config);
  return {
    ill: findings.filter(({ ok }) => !ok).map(({ what, detail, fix }) => `${what}: ${detail} → ${fix}`),
    well: findings.filter(({ ok }) => ok).map(({ what }) => what),
  };
}

test('all is well', async () => {
  expect(await asked('incidents', true)).toEqual({
    ill: [],
    well: ['Slack', 'scopes', 'announcements', 'Socket Mode'],
  });
});

describe('who we are', () => {
  test.each([
    ['error', 'token_revoked', /^Slack: token_revoked → copy the Bot User OAuth Token/],
    ['error', 'account_inactive', /^Slack: account_inactive → copy the Bot User OAuth Token/],
    ['error', 'team_access_not_granted', /^Slack: team_access_not_granted → .*grants the app this workspace/],
    ['error', 'org_login_required', /^Slack: org_login_required → wait/],
    ['http500', 503, /^Slack: http_503 → can this machine reach/],
    ['body', '<html>', /^Slack: no_json → can this machine reach/],
    ['body', '', /^Slack: no_json → can this machine reach/],
    ['ratelimit', 'none', /^Slack: asks us to wait → try again/],
  ])('%s %s', async (kind, value, said) => {
    await fault('auth.test', kind, value);
    const { ill } = await asked();
    expect(ill).toEqual([expect.stringMatching(said)]);
  });
});

test('an address where something else answers than Slack', async () => {
  const config = {
    slack: { botToken: slack.botToken, appToken: null, apiUrl: `${slack.url}/nowhere/` },
    org: { announce: null },
  } as Config;
  expect(await askSlack(config)).toMatchObject([
    { ok: false, detail: 'http_404', fix: expect.stringContaining('SLACK_API_URL') },
  ]);
});

describe('the announcement channel', () => {
  test('archived', async () => {
    await control('channel/archive', { user: 'ana', channel: 'incidents' });
    const seen = [await asked('#incidents'), await asked('C0INCIDENT')];
    await control('channel/archive', { user: 'ana', channel: 'incidents', remove: true });
    for (const { ill } of seen)
      expect(ill).toEqual([
        expect.stringMatching(/#incidents is archived: no incident will be .* → unarchive it/),
      ]);
  });

  test.each([
    ['error', 'missing_scope', /lacks a scope → add the scopes/],
    ['error', 'token_revoked', /token is no good any more → install the app again/],
    ['error', 'internal_error', /internal_error → Slack does not tell now/],
    ['error', 'never_seen_code', /never_seen_code → Slack does not tell now/],
    ['http500', 500, /http_500 → Slack does not tell now/],
    ['body', '', /no_json → Slack does not tell now/],
    ['ratelimit', 5, /ratelimited → Slack does not tell now/],
    ['body', '{"ok":true}', /no channel incidents that the bot can see/],
  ])('by its name: %s %s', async (kind, value, said) => {
    await fault('conversations.list', kind, value);
    expect((await asked()).ill).toEqual([expect.stringMatching(said)]);
  });
  test.each([
    ['error', 'channel_not_found', /no channel C0INCIDENT that the bot can see/],
    ['body', '{"ok":true}', /announcements: #C0INCIDENT: .* → Slack does not tell now/],
    ['http500', 503, /http_503 → Slack does not tell now/],
  ])('by its id: %s %s', async (kind, value, said) => {
    await fault('conversations.info', kind, value);
    expect((await asked('C0INCIDENT')).ill).toEqual([expect.stringMatching(said)]);
  });
});

describe('what the status page names', () => {
  const told = async (channel: string | null, groups: string[] = [], paged: string[] = []) => {
    const config = {
      slack: { botToken: slack.botToken, appToken: null, apiUrl: slack.apiUrl },
      org: { announce: null },
    } as Config;
    const findings = await askSlack(config, { channel, groups }, paged);
    return findings
      .slice(2)
      .map(({ ok, what, detail, fix }) => `${ok ? '✓' : '✗'} ${what}: ${detail} → ${fix}`);
  };

  test('nothing is nothing to look at', async () => {
    expect(await told(null)).toEqual([]);
  });
  test('a channel that the bot is in, is not in, or that is not there', async () => {
    const headers = { authorization: `Bearer ${slack.botToken}` };
    const made = { method: 'POST', headers, body: new URLSearchParams({ name: 'status-news' }) };
    expect(await (await fetch(`${slack.apiUrl}conversations.create`, made)).json()).toMatchObject({
      ok: true,
    });
    expect(await told('status-news')).toEqual([
      expect.stringMatching(/^✓ status channel: #status-news, the bot is in it/),
    ]);
    expect(await told('general')).toEqual([
      expect.stringMatching(
        /^✗ status channel: the bot is not in #general: .* → type \/invite @tocsin in #general$/,
      ),
    ]);
    expect(await told('nowhere')).toEqual([
      expect.stringMatching(
        /^✗ status channel: there is no channel nowhere that the bot can see → mend `status: subscribers: slack: channel:` in tocsin\.yml/,
      ),
    ]);
  });
  test('user groups that are paged', async () => {
    expect(await told(null, [], ['@sre', '@dba'])).toEqual([
      expect.stringMatching(
        /^✗ paging: @dba is no user group .* nobody is paged by it → mend `paging: policies:`/,
      ),
    ]);
    const org = readOrganisation(
      'approvers: { dba: [U012AB3CD] }\npaging: { policies: { x: { steps: [{ notify: ["@sre", "@dba", U012AB3CD] }] } } }',
      'tocsin.yml',
    );
    expect(Array.isArray(org) ? org : pagedGroups({ org } as Config)).toEqual(['@sre']);
  });
  test('user groups that publish', async () => {
    expect(await told(null, ['@sre'])).toEqual([]);
    expect(await told(null, ['@sre', '@press'])).toEqual([
      expect.stringMatching(
        /^✗ publishers: @press is no user group .* → mend `status: publishers:` in tocsin\.yml/,
      ),
    ]);
    await fault('usergroups.list', 'error', 'missing_scope');
    expect(await told(null, ['@sre'])).toEqual([
      expect.stringMatching(/^✗ publishers: @sre: missing_scope.* → add the scopes/),
    ]);
    await control('fault/clear', {});
    await fault('usergroups.list', 'http500', 503);
    expect(await told(null, ['@sre'])).toEqual([
      expect.stringMatching(/^✗ publishers: @sre: .* → Slack does not tell now/),
    ]);
  });
});

describe('a socket', () => {
  test('too many of them', async () => {
    await control('settings', { goodbye: 'too_many_websockets' });
    const { ill } = await asked(null, true);
    await control('settings', { goodbye: null });
    expect(ill).toEqual([
      expect.stringMatching(
        /^Socket Mode: too_many_websockets: more than ten sockets.* → stop the other copies/,
      ),
    ]);
  });
  test.each([
    ['error', 'invalid_auth', /invalid_auth → is SLACK_APP_TOKEN right/],
    ['error', 'internal_error', /internal_error → Slack does not tell now/],
    ['http500', 503, /no answer →/],
    ['body', '<html>', / →/],
  ])('that is not given: %s %s', async (kind, value, said) => {
    await fault('apps.connections.open', kind, value);
    expect((await asked(null, true)).ill).toEqual([expect.stringMatching(said)]);
  });
});

describe('each scope removed in turn', () => {
  const { scopes } = (MANIFEST as { oauth_config: { scopes: { bot: string[] } } }).oauth_config;
  test('each has its word', () => {
    expect(Object.keys(WITHOUT_SCOPE).sort()).toEqual([...scopes.bot].sort());
  });
  test.each(scopes.bot)('%s', async (scope) => {
    const manifest = structuredClone(MANIFEST) as {
      oauth_config: { scopes: { bot: string[] } };
      settings: { event_subscriptions?: unknown };
      features: { slash_commands?: unknown; shortcuts?: unknown; unfurl_domains?: unknown };
    };
    manifest.oauth_config.scopes.bot = scopes.bot.filter((one) => one !== scope);
    // A manifest without the scopes of its events and commands is no manifest: they were added later.
    delete manifest.settings.event_subscriptions;
    if (scope === 'commands') manifest.features = {};
    delete manifest.features.unfurl_domains;
    const without = await startSandbox({ manifest, settings: { rateLimits: false } });
    try {
      const config = {
        slack: { botToken: without.botToken, appToken: null, apiUrl: without.apiUrl },
        org: { announce: null },
      } as Config;
      const ill = (await askSlack(config)).filter(({ ok }) => !ok);
      expect(ill).toEqual([
        {
          ...{ what: 'scopes', ok: false, detail: `missing: ${scope} (${WITHOUT_SCOPE[scope]})` },
          fix: expect.stringContaining('reinstall the app'),
        },
      ]);
    } finally {
      await without.stop();
    }
  });
});

describe('every message and form of ours', () => {
  const there = () => ({ slack: { botToken: slack.botToken, apiUrl: slack.apiUrl } });

  test.each(['plain', 'worst'] as const)('Slack takes it, with %s texts', async (how) => {
    expect(await checkTemplates(there(), templates(how))).toEqual([
      expect.objectContaining({ ok: true, detail: expect.stringMatching(/^Slack takes all \d+/) }),
    ]);
  });

  test('what it refuses is named, with the place in it', async () => {
    const section = { type: 'section' as const, text: { type: 'mrkdwn' as const, text: 'x'.repeat(3_001) } };
    const findings = await checkTemplates(there(), [
      { name: 'too much', message: { text: 'x', blocks: [section] } },
    ]);
    expect(findings).toEqual([
      expect.objectContaining({
        ok: false,
        detail: expect.stringMatching(/“too much” is refused: \/blocks\/0\/text/),
      }),
    ]);
  });

  test.each([
    ['error', 'unknown_method', 'Slack does not check them (unknown_method)'],
    ['http500', 503, 'Slack does not check them (http_503)'],
    ['ratelimit', 5, 'Slack does not check them (ratelimited)'],
  ])('a Slack that does not check says nothing about them: %s %s', async (kind, value, detail) => {
    await fault('blocks.validate', kind, value);
    expect(await checkTemplates(there())).toMatchObject([{ ok: true, detail }]);
  });
});
