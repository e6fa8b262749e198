import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';

export const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

interface Exported {
  incident: { metrics: Record<string, number | null> };
  timeline: Array<{ kind: string; by: { id: string } }>;
  impact: Array<{ failed: number }>;
  runs: Array<{ id: string; runbook: string; state: string }>;
}

export type DemoKit = ReturnType<typeof demoKit>;

/** A folder in which demos are started as a newcomer starts them. */
export function demoKit() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-demo-test-'));
  // As root the database server runs as somebody else, and would be given another folder if it could not enter this one.
  chmodSync(folder, 0o711);
  const out = join(folder, 'out');
  return {
    folder,
    out,
    exported: (ref: string) => JSON.parse(readFileSync(join(out, `${ref}.json`), 'utf8')) as Exported,
    /** As a process group of its own. */
    start(...more: string[]): { child: ChildProcess; said: () => string } {
      const args = [pathOf('scripts/demo.mjs'), '--out', out, '--data', join(folder, 'data'), ...more];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (chunk: string) => {
          said += chunk;
        });
      }
      return { child, said: () => said };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Processes of that group which still run. */
export function left(group: number | undefined): string[] {
  const all = execFileSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => {
    const [pgid, stat = ''] = line.trim().split(/\s+/);
    return pgid === String(group) && !stat.startsWith('Z');
  });
}

/**
 * Plays all of it to its end. The demo itself compares its exports with the scenario and with what the load generator counted,
 * looks for keys everywhere, and fails on any difference.
 */
export async function playsToItsEnd(
  { folder, out, exported, start }: DemoKit,
  ...args: string[]
): Promise<void> {
  const { child, said } = start('--once', ...args);
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
  const { impact, runs, timeline } = exported('INC-2');
  expect(timeline.find(({ kind }) => kind === 'opened')?.by.id).toBe('alerts:monitoring');
  const [{ failed } = { failed: 0 }] = impact;
  expect(failed).toBeGreaterThanOrEqual(19);
  expect(said()).toContain(`INC-2 measured ${failed} failed requests, as many as the load generator counted`);
  expect(said()).toMatch(/after the rollback 0 of \d+ requests failed/);
  expect(readFileSync(join(out, 'postmortem-2.md'), 'utf8')).toMatch(
    new RegExp(` ?${failed} of \\d+ requests failed`),
  );
  expect(runs.filter(({ state }) => state === 'succeeded').map(({ id }) => id)).toEqual([
    'RUN-1',
    'RUN-4',
    'RUN-5',
    'RUN-6',
  ]);
  expect(readdirSync(folder)).toEqual(['out']);
  expect(left(child.pid)).toEqual([]);
}
