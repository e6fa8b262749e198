// Alertmanager beside the stage, where it is installed: hands Prometheus' alerts to a webhook.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort, startKept, tail } from './child.mjs';

const NAMES = ['prometheus-alertmanager', 'alertmanager'];

/** @returns its command, as Debian or its makers call it; undefined: it is not installed */
export function alertmanagerInstalled() {
  return NAMES.find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * It waits a second where by default it would wait 30, so that an hour can be lived in a minute.
 * @param {{folder: string, webhook: {url: string, token: string, receiver?: object}}} options every alert goes there;
 *   `receiver`: by other means than a webhook, as Alertmanager's file has them; they lead to that address, too
 * @returns {Promise<{address: string, pids: number[], stop(): Promise<void>}>} `address`: `127.0.0.1:9093`
 */
export async function startAlertmanager({ folder, webhook }) {
  const home = join(folder, 'alertmanager');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const config = join(home, 'alertmanager.yml');
  const settings = {
    route: {
      receiver: 'tocsin',
      group_by: ['...'],
      group_wait: '1s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'tocsin', ...(webhook.receiver ?? { webhook_configs: [throughWebhook(webhook)] }) }],
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(settings, null, 2), { mode: 0o600 });
  const log = join(home, 'alertmanager.log');
  return onFreePort(async (port) => {
    const address = `127.0.0.1:${port}`;
    const args = [
      `--config.file=${config}`,
      `--storage.path=${join(home, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ];
    const kept = await startKept(alertmanagerInstalled(), args, log);
    while (kept.alive()) {
      if (await isOurs(address, webhook.url)) return { address, pids: kept.pids, stop: kept.stop };
      await sleep(50);
    }
    if (/address already in use/.test(tail(log))) return null;
    throw new Error(`alertmanager did not start: ${tail(log)}`);
  });
}

const throughWebhook = ({ url, token }) => ({
  ...{ url, send_resolved: true },
  http_config: { authorization: { type: 'Bearer', credentials: token } },
});

/** On its port might be somebody else's. */
async function isOurs(address, url) {
  try {
    const answer = await fetch(`http://${address}/api/v2/status`, { signal: AbortSignal.timeout(1000) });
    return JSON.stringify(await answer.json()).includes(url);
  } catch {
    return false;
  }
}
