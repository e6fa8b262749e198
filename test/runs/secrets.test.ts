import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { Kit } from '../runbooks/actions/kit.js';
import { definition, type RunKit, startRunKit } from './kit.js';

// Steps that send secrets out, with the real actions: what is agreed to, and what goes where before it is.
const FOLDER = join(import.meta.dirname, '../../runbooks');
const KEY = 'canary-live-key-4711';
let kit: RunKit;
let world: Kit;
/** What came to the service that tocsin.yml names, and to a server of whoever asks. */
let service: string[];
let attacker: string[];
let [at, theirs] = ['', ''];

beforeEach(async () => {
  kit = await startRunKit();
  world = await Kit.open();
  [service, attacker] = [[], []];
  const secretOf = (headers: NodeJS.Dict<string | string[]>) =>
    String(headers['x-api-key'] ?? headers.authorization ?? 'no secret');
  at = await world.serve((request, response) => {
    service.push(secretOf(request.headers));
    response.writeHead([KEY, 'canary-token'].includes(secretOf(request.headers)) ? 200 : 401).end();
  });
  theirs = await world.serve((request, response) => {
    attacker.push(secretOf(request.headers));
    response.end();
  });
  for (const name of ['tts-old', 'tts-new']) await world.store(name, { dev: KEY });
  const probe = { urls: [at], header: 'X-Api-Key', status: [200], refused: [401], negative: true };
  for (const name of ['tts-old', 'tts-new']) world.storeProbes.set(name, probe);
  world.secrets.set('token', 'canary-token');
  world.destinations.set('token', [at]);
  const readRunbook = (source: string) => {
    const read = readDefinition(source, 'r.yml', ACTIONS);
    return 'runbook' in read ? read.runbook : null;
  };
  Object.assign(kit.world, { actions: ACTIONS, systems: world.context(), readRunbook });
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  expect(attacker).toEqual([]);
  await kit.end();
  await world.close();
});

/** Asks for a run with these inputs, and takes it as far as it goes by itself. */
async function asked(text: string, inputs: Record<string, unknown> = {}, planOnly = false): Promise<number> {
  const answer = await kit.says({
    type: 'ProposeRun',
    runbook: 'r',
    definition: text,
    inputs: JSON.stringify(inputs),
    target: 'r',
    planOnly,
  });
  const run = (answer as { facts: Array<{ data: { run: number } }> }).facts[0]?.data.run as number;
  await kit.drive(run);
  return run;
}
const stateOf = async (run: number) => (await kit.view(run)).state;
const builtIn = (name: string) => readFile(join(FOLDER, `${name}.yml`), 'utf8');

describe('a step that sends a secret out', () => {
  test('is agreed to though nothing is to be changed: key-sync, with both stores in step', async () => {
    const run = await asked(await builtIn('key-sync'), { from: 'tts-old', to: 'tts-new' });
    expect(await stateOf(run)).toMatchObject({ status: 'waiting', approvers: { required: 1 } });
    const { plan } = await kit.view(run);
    expect(plan?.steps.map(({ id, when, sends = false }) => ({ id, when, sends }))).toEqual([
      { id: 'compare', when: 'runs', sends: false },
      { id: 'add', when: 'left out', sends: false },
      { id: 'complete', when: 'runs', sends: false },
      { id: 'accepted', when: 'runs', sends: true },
    ]);
    expect(service).toEqual([]);
    await kit.approve(run);
    await kit.drive(run);
    expect(await stateOf(run)).toMatchObject({ end: 'succeeded' });
    expect(service).toEqual([expect.not.stringContaining(KEY), KEY]);
  });

  const wait = { id: 'w', uses: 'wait', with: { for: '1ms' } };
  const ask = (uses: string, more: object = {}) => ({
    id: 'ask',
    uses,
    with: { url: at, secret_headers: { Authorization: 'token' }, ...more },
  });
  test.each<[string, () => object[]]>([
    ['tries keys', () => [{ id: 'p', uses: 'keys.probe', with: { store: 'tts-new' } }]],
    ['reads', () => [ask('http')]],
    ['probes', () => [ask('probe', { good: 1 })]],
    ['sends in its verify', () => [{ ...wait, verify: { uses: 'keys.probe', with: { store: 'tts-new' } } }]],
    ['sends in its check', () => [{ ...wait, check: { uses: 'http', with: ask('http').with } }]],
    [
      'may be given what a step before it finds out',
      () => [
        { id: 'c', uses: 'keys.compare', with: { from: 'tts-old', to: 'tts-new' } },
        { id: 'p', uses: 'keys.probe', with: { store: 'tts-new', keys: '{{ steps.c.missing }}' } },
      ],
    ],
    [
      'stands behind one that changes something, which is left out',
      () => [
        { id: 'c', uses: 'keys.compare', with: { from: 'tts-old', to: 'tts-new' } },
        {
          id: 'add',
          uses: 'keys.add',
          when: '{{ steps.c.missing }}',
          with: { from: 'tts-old', to: 'tts-new', keys: '{{ steps.c.missing }}' },
        },
        ask('http'),
      ],
    ],
  ])('that %s: nothing goes out before', async (_, steps) => {
    const run = await asked(definition(steps()));
    expect(await stateOf(run)).toMatchObject({ status: 'waiting', approvers: { required: 1 } });
    expect(service).toEqual([]);
    const only = await asked(definition(steps()), {}, true);
    expect(await stateOf(only)).toMatchObject({ end: 'planned' });
    expect(service).toEqual([]);
  });

  test.each<[string, () => object]>([
    ['http', () => ask('http')],
    ['probe', () => ask('probe', { good: 1 })],
    ['keys.probe', () => ({ id: 'ask', uses: 'keys.probe', with: { store: 'tts-old' } })],
    [
      'a wait and its verify',
      () => ({ ...wait, id: 'ask', verify: { uses: 'http', with: ask('http').with } }),
    ],
  ])('which the plan left out is not done without a new yes: %s', async (_, step) => {
    // While it runs, the second store loses its key.
    const meanwhile = await world.serve(async (_, response) => {
      await world.write('tts-new', {});
      response.end();
    });
    const steps = [
      { id: 'a', uses: 'http', with: { url: meanwhile } },
      { id: 'c', uses: 'keys.compare', with: { from: 'tts-old', to: 'tts-new' } },
      { ...step(), when: '{{ steps.c.missing }}' },
    ];
    const run = await asked(definition(steps, { approval: { required: 0 } }));
    expect((await stateOf(run)).asked).toMatchObject({ step: 'ask', why: 'failed' });
    expect((await kit.view(run)).steps.get('ask')?.run?.question).toBe(
      'it would now do something else than what was approved',
    );
    expect(service).toEqual([]);
  });

  test('with nothing to send and nothing to change, nobody is asked', async () => {
    const run = await asked(
      definition(
        [
          { id: 'c', uses: 'keys.compare', with: { from: 'tts-old', to: 'tts-new' } },
          {
            id: 'add',
            uses: 'keys.add',
            when: '{{ steps.c.missing }}',
            with: { from: 'tts-old', to: 'tts-new', keys: '{{ steps.c.missing }}' },
          },
        ],
        { approval: { required: 1 } },
      ),
    );
    expect(await stateOf(run)).toMatchObject({ end: 'succeeded' });
  });
});

