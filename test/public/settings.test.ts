import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { sectionsWrong } from '#compose/runbooks.js';
import { readOrganisation } from '#config/organisation.js';
import { leaksIn } from '#domain/status/leak.js';
import {
  GROUNDS,
  leakRulesOf,
  publicRulesOf,
  readStatusSettings,
  type StatusBase,
} from '#public/settings.js';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-status-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(20)]);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><g fill="url(#a)"><use href="#b"/></g></svg>';

const BASE: StatusBase = {
  ...{ components: ['Text to Speech', 'Dubbing'], publicUrl: 'https://tocsin.example.com', dataDir: '/data' },
  ...{ legacyTitle: null },
};
function read(text: string, base: Partial<StatusBase> = {}) {
  const org = readOrganisation(text, 'tocsin.yml');
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  return readStatusSettings(org.status, org.at, { ...BASE, ...base });
}
function good(text: string, base: Partial<StatusBase> = {}) {
  const found = read(text, base);
  if ('problems' in found) throw new Error(found.problems.join('\n'));
  return found.settings;
}
function problems(text: string, base: Partial<StatusBase> = {}): string[] {
  const found = read(text, base);
  return 'problems' in found ? found.problems : [];
}

test('everything that may stand there', () => {
  const logo = file('logo.svg', SVG);
  const settings = good(`
status:
  title: Acme Status
  url: https://status.example.com/
  language: de
  zone: europe/berlin
  folder: /srv/status
  logo: { file: ${logo}, alt: Acme }
  colours: { accent: "#1F5FBF", accent_dark: "#7fb0ff" }
  links: [{ text: Help, url: "https://help.example.com/x?y=1" }]
  about: How our services are.
  components:
    - { name: Text to Speech, group: API, description: Speech from text, since: 2024-01-31 }
    - { name: Dubbing, since: "2024-01-31T09:00:00+01:00" }
    - { name: Voices }
  publishers: [comms, "@press", U012AB3CD, token:site]
  internal_words: [phoenix, "Project Nightjar"]
  public_hosts: [Example.com, "*.example.com"]
  templates:
    login-fails: { state: investigating, text: "Nobody can log in since {started}. {next}", next: 20m }
    window: { state: scheduled, text: "We work on {components}." }
  earlier_posts: true
  follow: 30m
  subscribers: { from: status@example.com }
  statuspage: { page: x }
  webhook: { url: "https://example.com" }
`);
  expect(settings).toEqual({
    look: {
      ...{ title: 'Acme Status', url: 'https://status.example.com', language: 'de', zone: 'Europe/Berlin' },
      logo: { file: 'logo.svg', alt: 'Acme' },
      colours: { accent: '#1f5fbf', accentDark: '#7fb0ff' },
      links: [{ text: 'Help', url: 'https://help.example.com/x?y=1' }],
      about: 'How our services are.',
    },
    logo: { content: Buffer.from(SVG) },
    folder: '/srv/status',
    components: [
      // A day begins where the page is.
      {
        ...{ name: 'Text to Speech', group: 'API', description: 'Speech from text' },
        since: '2024-01-30T23:00:00Z',
      },
      { name: 'Dubbing', group: null, description: null, since: '2024-01-31T08:00:00Z' },
      { name: 'Voices', group: null, description: null, since: null },
    ],
    publishers: ['comms', '@press', 'U012AB3CD', 'token:site'],
    internalWords: ['phoenix', 'Project Nightjar'],
    publicHosts: ['example.com', '*.example.com', 'status.example.com', 'help.example.com'],
    templates: new Map([
      [
        'login-fails',
        { state: 'investigating', text: 'Nobody can log in since {started}. {next}', nextMs: 1_200_000 },
      ],
      ['window', { state: 'scheduled', text: 'We work on {components}.', nextMs: null }],
    ]),
    earlierPosts: true,
    followMs: 1_800_000,
    raw: {
      ...{ subscribers: { from: 'status@example.com' }, statuspage: { page: 'x' } },
      ...{ webhook: { url: 'https://example.com' } },
    },
  });
});

