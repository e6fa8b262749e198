import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cli } from '#cli/cli.js';
import { drillWith } from '#cli/drill/drill.js';
import { nextOf, stepId } from '#cli/drill/play.js';
import { readScenario, type Scenario } from '#cli/drill/scenario.js';
import type { Entry } from '#domain/incident/entry.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

const TEXT = `name: small
title: Everything is slow
severity: sev3
brief: It is noon.
targets: { lead: 2m, first_post: 3m }
steps:
  - after: 1m
    say: Requests take nine seconds.
  - wait_for: lead
    within: 4m
    otherwise: Who leads?
  - ask: What now?
  - wait_for: resolved
    within: 10m
`;
const scenario = (text = TEXT) => {
  const read = readScenario(text, 'small.yml');
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read;
};

describe('what a drill does next is told by the record alone', () => {
  const OPENED = new Date('2026-11-30T12:00:00Z');
  const at = (seconds: number) => new Date(OPENED.getTime() + seconds * 1_000);
  const entry = (seconds: number, more: Partial<Entry>): Entry => ({
    ...{
      n: 1,
      at: '',
      until: null,
      precision: 'second',
      editedAt: null,
      kind: 'note',
      text: '',
      erased: false,
    },
    ...{ detail: {}, struck: false, by: { id: 'U1', name: 'Ana' }, source: 'slack', link: null },
    ...{ recordedAt: at(seconds).toISOString(), ...more },
  });
  const said = (seconds: number, step: number) =>
    entry(seconds, { by: { id: stepId('small', step), name: null }, source: 'bot' });
  const leads = (seconds: number, more: Partial<Entry> = {}) =>
    entry(seconds, { kind: 'role', detail: { role: 'lead' }, ...more });
  const ends = (seconds: number) => entry(seconds, { kind: 'status', detail: { status: 'resolved' } });
  const next = (now: number, entries: Entry[], of: Scenario = scenario(), speed = 1) =>
    nextOf(of, entries, { opened: OPENED, now: at(now), speed });

  test.each<[string, ReturnType<typeof next>, object]>([
    [
      'the briefing first',
      next(0, []),
      { does: 'say', step: 0, text: expect.stringContaining('This is a drill') },
    ],
    ['nothing before it is due', next(30, [said(1, 0)]), { does: 'wait', until: at(61), awaits: null }],
    [
      'a step when it is due',
      next(61, [said(1, 0)]),
      { does: 'say', step: 1, text: 'Requests take nine seconds.' },
    ],
    ['ten times as fast', next(7, [said(1, 0)], scenario(), 10), { does: 'say', step: 1 }],
    [
      'after a long pause what comes next, and not all of it',
      next(9_000, [said(1, 0)]),
      { does: 'say', step: 1 },
    ],
    [
      'players are waited for',
      next(70, [said(1, 0), said(61, 1)]),
      { does: 'wait', awaits: 'a lead', until: at(301) },
    ],
    [
      'they are too late: that is said',
      next(301, [said(1, 0), said(61, 1)]),
      { does: 'say', step: 2, text: 'Who leads?' },
    ],
    [
      'they have done it',
      next(90, [said(1, 0), said(61, 1), leads(80)]),
      { does: 'say', step: 3, text: 'A question to you: What now?' },
    ],
    ['they had done it before', next(62, [said(1, 0), leads(20), said(61, 1)]), { does: 'say', step: 3 }],
    [
      'what was struck is not done',
      next(90, [said(1, 0), said(61, 1), leads(80, { struck: true })]),
      { does: 'wait', awaits: 'a lead' },
    ],
    [
      'what the bot does is not theirs',
      next(90, [said(1, 0), said(61, 1), leads(80, { source: 'bot' })]),
      { does: 'wait', awaits: 'a lead' },
    ],
    [
      'done late, it was said all the same',
      next(400, [said(1, 0), said(61, 1), said(302, 2), leads(310)]),
      { does: 'say', step: 3 },
    ],
    ['resolved before its time, it is over', next(70, [said(1, 0), ends(60)]), { does: 'end' }],
  ])('%s', (_, got, wanted) => {
    expect(got).toMatchObject(wanted);
  });

  test('at the end: what took how long, and what never came', () => {
    const entries = [said(1, 0), said(61, 1), leads(190), said(190, 3), entry(200, {}), ends(250)];
    expect(next(260, entries)).toEqual({
      does: 'end',
      report: [
        'The drill small is over. Played by Ana.',
        'first note: after 3:20',
        'lead named: after 3:10 (wanted within 2:00: 1:10 too late)',
        'first status: after 4:10',
        'first public post: never (wanted within 3:00)',
        'resolved: after 4:10',
        'step 2 waited for a lead: it took 2:09',
        'step 4 waited for the status resolved: it took 1:00',
        '`postmortem` drafts what to talk about.',
      ].join('\n'),
    });
  });
});

