// Writes a page from a process of its own, for tests that kill and freeze it. Compiled by `compiled()`; told what to do by one
// argument.
import { once } from 'node:events';
import { openFolder } from '../../src/public/folder.js';
import { filesOf, record, recorded } from './page-files.js';

const { dir, source, rounds, halt, pace } = JSON.parse(process.argv[2] ?? '{}') as {
  dir: string;
  source: string;
  /** How often it records something and writes. */
  rounds: number;
  /** It waits for a line when it has read, and one file is given. */
  halt?: boolean;
  pace?: object;
};

const folder = openFolder(dir, { installation: 'one', pace });
process.stdout.write('begun\n');

async function* halting(revision: number) {
  for (const [n, file] of [...filesOf(revision)].entries()) {
    if (halt && n === 1) {
      process.stdout.write(`halts at ${revision}\n`);
      await once(process.stdin, 'data');
    }
    yield file;
  }
}

try {
  for (let n = 0; n < rounds; n++) {
    record(source);
    await folder.write(async () => {
      const revision = recorded(source);
      return { revision: String(revision), files: halting(revision) };
    });
  }
  process.stdout.write('done\n');
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
process.exit(0);
