import { describe, expect, test } from '@jest/globals';
import { Usage } from '#cli/core.js';
import { readAsked } from '#cli/runbook/asked.js';
import { linesOf, plain, Screen } from '#cli/runbook/text.js';
import { isOfRun } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { RunFactBody } from '#domain/run/fact.js';
import { runViewOf } from '#domain/run/view.js';

describe('what was asked for', () => {
  test('a value is whatever stands behind the first =, however the shell gave it', () => {
    expect(readAsked(['Copy', 'note=two words', 'url=http://a/?b=c', 'empty='], 'plan')).toEqual({
      runbook: 'copy',
      inputs: { note: 'two words', url: 'http://a/?b=c', empty: '' },
      incident: null,
      key: null,
      owner: null,
      planOnly: true,
    });
    expect(readAsked(['copy', '--incident', 'INC-7', 'to=x', '--key', 'k'], 'run')).toMatchObject({
      incident: 7,
      key: 'k',
      inputs: { to: 'x' },
      planOnly: false,
    });
  });

  test('the incident may lead, as it does behind other verbs; a runbook may be called like one', () => {
    const asked = { runbook: 'copy', incident: 7, inputs: { to: 'x' } };
    expect(readAsked(['INC-7', 'copy', 'to=x'], 'run')).toMatchObject(asked);
    expect(readAsked(['inc-7', 'copy', 'to=x', '--incident', 'INC-7'], 'plan')).toMatchObject(asked);
    expect(readAsked(['inc-7', 'to=x'], 'run')).toMatchObject({ runbook: 'inc-7', incident: null });
    expect(() => readAsked(['INC-7', 'copy', '--incident', 'INC-8'], 'run')).toThrow('name one incident');
    expect(() => readAsked(['copy', '--incident', 'seven'], 'run')).toThrow(Usage);
    expect(readAsked(['copy', '--plan'], 'run')).toMatchObject({ planOnly: true });
  });

  test.each([[[]], [['to=x']], [['copy', 'canary']], [['copy', '=canary']], [['copy', 'a=1', 'A=canary']]])(
    '%j is refused, and its value not shown',
    (args) => {
      const read = () => readAsked(args, 'plan');
      expect(read).toThrow(Usage);
      expect(read).not.toThrow(/canary/);
    },
  );
});

describe('screen', () => {
  const screen = (width: number | null) => {
    const written: string[] = [];
    const on = new Screen((text) => void written.push(text), width === null ? null : () => width);
    return { on, written };
  };

  test('on a terminal the last line is written anew, and never wraps', async () => {
    const { on, written } = screen(20);
    await on.status('RUN-1 add  running for a long time');
    await on.status('RUN-1 add  running for a long time');
    await on.line('RUN-1 add  done');
    await on.status('');
    expect(written[0]?.length).toBeLessThan(20);
    expect(written[0]).toMatch(/^RUN-1 add +running/);
    // The same words are not written twice, and nothing is taken away that is not there.
    expect(written.slice(1)).toEqual(['\r\u001b[2KRUN-1 add  done\n']);
    await on.status('RUN-1');
    await on.status('');
    expect(written.slice(2)).toEqual(['RUN-1', '\r\u001b[2K']);
  });

  test('elsewhere there are lines only', async () => {
    const { on, written } = screen(null);
    await on.status('RUN-1 add  running');
    await on.line('RUN-1 add  done');
    expect(written).toEqual(['RUN-1 add  done\n']);
  });
});

test('what a program printed moves no cursor and makes no lines of its own', () => {
  expect(plain('\u001b[2J\u001b]0;title\u0007red\u001b[31m\r\nRUN-9 succeeded\u202e\u0000')).toBe(
    'red RUN-9 succeeded',
  );
});

