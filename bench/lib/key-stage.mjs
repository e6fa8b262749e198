// What the rotation bench works on: a gateway that puts its key on, two services that refuse unknown ones, clients that
// never stop, and the command line with runbooks that nobody has to approve.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { replace } from '../../demo/stack/file.mjs';
import { startGateway } from '../../demo/stack/gateway.mjs';
import { readMap } from '../../demo/stack/haproxy.mjs';
import { startLoad } from '../../demo/stack/load.mjs';
import { startKeyService, tell } from './key-service.mjs';

const root = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const ID = 'developer-api';
const OVERLAP_MS = 500;

/**
 * Traffic goes to `old`; both know the key.
 * @param {{place: object, rate: number, drain: string}} options
 */
export async function startKeyStage({ place, rate, drain }) {
  const { folder } = place;
  const key = newKey();
  const old = await startKeyService({ folder, name: 'tts-old', keys: { [ID]: key } });
  place.onClose(old.stop);
  const newer = await startKeyService({ folder, name: 'tts-new', keys: { [ID]: key } });
  place.onClose(newer.stop);
  const gateway = await startGateway({
    folder,
    old: old.url,
    new: newer.url,
    key,
    route: 'old',
    kind: 'haproxy',
  });
  place.onClose(gateway.stop);
  const truth = join(folder, 'truth.json');
  const through = `${gateway.url}/v1/clips`;
  const probed = { old: `${old.url}/v1/clips`, new: `${newer.url}/v1/clips` };
  const config = join(folder, 'tocsin.yml');
  const settings = {
    keystores: {
      ...gateway.settings.keystores,
      'tts-old': old.store,
      'tts-new': { ...newer.store, probe: { url: probed.new, header: 'X-Api-Key' } },
      truth: { type: 'json-file', path: truth },
    },
    routes: Object.fromEntries(
      Object.entries(gateway.settings.routes).map(([name, route]) => [
        name,
        { ...route, probe: { url: through } },
      ]),
    ),
    pairs: {
      tts: {
        truth: 'truth',
        senders: ['gateway'],
        acceptors: ['tts-old', 'tts-new'],
        key: 'tts',
        probe: { urls: Object.values(probed), header: 'X-Api-Key', status: [200], refused: [401] },
        through,
        drain,
      },
    },
  };
  writeFileSync(config, stringify(settings), { mode: 0o600 });
  const load = await startLoad({ url: through, rate, timeoutMs: 30_000, log: join(folder, 'load.log') });
  place.onClose(load.stop);
  const [{ socket, file }] = gateway.settings.keystores.gateway.instances;
  const send = async (value) => {
    replace(file, `tts ${value}\n`);
    await tell(socket, `set map ${file} tts ${value}`);
  };
  const steady = async () => {
    const value = newKey();
    const used = readMap(file).get('tts');
    for (const service of [old, newer]) await service.hold({ [ID]: value, before: used });
    await sleep(OVERLAP_MS);
    await send(value);
    await sleep(OVERLAP_MS);
    for (const service of [old, newer]) await service.hold({ [ID]: value });
    replace(truth, JSON.stringify({ current: value }));
  };
  return {
    config,
    urls: { ...probed, through },
    load,
    old,
    new: newer,
    moveRoute: gateway.moveRoute,
    /** The sender's key, file and live, past Tocsin. */
    send,
    id: ID,
    newKey,
    current: () => JSON.parse(readFileSync(truth, 'utf8')).current,
    /** A new key everywhere, by hand and with care. */
    steady,
  };
}

const newKey = () => randomBytes(24).toString('base64url');

/** The command line on data of its own, with copies of the runbooks that need no approval. */
export function commandLine({ place, config, data }) {
  const runbooks = join(place.folder, 'runbooks');
  mkdirSync(runbooks);
  for (const name of ['key-rotate', 'key-sync', 'forward']) {
    const text = readFileSync(root(`runbooks/${name}.yml`), 'utf8');
    const copy = text.replace(/^approval: .*$/m, 'approval: { required: 0 }');
    if (copy === text) throw new Error(`${name}.yml has no approval to take out`);
    writeFileSync(join(runbooks, `${name}.yml`), copy);
  }
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  const env = {
    ...Object.fromEntries(Object.entries({ PATH, HOME, TMPDIR, LANG }).filter(([, value]) => value)),
    TOCSIN_DATA: data,
    TOCSIN_CONFIG: config,
    TOCSIN_RUNBOOKS: runbooks,
    LOG_LEVEL: 'warn',
  };
  /** @returns what it printed @throws with that when it fails */
  return async (...args) => {
    const child = spawn(process.execPath, [root('bin/tocsin.js'), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => {
        said += chunk;
      });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`tocsin ${args.join(' ')} answered ${code}: ${said}`);
    return said;
  };
}
