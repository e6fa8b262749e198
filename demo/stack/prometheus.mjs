// Prometheus beside the stage, where it is installed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort, startKept, tail } from './child.mjs';
import { replace } from './file.mjs';

export function prometheusInstalled() {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads `/metrics` of every target once a second, and looks at its rules as often.
 * @param {{folder: string, targets: Record<string, string>, rules?: string[]}} options `targets`: addresses by name; the
 *   name becomes the label `job`. `rules`: files of alerting rules
 * @returns {Promise<{url: string, pids: number[], watch(name: string, url: string): void, alertsTo(address: string): Promise<void>,
 *   stop(): Promise<void>} | null>} null: not installed. `watch` adds a target, `alertsTo` an Alertmanager
 */
export async function startPrometheus({ folder, targets, rules = [] }) {
  if (!prometheusInstalled()) return null;
  const home = join(folder, 'prometheus');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const config = join(home, 'prometheus.yml');
  // JSON is YAML.
  const lists = { targets: join(home, 'targets.json'), managers: join(home, 'alertmanagers.json') };
  const list = (file, entries) => replace(file, JSON.stringify(entries));
  const watched = Object.entries(targets).map(([job, url]) => ({
    targets: [new URL(url).host],
    labels: { job },
  }));
  list(lists.targets, watched);
  list(lists.managers, []);
  const found = (file) => ({ file_sd_configs: [{ files: [file], refresh_interval: '1s' }] });
  const settings = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    alerting: { alertmanagers: [found(lists.managers)] },
    scrape_configs: [{ job_name: 'stage', ...found(lists.targets) }],
  };
  writeFileSync(config, JSON.stringify(settings, null, 2), { mode: 0o600 });
  const log = join(home, 'prometheus.log');
  return onFreePort(async (port) => {
    const url = `http://127.0.0.1:${port}`;
    const data = join(home, 'data');
    const args = [`--web.listen-address=127.0.0.1:${port}`, `--storage.tsdb.path=${data}`];
    const kept = await startKept(
      'prometheus',
      [`--config.file=${config}`, '--log.level=warn', '--rules.alert.resend-delay=1s', ...args],
      log,
    );
    while (kept.alive()) {
      // Ready when ours answers: on its port might be somebody else.
      const flags = await ask(`${url}/api/v1/status/flags`);
      if (flags?.data?.['storage.tsdb.path'] === data) {
        return {
          url,
          pids: kept.pids,
          watch(job, target) {
            if (watched.some(({ labels }) => labels.job === job)) return;
            watched.push({ targets: [new URL(target).host], labels: { job } });
            list(lists.targets, watched);
          },
          async alertsTo(address) {
            list(lists.managers, [{ targets: [address] }]);
            // An alert that fires before Prometheus knows whom to tell is told a while later.
            while (kept.alive()) {
              const found = await ask(`${url}/api/v1/alertmanagers`);
              if (found?.data?.activeAlertmanagers?.some(({ url: of }) => new URL(of).host === address))
                return;
              await sleep(100);
            }
          },
          stop: kept.stop,
        };
      }
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
