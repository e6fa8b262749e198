import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { readDefinition } from '#runbooks/definition/definition.js';
import { effort } from '../support/effort.js';
import { action, everyAction } from './stand-ins.js';

const ACTIONS = new Map(
  [
    action('look', 'read', z.strictObject({ at: z.string(), times: z.number().optional() }), {
      outputs: ['x', 'found'],
    }),
    action('put', 'conditional', z.strictObject({ to: z.string(), keys: z.array(z.string()).min(1) }), {
      outputs: ['put'],
    }),
    action(
      'call',
      ({ method }) => (method === 'GET' ? 'read' : 'unsafe'),
      z.looseObject({ method: z.string() }),
    ),
    action(
      'span',
      'read',
      z
        .strictObject({
          from: z.int().max(9),
          to: z.int(),
          at: z
            .string()
            .refine((at) => at === 'x', 'is not x')
            .optional(),
        })
        .refine(({ from, to }) => from < to, { message: 'from must be less than to' }),
    ),
    action('shell', 'unsafe', z.record(z.string(), z.unknown()), { authorKnows: true }),
  ].map((one) => [one.name, one]),
);

const read = (source: string) => readDefinition(source, 'r.yml', ACTIONS);
function problems(source: string): string[] {
  const found = read(source);
  return 'problems' in found ? found.problems : [];
}
/** A definition around steps: they begin in line 5. */
const around = (steps: string, more = 'title: T') =>
  `name: r\n${more}\ninputs: { to: { default: x } }\nsteps:\n${steps}`;
const GOOD = around(`  - { id: a, uses: look, with: { at: "{{ inputs.to }}" } }
  - { id: b, uses: put, with: { to: x, keys: "{{ steps.a.found }}" }, undo: { uses: put, with: { to: y, keys: "{{ steps.b.put }}" } } }`);

const FOLDER = fileURLToPath(new URL('../../runbooks', import.meta.url));
const built = readdirSync(FOLDER).filter((name) => name.endsWith('.yml'));
const sourceOf = (name: string) => readFileSync(`${FOLDER}/${name}`, 'utf8');

describe('the runbooks that come along', () => {
  test.each(built)('%s reads without a problem', async (name) => {
    const found = readDefinition(sourceOf(name), name, await everyAction());
    expect(found).toEqual({ runbook: expect.objectContaining({ name: name.replace('.yml', '') }) });
  });

  test('the example of their README too', async () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(sourceOf('README.md')) ?? [];
    expect(readDefinition(example, 'README.md', await everyAction())).toHaveProperty(
      'runbook.name',
      'warm-up',
    );
  });
});

test('every default is filled in', () => {
  expect(read(around('  - { id: a, uses: put, with: { to: x, keys: [k] } }'))).toEqual({
    runbook: {
      name: 'r',
      title: 'T',
      description: null,
      inputs: { to: { type: 'string', default: 'x', description: null, enum: null } },
      target: null,
      approval: { required: 1, from: [], self: false, expiresS: 900 },
      onFailure: 'ask',
      steps: [
        {
          id: 'a',
          title: 'a',
          uses: 'put',
          with: { to: 'x', keys: ['k'] },
          effect: null,
          timeoutS: 60,
          when: null,
          retry: { attempts: 1, backoffS: 1 },
          check: null,
          verify: null,
          undo: null,
        },
      ],
    },
  });
});

test.each<[string, number]>([
  ['  - { id: a, uses: look, with: { at: "{{ inputs.to }}" } }', 0],
  ['  - { id: a, uses: call, with: { method: GET } }', 0],
  ['  - { id: a, uses: call, with: { method: POST } }', 1],
  ['  - { id: a, uses: call, with: { method: "{{ inputs.to }}" } }', 1],
  ['  - { id: a, uses: shell, effect: read }', 0],
  ['  - { id: a, uses: look, with: { at: x }, effect: unsafe }', 1],
])('who need not be asked: %s', (steps, required) => {
  expect(read(around(steps))).toHaveProperty('runbook.approval.required', required);
  expect(read(around(steps, 'title: T\napproval: { required: 2 }'))).toHaveProperty(
    'runbook.approval.required',
    2,
  );
});

test.each<[string, number]>([
  ['500ms', 0.5],
  ['30s', 30],
  ['2m', 120],
  ['1h', 3600],
  ['1m30s', 90],
])('a timeout of %s is %d s', (timeout, seconds) => {
  const source = around(
    `  - { id: a, uses: look, with: { at: x }, timeout: ${timeout}, retry: { backoff: ${timeout} } }`,
  );
  expect(read(source)).toHaveProperty('runbook.steps.0.timeoutS', seconds);
  expect(read(source)).toHaveProperty('runbook.steps.0.retry', { attempts: 1, backoffS: seconds });
});

