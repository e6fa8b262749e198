import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Statuspage } from 'statuspage.io';
import { type BotHere, startWalk, type Walk } from './kit.js';

// The public page, with everything behind it real: what is typed in Slack is what the public reads.
describe('the public page', () => {
  let walk: Walk;
  let bot: BotHere;
  let channel: string;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-page-'));
    walk = await startWalk();
    await writeFile(
      join(walk.folder, 'tocsin.yml'),
      `components: ["Text to Speech (Developer API)", Backoffice]
status:
  title: Example Voices
  folder: ${folder}
  url: https://status.example.com
  internal_words: [zeppelin]
  components:
    - { name: "Text to Speech (Developer API)", group: For developers, description: Clips, since: 2024-01-01 }
    - { name: Studio }
`,
    );
    bot = await walk.here();
    await walk.type(
      'ana',
      'incidents',
      'open sev2 Kraken in the gateway --component "Text to Speech (Developer API)" --component Backoffice --at "2024-11-10 01:41 UTC"',
    );
    channel = (
      await walk.until('the channel', ({ channels }) =>
        channels.find(({ name, members }) => name.startsWith('inc-1-') && members.length > 1),
      )
    ).id;
  });
  afterAll(async () => {
    await walk.end();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (path: string) => {
    const response = await fetch(`${bot.url}/status${path}`);
    return { status: response.status, text: await response.text() };
  };
  const summary = async () => JSON.parse((await get('/api/v2/summary.json')).text);
  async function until<T>(what: () => Promise<T | null | false | undefined>): Promise<T> {
    for (;;) {
      const found = await what().catch(() => null);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const says = (path: string, text: string) =>
    until(async () => {
      const page = await get(path);
      return page.text.includes(text) && page;
    });
  const type = (text: string) => walk.type('ana', channel, text);

  test('is there before anything was published, and says nothing of the incident', async () => {
    const page = await says('', 'All systems operational');
    expect(page.status).toBe(200);
    expect(page.text).toContain('Example Voices');
    expect(page.text).not.toMatch(/Kraken|Backoffice|INC-1/);
    expect((await get('/incidents/INC-1')).status).toBe(404);
  });

  test('shows the founding incident as it was told, before, during and after', async () => {
    const title = '--title "Clips cannot be created"';
    const said = await type(
      `publish identified 2024-11-10 01:41 UTC Some nodes present wrong keys. --yes ${title} --state partial`,
    );
    expect(said.text).toContain('recorded');
    const during = await says('/incidents/INC-1', 'Some nodes present wrong keys.');
    expect(during.text).toMatch(/Identified[\s\S]*10 Nov 2024, 01:41 UTC/);
    await until(async () => (await summary()).status.indicator === 'major');
    expect(await summary()).toMatchObject({
      status: { indicator: 'major' },
      incidents: [{ name: 'Clips cannot be created', status: 'identified', impact: 'major' }],
      components: expect.arrayContaining([
        expect.objectContaining({ name: 'Text to Speech (Developer API)', status: 'partial_outage' }),
      ]),
    });
    await type('publish monitoring 2024-11-10 01:44 UTC Requests succeed again. --yes --state degraded');
    await type('publish resolved 2024-11-10 02:02 UTC All nodes are well. --yes');
    await type('publish postmortem 2024-11-10 03:21 UTC Keys rotate by themselves now. --yes');
    const after = await says('/incidents/INC-1', 'Keys rotate by themselves now.');
    for (const [state, time] of [
      ['Identified', '01:41'],
      ['Monitoring', '01:44'],
      ['Resolved', '02:02'],
      ['Postmortem', '03:21'],
    ])
      expect(after.text).toMatch(new RegExp(`${state}[\\s\\S]{0,400}10 Nov 2024, ${time} UTC`));
    expect((await says('/history/2024-11', 'Clips cannot be created')).text).toContain('INC-1');
    // The JSON is put in its place last.
    await until(async () => (await summary()).status.indicator === 'none');
    expect(await summary()).toMatchObject({ incidents: [] });
    // What has nothing to do with it stays where it was.
    for (const path of ['/components/Studio', '/components/studio.html', '/components/studio.atom'])
      expect([path, (await get(path)).status]).toEqual([path, 200]);
    const feed = await get('/feed.atom');
    expect(feed.text).toContain('Keys rotate by themselves now.');
    for (const path of [
      '',
      '/incidents/INC-1',
      '/history',
      '/history/2024-11',
      '/feed.json',
      '/api/v2/incidents.json',
    ])
      expect([path, (await get(path)).text]).toEqual([
        path,
        expect.not.stringMatching(/Kraken|Backoffice|gateway|U0/),
      ]);
  });

  test('is read by clients of Statuspage, unchanged', async () => {
    const client = new Statuspage('example');
    client.setApiUrl(`${bot.url}/status`);
    expect((await client.api.getSummary()).page.name).toBe('Example Voices');
    expect((await client.api.getStatus()).status.indicator).toBe('none');
    expect((await client.api.getComponents()).components.map(({ name }) => name)).toContain(
      'Text to Speech (Developer API)',
    );
    const { incidents } = await client.api.incidents.getAll();
    expect(incidents.map(({ name, status }) => [name, status])).toEqual([
      ['Clips cannot be created', 'postmortem'],
    ]);
    expect((await client.api.incidents.getUnresolved()).incidents).toEqual([]);
  });

  test('what looks internal waits for an answer', async () => {
    const refused = await type('publish monitoring The zeppelin on db-prod-3 is back. --yes');
    expect(refused.text).toContain('zeppelin');
    expect(refused.text).toContain('db-prod-3');
    expect(refused.text).not.toContain('recorded');
    expect((await get('/incidents/INC-1')).text).not.toContain('zeppelin');
  });

  test('a correction is seen, and what was withdrawn has no words any more', async () => {
    const { text } = await type('publish resolved Everything is fine as ever. --yes');
    const n = /#(\d+)/.exec(text)?.[1];
    await says('/incidents/INC-1', 'Everything is fine as ever.');
    expect((await type(`publish --correct ${n} Nearly everything is fine. --yes`)).text).toContain(
      'recorded',
    );
    expect((await says('/incidents/INC-1', 'Nearly everything is fine.')).text).toMatch(/Corrected/);
    expect((await type(`publish --withdraw ${n} wrong incident`)).text).toContain('recorded');
    const page = await says('/incidents/INC-1', 'This update was published by mistake.');
    expect(page.text).not.toMatch(/everything is fine|wrong incident/i);
  });

  test('planned work is announced, and is in the JSON', async () => {
    const said = await walk.type(
      'ana',
      'incidents',
      'maintenance Moving the database --from 30m --to 1h --component "Text to Speech (Developer API)"',
    );
    expect(said.text).toMatch(/recorded/);
    await says('', 'Moving the database');
    const planned = await summary();
    expect(planned.scheduled_maintenances).toMatchObject([
      { name: 'Moving the database', status: 'scheduled' },
    ]);
    expect((await walk.type('ana', 'incidents', 'maintenance MNT-1 begin')).text).toContain('recorded');
    await until(async () => (await summary()).scheduled_maintenances[0]?.status === 'in_progress');
    expect((await summary()).status).toMatchObject({ indicator: 'maintenance' });
    await walk.type('ana', 'incidents', 'maintenance MNT-1 end Done sooner.');
    await says('/incidents/MNT-1', 'Done sooner.');
  });

  test('a component is set by itself, in Slack', async () => {
    expect((await type('component state "Text to Speech (Developer API)" major')).text).toContain('recorded');
    await until(async () => (await summary()).status.indicator === 'critical');
    await type('component state "Text to Speech (Developer API)" operational');
    await until(async () => (await summary()).status.indicator === 'none');
    expect((await type('component state Backoffice major')).text).toContain(
      'no component that the public page shows',
    );
  });

  test('a private incident has no number there, and a drill nothing', async () => {
    const state = '--component "Text to Speech (Developer API)"';
    await walk.type('ana', 'incidents', `open Hydra --private ${state}`);
    await walk.type('ana', 'incidents', `open Exercise --drill ${state}`);
    const drill = await walk.type('ana', 'incidents', 'publish INC-3 investigating Only an exercise. --yes');
    expect(drill.text).toContain('recorded');
    const secret = await walk.type(
      'ana',
      'incidents',
      'publish INC-2 investigating We look into sign-ins. --yes',
    );
    expect(secret.text).toContain('recorded');
    const page = await says('', 'We look into sign-ins.');
    expect(page.text).not.toMatch(/INC-[23]|Hydra|exercise/i);
    expect((await get('/incidents/INC-2')).status).toBe(404);
    const [, address = ''] = /incidents\/([a-z0-9]{12})\.html/.exec(page.text) ?? [];
    expect((await get(`/incidents/${address}`)).text).toContain('We look into sign-ins.');
  });

  test('stays when the bot is gone, and is built anew elsewhere by the command line', async () => {
    await bot.stop(false);
    expect(await readFile(join(folder, 'index.html'), 'utf8')).toContain('Example Voices');
    const out = join(walk.folder, 'built');
    const built = await walk.tocsin('status', 'build', '--out', out);
    expect(built.out).toMatch(/The page is in/);
    expect(existsSync(join(out, 'api/v2/summary.json'))).toBe(true);
    expect(await readFile(join(out, 'incidents/INC-1.html'), 'utf8')).toContain(
      'Keys rotate by themselves now.',
    );
  });
});
