import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lintRunbooks } from '#cli/runbook-files.js';
import type { Io } from '#cli/verb.js';
import { proposeOf } from '#compose/propose.js';
import { ACTIONS } from '#runbooks/actions.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { openShelf } from '#runbooks/shelf.js';

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

// Word for word as the contract shows it: its address is not known yet.
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
    with: { store: "{{ inputs.to }}", url: "http://…/v1/clips" }
    retry: { attempts: 5, backoff: 2s }
    timeout: 30s
`;

test('an address whose host is still to be filled in can be linted', async () => {
  await mkdir(file('draft'));
  await writeFile(file('draft/key-sync.yml'), KEY_SYNC);
  const found = await lint({}, file('draft/key-sync.yml'));
  expect(found).toEqual({ code: 0, out: `ok key-sync  ${file('draft/key-sync.yml')}\n` });
});
