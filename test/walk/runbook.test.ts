import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/wire.js';
import { type BotProcess, pause, run, startWalk, type Walk } from './kit.js';
import { CANARIES, owned, type Stage, startStage } from './runbook-kit.js';

// Runbooks from the command line, with real processes: without Slack and without a bot, then beside one.
let walk: Walk;
let stage: Stage;
/** Everything that any verb has printed. */
let printed = '';

beforeAll(async () => {
  walk = await startWalk();
  stage = await startStage(walk);
  expect(await tocsin('migrate')).toMatchObject({ code: 0 });
  expect((await tocsin('open', 'sev3', 'Keys differ')).out).toContain('INC-1 opened and recorded');
  await stage.meetAna();
});
afterAll(async () => {
  await stage.end();
  await walk.end();
});
beforeEach(async () => {
  await stage.reset();
  await rm(stage.file('go'), { force: true });
});
afterEach(() => {
  for (const canary of CANARIES) expect(printed).not.toContain(canary);
});

async function tocsin(...args: string[]) {
  const answer = await walk.verb(owned(args), stage.env);
  printed += answer.out + answer.err;
  return answer;
}

type Verb = ReturnType<Stage['start']>;
async function ended(verb: Verb): Promise<number | null> {
  const code = await verb.code();
  printed += verb.all();
  return code;
}

const runsOf = async () =>
  (
    JSON.parse((await tocsin('export', 'INC-1', '--format', 'json')).out) as {
      runs: Array<{ id: string; state: string }>;
    }
  ).runs;

describe('definitions, with neither a database nor Slack', () => {
  const alone = async (...args: string[]) => {
    const { PATH, HOME } = walk.environment;
    const answer = await walk.verb(args, { PATH, HOME });
    printed += answer.out + answer.err;
    return answer;
  };

  test('lint: a line for each, and every problem with its file and line', async () => {
    const good = await alone('runbook', 'lint');
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toMatch(/^ok copy {2}runbooks\/copy.yml$/m);
    expect(good.out).toMatch(/^ok key-sync {2}\/.*runbooks\/key-sync.yml$/m);
    await writeFile(
      stage.file('bad.yml'),
      'name: bad\ntitle: Bad\nsteps:\n  - id: a\n    uses: keys.steal\n  - id: a\n    uses: wait\n    with: { for: 1s }\n',
    );
    const bad = await alone('runbook', 'lint', 'runbooks/copy.yml', 'bad.yml', 'gone.yml');
    expect(bad.code).toBe(1);
    const lines = bad.out.trimEnd().split('\n');
    expect(lines[0]).toBe('ok copy  runbooks/copy.yml');
    expect(lines.some((line) => /^bad\.yml:5: .*keys\.steal/.test(line))).toBe(true);
    expect(lines.some((line) => /^bad\.yml:6: /.test(line))).toBe(true);
    expect(lines.at(-1)).toMatch(/^gone\.yml:1: cannot be read \(ENOENT\)/);
  });

  test('list and show', async () => {
    expect((await alone('runbook', 'list')).out).toMatch(/^copy +Copy keys$/m);
    const { out } = await alone('runbook', 'show', 'copy');
    expect(out).toMatch(/to {2}\(string, default new\) {2}store to copy to/);
    expect(out).toMatch(/2\. add .*\n.*keys\.add · conditional · undo: keys\.remove/);
    expect(out).toContain('Approval: nobody has to agree');
    expect(await alone('runbook', 'show', 'copi')).toMatchObject({ code: 1, out: '' });
  });

  test('what cannot be read is a usage error, and shows no value', async () => {
    for (const args of [['frobnicate'], ['plan'], ['plan', 'copy', CANARIES[0] ?? ''], ['watch', 'INC-1']]) {
      const { code, err } = await alone('runbook', ...args);
      expect(`${args[0]}: ${code}`).toBe(`${args[0]}: 2`);
      expect(err).toContain('Usage: tocsin runbook');
    }
  });
});