describe('a scenario with mistakes: each with its line, and what to write', () => {
  const changed = (from: string, to: string) => TEXT.replace(from, to);
  test.each([
    [
      changed('severity: sev3', 'severity: huge'),
      'x.yml:3: severity is none of these: sev1, sev2, sev3, sev4',
    ],
    [
      changed('brief: It is noon.\n', ''),
      'x.yml:1: brief is not a text; write one, in quotes if it begins with a sign',
    ],
    [
      changed('after: 1m', 'after: soon'),
      'x.yml:7: steps[1].after is no span; write 90s, 5m or 1h, at most 12h',
    ],
    [
      changed('after: 1m', 'after: 99999h'),
      'x.yml:7: steps[1].after is no span; write 90s, 5m or 1h, at most 12h',
    ],
    [
      changed('wait_for: lead', 'wait_for: coffee'),
      'x.yml:9: steps[2].wait_for is none of these: note, lead,',
    ],
    [changed('    within: 4m\n', ''), 'x.yml:9: steps[2] would wait for ever; add `within: 10m`'],
    [
      changed('- ask: What now?', '- after: 1m'),
      'x.yml:12: steps[3] does not say what it does; write one of',
    ],
    [
      changed('- ask: What now?', '- ask: a\n    say: b'),
      'x.yml:12: steps[3] does not say what it does; write one of',
    ],
    [
      changed('first_post: 3m', 'coffee: 3m'),
      'x.yml:5: targets.coffee is nothing that a drill has; leave it out',
    ],
    [changed('title:', 'titel:'), 'x.yml:2: titel is nothing that a drill has; leave it out'],
    [
      changed('name: small', 'name: Small!'),
      'x.yml:1: name is no name; write lower-case letters, digits and dashes',
    ],
    ['name: a\n---\nname: b', 'x.yml:2: holds several documents; write one in a file, without ---'],
    ['- just\n- a list', 'x.yml:1: is not a mapping; begin with name: and title:, and go on with steps:'],
  ])('%#', (text, wanted) => {
    const read = readScenario(text, 'x.yml');
    expect('problems' in read ? read.problems.join('\n') : 'none').toContain(wanted);
  });

  test('those that come along have none', async () => {
    const folder = new URL('../../drills/', import.meta.url);
    const files = await readdir(folder);
    expect(files).toHaveLength(3);
    for (const file of files) {
      const read = readScenario(await readFile(new URL(file, folder), 'utf8'), file);
      expect(read).toMatchObject({ name: file.replace('.yml', '') });
    }
  });
});

