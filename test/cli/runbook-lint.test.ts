import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Io } from '#cli/core.js';
import { lintRunbooks, showRunbook } from '#cli/runbook/lint.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { NAMING } from '#runbooks/definition/lacking.js';
import { openShelf, proposeOf } from '#runbooks/definition/shelf.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';

// Nothing about it looks like a secret: only whoever knows the configured ones can tell.
const CANARY = 'canary-of-the-deploy-4711';
const REPORTED =
  /^\S+leaky\.yml:6: holds a secret that is configured; refer to it by its name in tocsin\.yml/m;

let folder = '';
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-lint-'));
  const steps = 'steps:\n  - id: say\n    uses: slack.message\n    with: { text: ';
  await writeFile(file('leaky.yml'), `name: leaky\ntitle: Leaky\n${steps}"the word is ${CANARY}" }\n`);
  await writeFile(file('well.yml'), `name: well\ntitle: Well\n${steps}"the word is not said" }\n`);
  await writeFile(file('tocsin.yml'), 'secrets:\n  deploy: env:LINT_DEPLOY\n  gone: env:LINT_GONE\n');
  await writeFile(file('wrong.yaml.txt'), 'secrets: [no, mapping]\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function lint(env: Record<string, string>, ...files: string[]) {
  let out = '';
  const io = {
    env: { TOCSIN_RUNBOOKS: folder, LINT_DEPLOY: CANARY, ...env },
    out: (text: string) => {
      out += text;
    },
    err: () => {},
  } as unknown as Io;
  return { code: await lintRunbooks(files, io), out };
}

test('a configured secret in a definition is found, by its line, and is not shown', async () => {
  const configured = { TOCSIN_CONFIG: file('tocsin.yml') };
  const named = await lint(configured, file('leaky.yml'), file('well.yml'));
  expect(named).toMatchObject({ code: 1, out: expect.stringMatching(REPORTED) });
  expect(named.out).toContain(`ok well  ${file('well.yml')}`);
  const shelf = await lint(configured);
  expect(shelf.out).toMatch(REPORTED);
  expect(shelf.out).toMatch(/^ok key-sync {2}/m);
  expect(named.out + shelf.out).not.toContain(CANARY);
});

test('where no configuration can be read, a definition is still checked', async () => {
  const wrong = await lint({ TOCSIN_CONFIG: file('wrong.yaml.txt') }, file('well.yml'));
  expect(wrong).toEqual({ code: 0, out: `ok well  ${file('well.yml')}\n` });
});

