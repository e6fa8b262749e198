import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { measuringWith } from '#compose/worlds.js';
import { readOrganisation } from '#config/organisation.js';
import { Gate } from '#deliver/attempt.js';
import type { Fact } from '#domain/incident/fact.js';
import type { Asking } from '#domain/incident/intent.js';
import type { Person } from '#domain/words.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints, Secret } from '#runbooks/secret.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { ANA, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

const FROM = '2024-11-10T01:41:00Z';
const TO = '2024-11-10T01:44:00Z';
const at = (iso: string) => ({ at: iso, until: null, precision: 'minute' as const });
const MEASURE = { type: 'MeasureImpact' as const, from: at(FROM), to: at(TO), components: [] };

let kit: Kit;
let prometheus: Server;
/** What Prometheus answers to the next questions; null: as it should. */
let instead: { status: number; body: string } | null = null;

beforeAll(async () => {
  prometheus = createServer((request, response) => {
    if (instead) return response.writeHead(instead.status).end(instead.body);
    const query = new URL(request.url ?? '', 'http://x').searchParams.get('query') ?? '';
    const begin = Date.parse(FROM) / 1_000;
    const status = query.includes('!~') ? '401' : '200';
    const metric = { __name__: 'tts_requests_total', service: 'dev', status };
    const values = [0, 60, 120, 180, 190].map((second, i) => [
      begin + second,
      String(status === '401' ? 6 * i : 100 * i),
    ]);
    const range = query.endsWith('ms]');
    const result = range ? [{ metric, values }] : [{ metric, value: [begin, '0'] }];
    response.end(
      JSON.stringify({ status: 'success', data: { resultType: range ? 'matrix' : 'vector', result } }),
    );
  }).listen(0, '127.0.0.1');
  await once(prometheus, 'listening');
  kit = await startKit();
  const url = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
  const org = readOrganisation(
    `impact: { prometheus: { url: "${url}" }, failed: 'tts_requests_total{status!~"2.."}', total: tts_requests_total, step: 60s, component_label: service }`,
    'tocsin.yml',
  );
  if (Array.isArray(org)) throw new Error(org.join());
  const read = readRunbookSettings(org, org.at);
  if ('problems' in read) throw new Error(read.problems.join());
  const scrub = new Scrub(fingerprints('pepper'));
  scrub.learn(new Secret('canary-4711-of-prometheus'));
  const core = { runbooks: { settings: read.settings, systems: {}, scrub } } as unknown as Parameters<
    typeof measuringWith
  >[0];
  Object.assign(kit.world, measuringWith(core));
});
beforeEach(async () => {
  instead = null;
  await kit.act('fault/clear', {});
});
afterAll(async () => {
  prometheus.close();
  prometheus.closeAllConnections();
  await kit.stop();
});

async function measured(
  title: string,
  asking: Partial<Asking> | 'here' = 'here',
  by: Person = ANA,
): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  const more = asking === 'here' ? { channel: (await kit.channel(incident)).id } : asking;
  await kit.says(MEASURE, incident, by, more);
  return incident;
}

const facts = async (incident: number, type: Fact['type']) => {
  const { rows } = await kit.client.query<{ body: string }>(
    'select body from fact where incident = $1 and type = $2 order by seq',
    [incident, type],
  );
  return rows.map(({ body }) => JSON.parse(body) as { data: Record<string, unknown>; by: { id: string } });
};
const pictures = async (incident: number) => {
  const { messages } = await kit.channel(incident);
  return messages.filter(({ files }) => (files ?? []).some(({ title }) => title.endsWith('.png')));
};
const said = async (incident: number) =>
  (await kit.channel(incident)).messages.map(({ text }) => text).join('\n');

