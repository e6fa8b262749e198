import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { IncidentState } from '#domain/incident/state.js';
import { KNOWN } from '#domain/run/template.js';
import type { Actions } from '#runbooks/action.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { incidentScope } from '#runs/plan.js';
import { action } from './stand-ins.js';

/** What is wrong with these steps, of which the first stands in line 4. */
function problems(steps: string[], approval = '{ required: 1 }', actions: Actions = ACTIONS): string[] {
  const list = steps.map((step) => `  - { ${step} }`).join('\n');
  const source = `name: r\ntitle: T\napproval: ${approval}\nsteps:\n${list}\ninputs: { to: {} }`;
  const found = readDefinition(source, 'r.yml', actions);
  return 'problems' in found ? found.problems : [];
}

const ASK = 'id: q, uses: ask, with: { question: Which?, choices: [a, b] }';
const READ = 'id: a, uses: route.read, with: { route: tts }';
const SET = 'id: s, uses: route.set, with: { route: tts, to: new }';
const say = (text: string) => `id: m, uses: slack.message, with: { text: "${text}" }`;
const PAUSE = 'id: w, uses: wait, with: { for: 1s }';

describe('a template names what is there', () => {
  test.each<[string, string[], string]>([
    [
      'an output of another name',
      [ASK, say('{{ steps.q.answer }}')],
      'r.yml:6: steps.m.with.text {{ steps.q.answer }} is nothing that ask gives; write steps.q.by, steps.q.choice',
    ],
    [
      'below an output of another name',
      [READ, say('to {{ steps.a.plases.0.to }}')],
      'r.yml:6: steps.m.with.text {{ steps.a.plases.0.to }} is nothing that route.read gives; write steps.a.places, steps.a.to',
    ],
    [
      'in when',
      [READ, `${PAUSE}, when: "not {{ steps.a.bogus }}"`],
      'r.yml:6: steps.w.when {{ steps.a.bogus }} is nothing that route.read gives; write ',
    ],
    [
      'of the step that is undone',
      [`${SET}, undo: { uses: route.set, with: { route: tts, to: "{{ steps.s.before }}" } }`],
      'r.yml:5: steps.s.undo.with.to {{ steps.s.before }} is nothing that route.set gives; write steps.s.now, steps.s.previous',
    ],
    [
      'in verify and in an argument',
      [
        `${SET}, verify: { uses: probe, with: { url: "http://x/{{ steps.s.nw }}", headers: { x: "{{ steps.s.now }}" } } }`,
      ],
      'r.yml:5: steps.s.verify.with.url {{ steps.s.nw }} is nothing that route.set gives; write steps.s.now',
    ],
    [
      'a step that gives nothing',
      [PAUSE, say('{{ steps.w.until }}')],
      'r.yml:6: steps.m.with.text {{ steps.w.until }} is nothing that wait gives; it gives nothing that can be read, so leave this out',
    ],
    [
      'what every object has by itself',
      [READ, say('{{ steps.a.constructor }}')],
      'r.yml:6: steps.m.with.text {{ steps.a.constructor }} is nothing that route.read gives;',
    ],
    [
      'of the incident',
      [say('{{ incident.sevrity }}')],
      'r.yml:5: steps.m.with.text {{ incident.sevrity }} is nothing that is known of the incident; write incident.severity, ',
    ],
    [
      'within what is known of it',
      [say('{{ incident.ref.number }}')],
      'r.yml:5: steps.m.with.text {{ incident.ref.number }} looks into a text; write {{ incident.ref }}',
    ],
    [
      'of the run',
      [say('{{ run.zip }}')],
      'r.yml:5: steps.m.with.text {{ run.zip }} is nothing that is known of the run; write run.id',
    ],
  ])('%s', (_, steps, expected) => {
    expect(problems(steps)).toEqual([expect.stringContaining(expected)]);
  });

  test('and every one that is there may be named, with whatever is within it', () => {
    const steps = [...ACTIONS.values()].flatMap(({ name, outputs }, i) => {
      const id = `s${i}`;
      const used = ['', '.deep.0.er'].flatMap((below) =>
        outputs.map((one) => `{{ steps.${id}.${one}${below} }}`),
      );
      return [
        `id: ${id}, uses: ${name}`,
        `id: t${i}, uses: slack.message, with: { text: "-${used.join('')}" }`,
      ];
    });
    const loose = [...ACTIONS.values()].map(({ name, effect, outputs }) =>
      action(name, effect, undefined, { outputs }),
    );
    const actions = new Map(loose.map((one) => [one.name, one]));
    expect(problems(steps, undefined, actions)).toEqual([]);
    const known =
      '{{ incident.ref }} {{ incident.title }} {{ incident.status }} {{ incident.severity }} {{ run.id }}';
    expect(problems([say(known)])).toEqual([]);
  });

  test('what is known of an incident is what a run is told of it', () => {
    const incident = {
      number: 1,
      title: 'x',
      status: 'investigating',
      severity: null,
    } as unknown as IncidentState;
    expect(Object.keys(incidentScope(incident)).sort()).toEqual([...KNOWN.incident].sort());
  });
});

