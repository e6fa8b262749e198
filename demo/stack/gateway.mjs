// The gateway of the Developer API: it picks the service and puts the key on. HAProxy where it is installed,
// else a small one of our own.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { logIn, startChild } from './child.mjs';
import { replace } from './file.mjs';
import { startHaproxy } from './haproxy.mjs';

/** The one object in both the route map and the key map. */
const NAME = 'tts';

/**
 * @param {{folder: string, old: string, new: string, key: string, route: 'old'|'new', kind?: 'haproxy'|'node',
 *   patienceMs?: number}} options
 *   `old` and `new` are the services' addresses; `key` is what it sends; `kind`: without it, HAProxy if there is one;
 *   `patienceMs`: at least so long it waits for a service
 * @returns {Promise<{url: string, kind: 'haproxy'|'node', pids: number[], settings: {keystores: object, routes: object},
 *   moveRoute(to: string): Promise<void>, stop(): Promise<void>}>} `settings` go into tocsin.yml as they are
 */
export function startGateway({ kind = haproxyInstalled() ? 'haproxy' : 'node', ...options }) {
  return kind === 'haproxy' ? startHaproxy(options) : startNode(options);
}

export function haproxyInstalled() {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function startNode({ folder, old, new: newer, key, route, patienceMs = 0 }) {
  const files = { keys: join(folder, 'keys.json'), route: join(folder, 'route.json') };
  const write = (path, value) => replace(path, `${JSON.stringify({ [NAME]: value }, null, 2)}\n`);
  write(files.keys, key);
  write(files.route, route);
  const child = await startChild(
    'node-gateway.mjs',
    [
      ...['--keys', files.keys, '--route', files.route, '--old', old, '--new', newer],
      ...['--timeout', String(Math.max(10_000, 2 * patienceMs))],
    ],
    logIn(folder),
  );
  return {
    url: child.line,
    kind: 'node',
    pids: [child.pid],
    settings: {
      keystores: { gateway: { type: 'json-file', path: files.keys } },
      routes: { [NAME]: { type: 'json-file', path: files.route, key: NAME, choices: ['old', 'new'] } },
    },
    moveRoute: async (to) => write(files.route, to),
    stop: child.stop,
  };
}
