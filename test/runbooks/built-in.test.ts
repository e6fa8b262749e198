import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Runbook } from '#domain/run/runbook.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { planSteps } from '#runs/plan.js';
import { FileRoute, fp, Kit } from './actions/kit.js';

// The runbooks that come with Tocsin, planned against real stores.
const FOLDER = join(import.meta.dirname, '../../runbooks');
const PROBE = {
  urls: ['http://127.0.0.1:1/'],
  header: 'X-Api-Key',
  status: [200],
  refused: [401],
  negative: true,
};
let kit: Kit;
beforeEach(async () => {
  kit = await Kit.open();
});
afterEach(() => kit.close());

async function plan(name: string, given: Record<string, string>) {
  const found = readDefinition(await readFile(join(FOLDER, `${name}.yml`), 'utf8'), `${name}.yml`, ACTIONS);
  if (!('runbook' in found)) throw new Error(found.problems.join('\n'));
  const runbook: Runbook = found.runbook;
  const defaults = Object.entries(runbook.inputs).map(([key, input]) => [key, input.default]);
  const inputs = { ...Object.fromEntries(defaults), ...given };
  const scope = { inputs, incident: {}, run: { id: 'RUN-1' } };
  const scrub = { text: (text: string) => text, json: <T>(value: T) => value, learn: () => {} };
  const world = { actions: ACTIONS, systems: kit.context(), scrub, now: () => kit.now };
  return planSteps(
    { target: 'x', key: 'plan', scope },
    runbook,
    world as never,
    new AbortController().signal,
  );
}

test('key-sync asks nobody to approve what must fail: a key with another value', async () => {
  await kit.store('tts-old', { dev: 'value-dev', web: 'value-web' });
  await kit.store('tts-new', { web: 'value-web' });
  kit.storeProbes.set('tts-new', PROBE);
  const { steps } = await plan('key-sync', {});
  expect(steps.map(({ id }) => id)).toContain('add');
  await kit.write('tts-new', { web: 'another' });
  await expect(plan('key-sync', {})).rejects.toThrow(
    `tts-new has another value under web: ${fp('value-web')} in tts-old, ${fp('another')} in tts-new, which adding leaves alone: mend it by hand, or replace the key on all sides (key-rotate)`,
  );
});

test('forward shows in its plan that its gate will fail, also where there is nothing to compare with', async () => {
  const place = join(kit.folder, 'route');
  await writeFile(place, 'old');
  kit.routes.set('tts', new FileRoute('tts', [place], ['old', 'new']));
  await kit.store('tts-old', {});
  await kit.store('tts-new', { own: 'value-own' });
  kit.storeProbes.set('tts-new', PROBE);
  kit.routeProbes.set('tts', { url: 'http://127.0.0.1:1/', status: [200] });
  const { steps } = await plan('forward', {});
  expect(steps[0]).toMatchObject({
    id: 'gate',
    does: expect.stringMatching(/, and fails as long as that is so$/),
  });
  await expect(plan('forward', { to_keys: 'tts-old' })).rejects.toThrow('from and to are the same store');
});
