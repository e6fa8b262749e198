import { describe, expect, test } from '@jest/globals';
import { readOrganisation } from '#config/organisation.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { destinationsUnsaid } from '#runbooks/definition/lacking.js';
import { readRunbookSettings } from '#runbooks/settings.js';

/** A definition around one step, which stands in line 5. */
const around = (step: string, approval = '') =>
  `name: r\ntitle: T\ninputs: { x: { default: new } }\nsteps:\n  - { id: s, ${step} }\n${approval}`;
const read = (source: string) => readDefinition(source, 'r.yml', ACTIONS);
function problems(step: string): string[] {
  const found = read(around(step));
  return 'problems' in found ? found.problems : [];
}
const SECRET = 'secret_headers: { Authorization: token }';
const QUERY = 'query: up, condition: "< 1"';

describe('an address that receives a secret is never a template’s', () => {
  const calls = (url: string): string[] => [
    `uses: http, with: { url: "${url}", ${SECRET} }`,
    `uses: http, with: { method: POST, url: "${url}", ${SECRET} }`,
    `uses: probe, with: { url: "${url}", ${SECRET} }`,
    `uses: prometheus.query, with: { url: "${url}", ${QUERY}, ${SECRET} }`,
  ];
  const places = (call: string): Array<[string, string]> => [
    [call, 's'],
    [`uses: wait, with: { for: 1s }, undo: { ${call} }`, 's.undo'],
    ...(call.includes('POST')
      ? []
      : ([
          [`uses: wait, with: { for: 1s }, verify: { ${call} }`, 's.verify'],
          [`uses: wait, with: { for: 1s }, check: { ${call} }`, 's.check'],
        ] as Array<[string, string]>)),
  ];
  test.each([
    '{{ inputs.x }}',
    'http://{{ inputs.x }}/',
    'http{{ inputs.x }}://h/',
    'https://deploy.example{{ inputs.x }}',
    'https://deploy.example:{{ inputs.x }}/',
    'https://deploy.example.{{ incident.ref }}/path',
    'https://{{ run.id }}.deploy.example/',
  ])('%s', (url) => {
    for (const call of calls(url))
      for (const [step, place] of places(call))
        expect(problems(step)).toEqual([
          expect.stringMatching(
            `^r\\.yml:5: steps\\.${place}\\.with\\.url receives a secret, and a template says where it is; write its host out`,
          ),
        ]);
  });

  test('its path may be one, and without a secret all of it, as far as tocsin.yml goes', () => {
    for (const call of calls('https://deploy.example/{{ inputs.x }}')) expect(problems(call)).toEqual([]);
    for (const call of calls('{{ inputs.x }}')) expect(problems(call.replace(`, ${SECRET}`, ''))).toEqual([]);
  });

  test('nor is which secret it receives', () => {
    const named = (secret: string) =>
      problems(`uses: http, with: { url: "http://h/", secret_headers: ${secret} }`);
    const text = 'names a secret that is sent, and is a template; write the name of the secret out';
    expect(named('{ X-A: "{{ inputs.x }}" }')).toEqual([`r.yml:5: steps.s.with.secret_headers.X-A ${text}`]);
    expect(named('"{{ inputs.x }}"')).toEqual([`r.yml:5: steps.s.with.secret_headers ${text}`]);
  });

  test('nor is a header that sends a request elsewhere, and beside a secret there is none', () => {
    const given = (headers: string, more = '') =>
      problems(`uses: probe, with: { url: "http://h/", headers: ${headers} ${more} }`);
    expect(given('{ Host: "{{ inputs.x }}" }')).toEqual([
      'r.yml:5: steps.s.with.headers.Host says where a request goes, and is a template; write it out',
    ]);
    expect(given('{ Host: other.example }')).toEqual([]);
    expect(given('{ x-forwarded-host: other.example }', `, ${SECRET}`)).toEqual([
      'r.yml:5: steps.s.with.headers.x-forwarded-host says where a request goes, and stands beside secret_headers; leave it out',
    ]);
  });
});

test.each([
  'http://169.254.169.254/',
  'http://0xa9fea9fe/{{ inputs.x }}',
  'https://[fe80::1]:8080/',
  'http://metadata.google.internal/',
])('an address that is never asked: %s', (url) => {
  for (const call of [`uses: http, with: { url: "${url}" }`, `uses: probe, with: { url: "${url}" }`])
    expect(problems(call)).toEqual([
      'r.yml:5: steps.s.with.url is a link-local or metadata address, which is never asked; name another',
    ]);
});

test.each([
  [
    'url: "http://127.0.0.1:8082/v1/clips"',
    'url',
    'keystores: new: probe: { url: "http://127.0.0.1:8082/v1/clips", header: X-Api-Key }',
  ],
  ['url: "{{ inputs.x }}"', 'url', 'keystores: new: probe: { url: https://…, header: X-Api-Key }'],
  [
    'urls: ["http://a/", "http://b/"]',
    'urls',
    'keystores: new: probe: { urls: ["http://a/", "http://b/"], header: X-Api-Key }',
  ],
])('keys.probe with %s says what to write in tocsin.yml instead', (given, member, write) => {
  expect(problems(`uses: keys.probe, with: { store: new, ${given} }`)).toEqual([
    `r.yml:5: steps.s.with.${member} is not said here any more: where keys are sent stands in tocsin.yml only; take it out, and write there, under ${write}`,
  ]);
  const header = problems(`uses: keys.probe, with: { store: "{{ inputs.x }}", ${given}, header: X-Token }`);
  expect(header).toHaveLength(2);
  expect(header[0]).toMatch(/under keystores: NAME: probe: \{ .*, header: X-Token \}$/);
});