describe('a measured impact', () => {
  test('is recorded, shown in the channel, and drawn there with words for those who do not see it', async () => {
    const incident = await measured('Counted');
    await kit.pays(incident);
    const [fact] = await facts(incident, 'ImpactMeasured');
    expect(fact).toMatchObject({
      by: { id: 'tocsin' },
      data: { failed: 18, total: 300, from: FROM, to: TO, start: 'asked', end: 'asked', at: FROM, until: TO },
    });
    // The window stands before it, and the queries in exports.
    expect(await said(incident)).toMatch(/_impact_ 18 of 300 requests failed \(dev\); measured(;| —)/);
    const [headline] = await kit.said(incident);
    expect(headline?.text).toContain('Measured: 18 of 300 requests failed');
    expect(await pictures(incident)).toHaveLength(1);
    const { files } = (await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as {
      files: Array<{ name: string; alt_txt?: string; content?: string }>;
    };
    const picture = files.find(({ name }) => name === `INC-${incident}-impact-2.png`);
    expect(picture?.alt_txt).toMatch(
      /^18 of 300 requests failed, 2024-11-10 01:41:00 to 01:44:00 \(UTC\)\. Most failed/,
    );
  });

  test('that is struck before it could be drawn is not drawn', async () => {
    const incident = await measured('Struck');
    const gate = new Gate(kit.world.now);
    await kit.visits(incident, gate, kit.world, `T1/INC-${incident}/impact.measure`);
    await kit.says({ type: 'StrikeEntry', entry: 2, reason: 'the wrong service' }, incident);
    await kit.pays(incident);
    expect(await facts(incident, 'ImpactMeasured')).toHaveLength(1);
    expect(await pictures(incident)).toEqual([]);
    expect((await kit.state(incident)).measured).toBeUndefined();
  });

  test('where files are not possible, words say where the picture is', async () => {
    const incident = await measured('No files');
    await kit.fault('files.getUploadURLExternal', 'error', 'unknown_method');
    await kit.pays(incident);
    expect(await said(incident)).toContain(
      '#2 as a picture, times in UTC: Slack takes no file from us; `export html` has it.',
    );
  });

  test.each(['drop', 'cut', 'http500', 'ratelimit'])('%s: it is drawn once', async (kind) => {
    const incident = await measured(`Unsure ${kind}`);
    await kit.fault('files.completeUploadExternal', kind);
    await kit.pays(incident);
    expect(await pictures(incident)).toHaveLength(1);
  });

  test('by a worker that is killed at any of its dealings, is recorded once and drawn once', async () => {
    let n = 0;
    for (let survived = false; !survived; ) {
      n += 1;
      const incident = await measured(`Killed ${n}`);
      const gate = new Gate(kit.world.now);
      const its = mortal(kit.world, n);
      for (let visit = 0; visit < 20 && !its.died(); visit++) {
        const [lane] = (await kit.owing(incident)).sort((a, b) => b.length - a.length);
        if (!lane) break;
        const back = await kit.visits(incident, gate, its.world, lane).catch(() => null);
        if (back) await kit.winds(back.getTime() - kit.world.now().getTime() + 1);
      }
      survived = !its.died();
      await kit.client.query("update lane set lease_until = now() - interval '1 s', next_at = null");
      await kit.pays(incident);
      const [recorded, drawn] = [await facts(incident, 'ImpactMeasured'), await pictures(incident)];
      expect([n, recorded.length, drawn.length]).toEqual([n, 1, 1]);
    }
    expect(n).toBeGreaterThan(12);
  });
});

describe('one that cannot be had', () => {
  const refused = (error: string) => ({
    status: 400,
    body: JSON.stringify({ status: 'error', errorType: 'bad_data', error }),
  });

  test('is told in the channel, to whoever asked there, with what to do; secrets and pings are not', async () => {
    instead = refused('<!channel> canary-4711-of-prometheus');
    const incident = await measured('Refused');
    await kit.pays(incident);
    const text = await said(incident);
    expect(text).toContain(
      `<@${ANA.id}> INC-${incident}: the impact could not be measured: Prometheus says: &lt;!channel&gt; `,
    );
    expect(text).toContain('Correct the selectors under `impact:` in tocsin.yml.');
    expect(text).not.toContain('canary-4711');
    expect(await facts(incident, 'ImpactMeasured')).toEqual([]);
    const [row] = await kit.rows(incident, 'impact.measure');
    expect(row).toMatchObject({ done: true, result: { told: 'channel' } });
    expect(JSON.stringify(row)).not.toMatch(/canary|channel&/);
  });

  test('asked for elsewhere, is told there, to them alone', async () => {
    instead = refused('no');
    const incident = await measured('Elsewhere', { channel: 'C0INCIDENT' });
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    await kit.pays(incident);
    expect(await said(incident)).not.toContain('could not be measured');
    const calls = await kit.calls('chat.postEphemeral');
    expect(calls.at(-1)?.args).toMatchObject({ channel: 'C0INCIDENT', user: ANA.id });
  });

  test('of a program or a prompt, is told to its owner, or in the channel where there is none', async () => {
    instead = refused('no');
    const machine = { id: 'cli:root', name: null };
    const owned = await measured('Owned', { source: 'cli', owner: ANA, channel: null }, machine);
    await kit.pays(owned);
    expect(await said(owned)).not.toContain('could not be measured');
    expect((await kit.rows(owned, 'impact.measure'))[0]).toMatchObject({ result: { told: 'direct' } });
    const alone = await measured('Alone', { source: 'cli', channel: null }, machine);
    await kit.pays(alone);
    expect(await said(alone)).toContain(`INC-${alone}: the impact could not be measured`);
  });

  test('now, is tried again a few times before anybody is told', async () => {
    instead = { status: 503, body: 'Service Unavailable' };
    const incident = await measured('Away');
    await kit.tries(incident, 1);
    expect(await said(incident)).not.toContain('could not be measured');
    await kit.pays(incident);
    expect(await said(incident)).toContain('answered 503, and not as Prometheus does');
    expect((await kit.rows(incident, 'impact.measure'))[0]?.attempts).toBeGreaterThan(1);
    // Back before that, and nobody hears of it.
    const back = await measured('Back');
    await kit.tries(back, 1);
    instead = null;
    await kit.pays(back);
    expect(await facts(back, 'ImpactMeasured')).toHaveLength(1);
    expect(await said(back)).not.toContain('could not be measured');
  });

  test('where nothing says any more how, is told like any other', async () => {
    const { measure } = kit.world;
    delete kit.world.measure;
    try {
      const incident = await measured('Unset');
      await kit.pays(incident);
      expect(await said(incident)).toContain(
        'nothing here says any more how damage is measured. Write `impact:`',
      );
    } finally {
      Object.assign(kit.world, { measure });
    }
  });
});

test('asked twice under one key, it is measured once', async () => {
  const incident = await kit.opens('Twice');
  await kit.pays(incident);
  for (let i = 0; i < 2; i++) await kit.says(MEASURE, incident, ANA, { key: `trigger:${incident}` });
  await kit.pays(incident);
  expect(await facts(incident, 'MeasureAsked')).toHaveLength(1);
  expect(await facts(incident, 'ImpactMeasured')).toHaveLength(1);
});
