import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { fp } from '../runbooks/actions/kit.js';
import { K1, World } from '../runbooks/actions/rotation-world.js';
import { type RunKit, startRunKit } from './kit.js';

// The runbook that comes with Tocsin, on a pair whose gateway does not read the store that stands for it.
const SOURCE = join(import.meta.dirname, '../../runbooks/key-rotate.yml');
let kit: RunKit;
let pair: World;
/** What clients of the gateway were answered, and what it sends. */
let answers: number[];
let sends: () => string;
beforeEach(async () => {
  kit = await startRunKit();
  pair = await World.open({ senders: 1, acceptors: 2 });
  answers = [];
  sends = () => K1;
  let turn = 0;
  const through = await pair.kit.serve(async (_, response) => {
    const { urls } = pair.pair.probe;
    const { status } = await fetch(urls[turn++ % urls.length] as string, {
      headers: { 'x-api-key': sends() },
    });
    answers.push(status);
    response.writeHead(status).end();
  });
  pair.kit.pairs.set('tts', { ...pair.pair, through, drainMs: 20 });
  const readRunbook = (source: string) => {
    const read = readDefinition(source, 'key-rotate.yml', ACTIONS);
    if ('problems' in read) throw new Error(read.problems.join('\n'));
    return read.runbook;
  };
  Object.assign(kit.world, { actions: ACTIONS, systems: pair.kit.context(), readRunbook });
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.end();
  await pair.kit.close();
});

/** Asked for, approved, and taken as far as it goes. */
async function rotated(): Promise<number> {
  const answer = await kit.says({
    type: 'ProposeRun',
    runbook: 'key-rotate',
    definition: await readFile(SOURCE, 'utf8'),
    inputs: '{"pair":"tts"}',
    target: 'pair:tts',
    planOnly: false,
  });
  const run = (answer as { facts: Array<{ data: { run: number } }> }).facts[0]?.data.run as number;
  await kit.drive(run);
  await kit.approve(run);
  await kit.drive(run);
  return run;
}

const refused = () => answers.filter((status) => status === 401).length;

test('an old key that is still used is put back at once, once; a person is asked, and undo leads back', async () => {
  const run = await rotated();
  const { state, steps } = await kit.view(run);
  expect(state.asked).toMatchObject({ step: 'retire', why: 'failed', attempt: 1 });
  expect(steps.get('retire')?.run?.question).toContain(`once ${fp(K1)} was gone; it was put back`);
  expect(steps.get('drain')?.run?.summary).toMatch(/^waited 20 ms: sender-1 uses fp:/);
  expect(refused()).toBe(1);
  await kit.says({ type: 'UndoRun', run });
  await kit.drive(run);
  // Requests with the next key have their time to end, too.
  await kit.passes(1_000, run);
  expect((await kit.view(run)).state.end).toBe('undone');
  expect(pair.files()).toMatchObject({
    truth: { current: K1 },
    'sender-1': { key: K1 },
    'acceptor-1': { legacy: K1, 'client-9': 'of-a-client' },
    'acceptor-2': { legacy: K1, 'client-9': 'of-a-client' },
  });
  expect(Object.keys(pair.files().truth ?? {})).not.toContain('pending');
  expect(refused()).toBe(1);
});

test('once that sender is mended, retry goes on to the end', async () => {
  const run = await rotated();
  sends = () => pair.files()['sender-1']?.key as string;
  await kit.says({ type: 'RetryStep', run });
  await kit.drive(run);
  expect((await kit.view(run)).state.end).toBe('succeeded');
  expect(Object.values(pair.files()['acceptor-1'] ?? {})).not.toContain(K1);
  expect(refused()).toBe(1);
});