describe('lines', () => {
  const telling = { ref: 'INC-7', command: '/incident', names: new Map([['U0ANA', '@ana']]) };
  const at = '2024-11-10T02:00:00.000Z';
  const happened = { n: 1, at, until: null, precision: 'second' as const };
  const facts = (...bodies: Array<RunFactBody & { texts?: Record<string, string> }>) =>
    bodies.map(
      (body, i) =>
        ({
          ...body,
          v: 1,
          team: 'T1',
          incident: 7,
          seq: i + 1,
          by: { id: 'U0BO', name: 'bo' },
          source: 'bot',
          recordedAt: at,
          texts: body.texts ?? {},
        }) as unknown as Fact,
    );
  const PROPOSED = {
    type: 'RunProposed',
    data: { ...happened, run: 3, runbook: 'copy', planOnly: false, target: 't' },
    texts: { inputs: '{}' },
  } as unknown as RunFactBody;
  const last = (...bodies: RunFactBody[]) => {
    const all = facts(PROPOSED, ...bodies).filter(isOfRun);
    const view = runViewOf(all, 3);
    const fact = all.at(-1);
    if (!view || !fact) throw new Error('no run');
    return linesOf(fact, view, telling);
  };
  const planned = (approvers: object): RunFactBody =>
    ({
      type: 'RunPlanned',
      data: {
        run: 3,
        hash: 'a'.repeat(64),
        steps: ['add'],
        changes: 1,
        again: false,
        approvers: {
          required: 1,
          from: [],
          people: [],
          self: false,
          expiresAt: '2024-11-10T02:14:59.000Z',
          ...approvers,
        },
      },
      texts: { plan: '{"target":"t","steps":[],"versions":{}}' },
    }) as RunFactBody;

  test('who must agree, until when, and where to say so', () => {
    expect(last(planned({ from: ['lead', 'U0ANA', '@sre'], people: ['U0BO'] })).at(-1)).toBe(
      'RUN-3 waits for approval by lead or @ana or @sre until 02:14 UTC (approve in Slack: /incident approve INC-7 RUN-3)',
    );
    expect(last(planned({ required: 2 })).at(-1)).toMatch(/^RUN-3 waits for 2 approvals until 02:14 UTC/);
    expect(last(planned({ required: 0 })).join()).not.toMatch(/waits/);
  });

  test('a group that could not be looked up is said, with what to do', () => {
    expect(last(planned({ from: ['@sre'] })).at(-1)).toMatch(/Who @sre is could not .*SLACK_BOT_TOKEN/);
  });

  test('a question comes with what to type, quoted for a shell', () => {
    const question = {
      type: 'StepAsked',
      data: {
        ...happened,
        run: 3,
        step: 'ask',
        phase: 'run',
        attempt: 1,
        why: 'question',
        choices: ['yes', "don't; rm -r /"],
      },
      texts: { question: 'Go\non?' },
    } as unknown as RunFactBody;
    expect(last(question)).toEqual([
      'RUN-3 ask  asks: Go on?',
      '  tocsin answer INC-7 RUN-3 yes',
      "  tocsin answer INC-7 RUN-3 'don'\\''t; rm -r /'",
    ]);
  });

  test.each([
    ['read', false],
    ['conditional', true],
  ])('after a step whose effect is %s, undo is offered: %s', (effect, offered) => {
    const ofStep = { run: 3, step: 'add', phase: 'run', attempt: 1 };
    const fact = (type: string, data: object) => ({ type, data, texts: {} }) as unknown as RunFactBody;
    const before = [
      {
        ...planned({}),
        texts: { plan: `{"target":"t","steps":[{"id":"add","effect":"${effect}"}],"versions":{}}` },
      },
      fact('RunStarted', { run: 3, fence: 1 }),
      fact('StepStarted', { ...ofStep, fence: 1, at }),
    ];
    const asks = fact('StepAsked', { ...happened, ...ofStep, why: 'failed', choices: [] });
    const ends = fact('RunEnded', { ...happened, run: 3, end: 'failed' });
    expect(
      last(...before, asks)
        .join()
        .includes('tocsin undo INC-7 RUN-3'),
    ).toBe(offered);
    expect(
      last(...before, asks, ends)
        .join()
        .includes('tocsin undo INC-7 RUN-3'),
    ).toBe(offered);
  });
});
