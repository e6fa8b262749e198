import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Verb } from './verb.js';

/** `tocsin sandbox`: the local Slack alone, as a process of its own; it knows nothing of us, nor we of it. */
export const sandbox: Verb = {
  form: 'sandbox [--port N] [--events-url URL]',
  help: 'run a local Slack to try things in',
  run(args) {
    const program = fileURLToPath(new URL('../sandbox/main.js', import.meta.url));
    const manifest = fileURLToPath(new URL('../../manifest.yml', import.meta.url));
    const given = args.includes('--manifest') ? args : ['--manifest', manifest, ...args];
    const child = spawn(process.execPath, [program, ...given], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 0)));
  },
};