test.each<[string, string, number]>([
  ['reads only', 'uses: probe, with: { url: "http://h/" }', 0],
  ['tries keys', 'uses: keys.probe, with: { store: new }', 1],
  ['tries the keys of a pair', 'uses: keys.rotate, with: { pair: tts, phase: prove }', 1],
  ['waits', 'uses: keys.rotate, with: { pair: tts, phase: drain }', 0],
  ['reads with a secret', `uses: http, with: { url: "http://h/", ${SECRET} }`, 1],
  [
    'sends in its verify',
    'uses: wait, with: { for: 1s }, verify: { uses: keys.probe, with: { store: new } }',
    1,
  ],
  ['starts a program that may send', 'uses: shell, effect: read, with: { command: look }', 1],
])('who must agree where nothing is said: a step that %s', (_, step, required) => {
  expect(read(around(step))).toMatchObject({ runbook: { approval: { required } } });
  expect(read(around(step, 'approval: { required: 0 }'))).toMatchObject({
    runbook: { approval: { required: 0 } },
  });
});

describe('what tocsin.yml does not say yet', () => {
  const TOCSIN = `
keystores:
  new: { type: json-file, path: /x }
  old: { type: json-file, path: /y, probe: { url: "http://127.0.0.1/" } }
routes:
  tts: { type: json-file, path: /z, key: tts, choices: [a, b] }
secrets:
  token: env:TOKEN
  sent: { from: env:SENT, to: ["https://deploy.example/x"] }
`;
  const unsaid = (step: string, more = '', given: Record<string, string> = {}) => {
    const org = readOrganisation(TOCSIN + more, 'tocsin.yml');
    if (Array.isArray(org)) throw new Error(org.join());
    const settings = readRunbookSettings(org, org.at);
    if ('problems' in settings) throw new Error(settings.problems.join());
    expect(problems(step)).toEqual([]);
    return destinationsUnsaid({ source: around(step), file: 'r.yml' }, settings.settings, given);
  };
  const sends = (name: string, url: string) =>
    `uses: http, with: { url: "${url}", secret_headers: { Authorization: ${name} } }`;

  test.each([
    [
      'uses: keys.probe, with: { store: new }',
      's.with.store sends the keys of new, and tocsin.yml does not say where to; write there, under keystores: new: probe: { url: "https://…", header: X-Api-Key }',
    ],
    [
      'uses: keys.probe, with: { store: "{{ inputs.x }}" }',
      's.with.store sends the keys of new, and tocsin.yml does not say where to;',
    ],
    [
      'uses: wait, with: { for: 1s }, verify: { uses: probe, with: { route: tts } }',
      's.verify.with.route asks through the route tts, and tocsin.yml does not say where; write there, under routes: tts: probe: { url: "https://…" }',
    ],
    [
      sends('token', 'https://deploy.example/{{ inputs.x }}'),
      's.with.secret_headers.Authorization sends the secret token to https://deploy.example, and tocsin.yml does not say that it may go there; write there, under secrets: token: { from: env:TOKEN, to: [https://deploy.example] }',
    ],
    [
      sends('sent', 'https://other.example/'),
      'under secrets: sent: { from: env:SENT, to: [https://deploy.example/x, https://other.example] }',
    ],
    [sends('sent', 'https://deploy.example/y'), 'sends the secret sent to https://deploy.example'],
    ['uses: probe, with: { url: "{{ inputs.x }}" }', 's.with.url is filled in, and tocsin.yml lists no host'],
  ])('%s', (step, expected) => {
    const found = unsaid(step);
    expect(found).toEqual([expect.stringContaining(expected)]);
    expect(found[0]).toMatch(/^r\.yml:5: steps\.s\./);
  });

  test.each([
    'uses: keys.probe, with: { store: old }',
    'uses: keys.probe, with: { store: new, pair: tts }',
    'uses: keys.probe, with: { store: somebody-elses }',
    'uses: keys.probe, with: { store: "{{ incident.ref }}" }',
    sends('sent', 'https://deploy.example/x/y'),
    sends('sent', 'https://deploy.example/{{ inputs.x }}'),
    sends('unknown', 'https://deploy.example/'),
    'uses: probe, with: { url: "http://h/{{ inputs.x }}" }',
  ])('nothing is said of %s', (step) => expect(unsaid(step)).toEqual([]));

  test('nor of an address that is filled in, where hosts are listed; and the inputs of a schedule count', () => {
    expect(unsaid('uses: probe, with: { url: "{{ inputs.x }}" }', 'http: { hosts: [h] }')).toEqual([]);
    expect(unsaid('uses: keys.probe, with: { store: "{{ inputs.x }}" }', '', { x: 'old' })).toEqual([]);
  });
});