describe('whoever asks cannot say where', () => {
  test('a definition of before, that takes an address for keys, is not run', async () => {
    const before = (await builtIn('key-sync'))
      .replace('inputs:', 'inputs:\n  url: { type: string }')
      .replace(
        'with: { store: "{{ inputs.to }}", negative',
        'with: { store: "{{ inputs.to }}", url: "{{ inputs.url }}", negative',
      );
    expect(before).toContain('inputs.url');
    const run = await asked(before, { from: 'tts-old', to: 'tts-new', url: theirs });
    expect(await stateOf(run)).toMatchObject({ end: 'failed' });
    expect((await kit.view(run)).summary).toMatch(/its definition cannot be read/);
  });

  test('nor one of a definition that nobody has looked at, as it would be in the record', async () => {
    const inputs = { url: { type: 'string' } };
    const step = { id: 's', uses: 'http', with: { url: '{{ inputs.url }}', secret_headers: { A: 'token' } } };
    const text = definition([step], { inputs });
    const bare = { ...JSON.parse(text), description: null, target: null, onFailure: 'ask', inputs };
    const spec = {
      ...step,
      title: 's',
      effect: null,
      timeoutS: 10,
      when: null,
      retry: { attempts: 1, backoffS: 1 },
    };
    const steps = [{ ...spec, check: null, verify: null, undo: null }];
    const approval = { required: 0, from: [], self: true, expiresS: 60 };
    kit.world.readRunbook = () => ({ ...bare, approval, steps }) as never;
    world.destinations.set('token', [at, theirs]);
    const run = await asked(text, { url: theirs });
    expect(await stateOf(run)).toMatchObject({ end: 'failed' });
    expect((await kit.view(run)).summary).toContain('secret_headers stand beside it');
  });

  test('an address of theirs is not fetched and shown, planned or run', async () => {
    const text = definition([{ id: 's', uses: 'http', with: { url: '{{ inputs.url }}' } }], {
      inputs: { url: { type: 'string' } },
    });
    for (const planOnly of [true, false]) {
      const run = await asked(text, { url: theirs }, planOnly);
      expect(await stateOf(run)).toMatchObject({ end: 'failed' });
      expect((await kit.view(run)).summary).toMatch(/^no plan can be made: s: http\S+ comes from a template/);
    }
  });

  test('not through what another step gives either, which is known when it runs', async () => {
    const found = await world.serve((_, response) => response.end(JSON.stringify({ next: theirs })));
    const run = await asked(
      definition([
        { id: 'a', uses: 'http', with: { url: found, keep: ['next'] } },
        { id: 'b', uses: 'http', with: { url: '{{ steps.a.json.next }}' } },
      ]),
    );
    expect((await stateOf(run)).asked).toMatchObject({ step: 'b', why: 'failed' });
    expect((await kit.view(run)).steps.get('b')?.run?.question).toMatch(/comes from a template/);
  });

  test('nor in a verify or an undo', async () => {
    const found = await world.serve((_, response) => response.end(JSON.stringify({ next: theirs })));
    const elsewhere = { uses: 'http', with: { url: '{{ steps.a.json.next }}' } };
    const step = { id: 'a', uses: 'http', with: { url: found, keep: ['next'], method: 'POST' } };
    const verified = await asked(definition([{ ...step, verify: elsewhere }]));
    await kit.approve(verified);
    await kit.drive(verified);
    expect((await kit.view(verified)).steps.get('a')?.run?.question).toMatch(/comes from a template/);
    await kit.says({ type: 'CancelRun', run: verified, reason: null });
    await kit.drive(verified);
    const undone = await asked(definition([{ ...step, undo: elsewhere }]));
    await kit.approve(undone);
    await kit.drive(undone);
    await kit.says({ type: 'UndoRun', run: undone });
    await kit.drive(undone);
    expect((await kit.view(undone)).steps.get('a')?.undo?.error).toMatch(/comes from a template/);
  });
});