describe('tocsin drill', () => {
  let database: TestDatabase;
  let folder = '';
  beforeAll(async () => {
    database = await testDatabase();
    folder = await mkdtemp(join(tmpdir(), 'tocsin-drill-'));
    await writeFile(join(folder, 'small.yml'), TEXT.replace('wait_for: lead', 'wait_for: note'));
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const io = () => {
    const heard = { out: '', err: '' };
    const env = { DATABASE_URL: database.url, TOCSIN_SECRET: 'a secret for tests only, 32 bytes' };
    return {
      ...{ heard, env, stdin: async () => '' },
      out(text: string | Uint8Array) {
        heard.out += String(text);
      },
      err(text: string) {
        heard.err += text;
      },
    };
  };
  const types = async (...args: string[]) => {
    const at = io();
    const code = await cli(args, at);
    return { code, ...at.heard };
  };

  test('is played with people, goes on where it was cut short, and says what took how long; once', async () => {
    const file = join(folder, 'small.yml');
    // The clock jumps to whatever is waited for; the players do theirs between two looks.
    let now = Date.now();
    let toDo: Array<() => Promise<unknown>> = [];
    const clock = {
      now: () => new Date(now),
      async sleep(ms: number) {
        const play = toDo.shift();
        if (play) await play();
        else now += ms;
        now = Math.max(now, Date.now());
      },
    };
    // Recorded at the real time, which is not far from the drill's: its spans are short at that speed.
    const at = io();
    const cut = new Error('killed');
    toDo = [
      async () => {
        throw cut;
      },
    ];
    await expect(drillWith(clock).run([file, '--speed', '600'], at)).rejects.toBe(cut);
    expect(at.heard.out).toContain('INC-1 is open, as a drill.');
    expect(at.heard.out).toContain('This is a drill (small, 600 times as fast as it happened)');
    expect(at.heard.out).not.toContain('nine seconds');

    const again = io();
    toDo = [
      async () => {
        now += 1_000;
      },
      () => types('note', 'INC-1', 'looking'),
      () => types('resolve', 'INC-1', 'quick again'),
    ];
    await drillWith(clock).run([file, '--speed', '600', '--resume', 'INC-1'], again);
    expect(again.heard.out).not.toContain('This is a drill');
    expect(again.heard.out).toContain('Requests take nine seconds.');
    expect(again.heard.out).toContain('A question to you: What now?');
    expect(again.heard.out).toMatch(/The drill small is over\. Played by [\s\S]*\nfirst note: after 0:0/);
    const once = io();
    await drillWith(clock).run([file, '--speed', '600', '--resume', 'INC-1'], once);
    const { out } = await types('export', 'INC-1', 'json');
    const { incident, timeline } = JSON.parse(out) as {
      incident: { drill: boolean };
      timeline: Array<{ text: string | null }>;
    };
    expect(incident.drill).toBe(true);
    for (const text of [/This is a drill/, /nine seconds/, /is over\. Played by/])
      expect(timeline.filter((entry) => text.test(entry.text ?? ''))).toHaveLength(1);
  });

  test.each([
    [['drill'], 2, 'name one scenario'],
    [['drill', 'small', '--speed', '0'], 2, 'no speed'],
    [['drill', 'keys-disagree', '--resume', 'seven'], 2, 'name the incident to go on in'],
    [['drill', 'keys-disagre'], 1, 'There is no scenario keys-disagre'],
    [['drill', 'keys-disagree', '--resume', 'INC-99'], 1, 'INC-99'],
  ])('%j is refused, and nothing is opened', async (args, code, why) => {
    const said = await types(...args);
    expect(said.code).toBe(code);
    expect(said.err).toContain(why);
    expect((await types('list', '--drills', '--status', 'all')).out).not.toContain('keys');
  });

  test('plays nothing in an incident that is real; lists, checks and plans without one', async () => {
    await types('open', 'sev4', 'Real');
    const real = await types('drill', 'keys-disagree', '--resume', 'INC-2');
    expect(real.err).toContain('INC-2 is no drill');
    expect((await types('drill', '--list')).out).toContain(
      'expired-certificate: Partners cannot reach the API (',
    );
    expect((await types('drill', '--check', join(folder, 'small.yml'))).out).toContain('ok small');
    const plan = await types('drill', 'keys-disagree', '--dry-run', '--speed', '60');
    expect(plan.out).toContain('1. by 0:01: says “The gateway reports');
    expect(plan.out).toContain('2. until 0:05: waits for a lead; else says');
  });
});
