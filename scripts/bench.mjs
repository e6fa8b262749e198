// `npm run bench`: every bench one after the other, or those that are named; `--quick` goes to each of them.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

const args = process.argv.slice(2);
const known = readdirSync(join(ROOT, 'bench'))
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -4));
const named = args.filter((arg) => !arg.startsWith('-'));
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench “${unknown.join('”, “')}”; there are ${known.join(', ')}.`);
  process.exit(2);
}
ensureInstalled();
ensureBuilt();
const results = [];
let failed = false;
for (const name of named.length > 0 ? named : known) {
  console.error(`${name}`);
  // A process each: one bench's garbage is not another's pause.
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(ROOT, `bench/${name}.mjs`), ...args.filter((arg) => arg.startsWith('-'))],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  // What was measured never fails a run; not to have measured does.
  if (status === 0) results.push(JSON.parse(stdout.toString()));
  else failed = true;
}
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
process.exit(failed ? 1 : 0);
