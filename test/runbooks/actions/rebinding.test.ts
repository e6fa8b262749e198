import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { compiled } from '../../support/compiled.js';

// The owner of a name decides what it stands for, and may change their mind between two questions. Their resolver is
// played here, in a process of its own; the server that is asked, and the one that asks it, are real.
const CHILD = `
import dns from 'node:dns';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

let asked = 0;
const server = createServer((_, response) => {
  asked += 1;
  response.end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
let said = [];
dns.lookup = (host, options, done) => {
  const found = said.shift().map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  process.nextTick(() => (options.all ? done(null, found) : done(null, found[0].address, found[0].family)));
};
syncBuiltinESMExports();
const { send } = await import('./src/runbooks/actions/request.js');

const url = 'http://rebind.example:' + server.address().port + '/';
const ask = async (...answers) => {
  said = answers;
  const signal = new AbortController().signal;
  return send({ method: 'GET', url, headers: {} }, signal, 5_000).then(({ status }) => String(status), ({ message }) => message);
};
const results = [
  await ask(['127.0.0.1']),
  await ask(['169.254.169.254']),
  await ask(['127.0.0.1', '::ffff:169.254.169.254']),
  // One question is all that is asked: there is no second answer that could be another.
  await ask(['127.0.0.1'], ['169.254.169.254']),
];
console.log(JSON.stringify({ results, asked, left: said.length }));
server.close();
`;

test('a name that stands for a metadata address when it is asked is not asked', async () => {
  const ours = await compiled('src/runbooks', 'src/domain');
  try {
    await writeFile(join(ours.folder, 'child.mjs'), CHILD);
    const { stdout } = await promisify(execFile)(process.execPath, [join(ours.folder, 'child.mjs')]);
    const said = JSON.parse(stdout) as { results: string[]; asked: number; left: number };
    const never = (address: string) =>
      expect.stringMatching(
        `^http://rebind\\.example:\\d+/ cannot be reached: rebind\\.example stands for ${address}, a link-local or metadata address`,
      );
    expect(said).toEqual({
      results: ['200', never('169\\.254\\.169\\.254'), never('::ffff:169\\.254\\.169\\.254'), '200'],
      asked: 2,
      left: 1,
    });
  } finally {
    await ours.remove();
  }
});
