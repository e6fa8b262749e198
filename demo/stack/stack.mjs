// The stage of the founding incident: a gateway in front of an old and a new text-to-speech service, and clients.
import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logIn, startChild } from './child.mjs';
import { replace, strings } from './file.mjs';
import { startGateway } from './gateway.mjs';
import { readMap } from './haproxy.mjs';
import { startLoad } from './load.mjs';

/** Under which the old service knows the gateway's key. */
const KEY_ID = 'developer-api';

/**
 * Old knows the gateway's key, new does not, traffic goes to old. Keys are made up at each start.
 * @param {{folder: string, rate?: number, timeoutMs?: number, kind?: 'haproxy'|'node', newKnows?: 'nothing'|'older'}} options
 *   `folder` is made private and keeps keys: the caller removes it. `newKnows: 'older'`: another key under the same id.
 *   `timeoutMs`: how long a client waits; the gateway waits longer, so that the client is the stricter judge
 * @returns `settings` as tocsin.yml takes them; `moveRoute('old'|'new')` is an operator's own hand at the gateway,
 *   past Tocsin; `keysOf('gateway'|'old'|'new')` fingerprints by id; `stop()` ends all of it, @returns the load's final counts
 */
export async function startStack({ folder, rate = 50, timeoutMs, kind, newKnows = 'nothing' }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const key = newKey();
  const files = Object.fromEntries(
    ['old', 'new', 'truth'].map((name) => [name, join(folder, `${name}.keys.json`)]),
  );
  write(files.old, { [KEY_ID]: key });
  write(files.new, newKnows === 'older' ? { [KEY_ID]: newKey() } : {});
  write(files.truth, { current: key });
  const started = [];
  const keep = (one) => {
    started.unshift(one);
    return one;
  };
  try {
    const old = keep(await startTts('tts-old', files.old, folder));
    const newer = keep(await startTts('tts-new', files.new, folder));
    const gateway = keep(
      await startGateway({
        folder,
        old: old.url,
        new: newer.url,
        key,
        route: 'old',
        kind,
        patienceMs: timeoutMs,
      }),
    );
    const through = `${gateway.url}/v1/clips`;
    const load = keep(await startLoad({ url: through, rate, timeoutMs, log: logIn(folder) }));
    const fingerprint = fingerprints();
    const [sender] = Object.values(gateway.settings.keystores);
    const keysIn = {
      gateway: () => (gateway.kind === 'haproxy' ? readMap(sender.instances[0].file) : read(sender.path)),
      old: () => read(files.old),
      new: () => read(files.new),
    };
    let final;
    return {
      gateway,
      old,
      new: newer,
      load,
      settings: settings(gateway, files, { old: old.url, new: newer.url, through }),
      urls: { gateway: gateway.url, through, old: old.url, new: newer.url },
      pids: [old.pid, newer.pid, ...gateway.pids, load.pid],
      moveRoute: gateway.moveRoute,
      keysOf: (name) =>
        Object.fromEntries([...keysIn[name]()].map(([id, value]) => [id, fingerprint(value)])),
      stop: () => (final ??= stopAll(started)),
    };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

/** In the order given, the clients first: else the end of the stage would count as failures. @returns what the first one says */
async function stopAll(started) {
  const said = [];
  for (const one of started) said.push(await one.stop().catch((error) => error));
  // One that was killed cannot say what it counted; that must not keep the others running.
  if (said[0] instanceof Error) throw said[0];
  return said[0];
}

/**
 * @returns {Promise<{name: string, url: string, pid: number, stop(): Promise<void>}>}
 * @public tests start one alone
 */
export async function startTts(name, keys, folder) {
  const { line, pid, stop } = await startChild('tts.mjs', ['--name', name, '--keys', keys], logIn(folder));
  return { name, url: line, pid, stop };
}

function settings(gateway, files, urls) {
  return {
    keystores: {
      ...gateway.settings.keystores,
      'tts-old': { type: 'json-file', path: files.old },
      'tts-new': {
        type: 'json-file',
        path: files.new,
        probe: { url: `${urls.new}/v1/clips`, header: 'X-Api-Key' },
      },
      'tts-truth': { type: 'json-file', path: files.truth },
    },
    routes: Object.fromEntries(
      Object.entries(gateway.settings.routes).map(([name, route]) => [
        name,
        { ...route, probe: { url: urls.through } },
      ]),
    ),
    pairs: {
      tts: {
        truth: 'tts-truth',
        senders: ['gateway'],
        acceptors: ['tts-old', 'tts-new'],
        key: 'tts',
        probe: {
          urls: [`${urls.old}/v1/clips`, `${urls.new}/v1/clips`],
          header: 'X-Api-Key',
          status: [200],
          refused: [401],
        },
        through: urls.through,
        drain: '2s',
      },
    },
  };
}

const newKey = () => randomBytes(24).toString('base64url');
const write = (path, keys) => replace(path, `${JSON.stringify(keys, null, 2)}\n`);
const read = (path) => strings(readFileSync(path, 'utf8'));

/** For comparing within one run of the stage; they are not the fingerprints that Tocsin shows. */
function fingerprints() {
  const pepper = randomBytes(32);
  return (value) => `fp:${createHmac('sha256', pepper).update(value).digest('hex').slice(0, 12)}`;
}