test('nothing need stand there', () => {
  for (const text of ['', 'status:\n', 'status: {}\n', 'status: { links: , title: }\n'])
    expect(good(text)).toEqual({
      look: {
        ...{ title: 'Status', url: 'https://tocsin.example.com/status', language: 'en', zone: 'UTC' },
        ...{ logo: null, colours: { accent: null, accentDark: null }, links: [], about: null },
      },
      ...{ logo: null, folder: resolve('/data/status') },
      components: ['Text to Speech', 'Dubbing'].map((name) => ({
        ...{ name, group: null, description: null, since: null },
      })),
      ...{ publishers: null, internalWords: [], publicHosts: ['tocsin.example.com'], templates: new Map() },
      ...{ earlierPosts: false, followMs: null },
      raw: { subscribers: null, statuspage: null, webhook: null },
    });
  expect(good('', { publicUrl: null }).look.url).toBeNull();
  expect(good('', { zone: 'Asia/Tokyo' }).look.zone).toBe('Asia/Tokyo');
});

test('the title may still stand where it was called otherwise', () => {
  const org = readOrganisation('status_page: { title: " Old title " }\n', 'tocsin.yml', sectionsWrong);
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  expect(org.legacyTitle).toBe('Old title');
  expect(good('', { legacyTitle: org.legacyTitle }).look.title).toBe('Old title');
  expect(good('status: { title: New }', { legacyTitle: 'Old' }).look.title).toBe('New');
  for (const text of ['', 'status_page: x', 'status_page: { title: 7 }', 'status_page: { title: "" }']) {
    const other = readOrganisation(text, 'tocsin.yml');
    expect([text, Array.isArray(other) ? other : other.legacyTitle]).toEqual([text, null]);
  }
});