describe('plan', () => {
  // A database that is not there: planning asks none.
  const nowhere = async () => ({
    ...stage.env,
    DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/none`,
  });
  const plan = async (env: Record<string, string>, ...args: string[]) => {
    const answer = await walk.verb(['runbook', 'plan', ...args], env);
    printed += answer.out + answer.err;
    return answer;
  };

  test('says what each step would do, what it touches and its undo, and changes nothing', async () => {
    const before = await readFile(stage.file('new.json'));
    const { code, out } = await plan(await nowhere(), 'held');
    expect(code).toBe(0);
    expect(out).toMatch(/^held on keys:new: 2 of its 3 steps would change something$/m);
    expect(out).toMatch(/^2\. add {2}adds 1 key to new \(client-2 fp:[0-9a-f]{12}\)$/m);
    expect(out).toContain(`touches ${stage.file('new.json')}`);
    expect(out).toContain('now 1 key → then 2 keys');
    expect(out).toMatch(/undo: keys\.remove: store new; keys client-2/);
    expect(out).toMatch(/^3\. held .*\n +cannot be undone$/m);
    expect(await readFile(stage.file('new.json'))).toEqual(before);
    expect(await stage.marks()).toBe(0);
    expect(await runsOf()).toEqual([]);
  });

  test('says why there is no plan, without a secret', async () => {
    const env = await nowhere();
    expect(await plan(env, 'copy', 'to=broken')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^No plan can be made: compare: .*broken\.json is not /),
    });
    expect(await plan(env, 'copy', `to=${CANARIES[2]}`)).toMatchObject({ code: 1, out: '' });
  });

  test('makes no second pepper where the bot has one', async () => {
    const { code, err } = await plan({ ...(await nowhere()), TOCSIN_SECRET: '' }, 'copy');
    expect(code).toBe(1);
    expect(err).toMatch(/TOCSIN_SECRET: is needed with DATABASE_URL/);
    expect(stage.has('.tocsin/secret')).toBe(false);
  });
});

describe('run, where no bot runs', () => {
  test('to its end, in the only open incident; the same key again is the same run', async () => {
    const { code, out } = await run(
      owned(['runbook', 'run', 'copy', '--key', 'once']),
      stage.env,
      walk.folder,
    );
    expect(out).toMatch(/recorded.*RUN-1 copy asked for/);
    const steps = out.split('\n').filter((line) => /^RUN-1 /.test(line));
    expect(steps).toEqual([
      expect.stringMatching(/^RUN-1 plan [0-9a-f]{8}: 1 of its 2 steps/),
      'RUN-1 begins',
      'RUN-1 compare  running',
      expect.stringMatching(/^RUN-1 compare {2}done (under )?[0-9.]+ s {2}1 missing/),
      'RUN-1 add  running',
      expect.stringMatching(/^RUN-1 add {2}done (under )?[0-9.]+ s {2}added 1 key/),
      'RUN-1 succeeded',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(stage.file('new.json'), 'utf8'))).toEqual(
      JSON.parse(await readFile(stage.file('old.json'), 'utf8')),
    );
    const again = await tocsin('runbook', 'run', 'copy', '--key', 'once');
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/^RUN-1 succeeded$/m);
    expect(await runsOf()).toHaveLength(1);
  });

  test('which incident: one that is named, or the only one', async () => {
    expect((await tocsin('open', 'Another')).code).toBe(0);
    const unsure = await tocsin('runbook', 'run', 'copy');
    expect(unsure).toMatchObject({ code: 1, out: '' });
    expect(unsure.err).toMatch(/--incident INC-1.*\n {2}INC-1 {2}Keys differ\n {2}INC-2 {2}Another/);
    expect((await tocsin('runbook', 'run', 'copy', '--incident', 'INC-2')).code).toBe(0);
    expect((await tocsin('runbook', 'run', 'copy', '--incident', 'INC-9')).code).toBe(1);
    expect((await tocsin('resolve', 'INC-2')).code).toBe(0);
  });

  test('a run that cannot be planned fails', async () => {
    const { code, out } = await tocsin('runbook', 'run', 'copy', 'to=broken');
    expect(code).toBe(1);
    expect(out).toMatch(/^RUN-2 failed: no plan can be made: compare: .*broken\.json is not /m);
  });

  test('killed in the middle of a step: the next one goes on where it was', async () => {
    const first = stage.start('runbook', 'run', 'held');
    await first.until(/^RUN-3 held {2}running$/m);
    await stage.marked();
    expect(await stage.keys()).toEqual(['client-1', 'client-2']);
    first.signal('SIGKILL');
    expect(await ended(first)).toBeNull();
    // Its target stays taken, and the *no* says how to go on.
    const busy = await tocsin('runbook', 'run', 'copy');
    expect(busy).toMatchObject({ code: 1, out: '' });
    expect(busy.err).toContain('tocsin runbook watch INC-1 RUN-3');
    await writeFile(stage.file('go'), '');
    const second = await tocsin('runbook', 'watch', 'INC-1', 'RUN-3');
    expect(second.out).toMatch(/^RUN-3 held {2}taken over/m);
    expect(second.out.match(/^RUN-3 add {2}done/gm)).toHaveLength(1);
    expect(second.code).toBe(0);
    expect(await stage.marks()).toBe(2);
  });

  test('killed in a step that must not happen twice: a person is asked, with what to type', async () => {
    const first = stage.start('runbook', 'run', 'held-unsafe');
    await first.until(/^RUN-4 held {2}running$/m);
    await stage.marked();
    first.signal('SIGKILL');
    await ended(first);
    await writeFile(stage.file('go'), '');
    const second = stage.start('runbook', 'watch', 'INC-1', 'RUN-4');
    await second.until(
      /^RUN-4 held {2}asks: .*\n {2}tocsin retry INC-1 RUN-4\n {2}tocsin skip INC-1 RUN-4 REASON\n {2}tocsin undo INC-1 RUN-4\n/m,
    );
    expect((await tocsin('undo', 'INC-1', 'RUN-4')).code).toBe(0);
    expect(await ended(second)).toBe(1);
    expect(second.out()).toMatch(/^RUN-4 undo add {2}undone/m);
    expect(await stage.keys()).toEqual(['client-1']);
    expect(await stage.marks()).toBe(1);
  });

  test('Ctrl-C: the step in hand is finished, the run is left and says how it goes on', async () => {
    const first = stage.start('runbook', 'run', 'held');
    await first.until(/^RUN-5 held {2}running$/m);
    first.signal('SIGINT');
    await writeFile(stage.file('go'), '');
    expect(await ended(first)).toBe(130);
    expect(first.out()).toMatch(/^RUN-5 held {2}done/m);
    expect(first.out().trimEnd().split('\n').at(-1)).toBe(
      'RUN-5 goes on when a bot or “tocsin runbook watch INC-1 RUN-5” takes it.',
    );
    expect((await tocsin('runbook', 'watch', 'INC-1', 'RUN-5')).code).toBe(0);
    expect(await stage.marks()).toBe(1);
  });
});

describe('run, beside a bot', () => {
  let bot: BotProcess;
  beforeAll(async () => {
    bot = await walk.bot(undefined, { STAGE_TOKEN: stage.env.STAGE_TOKEN ?? '' });
    // Who agrees to a run is in the incident's channel.
    const channel = await walk.until('the channel', (state) =>
      state.channels.find((one) => one.name.startsWith('inc-1-') && one.pins.length > 0),
    );
    await walk.control('join', { user: 'bo', channel: channel.id });
  });

  test('waits for a person in Slack; nobody approves from a command line', async () => {
    const verb = stage.start('runbook', 'run', 'key-sync', 'from=old', 'to=new');
    await verb.until(
      /^RUN-6 waits for approval until \d\d:\d\d UTC \(approve in Slack: \/incident approve INC-1 RUN-6\)$/m,
    );
    expect(await tocsin('approve', 'INC-1', 'RUN-6')).toMatchObject({
      code: 1,
      err: expect.stringContaining('can only be approved by a person in Slack'),
    });
    expect(await stage.keys()).toEqual(['client-1']);
    expect((await walk.type('bo', 'incidents', 'approve INC-1 RUN-6')).text).toContain('recorded');
    expect(await ended(verb)).toBe(0);
    expect(verb.out()).toMatch(/^RUN-6 approved by \S+$/m);
    expect(verb.out()).toMatch(/^RUN-6 accepted {2}done/m);
    expect(await stage.keys()).toEqual(['client-1', 'client-2']);
  });

  test('a plan that is rejected is a no', async () => {
    const verb = stage.start('runbook', 'run', 'key-sync', 'from=old', 'to=new');
    await verb.until(/^RUN-7 waits for approval/m);
    expect((await walk.type('bo', 'incidents', 'reject INC-1 RUN-7 not now')).text).toContain('recorded');
    expect(await ended(verb)).toBe(1);
    expect(verb.out()).toMatch(/^RUN-7 was rejected: not now$/m);
    expect(await stage.keys()).toEqual(['client-1']);
  });

  test('killed: the bot goes on with it', async () => {
    // Either may take a run up: the bot sleeps until the verb, which is to die, has it.
    bot.child.kill('SIGSTOP');
    const verb = stage.start('runbook', 'run', 'held');
    await verb.until(/^RUN-8 held {2}running$/m);
    await stage.marked();
    verb.signal('SIGKILL');
    await ended(verb);
    bot.child.kill('SIGCONT');
    await writeFile(stage.file('go'), '');
    for (let i = 0; i < 1_200 && (await runsOf()).at(-1)?.state !== 'succeeded'; i++) await pause(100);
    expect((await runsOf()).at(-1)).toMatchObject({ id: 'RUN-8', state: 'succeeded' });
    expect(await stage.marks()).toBe(2);
    const seen = JSON.stringify(await walk.state());
    for (const canary of CANARIES) expect(seen).not.toContain(canary);
  });

  test('a plan is printed here, whoever makes it', async () => {
    const plan = await tocsin('runbook', 'plan', 'copy');
    const ran = await tocsin('run', 'INC-1', 'copy', '--plan');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.split('\n').slice(1).join('\n')).toBe(plan.out);
    expect((await runsOf()).at(-1)).toMatchObject({ id: 'RUN-9', state: 'planned' });
    expect(await stage.keys()).toEqual(['client-1']);
  });

  test('keys are tried only once somebody has agreed, with both stores in step too; and nobody says where', async () => {
    await writeFile(stage.file('new.json'), await readFile(stage.file('old.json')));
    const elsewhere = ['key-sync', 'from=old', 'to=new', 'url=http://127.0.0.1:1/'];
    for (const verb of [
      ['run', 'INC-1'],
      ['runbook', 'run'],
      ['runbook', 'plan'],
    ])
      expect(await tocsin(...verb, ...elsewhere)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(/url.* is not an input of this runbook/),
      });
    const before = stage.asked();
    const plan = await tocsin('runbook', 'plan', 'key-sync', 'from=old', 'to=new');
    expect(plan.out).toMatch(
      /^key-sync on keys:new: none of its 4 steps would change anything, 1 would send secrets out$/m,
    );
    expect(plan.out).toMatch(/^4\. accepted {2}tries every key .*\n +sends secrets, changes nothing$/m);
    const verb = stage.start('runbook', 'run', 'key-sync', 'from=old', 'to=new');
    await verb.until(/^RUN-10 waits for approval until/m);
    expect(stage.asked()).toBe(before);
    expect((await walk.type('bo', 'incidents', 'approve INC-1 RUN-10')).text).toContain('recorded');
    expect(await ended(verb)).toBe(0);
    // Both keys, and a wrong one.
    expect(stage.asked()).toBe(before + 3);
  });
});

test('the doctor reads every store and definition, and names what cannot be resolved', async () => {
  await writeFile(stage.file('runbooks/wrong.yml'), 'name: wrong\n');
  const { code, out, err } = await walk.verb(['doctor'], { ...stage.env, STAGE_TOKEN: '' });
  printed += out + err;
  expect(code).toBe(1);
  expect(out).toMatch(/✓ runbooks: copy, forward, held, held-unsafe, key-/);
  expect(out).toMatch(/✗ runbook: .*wrong\.yml:1: .*\n {4}→ .*runbook lint/);
  expect(out).toContain('✓ key store new: json-file, 1 key\n');
  expect(out).toMatch(/✗ key store broken: .*broken\.json is not .*\n {4}→ .*tocsin\.yml:4/);
  expect(out).toMatch(/✗ secret: .*token.*env:STAGE_TOKEN\n {4}→ put it there/);
});
