import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KEY, PAGE, There } from '../public/statuspage-there.js';
import { startHook, startSmtp } from '../public/subscribe/kit.js';
import { until } from '../support/until.js';
import { startWalk, type Walk } from './kit.js';

// Everybody whom the public page's news go to, with the real bot between them and what is typed in Slack.

const SIGNING = `whsec_${Buffer.from('a secret for these tests, 32 byte').toString('base64')}`;
const GENERAL = 'C0GENERAL1';
type Hook = Awaited<ReturnType<typeof startHook>>;

/** Mail, webhooks of strangers and of the organisation's own, a channel of Slack's, Statuspage. */
async function startTold() {
  const smtp = await startSmtp();
  const [theirs, own]: [Hook, Hook] = [await startHook(), await startHook()];
  const there = new There();
  await there.start();
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-told-'));
  const walk: Walk = await startWalk();
  await writeFile(
    join(walk.folder, 'tocsin.yml'),
    `components: [API, Website, Backoffice]
status:
  title: Example Voices
  folder: ${folder}
  url: https://status.example.com
  components: [{ name: API }, { name: Website }]
  subscribers:
    email: { smtp: "${smtp.url}", from: "Example Status <status@example.org>" }
    webhooks: { allow: ["127.0.0.1:${theirs.host.port}"] }
    slack: { channel: general }
    digest: 1ms
    per_hour_and_network: 1000
  webhook: { url: "${own.url('/own')}", secret: env:TOLD_SIGNING }
  statuspage: { page: ${PAGE}, key: env:TOLD_KEY, url: "${there.url}", components: { API: their-api, Website: their-web } }
`,
  );
  const more = {
    ...{ PUBLIC_URL: `http://127.0.0.1:${walk.port}`, TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml') },
    ...{ TOLD_KEY: KEY, TOLD_SIGNING: SIGNING },
  };
  // A bot in this process has its environment.
  Object.assign(process.env, { TOLD_KEY: KEY, TOLD_SIGNING: SIGNING });
  const slack = async (method: string, args: Record<string, string>) => {
    const body = new URLSearchParams(args);
    const headers = { authorization: `Bearer ${walk.slack.botToken}` };
    const url = new URL(method, walk.slack.apiUrl.replace(/\/?$/, '/'));
    return (await fetch(url, { method: 'POST', headers, body })).json() as Promise<Record<string, unknown>>;
  };
  // Where it is a member it may look what stands there.
  await walk.control('join', { user: 'U0BOT00000', channel: 'general' });
  const base = `http://127.0.0.1:${walk.port}/status`;
  const post = (url: string, fields: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
  const confirm = async (text: string) => {
    const [link = 'none'] = /http:\/\/127[^\s"]+\/confirm\/[\w-]+/.exec(text) ?? [];
    expect((await fetch(link)).status).toBe(200);
    expect((await post(link, {})).status).toBe(200);
  };

  return {
    ...{ smtp, theirs, own, there, walk, more },
    /** From the form to the link in the mail, as a stranger does. */
    async signUp(address: string): Promise<void> {
      expect((await post(`${base}/subscribe`, { kind: 'email', address })).status).toBe(200);
      const mail = await until(`${address} is asked`, () => smtp.to(address)[0]);
      await confirm(mail.text ?? '');
      smtp.mails.splice(smtp.mails.indexOf(mail), 1);
    },
    async signUpHook(): Promise<void> {
      const address = theirs.url('/theirs');
      expect((await post(`${base}/subscribe`, { kind: 'webhook', address })).status).toBe(200);
      const asked = await until('the webhook is asked', () => theirs.calls[0]);
      await confirm(asked.body);
      theirs.calls.length = 0;
    },
    /** What stands in the channel, the oldest first, with what only programs see. */
    async channel(): Promise<Array<{ text: string; metadata?: { event_payload?: { id?: string } } }>> {
      const said = await slack('conversations.history', {
        ...{ channel: GENERAL, limit: '200', include_all_metadata: 'true' },
      });
      type Message = { text: string; metadata?: { event_payload?: { id?: string } } };
      return (said.messages as Message[]).filter(({ metadata }) => metadata).reverse();
    },
    async end(): Promise<void> {
      await walk.end();
      await Promise.all([smtp.close(), theirs.close(), own.close(), there.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Call = Hook['calls'][number];
interface Heard {
  type: string;
  data: {
    incident?: Story | null;
    scheduled_maintenance?: Story;
    update_id?: string;
    components: Array<{ name: string; status: string }>;
  };
}
interface Story {
  name: string;
  status: string;
  scheduled_for?: string;
  incident_updates: Array<{ id: string; body: string | null; status: string }>;
}
const heard = ({ body }: Call) => JSON.parse(body) as Heard;
const idOf = ({ headers }: Call) => String(headers['webhook-id']);

describe('whoever wants to hear of it', () => {
  let told: Awaited<ReturnType<typeof startTold>>;
  let channel: string;
  beforeAll(async () => {
    told = await startTold();
    await told.walk.here({}, told.more);
    await told.walk.type('ana', 'incidents', 'open sev2 Kraken --component API --component Backoffice');
    channel = (
      await told.walk.until('the channel', ({ channels }) =>
        channels.find(({ name, members }) => name.startsWith('inc-1-') && members.length > 1),
      )
    ).id;
    await told.signUp('ana@example.org');
    await told.signUpHook();
  });
  afterAll(() => told.end());

  let count = 0;
  /** Each of the destinations has heard one thing more; Statuspage, what is given. */
  async function allHeard(there: () => unknown): Promise<void> {
    count += 1;
    const { smtp, theirs, own } = told;
    await until(`${count} mails`, () => smtp.mails.length >= count);
    await until(`${count} calls of a webhook`, () => theirs.calls.length >= count);
    await until(`${count} calls of our own`, () => own.calls.length >= count);
    await until(`${count} messages in the channel`, async () => (await told.channel()).length >= count);
    await until('Statuspage', () => Boolean(there()));
  }
  const type = async (text: string, where = channel) => {
    const said = await told.walk.type('ana', where, text);
    expect(said.text).toContain('recorded');
    return /#(\d+)/.exec(said.text)?.[1] ?? '';
  };
  const last = () => {
    const [theirs, own] = [told.theirs.calls.at(-1), told.own.calls.at(-1)];
    if (!theirs || !own) throw new Error('nobody was called');
    return { mail: told.smtp.mails.at(-1), theirs: heard(theirs), own: heard(own) };
  };
  const updates = (of = 0) => told.there.incidents[of]?.incident_updates ?? [];

  test('hears what is posted, corrected and withdrawn, once and in order', async () => {
    const first = await type('publish investigating First words. --yes --title "No clips" --state partial');
    await allHeard(
      () => updates().length === 1 && told.there.components.get('their-api') === 'partial_outage',
    );
    expect(last()).toMatchObject({
      mail: { subject: 'Investigating: No clips', text: expect.stringContaining('First words.') },
      theirs: { type: 'status.posted', data: { incident: { name: 'No clips' } } },
      own: { type: 'status.posted', data: { incident: { incident_updates: [{ body: 'First words.' }] } } },
    });
    const second = await type('publish identified Second words. --yes --title "No clips"');
    await allHeard(() => updates().length === 2);
    await type(`publish --correct ${second} Better words. --yes`);
    await allHeard(() => updates()[0]?.body === 'Better words.');
    expect(last()).toMatchObject({
      mail: { subject: 'Corrected: No clips', text: expect.stringContaining('Better words.') },
      theirs: { type: 'status.corrected' },
      own: { type: 'status.corrected' },
    });
    await type(`publish --withdraw ${first} wrong one`);
    await allHeard(() => updates()[1]?.body.includes('withdrawn'));
    expect(last()).toMatchObject({
      mail: { subject: 'Withdrawn: No clips', text: expect.not.stringContaining('First words.') },
      theirs: { type: 'status.withdrawn' },
      own: { type: 'status.withdrawn' },
    });
    await type('publish resolved Third words. --yes');
    await allHeard(() => told.there.incidents[0]?.status === 'resolved');
    await type('component state Website degraded');
    await allHeard(() => told.there.components.get('their-web') === 'degraded_performance');
    expect(last()).toMatchObject({ theirs: { type: 'status.state' }, own: { type: 'status.component' } });
    await type('component state Website operational');
    await allHeard(() => told.there.components.get('their-web') === 'operational');
  });

  test('a component that only a withdrawn post has named is well again there too', async () => {
    const only = await type('publish investigating By mistake. --yes --component Website --state major');
    await allHeard(() => told.there.components.get('their-web') === 'major_outage');
    await type(`publish --withdraw ${only} wrong incident`);
    await allHeard(() => told.there.components.get('their-web') === 'operational');
    expect(told.theirs.calls.slice(7).map((call) => heard(call).type)).toEqual([
      'status.posted',
      'status.withdrawn',
    ]);
  });

  test('planned work: the plan, its new time, its beginning and its end', async () => {
    const plan = 'maintenance Moving the database --from "2031-05-04 01:00 UTC" --to "2031-05-04 02:00 UTC"';
    await type(`${plan} --component API --text "Planned words."`, 'incidents');
    await allHeard(() => told.there.incidents.at(-1)?.status === 'scheduled');
    expect(last()).toMatchObject({
      mail: { subject: 'Scheduled: Moving the database', text: expect.stringContaining('Planned words.') },
      theirs: { type: 'status.maintenance', data: { scheduled_maintenance: { status: 'scheduled' } } },
      own: { type: 'status.maintenance', data: { incident: { status: 'scheduled' } } },
    });
    expect(last().mail?.text).toContain('https://status.example.com/incidents/MNT-1.html');
    await type(
      'maintenance MNT-1 move --from "2031-05-06 03:00 UTC" --to "2031-05-06 04:00 UTC"',
      'incidents',
    );
    await allHeard(() => String(told.there.incidents.at(-1)?.scheduled_for).startsWith('2031-05-06T03:00'));
    expect(last()).toMatchObject({
      mail: {
        subject: 'Rescheduled: Moving the database',
        text: expect.stringMatching(/has changed[\s\S]*May 6, 2031/),
      },
      theirs: {
        ...{ type: 'status.corrected' },
        data: { scheduled_maintenance: { scheduled_for: '2031-05-06T03:00:00Z' } },
      },
      own: { type: 'status.corrected', data: { incident: { scheduled_for: '2031-05-06T03:00:00Z' } } },
    });
    expect(
      told.there.incidents.at(-1)?.incident_updates.map(({ body, notified }) => [body, notified]),
    ).toEqual([
      [expect.stringContaining('has changed'), true],
      ['Planned words.', true],
    ]);
    expect((await told.channel()).at(-1)?.text).toMatch(/^Rescheduled: Moving the database/);
    await type('maintenance MNT-1 begin', 'incidents');
    await allHeard(() => told.there.components.get('their-api') === 'under_maintenance');
    await type('maintenance MNT-1 end All is moved.', 'incidents');
    await allHeard(() => told.there.incidents.at(-1)?.status === 'completed');
    expect(told.there.components.get('their-api')).toBe('operational');
  });

  test('of a drill nothing, of a private incident its words alone', async () => {
    await told.walk.type('ana', 'incidents', 'open Hydra --private --component API');
    await told.walk.type('ana', 'incidents', 'open Exercise --drill --component API');
    await type('publish INC-3 investigating Only an exercise. --yes', 'incidents');
    await type('publish INC-2 investigating We look into sign-ins. --yes', 'incidents');
    const { incidents } = told.there;
    await allHeard(() => incidents.at(-1)?.incident_updates[0]?.body === 'We look into sign-ins.');
    const everything = JSON.stringify([
      ...told.smtp.mails.map((mail) => [
        mail.subject,
        mail.text,
        mail.html,
        mail.messageId,
        mail.headerLines,
      ]),
      ...[told.theirs.calls, told.own.calls, await told.channel(), incidents, told.there.requests],
    ]);
    expect(everything).toContain('We look into sign-ins.');
    expect(everything.match(/INC-[23]\b|Hydra|exercise|Kraken|Backoffice/gi) ?? []).toEqual([]);
    // What a program gets to see as an id can be made by nobody who tries all numbers.
    for (let seq = 0; seq < 50; seq++)
      for (const name of ['T0SANDBOX1/2/', '2/', 'INC-2/', 'INC-2-'])
        expect(everything).not.toContain(
          createHash('sha256').update(`${name}${seq}`).digest('hex').slice(0, 20),
        );
  });

  test('and nobody has heard anything twice', async () => {
    for (const calls of [told.theirs.calls, told.own.calls])
      expect([calls.length, new Set(calls.map(idOf)).size]).toEqual([14, 14]);
    expect(told.theirs.calls.map((call) => heard(call).type)).toEqual(
      [
        ...['posted', 'posted', 'corrected', 'withdrawn', 'posted', 'state', 'state', 'posted', 'withdrawn'],
        ...['maintenance', 'corrected', 'maintenance', 'maintenance', 'posted'],
      ].map((one) => `status.${one}`),
    );
    expect(told.smtp.mails).toHaveLength(14);
    const said = await told.channel();
    expect(said).toHaveLength(14);
    const ids = said.map(({ metadata }) => metadata?.event_payload?.id);
    expect(new Set(ids).size).toBe(14);
    expect(told.smtp.mails.map(({ subject }) => subject)).toEqual(
      said.map(({ text }) => text.split('\n')[0]),
    );
  });
});

describe('a bot that is killed while it tells them', () => {
  const READERS = Array.from({ length: 30 }, (_, i) => `reader${i}@example.org`);
  const ROUNDS = ['Round one.', 'Round two.', 'Round three.'];
  let told: Awaited<ReturnType<typeof startTold>>;
  beforeAll(async () => {
    told = await startTold();
  });
  afterAll(() => told.end());

  test('has each told once, and what was on its way comes again as the same', async () => {
    const { walk, smtp, theirs, own, there } = told;
    let bot = await walk.bot(walk.port, told.more);
    await walk.type('ana', 'incidents', 'open sev2 Kraken --component API');
    for (const reader of READERS) await told.signUp(reader);
    await told.signUpHook();
    /** Of messages that were on their way when a bot was killed: the same may have been so more than once. */
    const inFlight: Array<string | undefined> = [];
    for (const round of ROUNDS) {
      let accept = () => {};
      smtp.state.held = 0;
      smtp.state.hold = new Promise<void>((resolve) => {
        accept = resolve;
      });
      const said = await walk.type('ana', 'incidents', `publish INC-1 investigating ${round} --yes`);
      expect(said.text).toContain('recorded');
      await until('some mails are on their way', () => smtp.state.held >= 3);
      await bot.kill9();
      const before = smtp.mails.length;
      const held = smtp.state.held;
      smtp.state.hold = null;
      accept();
      await until('these are taken all the same', () => smtp.mails.length >= before + held);
      bot = await walk.bot(walk.port, told.more);
      inFlight.push(...smtp.mails.slice(before).map(({ messageId }) => messageId));
    }
    const mailsOf = (reader: string, round: string) =>
      smtp.to(reader).filter(({ text }) => text?.includes(round));
    await until('all readers have it', () =>
      READERS.every((reader) => ROUNDS.every((round) => mailsOf(reader, round).length > 0)),
    );
    const callsOf = (calls: readonly Call[], round: string) =>
      calls.filter((call) => newest(heard(call)) === round);
    await until('all webhooks have it', () =>
      [theirs.calls, own.calls].every((calls) => ROUNDS.every((round) => callsOf(calls, round).length > 0)),
    );
    await until('the channel has it', async () => (await told.channel()).length >= ROUNDS.length);
    await until('Statuspage has it', () => there.incidents[0]?.incident_updates.length === ROUNDS.length);

    for (const reader of READERS) {
      const first = ROUNDS.map((round) => smtp.to(reader).indexOf(mailsOf(reader, round)[0] as never));
      expect(first).toEqual([...first].sort((a, b) => a - b));
      for (const round of ROUNDS) {
        const mails = mailsOf(reader, round);
        expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
        const killed = inFlight.filter((id) => id === mails[0]?.messageId).length;
        expect([reader, round, mails.length - 1 <= killed]).toEqual([reader, round, true]);
      }
    }
    // No more than there are connections to the mail server.
    const twice = smtp.mails.length - new Set(smtp.mails.map(({ messageId }) => messageId)).size;
    expect(twice).toBeLessThanOrEqual(10 * ROUNDS.length);
    for (const calls of [theirs.calls, own.calls]) {
      for (const round of ROUNDS) expect(new Set(callsOf(calls, round).map(idOf)).size).toBe(1);
      const order = [...new Set(calls.map((call) => newest(heard(call))))];
      expect(order).toEqual(ROUNDS);
    }
    const said = (await told.channel()).map(({ text }) => ROUNDS.find((round) => text.includes(round)));
    expect(said).toEqual(ROUNDS);
    expect(there.incidents).toHaveLength(1);
    expect(there.incidents[0]?.incident_updates.map(({ body }) => body)).toEqual([...ROUNDS].reverse());
  });

  /** The words that are new in it: ours says those alone, and a stranger's which of all of them. */
  function newest({ data }: Heard): string | null {
    const updates = data.incident?.incident_updates ?? [];
    const found = data.update_id === undefined ? updates[0] : updates.find(({ id }) => id === data.update_id);
    return found?.body ?? null;
  }
});
