// Prometheus beside the stage, where it is installed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort, startKept, tail } from './child.mjs';

export function prometheusInstalled() {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads `/metrics` of every target once a second.
 * @param {{folder: string, targets: Record<string, string>}} options addresses by name; the name becomes the label `job`
 * @returns {Promise<{url: string, pids: number[], stop(): Promise<void>} | null>} null: not installed
 */
export async function startPrometheus({ folder, targets }) {
  if (!prometheusInstalled()) return null;
  const home = join(folder, 'prometheus');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const config = join(home, 'prometheus.yml');
  // JSON is YAML.
  const scrape = Object.entries(targets).map(([name, url]) => ({
    job_name: name,
    static_configs: [{ targets: [new URL(url).host] }],
  }));
  const settings = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: scrape };
  writeFileSync(config, JSON.stringify(settings, null, 2), { mode: 0o600 });
  const log = join(home, 'prometheus.log');
  return onFreePort(async (port) => {
    const url = `http://127.0.0.1:${port}`;
    const data = join(home, 'data');
    const args = [`--web.listen-address=127.0.0.1:${port}`, `--storage.tsdb.path=${data}`];
    const kept = await startKept('prometheus', [`--config.file=${config}`, '--log.level=warn', ...args], log);
    while (kept.alive()) {
      // Ready when ours answers: on its port might be somebody else.
      const flags = await ask(`${url}/api/v1/status/flags`);
      if (flags?.data?.['storage.tsdb.path'] === data) return { url, pids: kept.pids, stop: kept.stop };
      await sleep(50);
    }
    if (/address already in use/.test(tail(log))) return null;
    throw new Error(`prometheus did not start: ${tail(log)}`);
  });
}

async function ask(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1000) });
    return await answer.json();
  } catch {
    return null;
  }
}
