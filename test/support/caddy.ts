import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
import { freePort } from './wire.js';

/** A real Caddy of one's own: a service that takes what has one of its keys in `x-key`, and refuses the rest with 401. */
export interface TestCaddy {
  /** Of the service. Its answer is the id of the key. */
  url: string;
  admin: string;
  adminPort: number;
  /** Where in its configuration the keys are: `[{"input": KEY, "outputs": [ID]}]`. */
  keys: string;
  /** The same, by the name that the configuration gives to what is around it. */
  keysById: string;
  /** Sets the keys by other means than a key store. */
  set(keys: Record<string, string>): Promise<void>;
  /** What the service answers to a key. */
  ask(key: string): Promise<{ status: number; id: string }>;
  kill9(): Promise<void>;
  /** With the configuration that it saved last, as a service that is run with `--resume`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether Caddy is here; where tests must be complete its absence is an error. */
export const caddyAvailable = (): boolean => available(['caddy', 'version'], 'caddy');

export async function startCaddy(): Promise<TestCaddy> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-caddy-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const admin = `http://127.0.0.1:${adminPort}`;
  const url = `http://127.0.0.1:${port}`;
  const accepts = {
    '@id': 'keys',
    handler: 'map',
    source: '{http.request.header.x-key}',
    destinations: ['{client}'],
    defaults: [''],
    mappings: [],
  };
  const known = { not: [{ vars: { '{client}': [''] } }] };
  const config = {
    admin: { listen: `127.0.0.1:${adminPort}` },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        grace_period: '1s',
        servers: {
          tts: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            routes: [
              { handle: [accepts] },
              { match: [known], handle: [{ handler: 'static_response', body: '{client}' }] },
              { handle: [{ handler: 'static_response', status_code: 401 }] },
            ],
          },
        },
      },
    },
  };
  const file = join(folder, 'caddy.json');
  await writeFile(file, JSON.stringify(config));
  const server = new Server({
    name: 'caddy',
    command: ['caddy', 'run', '--resume', '--config', file],
    folder,
    options: { env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder } },
    ready: async () => {
      // No connection is kept: Caddy closes it when its configuration changes.
      for (const address of [`${admin}/config/`, url])
        await (await fetch(address, { headers: { Connection: 'close' } })).arrayBuffer();
      return true;
    },
  });
  await server.start();
  const keys = `${admin}/config/apps/http/servers/tts/routes/0/handle/0/mappings`;
  return {
    url,
    admin,
    adminPort,
    keys,
    keysById: `${admin}/id/keys/mappings`,
    async set(wanted) {
      const mappings = Object.entries(wanted).map(([id, key]) => ({ input: key, outputs: [id] }));
      const answer = await fetch(keys, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', Connection: 'close' },
        body: JSON.stringify(mappings),
      });
      if (!answer.ok) throw new Error(`caddy answered ${answer.status}`);
    },
    async ask(key) {
      const answer = await fetch(url, { headers: { 'X-Key': key, Connection: 'close' } });
      return { status: answer.status, id: await answer.text() };
    },
    kill9: () => server.kill(),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}
