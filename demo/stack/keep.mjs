// Runs a program that does not watch its parent (HAProxy, Prometheus) and ends it when ours is gone.
// usage: node keep.mjs --with-parent -- PROGRAM ARGUMENT…
import { spawn } from 'node:child_process';
import { endWith } from './parent.mjs';

const [command, ...args] = process.argv.slice(process.argv.indexOf('--') + 1);
const child = spawn(command, args, { stdio: ['ignore', 2, 2] });

endWith(true, () => {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), 2000).unref();
});
child.once('spawn', () => process.stdout.write(`${child.pid}\n`));
child.once('error', (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(1);
});
child.once('exit', (code) => process.exit(code ?? 1));