test.each([ASK, PAUSE])('a pause may have a timeout, though it means nothing: %s', (step) => {
  expect(problems([step])).toEqual([]);
  expect(problems([`${step}, timeout: 5m`])).toEqual([]);
});

test.each<[string, boolean]>([
  ['{{ inputs.env }}', true],
  ['not {{ inputs.env }}', true],
  ['{{ inputs.env }}{{ inputs.env }}', true],
  ['{{ inputs.env }} {{ inputs.env }}', false],
  ['{{ inputs.env }} == prod', false],
  ['yes', false],
])('the condition %s: %s', (when, good) => {
  const found = problems([`${PAUSE}, when: "${when}"`]).filter((line) => /would always/.test(line));
  expect(found.length === 0).toBe(good);
});

describe('check and verify only read', () => {
  const READS = 'write an action that only reads, such as probe';
  const http = (given: string) => `uses: http, with: { url: "http://x", ${given} }`;
  const cases: Array<[string, string | null]> = [
    ['uses: shell, with: { command: look }', `.uses may change things (unsafe); ${READS}`],
    ['uses: shell, with: { command: "{{ inputs.to }}" }', `.uses may change things (unsafe); ${READS}`],
    [http('method: POST'), `.uses may change things (unsafe); ${READS}`],
    [http('method: DELETE, headers: { x: "{{ inputs.to }}" }'), `.uses may change things (unsafe); ${READS}`],
    [
      http('method: "{{ inputs.to }}"'),
      '.with.method decides whether this only reads, and is a template; write it out',
    ],
    ['uses: slack.message, with: { text: x }', `.uses changes things (idempotent); ${READS}`],
    [
      'uses: keys.rotate, with: { pair: "{{ inputs.to }}", phase: mint }',
      `.uses changes things (conditional);`,
    ],
    ['uses: ask, with: { question: Did it?, choices: [a, b] }', `.uses has no answer at once; ${READS}`],
    ['uses: wait, with: { for: "{{ inputs.to }}" }', `.uses has no answer at once; ${READS}`],
    [http(''), null],
    [http('method: HEAD'), null],
    [http('headers: { x: "{{ inputs.to }}" }, expect: { status: 204 }'), null],
    ['uses: http, with: { method: GET, url: "{{ inputs.to }}" }', null],
    ['uses: probe, with: { url: "{{ inputs.to }}" }', null],
    ['uses: keys.rotate, with: { pair: "{{ inputs.to }}", phase: prove }', null],
  ];
  test.each(cases)('%s', (call, expected) => {
    for (const part of ['check', 'verify']) {
      const wanted =
        expected === null ? [] : [expect.stringContaining(`r.yml:5: steps.s.${part}${expected}`)];
      expect(problems([`${SET}, ${part}: { ${call} }`])).toEqual(wanted);
    }
  });

  test('where nothing is known of what an action takes, a template may decide anything', () => {
    const odd = action('odd', () => 'read', z.record(z.string(), z.unknown()));
    const actions = new Map([...ACTIONS, ['odd', odd] as const]);
    const found = problems(
      [`${SET}, check: { uses: odd, with: { a: "{{ inputs.to }}" } }`],
      undefined,
      actions,
    );
    expect(found).toEqual([expect.stringContaining('steps.s.check.with decides whether this only reads')]);
  });

  test('a weaker effect is seen behind a template that does not decide it', () => {
    const rotate = 'id: r, uses: keys.rotate, with: { pair: "{{ inputs.to }}", phase: retire }';
    expect(problems([rotate])).toEqual([]);
    expect(problems([`${rotate}, effect: read`])).toEqual([
      expect.stringContaining('steps.r.effect is weaker than what keys.rotate does (conditional)'),
    ]);
  });
});