const step = (rest: string) => around(`  - { id: a, uses: look, with: { at: x }${rest} }`);
const two = (first: string, second: string, rest = '') =>
  around(
    `  - { id: a, uses: look, with: { at: ${first} } }\n  - { id: b, uses: look, with: { at: ${second} }${rest} }`,
  );

test.each<[string, string, string[]]>([
  ['no mapping', '- a', ['r.yml:1: is not a mapping; begin with name:']],
  ['nothing', '', ['r.yml:1: is not a mapping;']],
  ['several documents', `${GOOD}\n---\na: 1`, ['r.yml:7: holds several documents;']],
  ['a tab', 'name: r\n\ttitle: T', ['r.yml:2: ']],
  [
    'a template without quotes',
    'a: {{ inputs.x }}',
    ['r.yml:1: has a key that is no text; a template stands in quotes'],
  ],
  ['a key twice', GOOD.replace('title: T', 'title: T\ntitle: U'), ['r.yml:3: has this key twice; keep one']],
  ['an alias of nothing', 'a: *nosuch', ['r.yml:1: uses aliases (*name)']],
  ['an alias of itself', 'a: &x [*x]', ['r.yml:1: is nested deeper than 40 levels']],
  [
    'a bomb',
    'a: &a [1,1,1]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]',
    ['r.yml:1: uses aliases'],
  ],
  ['not a number', step(', retry: .nan'), ['r.yml:1: holds .nan or .inf']],
  ['no JSON', `%YAML 1.1\n---\n${step(', check: !!binary aGVsbG8=')}`, ['r.yml:1: holds a value that JSON']],
  [
    'an unknown key',
    step(', retrys: 1'),
    ['r.yml:5: steps.a.retrys means nothing here; the known keys are retry'],
  ],
  [
    'several unknown keys',
    GOOD.replace('title: T', 'titel: T\nfoo: 1'),
    [
      'r.yml:1: title is missing; write text',
      'r.yml:2: titel means nothing here; the known keys are title',
      'r.yml:3: foo means nothing here;',
    ],
  ],
  [
    'a bad name',
    GOOD.replace('name: r', 'name: Roll Back'),
    ['r.yml:1: name is not a name; write lower-case'],
  ],
  ['no steps', 'name: r\ntitle: T\nsteps: []', ['r.yml:3: steps are none; write at least one']],
  [
    'a bad id',
    around('  - { id: 1a, uses: look, with: { at: x } }'),
    ['r.yml:5: steps.0.id is not a step id; write lower'],
  ],
  ['no id', around('  - { uses: look, with: { at: x } }'), ['r.yml:5: steps.0.id is missing; write text']],
  [
    'an id twice',
    two('x', 'x').replace('id: b', 'id: a'),
    ['r.yml:6: steps.1.id is the id of the step in line 5 already;'],
  ],
  [
    'an unknown action',
    around('  - { id: a, uses: luok }'),
    ['r.yml:5: steps.a.uses is no action (luok); the closest are look'],
  ],
  [
    'what an action does not take',
    around('  - { id: a, uses: look, with: { att: x, times: "3" } }'),
    [
      'r.yml:5: steps.a.with.at is missing; write text',
      'r.yml:5: steps.a.with.times is text; write a number',
      'r.yml:5: steps.a.with.att means nothing here; the known keys are at',
    ],
  ],
  [
    'what an undo does not take',
    step(', undo: { uses: put, with: { to: x, keys: [] } }'),
    ['r.yml:5: steps.a.undo.with.keys is empty; write at least one item'],
  ],
  [
    'a number as timeout',
    step(', timeout: 30'),
    ['r.yml:5: steps.a.timeout is a number without a unit; write it with its unit, such as 500ms'],
  ],
  ['a timeout in words', step(', timeout: soon'), ['r.yml:5: steps.a.timeout is not a span of time;']],
  ['a long timeout', step(', timeout: 2h'), ['r.yml:5: steps.a.timeout is too long; write at most 3600s']],
  ['no timeout', step(', timeout: 0s'), ['r.yml:5: steps.a.timeout is no time at all;']],
  [
    'attempts',
    step(', retry: { attempts: 0 }'),
    ['r.yml:5: steps.a.retry.attempts is not a whole number; write one from 1 to 20'],
  ],
  ['a boolean when', step(', when: true'), ['r.yml:5: steps.a.when is true or false; write text']],
  [
    'an effect',
    step(', effect: safe'),
    ['r.yml:5: steps.a.effect is none of the values allowed; write read, idempotent'],
  ],
  [
    'a weaker effect',
    around('  - { id: a, uses: put, with: { to: x, keys: [k] }, effect: idempotent }'),
    [
      'r.yml:5: steps.a.effect is weaker than what put does (conditional); leave it out, or write conditional, unsafe',
    ],
  ],
  [
    'a weaker effect by input',
    around('  - { id: a, uses: call, with: { method: POST }, effect: read }'),
    ['r.yml:5: steps.a.effect is weaker than what call does (unsafe)'],
  ],
  [
    'a verify that changes',
    step(', verify: { uses: put, with: { to: x, keys: [k] } }'),
    ['r.yml:5: steps.a.verify.uses changes things (conditional); write an action that only reads'],
  ],
  [
    'approvers',
    step('').replace('title: T', 'title: T\napproval: { from: [Lead, "@sre", U0AB12CD] }'),
    ['r.yml:3: approval.from.0 is no role, person or group;'],
  ],
  [
    'on_failure',
    GOOD.replace('title: T', 'title: T\non_failure: stop'),
    ['r.yml:3: on_failure is none of the values allowed; write ask, undo'],
  ],
  ['an input’s name', GOOD.replace('to: {', 'To: {}, to: {'), ['r.yml:3: inputs.To is not an input’s name;']],
  [
    'an input’s default',
    GOOD.replace('default: x', 'default: 8080'),
    ['r.yml:3: inputs.to.default is a number, not a string; write it in quotes'],
  ],
  [
    'an input’s enum',
    GOOD.replace('default: x', 'default: x, enum: [y]'),
    ['r.yml:3: inputs.to.default is none of the values under enum'],
  ],
  [
    'an unknown input',
    two('"{{ inputs.tto }}"', 'x'),
    ['r.yml:5: steps.a.with.at {{ inputs.tto }} is no input; the inputs are to'],
  ],
  [
    'within an input',
    two('"{{ inputs.to.x }}"', 'x'),
    ['r.yml:5: steps.a.with.at {{ inputs.to.x }} looks into an input'],
  ],
  [
    'an unknown root',
    two('"{{ step.a }}"', 'x'),
    ['r.yml:5: steps.a.with.at {{ step.a }} points nowhere; a template begins with steps'],
  ],
  [
    'an unclosed template',
    two('"{{ inputs.to"', 'x'),
    ['r.yml:5: steps.a.with.at {{ inputs.to }} is not closed; write }}'],
  ],
  [
    'code in a template',
    two('"{{ 1 + 1 }}"', 'x'),
    ['r.yml:5: steps.a.with.at {{ 1 + 1 }} is not a path; write names'],
  ],
  [
    'an unknown step',
    two('x', '"{{ steps.aa.x }}"'),
    ['r.yml:6: steps.b.with.at {{ steps.aa.x }} is no step; before it come a'],
  ],
  [
    'a later step',
    two('"{{ steps.b.x }}"', 'x'),
    ['r.yml:5: steps.a.with.at {{ steps.b.x }} comes later; move step b up'],
  ],
  [
    'itself',
    two('"{{ steps.a.x }}"', 'x'),
    ['r.yml:5: steps.a.with.at {{ steps.a.x }} is what this step gives'],
  ],
  ...['{{ steps.a.x }} == prod', 'if {{ steps.a.x }}', 'nothing {{ steps.a.x }}'].map(
    (when): [string, string, string[]] => [
      `text around a condition: ${when}`,
      two('x', 'x', `, when: "${when}"`),
      ['r.yml:6: steps.b.when has text beside its template, and would always hold'],
    ],
  ),
  [
    'a condition without a template',
    two('x', 'x', ', when: "yes"'),
    ['r.yml:6: steps.b.when holds no template'],
  ],
  [
    'itself in when',
    step(', when: "{{ steps.a.x }}"'),
    ['r.yml:5: steps.a.when {{ steps.a.x }} is what this step gives'],
  ],
  [
    'a circle',
    two('"{{ steps.b.x }}"', '"{{ steps.a.x }}"'),
    ['r.yml:5: steps.a.with.at {{ steps.b.x }} makes steps wait for each other (a → b → a);'],
  ],
  [
    'a step as target',
    GOOD.replace('title: T', 'title: T\ntarget: "{{ steps.a.x }}"'),
    ['r.yml:3: target {{ steps.a.x }} is not known before the run; a target reads inputs only'],
  ],
  [
    'a template in a title',
    GOOD.replace('title: T', 'title: "T {{ inputs.to }}"'),
    ['r.yml:2: title holds a template, which is not filled in here;'],
  ],
  [
    'a template as a name',
    step(', undo: { uses: shell, with: { "{{ inputs.to }}": 1 } }'),
    ['r.yml:5: steps.a.undo.with.{{ inputs.to }} is a name, which is not filled in;'],
  ],
])('%s', (_name, source, expected) => {
  const found = problems(source);
  expect(found.map((problem, i) => problem.slice(0, expected[i]?.length))).toEqual(expected);
  for (const problem of found) expect(problem).toMatch(/^r\.yml:\d+: .+;/);
});

