// The real servers that tests talk to, as Debian packages.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { run } from './prepare.mjs';

const SERVERS = [
  { binary: 'redis-server', package: 'redis-server' },
  { binary: 'haproxy', package: 'haproxy' },
  { binary: 'nginx', package: 'nginx' },
  { binary: 'caddy', package: 'caddy' },
  { binary: 'etcd', package: 'etcd-server' },
  { binary: 'prometheus', package: 'prometheus' },
  { binary: 'prometheus-alertmanager', package: 'prometheus-alertmanager' },
  { binary: 'chromium', package: 'chromium' },
  { binary: 'pg_ctlcluster', package: 'postgresql' },
];

const missing = () => SERVERS.filter(({ binary }) => spawnSync('which', [binary]).status !== 0);

/** Installs what is missing, without recommended packages and without starting anything. Exits when it cannot. */
export function installServers() {
  const packages = missing().map((server) => server.package);
  if (packages.length === 0) return;
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || spawnSync('which', ['apt-get']).status !== 0) {
    console.error(`Some tests need servers that are not here. As root on Debian: ${line}`);
    process.exit(1);
  }
  // Debian asks this file whether a freshly installed service may be started; 101 says no.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-q'], { env, stdio: ['ignore', 2, 2] });
    run('apt-get', line.split(' ').slice(1), { env, stdio: ['ignore', 2, 2] });
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}
