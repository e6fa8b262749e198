import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prometheusAvailable, startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { until } from '../support/until.js';
import { startWalk, type Walk } from './kit.js';

const described = prometheusAvailable() ? describe : describe.skip;

described('damage, measured by a real Prometheus and asked for in Slack', () => {
  let walk: Walk;
  let service: Server;
  let prometheus: TestPrometheus;
  let channel: string;
  const counts = { 200: 1_000, 401: 0 };

  beforeAll(async () => {
    service = createServer((_, response) => {
      const lines = Object.entries(counts).map(
        ([status, count]) => `tts_requests_total{service="dev",status="${status}"} ${count}\n`,
      );
      response.end(`# TYPE tts_requests_total counter\n${lines.join('')}`);
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const target = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    prometheus = await startPrometheus({
      scrape_configs: [{ job_name: 'tts', static_configs: [{ targets: [target] }] }],
    });
    walk = await startWalk();
    await writeFile(
      join(walk.folder, 'tocsin.yml'),
      `impact:
  prometheus: { url: "${prometheus.url}" }
  failed: tts_requests_total{status!~"2.."}
  total: tts_requests_total
  by: [status]
  component_label: service
  components: { dev: "Developer API" }
  step: 1s
`,
    );
    await walk.here();
    expect((await walk.type('ana', 'incidents', 'open Clips fail')).ok).toBe(true);
    const made = await walk.until('the channel', ({ channels }) =>
      channels.find((one) => one.name === 'inc-1-clips-fail' && one.pins.length === 1),
    );
    channel = made.id;
  });
  afterAll(async () => {
    await walk?.end();
    await prometheus?.stop();
    service?.close();
    service?.closeAllConnections();
  });

  /** @returns the first whole second after Prometheus has read the counters as they are, once that has come */
  const second = async () => {
    const ms = await until('the counters have been read', async () => {
      const { result } = await prometheus.api<{ result: Array<{ value: [number, string] }> }>('query', {
        query: `timestamp(tts_requests_total{status="401"} == ${counts[401]})`,
      });
      return result[0] && 1_000 * Number(result[0].value[1]);
    });
    const next = new Date(1_000 * Math.ceil((ms + 1) / 1_000));
    await until('that second has come', () => Date.now() > next.getTime());
    return next.toISOString().slice(0, 19).replace('T', ' ');
  };
  const exported = async (format: string) => (await walk.tocsin('export', 'INC-1', '--format', format)).out;

  test('what is counted is what the service counted, and stands everywhere beside what was typed', async () => {
    const from = await second();
    counts[401] += 19;
    counts[200] += 100;
    const to = await second();
    expect((await walk.type('ana', channel, 'impact --failed 20 --unaffected "Internal API"')).text).toMatch(
      /#2 recorded/,
    );
    const said = await walk.type('ana', channel, `impact measure --from "${from} UTC" --to "${to} UTC"`);
    expect(said.text).toMatch(
      /^INC-1 recorded: the impact is measured from \S+ UTC \(asked\) to \S+ UTC \(asked\)/,
    );
    await walk.until('the picture in the channel', ({ files }) =>
      files.find(({ name, channels }) => name === 'INC-1-impact-3.png' && channels.includes(channel)),
    );
    const { impact } = JSON.parse(await exported('json'));
    expect(impact.find((one: { measured?: object }) => one.measured)).toMatchObject({
      failed: 19,
      total: 119,
      components: ['Developer API'],
      measured: {
        groups: [
          { name: 'status="401"', failed: 19, total: 19 },
          { name: 'status="200"', failed: 0, total: 100 },
        ],
        differs: { entry: 2, text: 'typed 20 failed, measured 19: 1 more typed than measured' },
      },
    });
    expect((await walk.type('ana', channel, 'show')).text).toContain(
      'the figures differ: typed 20 failed, measured 19',
    );
    for (const format of ['html', 'postmortem.html'])
      expect(await exported(format)).toContain('<div role="figure"><svg ');
  });

  test('made anew from the facts it is the same, and its queries can be erased', async () => {
    const before = await Promise.all(['json', 'html', 'postmortem.md'].map(exported));
    expect((await walk.tocsin('rebuild')).code).toBe(0);
    expect(await Promise.all(['json', 'html', 'postmortem.md'].map(exported))).toEqual(before);
    const facts = (await exported('facts'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { seq } = facts.find(({ type }) => type === 'ImpactMeasured');
    const erase = ['--fact', String(seq), '--field', 'failedQuery', '--yes'];
    expect((await walk.tocsin('erase', 'INC-1', ...erase)).code).toBe(0);
    const { impact } = JSON.parse(await exported('json'));
    expect(impact.find((one: { measured?: object }) => one.measured).measured.queries.failed).toBe(
      '[erased]',
    );
    await writeFile(join(walk.folder, 'facts.jsonl'), await exported('facts'));
    expect((await walk.tocsin('verify', join(walk.folder, 'facts.jsonl'))).code).toBe(0);
  });

  test('what cannot be measured is said to whoever asks, in the channel', async () => {
    await walk.type(
      'ana',
      channel,
      'impact measure --from "2020-01-01 00:00 UTC" --to "2020-01-01 00:10 UTC"',
    );
    await walk.until('why not', ({ channels }) =>
      channels
        .find((one) => one.id === channel)
        ?.messages.some(({ text }) =>
          /<@U0ANA00001> INC-1: the impact could not be measured: no counter of all requests/.test(text),
        ),
    );
  });
});