test('everything that is wrong comes at once, in the order of the file', () => {
  const source = `name: R
titel: T
target: "{{ steps.a.x }}"
steps:
  - id: a
    uses: luok
    timeout: 5
  - id: a
    uses: put
    with:
      keys: "{{ inputs.nope }}"
      password: hunter2hunter2
    effect: read`;
  expect(problems(source).map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
    'r.yml:1: name',
    'r.yml:1: title',
    'r.yml:2: titel',
    'r.yml:3: target',
    'r.yml:6: steps.a.uses',
    'r.yml:7: steps.a.timeout',
    'r.yml:8: steps.1.id',
    'r.yml:11: steps.a.with.to',
    'r.yml:11: steps.a.with.keys',
    'r.yml:12: steps.a.with.password',
    'r.yml:12: steps.a.with.password',
    'r.yml:13: steps.a.effect',
  ]);
});

test('what rests on a template is left to the plan, and nothing else is', () => {
  const span = (given: string) => problems(around(`  - { id: a, uses: span, with: ${given} }`));
  const to = '"{{ inputs.to }}"';
  expect(span('{ from: 1, to: 2 }')).toEqual([]);
  expect(span('{ from: 3, to: 2 }')).toEqual([
    'r.yml:5: steps.a.with from must be less than to; write what fits',
  ]);
  expect(span(`{ from: 3, to: ${to} }`)).toEqual([]);
  expect(span(`{ from: 30, to: ${to}, too: 1 }`)).toEqual([
    'r.yml:5: steps.a.with.from is too much; write at most 9',
    'r.yml:5: steps.a.with.too means nothing here; the known keys are to, at, from',
  ]);
  expect(span(`{ from: 1, to: ${to}, at: y }`)).toEqual([
    'r.yml:5: steps.a.with.at is not x; write what fits',
  ]);
  expect(span(`{ to: ${to} }`)).toEqual(['r.yml:5: steps.a.with.from is missing; write a number']);
});

