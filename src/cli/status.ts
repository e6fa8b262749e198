import { parseArgs } from 'node:util';
import { many } from '#compose/core.js';
import { builtSite } from '#compose/public.js';
import { createLog } from '#log.js';
import { type Io, Usage, type Verb, withCore } from './core.js';
import { importFiles } from './import.js';

/** Words that may stand behind `status` here; any other is of the incident's verb of that name. */
export const STATUS_WORDS = ['build', 'import'] as const;

/** `tocsin status build`: the page as files. `tocsin status import`: another page’s components and incidents. */
export const statusVerb: Verb = {
  form: 'status build --out DIR\n       tocsin status import FILE… [--dry-run] [--skip-broken]',
  help: 'write the public page into a folder, for any web server; take over what another page has published',
  async run([word, ...args], io) {
    if (word === 'import') return importFiles(args, io, (run) => withCore(io, run));
    return build(args, io);
  },
};

async function build(args: string[], io: Io): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: 'string' } },
  });
  const { out } = values;
  if (!out || positionals.length > 0) throw new Usage('name the folder: `--out DIR`');
  return withCore(io, async (core) => {
    const page = await builtSite(core, await core.team(), out, createLog('warn'));
    const { files, written } = await page.build('tocsin status build');
    const are = written === 0 ? 'all as they were' : `${written} of them new`;
    await io.out(`The page is in ${out}: ${many(files, 'file')}, ${are}.\n`);
  });
}
