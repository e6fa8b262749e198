import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './wire.js';

/** A real etcd of one's own: one member, or several that form a cluster. */
export interface TestEtcd {
  members: TestMember[];
  /** Asks a member through the gateway, by other means than a key store. */
  ask(path: string, body: object, headers?: Record<string, string>): Promise<{ [name: string]: unknown }>;
  stop(): Promise<void>;
}

interface TestMember {
  url: string;
  port: number;
  kill9(): Promise<void>;
  /** With the data that it had. */
  start(): Promise<void>;
}

const INSTALL = 'apt-get install -y --no-install-recommends etcd-server';

/** Whether etcd is here; where tests must be complete its absence is an error. */
export function etcdAvailable(): boolean {
  try {
    execFileSync('etcd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    const line = `etcd is missing; install it with: ${INSTALL}`;
    if (process.env.CI === 'true' || process.env.TOCSIN_TEST_REQUIRE === '1') throw new Error(line);
    process.stderr.write(`skipped: ${line}\n`);
    return false;
  }
}

/** @param tls files of a certificate for clients; the gateway then answers at https:// only */
export async function startEtcd(size = 1, tls?: { cert: string; key: string }): Promise<TestEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-etcd-'));
  const scheme = tls ? 'https' : 'http';
  const plans = await Promise.all(
    Array.from({ length: size }, async (_, i) => {
      const port = await freePort();
      return { name: `m${i}`, port, url: `${scheme}://127.0.0.1:${port}`, peer: await freePort() };
    }),
  );
  const cluster = plans.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(',');
  const servers = new Map<string, ChildProcess>();

  const start = ({ name, url, peer }: (typeof plans)[number]) => {
    const settings = {
      name,
      'data-dir': join(folder, name),
      'listen-client-urls': url,
      'advertise-client-urls': url,
      'listen-peer-urls': `http://127.0.0.1:${peer}`,
      'initial-advertise-peer-urls': `http://127.0.0.1:${peer}`,
      'initial-cluster': cluster,
      'log-level': 'error',
      ...(tls && { 'cert-file': tls.cert, 'key-file': tls.key }),
    };
    const args = Object.entries(settings).flatMap(([setting, value]) => [`--${setting}`, value]);
    servers.set(name, spawn('etcd', args, { stdio: 'ignore', cwd: folder }));
  };
  const end = async (name: string) => {
    const server = servers.get(name);
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  const healthy = async ({ name, url }: (typeof plans)[number]) => {
    for (let tries = 0; tries < 1_500; tries++) {
      const up = await fetch(`${url}/health`).then(
        async (answer) => (await answer.text()).includes('true'),
        // A certificate of our own: that there is an answer must do.
        (error) => tls && /CERT|SELF_SIGNED|UNABLE_TO/.test(error.cause?.code),
      );
      if (up) return;
      if (servers.get(name)?.exitCode !== null) break;
      await sleep(20);
    }
    throw new Error('etcd does not answer');
  };
  for (const plan of plans) start(plan);
  await Promise.all(plans.map(healthy));

  return {
    members: plans.map((plan) => ({
      url: plan.url,
      port: plan.port,
      kill9: () => end(plan.name),
      async start() {
        start(plan);
        await healthy(plan);
      },
    })),
    async ask(path, body, headers = {}) {
      const answer = await fetch(`${plans[0]!.url}/v3/${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${text}`);
      return JSON.parse(text);
    },
    async stop() {
      for (const { name } of plans) await end(name);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