test('undo, check and verify may read what their own step gave', () => {
  const own = '{ uses: look, with: { at: "{{ steps.a.x }}" } }';
  expect(problems(step(`, undo: ${own}, check: ${own}, verify: ${own}`))).toEqual([]);
  expect(problems(GOOD)).toEqual([]);
});

test('what is too large is refused before it is parsed', () => {
  expect(problems('a'.repeat(1_048_576))).toEqual([
    'r.yml:1: has 1,048,576 characters and may have 65,536; make two runbooks of it',
  ]);
  const steps = Array.from({ length: 41 }, (_, i) => `  - { id: s${i}, uses: look, with: { at: x } }`).join(
    '\n',
  );
  expect(problems(around(steps))).toEqual([
    'r.yml:5: steps are too many; write at most 40, or make two runbooks',
  ]);
});

// A parser that walks down by recursion ends the whole process here, in a way that nobody can catch.
test.each(['[', '{', '- ', '? ', 'a: ', ': ', '[{', '- ? ', '{? ', '[a: '])(
  'nested without end: %s',
  (piece) => {
    expect(problems(piece.repeat(60_000 / piece.length))).toEqual([
      expect.stringMatching(/^r\.yml:1: is nested deeper than 40 levels;/),
    ]);
  },
);

const SECRETS: Array<[string, string]> = [
  ['password: hunter2hunter2', 'hunter2hunter2'],
  ['api-key: 1234567890123', '1234567890123'],
  ['headers: { Authorization: "Bearer q8w7e6r5" }', 'q8w7e6r5'],
  ['headers: { X-Api-Key: plain-words-here }', 'plain-words-here'],
  ['db_password: "{{ inputs.to }}tail-of-it"', 'tail-of-it'],
  ['client_secret: [first-value]', 'first-value'],
  ['token: { value: nested-value }', 'nested-value'],
  ['secret_headers: { Authorization: "Basic dXNlcjpwYXNz" }', 'dXNlcjpwYXNz'],
  ['secret: 0123456789abcdef0123', '0123456789abcdef0123'],
  ['note: xoxb-111-222-abc', 'xoxb-111-222-abc'],
  ['note: "use ghp_abcdEFGH1234 here"', 'ghp_abcdEFGH1234'],
  ['note: AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ['note: "-----BEGIN PRIVATE KEY----- MIIEv"', 'MIIEv'],
  ['url: "https://bob:s3cr3t-pw@host/x"', 's3cr3t-pw'],
  ['url: "https://host/x?token=q1w2e3r4"', 'q1w2e3r4'],
  ['args: ["--password=q1w2e3r4"]', 'q1w2e3r4'],
  ['"ghp_abcdEFGH1234": x', 'ghp_abcdEFGH1234'],
];

test.each(SECRETS)('a secret is told without telling it: %s', (member, secret) => {
  const found = problems(step(`, undo: { uses: shell, with: { ${member} } }`));
  expect(found).toEqual([
    expect.stringMatching(/^r\.yml:5: .*a secret; name it under `secrets:` in tocsin\.yml/),
  ]);
  expect(found.join()).not.toContain(secret);
});

test.each([
  'secret_headers: { Authorization: pagerduty-token }',
  'password: "secret:db_password"',
  'headers: { Authorization: "Bearer {{ inputs.to }}" }',
  'header: X-Api-Key',
  'url: "https://host:8080/a@b?key=x"',
  'note: "Basic authentication is off, bearer tokens are not"',
  'keys: [client-1]',
])('this is none: %s', (member) => {
  expect(problems(step(`, undo: { uses: shell, with: { ${member} } }`))).toEqual([]);
});

test('an input that is named like a secret has no default', () => {
  expect(problems(GOOD.replace('to: {', 'token: { default: abcdef-xyz }, to: {'))).toEqual([
    expect.stringMatching(/^r\.yml:3: inputs\.token\.default holds a secret;/),
  ]);
  expect(problems(GOOD.replace('to: {', 'token: { description: whose }, to: {'))).toEqual([]);
});

const anySecret = fc
  .tuple(fc.constantFrom('xoxb-', 'ghp_', 'AKIA', 'glpat-'), fc.stringMatching(/^[A-Z0-9]{16}$/))
  .map(([kind, rest]) => kind + rest);

describe('properties', () => {
  const sources = [GOOD, ...built.map(sourceOf)];
  const mutated = fc
    .tuple(
      fc.constantFrom(...sources),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.nat(12),
          fc.oneof(
            fc.string(),
            fc.constantFrom(
              '{{',
              '}}',
              '\n',
              ': ',
              '- ',
              '&a ',
              '*a',
              '"',
              "'",
              '|',
              '[',
              '{',
              '\t',
              '!!set',
              '<<: ',
            ),
          ),
        ),
        { minLength: 1, maxLength: 5 },
      ),
    )
    .map(([source, cuts]) =>
      cuts.reduce((text, [at, length, put]) => {
        const from = at % (text.length + 1);
        return text.slice(0, from) + put + text.slice(from + length);
      }, source),
    );

  test('nothing that is read throws; it is a runbook, or says what to do', async () => {
    const actions = await everyAction();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), mutated), (source) => {
        const found = readDefinition(source, 'r.yml', actions);
        if ('runbook' in found) return;
        expect(found.problems.length).toBeGreaterThan(0);
        for (const problem of found.problems) expect(problem).toMatch(/^r\.yml:[1-9]\d*: .*;/);
      }),
      { numRuns: effort(200) },
    );
  });

  test('a secret that was put anywhere is never told', async () => {
    const actions = await everyAction();
    fc.assert(
      fc.property(
        mutated,
        fc.nat(),
        anySecret,
        fc.constantFrom('', ' ', '\n', '"', '{{ '),
        (source, at, secret, glue) => {
          const from = at % (source.length + 1);
          const found = readDefinition(
            source.slice(0, from) + glue + secret + glue + source.slice(from),
            'r.yml',
            actions,
          );
          if ('problems' in found) expect(found.problems.join('\n')).not.toContain(secret.slice(0, 12));
        },
      ),
      { numRuns: effort(200) },
    );
  });
});
