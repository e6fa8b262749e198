import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { chanceOf } from '../support/chance.js';
import { acceptor, gateway, type TestHaproxy } from '../support/haproxy.js';
import { Wire } from './rotation-wire.js';

interface Counts {
  sent: number;
  failed: number;
  byOutcome: Record<string, number>;
}
interface Load {
  counts(): Promise<Counts>;
  settled(): Promise<Counts>;
  stop(): Promise<Counts>;
}
const { startLoad } = (await import(
  fileURLToPath(new URL('../../demo/stack/load.mjs', import.meta.url))
)) as {
  startLoad(options: {
    url: string;
    rate: number;
    timeoutMs: number;
    most: number;
    log: string;
  }): Promise<Load>;
};

const INSTANCES = ['tts-1', 'tts-2'] as const;

/** Everything that a rotation may touch, by role. */
export interface Keys {
  current?: string;
  pending?: string;
  previous?: string;
}

/**
 * A gateway that adds its key, two instances of a service that refuse unknown ones, a third that knows none, and clients
 * that never stop. Tocsin reaches the admin sockets through wires.
 * @param folder for tocsin.yml, the truth, and the clients' log
 * @param rate requests of clients, a second
 */
export async function startRotationStage(folder: string, rate: number) {
  const chance = chanceOf('keys of a rotation');
  const key = () => chance.bytes(24).toString('base64url');
  const first = key();
  const [one, two, bare] = await Promise.all([
    acceptor(`${first} legacy\n`),
    acceptor(`${first} legacy\n`),
    acceptor(),
  ]);
  const front = await gateway(
    { tts: [one.url, two.url], bare: bare.url },
    { keys: `tts ${first}\n`, route: 'active tts\n', client: 'tts' },
  );
  const acceptors = [one, two];
  const wires = {
    'tts-1': await Wire.before(one.socket),
    'tts-2': await Wire.before(two.socket),
    gateway: await Wire.before(front.socket),
  };
  const truth = join(folder, 'truth.json');
  await writeFile(truth, JSON.stringify({ current: first }));
  const config = join(folder, 'rotation.yml');
  const pair = (drain: string) => ({
    truth: 'truth',
    senders: ['gateway'],
    acceptors: ['tts'],
    key: 'tts',
    probe: { urls: [one.url, two.url], header: 'x-key', status: [200], refused: [401] },
    through: front.url,
    drain,
  });
  const instances = acceptors.map((proxy, n) => ({
    name: INSTANCES[n],
    socket: wires[INSTANCES[n] as 'tts-1'].path,
    file: proxy.map('keys'),
  }));
  const settings = {
    announce: 'incidents',
    keystores: {
      truth: { type: 'json-file', path: truth },
      gateway: {
        type: 'haproxy-map',
        instances: [{ name: 'gateway', socket: wires.gateway.path, file: front.map('keys') }],
        columns: 'id-value',
      },
      tts: { type: 'haproxy-map', instances, columns: 'value-id' },
    },
    // The second drains for longer than a bot naps with a run in hand: there a row wakes it.
    pairs: { tts: pair('400ms'), 'tts-slowly': pair('4s') },
  };
  await writeFile(config, stringify(settings));
  const load = await startLoad({
    url: front.url,
    rate,
    timeoutMs: 60_000,
    // On a machine that is busy with other things the clients wait too: nothing is proved by more than it can answer.
    most: 200,
    log: join(folder, 'clients.log'),
  });
  let known = await load.counts();

  return {
    config,
    load,
    front,
    acceptors,
    wires,
    truth: async () => JSON.parse(await readFile(truth, 'utf8')) as Keys,
    writeTruth: (keys: Keys) => writeFile(truth, JSON.stringify(keys)),
    /** Clients' requests that have failed since this was last asked, by outcome; those under way are waited for. */
    async failures(): Promise<Record<string, number>> {
      const now = await load.settled();
      const kinds = Object.entries(now.byOutcome).map(
        ([kind, count]) => [kind, count - (known.byOutcome[kind] ?? 0)] as const,
      );
      known = now;
      return Object.fromEntries(kinds.filter(([kind, count]) => !/^2/.test(kind) && count > 0));
    },
    /** Keys in every place, files and live: of the gateway its own, of an instance all. */
    places: async (): Promise<Record<string, string[]>> =>
      Object.fromEntries(
        (
          await Promise.all([
            ...acceptors.map((proxy, n) => placesOf(INSTANCES[n] as string, proxy, 0)),
            placesOf('gateway', front, 1),
          ])
        ).flat(),
      ),
    /** @returns the statuses with which the instances answer a key, past the gateway */
    ask: (value: string) =>
      Promise.all(
        acceptors.map(async ({ url }) => (await fetch(url, { headers: { 'x-key': value } })).status),
      ),
    async end() {
      await load.stop();
      for (const wire of Object.values(wires)) await wire.cut();
      for (const proxy of [...acceptors, bare, front]) await proxy.stop();
    },
  };
}

export type RotationStage = Awaited<ReturnType<typeof startRotationStage>>;

/** @param column which of a map's two holds the key */
async function placesOf(name: string, proxy: TestHaproxy, column: number) {
  const file = rows(await readFile(proxy.map('keys'), 'utf8'));
  const live = rows((await proxy.tell(`show map ${proxy.map('keys')}`)).replace(/^0x\S+ /gm, ''));
  const keys = (all: string[][]) => all.map((row) => row[column] ?? '');
  return [
    [`${name} file`, keys(file)],
    [`${name} live`, keys(live)],
  ] as const;
}

const rows = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '));