test.each<[string, string, string | RegExp]>([
  [
    'a key that there is not',
    'titel: x',
    /^tocsin\.yml:2: status\.titel means nothing here; the known keys are title/,
  ],
  [
    'a language',
    'language: tlh',
    /^tocsin\.yml:2: status\.language is none of .*; write en, de, fr, es, ja$/,
  ],
  ['a zone', 'zone: Europe/Berlinn', /^tocsin\.yml:2: status\.zone is not a time zone; /],
  ['an address', 'url: status.example.com', /status\.url must be an address such as/],
  [
    'an address with a password',
    'url: "https://a:b@example.com"',
    /status\.url must not hold a user or a password/,
  ],
  [
    'an address that runs',
    'links: [{ text: x, url: "javascript:alert(1)" }]',
    /status\.links\.0\.url must be an address/,
  ],
  [
    'markup in an address',
    `links: [{ text: x, url: 'https://example.com/"><b>' }]`,
    /holds characters that an address has not/,
  ],
  ['a title of two lines', 'title: "a\\nb"', /status\.title has more than one line; write it on one/],
  ['a title that turns round', 'title: "a\\u202Eb"', /status\.title holds characters that nobody sees/],
  ['a colour', 'colours: { accent: red }', /status\.colours\.accent is not a colour; write it in quotes/],
  [
    'a colour that nobody can read',
    'colours: { accent: "#ffcc00" }',
    'tocsin.yml:2: status.colours.accent has a contrast of 1.41 : 1 to the light ground, and people need 4.5 : 1 to read; write a darker one',
  ],
  [
    'one that nobody can read in the dark',
    'colours: { accent_dark: "#1f5fbf" }',
    /status\.colours\.accent_dark has a contrast of 2\.\d\d : 1 to the dark ground, .*; write a lighter one$/,
  ],
  [
    'a component twice',
    'components: [{ name: TTS }, { name: Dubbing }, { name: tts }]',
    /status\.components\.2\.name is the name of an earlier component \(1\.\); write another/,
  ],
  [
    'a component without a name',
    'components: [{ group: x }]',
    /status\.components\.0\.name is missing; write text/,
  ],
  ['a component as a word', 'components: [TTS]', /status\.components\.0 is text; write a mapping/],
  ['a day', 'components: [{ name: TTS, since: 31.1.2024 }]', /since is not a day; write it as 2024-01-31/],
  [
    'a day that there is not',
    'components: [{ name: TTS, since: 2024-02-31 }]',
    /since is a day that there is not/,
  ],
  [
    'publishers that are none',
    'publishers: comms',
    /status\.publishers is not a list of who may; write \[comms/,
  ],
  ['no publisher', 'publishers: []', /status\.publishers is empty, so that nobody may/],
  [
    'a publisher without a form',
    'publishers: ["Ana Kovač"]',
    /status\.publishers holds a name that is nobody's/,
  ],
  [
    'a host with its scheme',
    'public_hosts: ["https://example.com"]',
    /public_hosts\.0 is not the name of a host; write it without https/,
  ],
  [
    'a word of one letter',
    'internal_words: [x]',
    /status\.internal_words\.0 is too little; write at least 2 characters/,
  ],
  [
    'the name of a template',
    'templates: { "Log In": { state: resolved, text: x } }',
    /status\.templates\.Log In is not a name; write lower-case/,
  ],
  [
    'a field that there is not',
    'templates: { a: { state: resolved, text: "{Component} {lead}" } }',
    /status\.templates\.a\.text has \{Component\}, \{lead\}, which is no field; these are: \{component\}, \{components\}, \{title\}/,
  ],
  [
    'a state',
    'templates: { a: { state: fixed, text: x } }',
    /templates\.a\.state is none of .*investigating, .*scheduled, in_progress/,
  ],
  ['a span', 'follow: soon', /status\.follow is not a period; write it as 30s/],
  [
    'what is not true or false',
    'earlier_posts: yes please',
    /status\.earlier_posts is text; write true or false/,
  ],
  ['another reader’s section', 'webhook: [a]', /status\.webhook is a list; write a mapping/],
  [
    'a logo that is not there',
    'logo: { file: /nowhere/logo.svg, alt: x }',
    /status\.logo\.file cannot be read \(ENOENT\): \/nowhere\/logo\.svg/,
  ],
  ['a logo without words', 'logo: { file: /nowhere/logo.svg }', /status\.logo\.alt is missing; write text/],
])('%s is refused, with the place and what to write', (_, line, said) => {
  const [only, ...others] = problems(`status:\n  ${line}\n`);
  expect(others).toEqual([]);
  if (typeof said === 'string') expect(only).toBe(said);
  else expect(only).toMatch(said);
  expect(only).toMatch(/^tocsin\.yml:2: status\..*;/);
});

test('everything is said at once, also to a process that only checks what stands there', () => {
  const text = 'status:\n  title: ""\n  language: xx\n  publishers: [leed]\nroles: [lead]\n';
  expect(problems(text, { roles: ['lead'] })).toHaveLength(3);
  const found = readOrganisation(text, 'tocsin.yml', sectionsWrong);
  expect(found).toEqual([
    expect.stringMatching(/^tocsin\.yml:2: status\.title is empty/),
    expect.stringMatching(/^tocsin\.yml:3: status\.language/),
    expect.stringMatching(/^tocsin\.yml:4: status\.publishers names “leed”, which is no role here/),
  ]);
});

test('500 components are many, and more are too many', () => {
  const list = (n: number) => Array.from({ length: n }, (_, i) => `C${i}`);
  expect(
    good(`status: { components: [${list(500).map((name) => `{ name: ${name} }`)}] }`).components,
  ).toHaveLength(500);
  expect(
    problems(`status: { components: [${list(501).map((name) => `{ name: ${name} }`)}] }`).join(),
  ).toMatch(/status\.components is too much; write at most 500 items/);
  expect(problems('', { components: list(501) }).join()).toMatch(
    /`components:` has more than 500; write those/,
  );
});

test('contrast is counted as WCAG counts it, to the ground where it is least', () => {
  // #767676 has 4.54 to white, and less to the ground that is not quite white.
  expect(GROUNDS.light).toContain('#ffffff');
  expect(problems('status: { colours: { accent: "#000000", accent_dark: "#ffffff" } }')).toEqual([]);
  expect(problems('status: { colours: { accent: "#777777" } }').join()).toMatch(/a contrast of 4\.1\d : 1/);
});

describe('a logo', () => {
  const logo = (path: string) => `status: { logo: { file: ${path}, alt: Acme } }`;
  test('is taken for what is in it, not for its name', () => {
    expect(good(logo(file('picture.bin', PNG)))).toMatchObject({
      ...{ look: { logo: { file: 'logo.png' } }, logo: { content: PNG } },
    });
    const webp = Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1');
    expect(good(logo(file('picture.png', webp))).look.logo?.file).toBe('logo.webp');
    const headed = `\ufeff<?xml version="1.0"?>\n<!-- made by hand -->\n${SVG}`;
    expect(good(logo(file('headed.svg', headed))).look.logo?.file).toBe('logo.svg');
    for (const [name, content] of [
      ['page.svg', '<html><svg></svg></html>'],
      ['empty.png', ''],
      ['wide.svg', Buffer.from(`\ufeff${SVG}`, 'utf16le')],
    ] as const)
      expect(problems(logo(file(name, content))).join()).toMatch(/is no SVG, PNG or WebP/);
    expect(problems(logo(folder)).join()).toMatch(/cannot be read \(EISDIR\)/);
  });

  test('has half a megabyte at the most', () => {
    expect(problems(logo(file('large.png', Buffer.concat([PNG, Buffer.alloc(500_000)])))).join()).toMatch(
      /has 500,028 bytes; make it 500,000 at the most/,
    );
    expect(problems(logo(file('fits.png', Buffer.concat([PNG, Buffer.alloc(499_972)]))))).toEqual([]);
  });

  test.each([
    '<script>alert(1)</script>',
    '<SCRIPT href="x"/>',
    '<svg:script>x</svg:script>',
    '<rect onload="alert(1)"/>',
    '<rect/onclick=alert(1)>',
    '<rect\nonmouseover = "x"/>',
    '<a href="javascript:alert(1)">x</a>',
    '<a xlink:href="java&#10;script:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="&#x6A;avascript:x">x</a>',
    '<foreignObject><p>x</p></foreignObject>',
    '<iframe src="https://evil.example"/>',
    '<image href="https://evil.example/x.png"/>',
    '<image xlink:href=" //evil.example/x.png"/>',
    '<use href="data:image/svg+xml;base64,xx"/>',
    '<style>@import "https://evil.example"</style>',
    '<rect fill="url(https://evil.example/x)"/>',
    '<set attributeName="href" to="x"/>',
    '<animate attributeName="onclick" to="x"/>',
  ])('that could run or fetch something is refused: %s', (inside) => {
    const path = file('bad.svg', SVG.replace('</svg>', `${inside}</svg>`));
    expect(problems(logo(path)).join()).toMatch(
      /status\.logo\.file holds .*; save it as a plain SVG, or as a PNG$/,
    );
  });

  test('of an entity of its own is refused, and a plain one with pictures inside is not', () => {
    const entity = `<!DOCTYPE svg [<!ENTITY x "<script>">]>${SVG}`;
    expect(problems(logo(file('entity.svg', entity))).join()).toMatch(/holds a DOCTYPE/);
    const plain = `<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,AA=="/><rect fill='url("#a")'/><text>one = two</text></svg>`;
    expect(problems(logo(file('plain.svg', plain)))).toEqual([]);
  });
});

test('what a text is compared with: components that only we know, and words of the house', () => {
  const settings = good('status: { components: [{ name: Text to Speech }], internal_words: [phoenix] }');
  const rules = leakRulesOf(settings, {
    ...{ people: ['Ana Kovač'], components: ['Text to Speech', 'Voice Router'], words: ['key-sync'] },
  });
  const found = (text: string) => leaksIn(text, rules).map(({ kind, found: what }) => `${kind} ${what}`);
  expect(found('Text to Speech is back; see https://tocsin.example.com/status/incidents/INC-7')).toEqual([]);
  expect(found('Ana ran key-sync: Phoenix broke Voice Router.')).toEqual([
    ...['person Ana', 'internal key-sync', 'internal Phoenix', 'component Voice Router'],
  ]);
});

test('deciding on a post hears of all of it', () => {
  const settings = good('status: { components: [{ name: Text to Speech }], internal_words: [phoenix] }');
  const rules = publicRulesOf(settings, { components: ['Voice Router'], words: [] });
  expect(rules.components).toEqual(['Text to Speech']);
  const leaks = rules.leaks('Ana restarted Voice Router.', ['Ana Kovač']);
  expect(leaks.map(rules.leakText)).toEqual([
    '“Ana” is a person; write “we” instead.',
    '“Voice Router” is a component that is not on the public page; name the one that people know.',
  ]);
  expect(publicRulesOf(good('', { components: [] }), { components: [], words: [] }).components).toBeNull();
});
