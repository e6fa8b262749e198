// What every script needs first: dependencies installed and sources compiled. Plain Node, nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command with our own terminal; exits as it exited when it failed. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error || status !== 0) {
    console.error(`\`${command} ${args.join(' ')}\` failed${error ? `: ${error.message}` : ''}`);
    process.exit(status || 1);
  }
}

/** Installs the dependencies of package-lock.json when they are not there. */
export function ensureInstalled() {
  if (existsSync(join(ROOT, 'node_modules/.package-lock.json'))) return;
  console.error('Installing dependencies (npm ci) …');
  // The build is ours to run, once, below: `prepare` would run it a second time.
  run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { stdio: ['ignore', 2, 2] });
}

/** Compiles src/ to dist/ when a source is newer than the last build. */
export function ensureBuilt() {
  const built = join(ROOT, 'dist/.built');
  const newest = Math.max(...['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map(newestIn));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  console.error('Compiling …');
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    stdio: ['ignore', 2, 2],
  });
  run(process.execPath, [join(ROOT, 'scripts/copy-assets.mjs')], { stdio: ['ignore', 2, 2] });
}

function newestIn(path) {
  const full = join(ROOT, path);
  const stat = statSync(full);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(full).map((name) => newestIn(join(path, name))));
}
