import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isRefusal } from '#domain/refusal.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { openShelf, proposeOf } from '#runbooks/definition/shelf.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';

// No key store stands between a command and its answer; and what may be a key is looked at with care all the same.

const KEY = 'sk7live0n3w4k3y8t7h6a5t4was3added';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-propose-'));
  await writeFile(
    join(folder, 'rest.yml'),
    'name: rest\ntitle: Rest\ninputs: { of: { type: string } }\nsteps:\n  - { id: a, title: Wait, uses: wait, with: { for: 1s } }\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

function proposing(learnKeys: (scrub: Scrub) => Promise<void>, patient = false) {
  const scrub = new Scrub(fingerprints('pepper'));
  const shelf = openShelf({ folders: [folder], actions: ACTIONS });
  const propose = proposeOf({ shelf, scrub, learnKeys: () => learnKeys(scrub) }, patient);
  return async (of: string) => {
    const said = await propose({ runbook: 'rest', inputs: { of }, planOnly: false });
    return isRefusal(said) ? said.code : said.intent.type;
  };
}
const never = () => new Promise<void>(() => {});
const learning = async (scrub: Scrub) => {
  await new Promise(setImmediate);
  scrub.learn(KEY);
};

test('key stores that do not answer keep nobody waiting', async () => {
  const run = proposing(never);
  expect(await run('tts-new')).toBe('ProposeRun');
  // Not even who types something that looks like a key, beyond a moment.
  expect(await run(KEY)).toBe('ProposeRun');
});

test('what looks like a key is compared with what the stores hold now', async () => {
  expect(await proposing(learning)(KEY)).toBe('SECRET_TYPED');
  expect(await proposing(learning)(`Bearer ${KEY}`)).toBe('SECRET_TYPED');
});

test('where nobody is in a hurry the stores are read first', async () => {
  const run = proposing(async (scrub) => {
    await new Promise(setImmediate);
    scrub.learn('hunter-two');
  }, true);
  expect(await run('hunter-two')).toBe('SECRET_TYPED');
});
