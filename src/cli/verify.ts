import { createReadStream, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verifyFile } from '#domain/incident/verify.js';
import { Told } from '#told.js';
import { Usage, type Verb } from './verb.js';

/** `tocsin verify FILE`: offline; 0 when every fact proves itself, 1 with the first one that does not. */
export const verify: Verb = {
  form: 'verify FILE [--head HASH]',
  help: 'check an exported facts file, without a database',
  async run(args, io) {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { head: { type: 'string' } },
    });
    const [file] = positionals;
    if (!file || positionals.length > 1) throw new Usage('name one file that `export --format facts` wrote');
    // Without a stream of its own: that would say of a folder only that it is one, and not which.
    if (statSync(file).isDirectory()) throw new Told(`${file} is a folder; name the file in it.`);
    const result = await verifyFile(createReadStream(file), { head: values.head });
    if (!result.ok) {
      io.out(`BROKEN at line ${result.line}: ${result.why}\n`);
      return 1;
    }
    const after = result.after ? `, ${result.after} recorded after that head` : '';
    const erased = result.erased ? `, ${result.erased} texts erased` : '';
    io.out(`OK: ${result.incident}, ${result.facts} facts${erased}${after}, head ${result.head}\n`);
    return 0;
  },
};
