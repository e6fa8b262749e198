import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { errorText, hidden } from '#log.js';
import { cli, whyNoFile } from './cli.js';

// `tocsin export … | head` closes our stdout early: that is the reader's right, not a failure. A full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`What this says cannot be written ${whyNoFile(error)}.\n`);
  process.exit(1);
});
// Once stderr fails there is nowhere left to say so.
process.stderr.on('error', () => process.exit(1));

// A bug: the stack is what helps, without the secrets that may stand in it.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${hidden(errorText(error))}\n`);
  process.exit(1);
});

process.exitCode = await cli(process.argv.slice(2), {
  async out(chunk) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  },
  err: (chunk) => process.stderr.write(hidden(chunk)),
  stdin: () => text(process.stdin),
  env: process.env,
});