// Whoever opens a pipe waits for somebody to write into it, and a device never comes to an end.
test('a pipe, a device and a socket are no definition, and nobody waits for them', async () => {
  execFileSync('mkfifo', [file('pipe.yml')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(file('socket.yml'), () => resolve()));
  for (const strange of [file('pipe.yml'), '/dev/zero', '/dev/tty', file('socket.yml')]) {
    expect([strange, await lint({}, strange)]).toEqual([
      strange,
      {
        code: 1,
        out: expect.stringMatching(
          /^\S+:1: (?:is not a regular file; put the definition there|cannot be read \((?:ENXIO|EOPNOTSUPP)\))/,
        ),
      },
    ]);
  }
  expect((await lint({})).out).toMatch(/pipe\.yml:1: is not a regular file/);
  server.close();
  await rm(file('pipe.yml'));
});

test('a file that is larger than any definition is not read to its end', async () => {
  await writeFile(file('large.txt'), `name: large\n#${'x'.repeat(2_000_000)}\n`);
  expect(await lint({}, file('large.txt'))).toMatchObject({
    code: 1,
    out: expect.stringMatching(/:1: is larger than \d+ characters; make two runbooks of it/),
  });
});

test('asked for nevertheless it is refused, and not said to stand in Slack', async () => {
  const scrub = new Scrub(fingerprints('pepper'));
  scrub.learn(CANARY);
  const shelf = openShelf({ folders: [folder], actions: ACTIONS });
  const propose = proposeOf({ shelf, scrub, learnKeys: async () => {} });
  const refused = await propose({ runbook: 'leaky', inputs: {}, planOnly: false });
  expect(refused).toMatchObject({
    code: 'SECRET_TYPED',
    sentence: 'The definition of leaky holds a secret, so nothing was kept.',
  });
  expect(JSON.stringify(refused)).not.toMatch(/Slack/);
});

// Word for word as the contract shows it.
const KEY_SYNC = `name: key-sync
title: Copy missing gateway keys to the new TTS service
inputs:
  from: { type: string, default: tts-old, description: key store to copy from }
  to:   { type: string, default: tts-new }
target: "keys:{{ inputs.to }}"      # one run at a time per target
approval: { required: 1, from: [lead, "@sre"], self: false, expires: 15m }
steps:
  - id: compare
    title: Compare by fingerprint
    uses: keys.compare
    with: { from: "{{ inputs.from }}", to: "{{ inputs.to }}" }
  - id: add
    uses: keys.add
    with: { from: "{{ inputs.from }}", to: "{{ inputs.to }}", keys: "{{ steps.compare.missing }}" }
    undo: { uses: keys.remove, with: { store: "{{ inputs.to }}", keys: "{{ steps.add.added }}" } }
  - id: verify
    uses: keys.probe
    with: { store: "{{ inputs.to }}" }   # where a key may be sent stands in tocsin.yml, with the store
    retry: { attempts: 5, backoff: 2s }
    timeout: 30s
`;

const ASK = `name: ask
title: Ask
steps:
  - id: ask
    uses: http
    with: { url: "http://…/v1/clips" }
`;

test.each([
  ['the example of the contract', 'key-sync', KEY_SYNC],
  ['an address whose host is still to be filled in', 'ask', ASK],
])('%s can be linted', async (_, name, text) => {
  const draft = file(`draft-${name}`);
  await mkdir(draft);
  await writeFile(join(draft, 'it.yml'), text);
  expect(await lint({}, join(draft, 'it.yml'))).toEqual({ code: 0, out: `ok ${name}  ${draft}/it.yml\n` });
});

test('a folder, and a name on the shelf; what is there under that path comes first', async () => {
  await mkdir(file('more'));
  const wait = (name: string) =>
    `name: ${name}\ntitle: T\nsteps:\n  - id: w\n    uses: wait\n    with: { for: 1s }\n`;
  await writeFile(file('more/a.yml'), wait('a'));
  await writeFile(file('more/b.yaml'), wait('b'));
  await writeFile(file('more/notes.txt'), 'no runbook');
  const both = `ok a  ${file('more/a.yml')}\nok b  ${file('more/b.yaml')}\n`;
  expect(await lint({}, file('more'))).toEqual({ code: 0, out: both });
  // Two of one name are told of as the shelf tells it.
  await writeFile(file('more/c.yml'), wait('a'));
  const twins = await lint({}, file('more'));
  expect(twins).toMatchObject({ code: 1, out: expect.stringContaining('give each its own') });
  await mkdir(file('none'));
  expect(await lint({}, file('none'))).toMatchObject({
    code: 1,
    out: expect.stringMatching(/:1: holds no runbook/),
  });

  expect(await lint({}, 'well')).toEqual({ code: 0, out: `ok well  ${file('well.yml')}\n` });
  expect((await lint({}, 'Key-Sync', 'well')).out).toMatch(/^ok key-sync {2}.*\nok well {2}/);
  expect(await lint({}, 'wel')).toEqual({
    code: 1,
    out: expect.stringMatching(/^wel:1: is neither a file nor a runbook; the closest runbooks are well, /),
  });
  // `src` is a folder of this one, whatever runbooks are called.
  await writeFile(file('src.yml'), wait('src'));
  expect((await lint({}, 'src')).out).toMatch(/^src:1: holds no runbook/);
  await rm(file('src.yml'));
});

const NAMES = `name: names
title: Names of tocsin.yml
inputs: { to: { default: nowhere } }
steps:
  - id: compare
    uses: keys.compare
    with: { from: old, to: "{{ inputs.to }}" }
  - id: drain
    uses: shell
    with: { command: drian }
    check:
      uses: probe
      with: { url: "http://pool/drained", secret_headers: { Authorization: deplyo } }
    undo: { uses: route.set, with: { route: tts, to: old } }
  - id: rotate
    uses: keys.rotate
    with: { pair: tts, phase: mint }
`;

test('a name that tocsin.yml does not have is a warning, where there is a tocsin.yml', async () => {
  await mkdir(file('named'));
  const definition = file('named/names.yml');
  await writeFile(definition, NAMES);
  await writeFile(
    file('named.yml'),
    'commands:\n  drain: { run: [/bin/true] }\nkeystores:\n  new: { type: json-file, path: /tmp/new.json }\nsecrets:\n  deploy: env:LINT_DEPLOY\nroutes:\n  tts: { type: json-file }\n',
  );
  const at = (line: number, text: string) => `${definition}:${line}: warning: ${text}\n`;
  expect(await lint({ TOCSIN_CONFIG: file('named.yml') }, definition)).toEqual({
    code: 0,
    out: [
      `ok names  ${definition}\n`,
      at(7, 'steps.compare.with.from names no key store of tocsin.yml; there are new'),
      at(10, 'steps.drain.with.command names no command of tocsin.yml; there are drain'),
      at(
        13,
        'steps.drain.check.with.secret_headers.Authorization names no secret of tocsin.yml; there are deploy',
      ),
      at(17, 'steps.rotate.with.pair names no pair of tocsin.yml; there is none under pairs:'),
    ].join(''),
  });
  // Where the settings are not, a definition is right without them.
  expect(await lint({}, definition)).toEqual({ code: 0, out: `ok names  ${definition}\n` });
});

test('every action that takes a name of tocsin.yml is known to take it', () => {
  const sections = { store: 'keystores', from: 'keystores', pair: 'pairs', command: 'commands' };
  for (const [name, { input }] of ACTIONS) {
    const shape = (input as unknown as { shape?: object }).shape ?? {};
    for (const [member, section] of Object.entries(sections))
      if (member in shape) expect({ [name]: NAMING[name] }).toMatchObject({ [name]: { [member]: section } });
    if (name.startsWith('route.')) expect(NAMING[name]).toEqual({ route: 'routes' });
  }
  for (const name of Object.keys(NAMING)) expect([...ACTIONS.keys()]).toContain(name);
});

test('of a runbook that is not there, the closest ones are named as such', async () => {
  let said = '';
  const err = (text: string) => {
    said = text;
  };
  const io = { env: { TOCSIN_RUNBOOKS: file('none') }, out: () => {}, err };
  expect(await showRunbook(['key-sink'], io as unknown as Io)).toBe(1);
  expect(said).toMatch(
    /^There is no runbook called “key-sink”\. The closest: `key-sync`, (`[a-z-]+`, )+`[a-z-]+`\.$/m,
  );
  for (const name of ['forward', 'rollback', 'key-rotate']) expect(said).toContain(`\`${name}\``);
});