test.each<[string, number | null]>([
  ['{ required: 3, from: [U0AB12CD, U0AB12CE] }', 2],
  ['{ required: 2, from: [U0AB12CD, U0AB12CD] }', 1],
  ['{ required: 2, from: [W0AB12CD] }', 1],
  ['{ required: 2, from: [U0AB12CD, U0AB12CE] }', null],
  ['{ required: 3, from: [U0AB12CD, S0AB12CE] }', null],
  ['{ required: 3, from: [U0AB12CD, "@sre"] }', null],
  ['{ required: 3, from: [lead] }', null],
  ['{ required: 3 }', null],
  ['{ from: [U0AB12CD] }', null],
])('an approval that can be given: %s', (approval, people) => {
  const text = `approval.required is more people than are named under from (${people}), so nothing would ever be approved; write at most ${people}, or name`;
  expect(problems([SET], approval)).toEqual(
    people === null ? [] : [expect.stringContaining(`r.yml:3: ${text}`)],
  );
});

test('the guide says what each action gives, and nothing else', () => {
  const guide = readFileSync(new URL('../../docs/runbooks.md', import.meta.url), 'utf8');
  const [, table = ''] = /## Actions\n\n(.*?)\n\n/s.exec(guide) ?? [];
  const quoted = (cell = '') => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => name as string);
  const rows = table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|'));
  const told = rows.map((cells) => [quoted(cells[1]), quoted(cells[3]).sort()]);
  expect(told.flatMap(([names]) => names).sort()).toEqual([...ACTIONS.keys()].sort());
  for (const [names = [], gives] of told) {
    const outputs = names.flatMap((name) => ACTIONS.get(name)?.outputs ?? []);
    expect({ names, gives }).toEqual({ names, gives: [...new Set(outputs)].sort() });
  }
});

describe('what does not fit is said in sentences', () => {
  const probe = (expected: string) => `id: a, uses: probe, with: { url: "http://x", expect: ${expected} }`;
  test.each([
    [probe('{ status: x }'), 'steps.a.with.expect.status is text; write a number or a list'],
    [probe('{ status: [x] }'), 'steps.a.with.expect.status.0 is text; write a number'],
    [
      'id: a, uses: shell, with: { command: x, args: [[x]] }',
      'steps.a.with.args.0 is a list; write text or a number or true or false',
    ],
    [
      'id: a, uses: ask, with: { question: "", choices: [a, b] }',
      'steps.a.with.question is empty; write at least one character',
    ],
  ])('%s', (step, said) => expect(problems([step])).toEqual([`r.yml:5: ${said}`]));

  test('whatever is given to whichever action', () => {
    const given = ['7', 'x', '[[]]', '{ x: { y: 1 } }', 'null', '""', 'true'];
    const members = [...ACTIONS.values()].flatMap(({ name, input }) => {
      const shape = (input instanceof z.ZodPipe ? input.in : input) as z.ZodObject;
      return Object.keys(shape.shape ?? {}).map((member) => [name, member] as const);
    });
    expect(members.length).toBeGreaterThan(30);
    for (const [name, member] of members) {
      for (const value of given) {
        const found = problems([`id: a, uses: ${name}, with: { ${member}: ${value} }`]);
        expect(found.join('\n')).not.toMatch(
          /Invalid (input|option|string|key|URL)|Too (big|small)|expected /,
        );
      }
    }
  });
});
