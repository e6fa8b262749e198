import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
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

/** Whether etcd is here; where tests must be complete its absence is an error. */
export const etcdAvailable = (): boolean => available(['etcd', '--version'], 'etcd-server');

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
  const members = plans.map(({ name, url, port, peer }) => {
    const settings = {
      name,
      'data-dir': join(folder, name),
      'listen-client-urls': url,
      'advertise-client-urls': url,
      'listen-peer-urls': `http://127.0.0.1:${peer}`,
      'initial-advertise-peer-urls': `http://127.0.0.1:${peer}`,
      'initial-cluster': cluster,
      'log-level': 'error',
      // Who is alone need not wait long for the others' votes.
      ...(size === 1 && { 'heartbeat-interval': '10', 'election-timeout': '100' }),
      ...(tls && { 'cert-file': tls.cert, 'key-file': tls.key }),
    };
    const server = new Server({
      name: `etcd-${name}`,
      command: ['etcd', ...Object.entries(settings).map(([setting, value]) => `--${setting}=${value}`)],
      folder,
      ready: () =>
        fetch(`${url}/health`).then(
          async (answer) => (await answer.text()).includes('true'),
          // A certificate of our own: that there is an answer must do.
          (error) => tls !== undefined && /CERT|SELF_SIGNED|UNABLE_TO/.test(error.cause?.code),
        ),
    });
    return { url, port, server };
  });
  await Promise.all(members.map(({ server }) => server.start()));

  return {
    members: members.map(({ url, port, server }) => ({
      url,
      port,
      kill9: () => server.kill(),
      start: () => server.start(),
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
      for (const { server } of members) await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
