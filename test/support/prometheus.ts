import { spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
import { freePort } from './wire.js';

/** A real Prometheus of one's own, which reads every target once a second. */
export interface TestPrometheus {
  url: string;
  /** @returns what its API answers under `data`. @throws when it answers with an error */
  api<T>(path: string, query?: Record<string, string>): Promise<T>;
  stop(): Promise<void>;
}

/** Whether Prometheus is here, and promtool with it; where tests must be complete its absence is an error. */
export const prometheusAvailable = (): boolean => available(['promtool', '--version'], 'prometheus');

/** @param config what is in its file beside the intervals */
export async function startPrometheus(config: object): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-prometheus-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'prometheus.yml');
  const every = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ global: every, ...config }));
  const server = new Server({
    name: 'prometheus',
    command: [
      'prometheus',
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    folder,
    ready: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  await server.start();
  return {
    url,
    async api<T>(path: string, query: Record<string, string> = {}) {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`);
      const answer = (await response.json()) as { status: string; error?: string; data: T };
      if (answer.status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${answer.error}`);
      return answer.data;
    },
    stop: () => server.stop(),
  };
}

/** @returns how promtool ended, and all that it wrote */
export function promtool(args: string[], input = ''): { code: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { code: status, out: stdout + stderr };
}
