// A service that refuses unknown keys: an HAProxy with the map of those it takes, as file and live.
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort, startKept } from '../../demo/stack/child.mjs';
import { replace } from '../../demo/stack/file.mjs';

/**
 * @param {{folder: string, name: string, keys: Record<string, string>}} options keys by id
 * @returns `store` for tocsin.yml; `hold(keys)` is an operator's own hand: these keys and no others, from now on
 */
export async function startKeyService({ folder, name, keys }) {
  const [map, socket, config, log] = ['map', 'sock', 'cfg', 'log'].map((end) =>
    join(folder, `${name}.${end}`),
  );
  const lines = (all) => Object.entries(all).map(([id, key]) => `${key} ${id}`);
  const write = (all) =>
    replace(
      map,
      lines(all)
        .map((line) => `${line}\n`)
        .join(''),
    );
  write(keys);
  const { url, kept } = await onFreePort(async (port) => {
    writeFileSync(config, configuration({ port, socket, map, name }), { mode: 0o600 });
    const kept = await startKept('haproxy', ['-db', '-q', '-f', config], log);
    while (kept.alive()) {
      const info = await tell(socket, 'show info').catch(() => '');
      if (info.includes(`\nPid: ${kept.pid}\n`)) return { url: `http://127.0.0.1:${port}`, kept };
      await sleep(20);
    }
    return null;
  });
  return {
    url,
    store: { type: 'haproxy-map', instances: [{ name, socket, file: map }], columns: 'value-id' },
    async hold(all) {
      write(all);
      // As one change: between a `clear` and an `add` requests would be refused.
      const [version] = /\d+/.exec(await tell(socket, `prepare map ${map}`));
      const added = lines(all).map((line) => `add map @${version} ${map} ${line}`);
      await tell(socket, [...added, `commit map @${version} ${map}`].join(';'));
    },
    stop: kept.stop,
  };
}

/** One line of commands to an admin socket. @returns what it said */
export function tell(socket, line) {
  return new Promise((resolve, reject) => {
    let said = '';
    const connection = createConnection(socket, () => connection.write(`${line}\n`));
    connection.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
    });
    connection.once('error', reject);
    connection.once('close', () => resolve(said));
  });
}

const configuration = ({ port, socket, map, name }) => `global
  stats socket ${socket} mode 600 level admin
  maxconn 2000
  no strict-limits

defaults
  mode http
  timeout client 60s
  timeout http-keep-alive 60s

frontend ${name}
  bind 127.0.0.1:${port}
  http-request return status 401 unless { req.hdr(x-api-key),map(${map}) -m found }
  http-request return status 200 hdr X-Served-By ${name}
`;
