import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { haproxyAvailable } from './support/haproxy.js';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-demo-test-'));
// As root the database server runs as somebody else, and would be given another folder if it could not enter this one.
chmodSync(folder, 0o711);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'out');
const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

interface Exported {
  incident: { metrics: Record<string, number | null>; drill: boolean };
  impact: Array<{ failed: number }>;
  runs: Array<{ id: string; runbook: string; state: string }>;
}
const exported = (ref: string) => JSON.parse(readFileSync(join(out, `${ref}.json`), 'utf8')) as Exported;

/** Starts the demo as a newcomer does, as a process group of its own. */
function start(...more: string[]): { child: ChildProcess; said: () => string } {
  const args = [pathOf('scripts/demo.mjs'), '--once', '--out', out, '--data', join(folder, 'data'), ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
  }
  return { child, said: () => said };
}

/** Processes of that group which still run. */
function left(group: number | undefined): string[] {
  const all = execFileSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => {
    const [pgid, stat = ''] = line.trim().split(/\s+/);
    return pgid === String(group) && !stat.startsWith('Z');
  });
}

// What a newcomer types first. The demo itself compares its exports with the scenario and with what the load generator
// counted, looks for keys everywhere, and fails on any difference.
describe.each([
  ['haproxy', haproxyAvailable()],
  ['node', true],
])('npm run demo -- --once, with %s as the gateway', (gateway, here) => {
  (here ? test : test.skip)(
    'replays the founding incident, lives it once more, and leaves its exports',
    async () => {
      const { child, said } = start('--gateway', gateway);
      const [code] = (await once(child, 'close')) as [number];
      // What it said is shown where it matters: when it failed.
      expect({ code, said: code === 0 ? '' : said() }).toEqual({ code: 0, said: '' });
      expect(said()).toContain('every entry, time, count and state');
      const files = (ref: string) => ['csv', 'facts.jsonl', 'html', 'json', 'md'].map((it) => `${ref}.${it}`);
      expect(readdirSync(out).sort()).toEqual(
        [...files('INC-1'), ...files('INC-2'), 'bot.log', 'postmortem-2.md', 'postmortem.md'].sort(),
      );
      expect(exported('INC-1').incident.metrics).toEqual({
        time_to_detect_s: 60,
        time_to_mitigate_s: 180,
        time_to_resolve_s: 1260,
      });
      const { impact, runs, incident } = exported('INC-2');
      expect(incident.drill).toBe(true);
      const [{ failed } = { failed: 0 }] = impact;
      expect(failed).toBeGreaterThanOrEqual(19);
      expect(said()).toContain(`INC-2 says ${failed} failed requests, as the load generator does`);
      expect(said()).toMatch(/after the rollback 0 of \d+ requests failed/);
      expect(readFileSync(join(out, 'postmortem-2.md'), 'utf8')).toContain(` ${failed} requests failed`);
      expect(runs.filter(({ state }) => state === 'succeeded').map(({ id }) => id)).toEqual([
        'RUN-1',
        'RUN-4',
        'RUN-5',
        'RUN-6',
      ]);
      expect(readdirSync(folder)).toEqual(['out']);
      expect(left(child.pid)).toEqual([]);
    },
    240_000,
  );
});

test('Ctrl-C in the middle of a run ends everything and removes what it made', async () => {
  const { child, said } = start('--gateway', 'node');
  const ended = once(child, 'close') as Promise<[number]>;
  while (!said().includes('clicks Approve under RUN-1')) {
    if (child.exitCode !== null) throw new Error(said());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // As a terminal does: to all of them, and to some of them twice.
  process.kill(-(child.pid as number), 'SIGINT');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(said()).toContain('Ending all of it');
  expect(readdirSync(folder)).toEqual(['out']);
  expect(left(child.pid)).toEqual([]);
}, 240_000);

test('a demo whose replay differs from the scenario fails', async () => {
  const { differences } = (await import(pathOf('demo/expected.mjs'))) as {
    differences(scenario: object, exported: object): string[];
  };
  const scenario = JSON.parse(readFileSync(pathOf('demo/tts-auth-2024-11-10.json'), 'utf8')) as {
    timeline: Array<{ text: string }>;
  };
  expect(differences(scenario, exported('INC-1'))).toEqual([]);
  (scenario.timeline[3] as { text: string }).text += '!';
  expect(differences(scenario, exported('INC-1'))).toEqual([expect.stringMatching(/^entries:/)]);
});

describe('a rehearsal that is not as it should be fails', () => {
  const ended = () => exported('INC-2').runs.map(({ runbook, state }) => `${runbook} ${state}`);
  const check = async (rehearsed: { failed?: number; states?: string[]; secrets?: string[] }) => {
    const { checkRehearsal } = (await import(pathOf('demo/rehearsal-check.mjs'))) as {
      checkRehearsal(rehearsed: object, texts: object, where: object): Promise<void>;
    };
    const texts = Object.fromEntries(
      readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]),
    );
    const [{ failed } = { failed: 0 }] = exported('INC-2').impact;
    const states = ended();
    const slack = { state: async () => ({}), calls: async () => [] };
    return checkRehearsal({ failed, states, secrets: ['not there', 'nor this'], ...rehearsed }, texts, {
      slack,
      out,
    });
  };

  test('when one request more was counted than INC-2 says', async () => {
    const [{ failed } = { failed: 0 }] = exported('INC-2').impact;
    await expect(check({ failed: failed + 1 })).rejects.toThrow(
      `INC-2.json says ${failed} failed, ${failed + 1} did`,
    );
  });
  test('when a run ended in another way', async () => {
    await expect(check({ states: ended().reverse() })).rejects.toThrow('runs: rollback succeeded');
  });
  test('when a key stands somewhere, plainly or in another form', async () => {
    const name = 'Text to Speech (Developer API)';
    await expect(check({ secrets: [name, 'nor this'] })).rejects.toThrow('a key stands in INC-2.json');
    writeFileSync(join(out, 'bot.log'), Buffer.from('a canary of this test').toString('base64'));
    const secrets = ['a canary of this test', 'nor this'];
    await expect(check({ secrets })).rejects.toThrow('a key stands in bot.log');
  });
  test('when the keys are the same as before', async () => {
    await expect(check({ secrets: ['same', 'same'] })).rejects.toThrow('the keys were not rotated');
  });
});
