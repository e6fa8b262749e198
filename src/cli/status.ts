import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Core, many } from '#compose/core.js';
import type { Site } from '#public/site.js';
import { Told } from '#told.js';
import { type Io, Usage, type Verb, withCore } from './core.js';

/**
 * What `tocsin status …` needs of others: PORTS, to be filled in where the verb is made (`VERBS_OF_TWO` of cli.ts).
 * null: this version cannot do it, and `help` does not name it.
 */
export interface StatusPorts {
  /** The page of the workspace of that database, in a folder. */
  site: ((core: Core, team: string, dir: string) => Promise<Site>) | null;
  /** Takes over what another page publishes. @returns what to tell of it */
  bring: ((core: Core, team: string, text: string, dryRun: boolean) => Promise<string>) | null;
}

/** Words that may stand behind `status` here; any other is of the incident's verb of that name. */
export const STATUS_WORDS = ['build', 'import'] as const;

/** `tocsin status build`: the page as files. `tocsin status import`: another page’s components and incidents. */
export function statusVerb({ site, bring }: StatusPorts): Verb {
  const forms = [site && 'status build --out DIR', bring && 'status import FILE [--dry-run]'].filter(
    (form) => form !== null,
  );
  return {
    form: forms.join('\n       tocsin '),
    help: 'write the public page into a folder, for any web server; take over what another page has published',
    async run([word, ...args], io) {
      if (word === 'build' && site) return build(site, args, io);
      if (word === 'import' && bring) return take(bring, args, io);
      throw new Told('This version of Tocsin cannot do that.');
    },
  };
}

async function build(site: NonNullable<StatusPorts['site']>, args: string[], io: Io): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: 'string' } },
  });
  const { out } = values;
  if (!out || positionals.length > 0) throw new Usage('name the folder: `--out DIR`');
  return withCore(io, async (core) => {
    const page = await site(core, await core.team(), out);
    const { files, written } = await page.build('tocsin status build');
    const are = written === 0 ? 'all as they were' : `${written} of them new`;
    await io.out(`The page is in ${out}: ${many(files, 'file')}, ${are}.\n`);
  });
}

async function take(bring: NonNullable<StatusPorts['bring']>, args: string[], io: Io): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false } },
  });
  const [file, ...more] = positionals;
  if (!file || more.length > 0) throw new Usage('name one file that holds the JSON of a page');
  const text = await readFile(file, 'utf8');
  return withCore(io, async (core) => {
    await io.out(`${await bring(core, await core.team(), text, values['dry-run'])}\n`);
  });
}
