import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
import { freePort } from './wire.js';

/** A real Alertmanager of one's own. */
export interface TestAlertmanager {
  url: string;
  /** Says that an alert fires, or (`ended`) that it does not any more; what Prometheus does. */
  fires(
    labels: Record<string, string>,
    more?: { annotations?: Record<string, string>; ended?: boolean },
  ): Promise<void>;
  /** What it has written. */
  log(): string;
  /** Without a good-bye; what it knew of alerts is gone. */
  kill9(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether Alertmanager is here; where tests must be complete its absence is an error. */
export const alertmanagerAvailable = (): boolean =>
  available(['prometheus-alertmanager', '--version'], 'prometheus-alertmanager');

/** @param config its file: receivers, and where alerts are routed to */
export async function startAlertmanager(config: object): Promise<TestAlertmanager> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-alertmanager-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'alertmanager.yml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const server = new Server({
    name: 'prometheus-alertmanager',
    command: [
      'prometheus-alertmanager',
      ...[`--config.file=${file}`, `--storage.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
      // It looks for no others.
      '--cluster.listen-address=',
    ],
    folder,
    ready: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  await server.start();
  const startsAt = new Date().toISOString();
  return {
    url,
    async fires(labels, { annotations = {}, ended = false } = {}) {
      const endsAt = new Date(Date.now() + (ended ? -1_000 : 3_600_000)).toISOString();
      const began = ended
        ? new Date(Math.min(Date.parse(startsAt), Date.now() - 2_000)).toISOString()
        : startsAt;
      const answer = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([
          { labels, annotations, startsAt: began, endsAt, generatorURL: 'http://prometheus.example/graph' },
        ]),
      });
      if (!answer.ok) throw new Error(`alertmanager answered ${answer.status}: ${await answer.text()}`);
    },
    log: () => server.log(),
    kill9: () => server.kill(),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}
