import { text } from 'node:stream/consumers';
import { cli } from './cli.js';

// `tocsin export … | head` closes our stdout early: that is the reader's right, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await cli(process.argv.slice(2), {
  out: (chunk) => process.stdout.write(chunk),
  err: (chunk) => process.stderr.write(chunk),
  stdin: () => text(process.stdin),
  env: process.env,
});
