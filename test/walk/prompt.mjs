// A prompt that stays open: runs verbs of the command line one after the other, each as `bin/tocsin.js VERB` would in its
// environment and folder, without starting a process for each. Told what by messages; see prompt.ts.

import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { cli } from '../../dist/cli/cli.js';
import { errorText, hidden } from '../../dist/log.js';

/** Ends what one verb has said on stderr: its log goes there too, past us. */
const END = '\u0004\n';

let before = Promise.resolve();
process.on('message', (asked) => {
  before = before.then(() => run(asked));
});
process.on('disconnect', () => process.exit(0));

async function run({ args, env, cwd, input }) {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  const out = [];
  const io = {
    out: (chunk) => void out.push(Buffer.from(chunk)),
    err: (chunk) => void writeSync(2, hidden(chunk)),
    stdin: () => text(Readable.from([input])),
    env: process.env,
  };
  let code;
  try {
    code = await cli(args, io);
  } catch (error) {
    writeSync(2, `${hidden(errorText(error))}\n`);
    code = 1;
  }
  writeSync(2, END);
  process.send({ code, out: Buffer.concat(out).toString('base64') });
}
