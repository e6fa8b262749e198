// HAProxy as the gateway: two map files that it reads at its start, and a socket that changes them while it runs.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logIn, onFreePort, startKept, tail } from './child.mjs';
import { replace } from './file.mjs';

/** @see startGateway, which says what comes and goes here */
export async function startHaproxy({ folder, old, new: newer, key, route, patienceMs = 0 }) {
  const place = (name) => join(folder, name);
  const [keys, routes, socket, config] = ['keys.map', 'route.map', 'haproxy.sock', 'haproxy.cfg'].map(place);
  checkPath(socket);
  replace(keys, `tts ${key}\n`);
  replace(routes, `tts ${route}\n`);
  const metrics = hasExporter();
  const { port, kept } = await onFreePort(async (port) => {
    const text = configuration({ port, socket, keys, routes, old, newer, metrics, patienceMs });
    writeFileSync(config, text, { mode: 0o600 });
    const log = logIn(folder);
    const kept = await startKept('haproxy', ['-db', '-f', config], log);
    if (await ready(kept, socket)) return { port, kept };
    if (/cannot bind/i.test(tail(log))) return null;
    throw new Error(`haproxy did not start: ${tail(log)}`);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    kind: 'haproxy',
    pids: kept.pids,
    settings: {
      keystores: {
        gateway: {
          type: 'haproxy-map',
          instances: [{ name: 'gateway', socket, file: keys }],
          columns: 'id-value',
        },
      },
      routes: {
        tts: {
          type: 'haproxy-map',
          instances: [{ name: 'gateway', socket, file: routes }],
          key: 'tts',
          choices: ['old', 'new'],
        },
      },
    },
    // File and live, as anybody must: what is only live is gone with the next reload.
    async moveRoute(to) {
      replace(routes, `tts ${to}\n`);
      const said = await command(socket, `set map ${routes} tts ${to}`);
      if (said.trim() !== '') throw new Error(`haproxy: ${said.trim()}`);
    },
    stop: kept.stop,
  };
}

/**
 * No retries and no second choice of server: a request that failed is seen to have failed. The key that a client
 * brings is replaced by ours.
 */
const configuration = ({ port, socket, keys, routes, old, newer, metrics, patienceMs }) => `global
  stats socket ${socket} mode 600 level admin
  maxconn 2000
  no strict-limits

defaults
  mode http
  retries 0
  no option redispatch
  timeout connect ${Math.max(2000, 2 * patienceMs)}
  timeout client 60s
  timeout http-keep-alive 60s
  timeout server ${Math.max(10_000, 2 * patienceMs)}

frontend developer-api
  bind 127.0.0.1:${port}
${metrics ? '  http-request use-service prometheus-exporter if { path /metrics }\n' : ''}\
  http-request set-header X-Request-Id %[uuid()] unless { req.hdr(x-request-id) -m found }
  http-request set-header X-Api-Key %[str(tts),map(${keys})]
  use_backend %[str(tts),map(${routes})]

backend old
  server tts-old ${new URL(old).host}

backend new
  server tts-new ${new URL(newer).host}
`;

/** Ready when its own socket answers, not when its port does: that might be somebody else's. */
async function ready(kept, socket) {
  while (kept.alive()) {
    const said = await command(socket, 'show info').catch(() => '');
    // A socket left over from an earlier start does not answer; one of a process that is no longer ours has its pid.
    if (new RegExp(`^Pid: ${kept.pid}$`, 'm').test(said)) return true;
    await sleep(20);
  }
  return false;
}

/** One command of the runtime API. @returns what it said */
async function command(socket, line) {
  const connection = createConnection(socket);
  let said = '';
  connection.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  connection.write(`${line}\n`);
  await once(connection, 'close');
  return said;
}

function hasExporter() {
  return /prometheus-exporter/.test(execFileSync('haproxy', ['-vv'], { encoding: 'utf8' }));
}

/** Limits of others: 107 bytes for a socket's path, 18 of which HAProxy needs itself while it binds; words in its config. */
function checkPath(path) {
  if (Buffer.byteLength(path) > 89)
    throw new Error(`${path} is too long for a socket: choose a shorter folder`);
  if (!/^[\w./@+=~-]+$/.test(path)) throw new Error(`${path} has characters that haproxy.cfg cannot hold`);
}

/** What the map says, for those who ask for it without the socket. @returns {Map<string, string>} */
export function readMap(path) {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}
