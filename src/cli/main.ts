import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { cli } from './cli.js';

// `tocsin export … | head` closes our stdout early: that is the reader's right, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await cli(process.argv.slice(2), {
  async out(chunk) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  },
  err: (chunk) => process.stderr.write(chunk),
  stdin: () => text(process.stdin),
  env: process.env,
});
