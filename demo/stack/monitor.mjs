// What watches the stage: Prometheus and Alertmanager where both are installed, else a small loop of ours.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alertmanagerInstalled, startAlertmanager } from './alertmanager.mjs';
import { prometheusInstalled, startPrometheus } from './prometheus.mjs';
import { startSmallMonitor } from './small-monitor.mjs';

const RULES = fileURLToPath(new URL('alerts.yml', import.meta.url));
const OWN_RULES = fileURLToPath(new URL('../../ops/alerts.yml', import.meta.url));

/**
 * @param {{folder: string, targets: Record<string, string>, kind?: 'prometheus'|'small'}} options `targets`: addresses by name
 * @returns {Promise<{kind: 'prometheus'|'small', url: string, pids: number[], alertsTo(webhook: {url: string, token: string, receiver?: object}): Promise<void>,
 *   watch(name: string, url: string): void, stop(): Promise<void>}>} `alertsTo`: from then on alerts go to
 *   that webhook, and to none of before; `receiver` as in alertmanager.mjs
 */
export async function startMonitor({ folder, targets, kind = bothInstalled() ? 'prometheus' : 'small' }) {
  if (kind === 'small') {
    const small = await startSmallMonitor({ targets });
    return { ...small, kind, alertsTo: async (webhook) => small.alertsTo(webhook), watch() {} };
  }
  const prometheus = await startPrometheus({ folder, targets, rules: [RULES, OWN_RULES] });
  let manager = null;
  return {
    kind,
    url: prometheus.url,
    pids: prometheus.pids,
    async alertsTo(webhook) {
      await manager?.stop();
      manager = await startAlertmanager({ folder: join(folder, 'alerts'), webhook });
      await prometheus.alertsTo(manager.address);
    },
    watch: prometheus.watch,
    async stop() {
      await manager?.stop();
      await prometheus.stop();
    },
  };
}

function bothInstalled() {
  return prometheusInstalled() && alertmanagerInstalled() !== undefined;
}
