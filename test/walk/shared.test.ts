import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type BotHere, startWalk, type Walk } from './kit.js';

// An incident whose channel is shared with another workspace, with the bot and the command line as real processes.
const EVE = 'U0EVE00008';
const PARTNER = 'T0PARTNER1';

let walk: Walk;
let bot: BotHere;
let channel: string;
const sql = async <R extends pg.QueryResultRow>(text: string) => {
  const client = new pg.Client(walk.database.config);
  await client.connect();
  const { rows } = await client.query<R>(text);
  await client.end();
  return rows;
};

beforeAll(async () => {
  walk = await startWalk();
  bot = await walk.here();
  await walk.type('ana', 'incidents', 'open sev4 Shared outage');
  channel = (await walk.until('the channel', (s) => s.channels.find((one) => one.name.startsWith('inc-1-'))))
    .id;
  await walk.control('channel/share', { channel, team_id: PARTNER });
  await walk.control('user/join', { id: EVE, name: 'eve', display_name: 'Eve', team_id: PARTNER });
  await walk.control('join', { user: EVE, channel });
});
afterAll(() => walk.end());

const ticked = (ts: string) =>
  walk.until('the tick', (state) =>
    JSON.stringify(
      state.channels.find((one) => one.id === channel)?.messages.find((one) => one.ts === ts) ?? {},
    ).includes('white_check_mark'),
  );

test.each([PARTNER, 'E0ORG00001', null])('a pin whose envelope names %s is recorded', async (outer) => {
  await walk.control('settings', { outer_team_id: outer });
  const { ts } = await walk.control<{ ts: string }>('message', {
    user: EVE,
    channel,
    text: `our side fails too, says ${outer}`,
  });
  await walk.control('reaction', { user: EVE, channel, ts, name: 'pushpin' });
  await ticked(ts);
  const timeline = (await walk.tocsin('timeline', 'INC-1')).out;
  expect(timeline).toContain(`our side fails too, says ${outer}`);
  expect(timeline).toContain('Eve (outside)');
  expect(timeline).not.toContain(EVE);
});

test('somebody else who comes, acts or changes makes no workspace', async () => {
  await walk.control('settings', { outer_team_id: PARTNER });
  await walk.control('user', { user: EVE, real_name: 'Eve Larsen' });
  await walk.control('user/join', { id: 'U0PAT00009', name: 'pat', team_id: PARTNER });
  await walk.control('join', { user: 'U0PAT00009', channel });
  for (let i = 0; i < 2400; i++) {
    const rows = await sql<{ id: string }>("select id from person where kind = 'outside' order by id");
    if (rows.length === 2) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await sql('select distinct team from person')).toEqual([{ team: 'T0SANDBOX1' }]);
  expect(await sql('select team, slack_team from workspace')).toHaveLength(1);
  await walk.control('settings', { outer_team_id: null });
});

test('a database with a workspace that an event of before left in it works, and the doctor says what is there', async () => {
  await sql(`insert into workspace (team, slack_team) values ('${PARTNER}', '${PARTNER}')`);
  const doctor = await walk.tocsin('doctor');
  expect(doctor.out).toMatch(
    /✓ workspaces: 2 in this database: T0SANDBOX1 \(ours, 1 incident, .*T0PARTNER1 \(empty\)/,
  );
  expect(doctor.out.match(/^✗.*$/gm)).toBeNull();
  expect(doctor.code).toBe(0);
  const offline = { ...walk.environment, SLACK_BOT_TOKEN: '' };
  // The one we are installed in; without Slack, the only one that holds anything; or the one that is named.
  for (const [args, env] of [
    [['list'], walk.environment],
    [['list'], offline],
    [['--team', 'T0SANDBOX1', 'list'], offline],
    [['list', '--team=T0SANDBOX1'], offline],
    [['show', 'INC-1', '--team', 'T0SANDBOX1'], offline],
  ] as const) {
    expect(await walk.verb([...args], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Shared outage'),
    });
  }
  expect((await walk.tocsin('note', 'INC-1', 'words', '--team', 'T0PARTNER1', 'are words')).code).toBe(0);
  expect((await walk.tocsin('timeline', 'INC-1')).out).toContain('words --team T0PARTNER1 are words');
  expect((await walk.tocsin('list', '--team', PARTNER)).out).not.toContain('Shared outage');
  expect((await walk.tocsin('export', 'INC-1', '--format', 'md')).out).toContain('Shared outage');
  expect(await walk.tocsin('list', '--team', 'T0NOBODYS1')).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /There is no workspace T0NOBODYS1 here.*\n {2}--team T0SANDBOX1 {2}1 incident\n/,
    ),
  });
  expect((await walk.tocsin('list', '--team')).code).toBe(2);
});

test('where both hold incidents and Slack does not say which is ours, it is asked for and both are listed', async () => {
  await sql(`insert into incident select '${PARTNER}', number, seq, head, state, open, private, channel_id, updated_at, epoch
    from incident where number = 1`);
  const offline = { ...walk.environment, SLACK_BOT_TOKEN: '' };
  const said = await walk.verb(['list'], offline);
  expect(said).toMatchObject({ code: 1, out: '' });
  expect(said.err).toBe(
    'Several workspaces share this database. Say which one with --team:\n' +
      '  --team T0SANDBOX1  1 incident\n  --team T0PARTNER1  1 incident\n',
  );
  expect((await walk.verb(['doctor'], offline)).out).toMatch(/✗ workspaces: .*\n {4}→ .*--team T/);
  expect((await walk.tocsin('list')).code).toBe(0);
  await bot.stop();
});
