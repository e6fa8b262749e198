import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Core } from '#compose/core.js';
import { STANDING } from '#domain/words.js';
import type { Imported, ImportedPost, ReadStatuspage } from '#public/elsewhere/import.js';
import { LONGEST_DESCRIPTION } from '#public/settings.js';
import { Told } from '#told.js';
import { type Io, Usage } from './core.js';
import { whoIsHere } from './runbook/asked.js';

/** Problems and refusals that are shown; the others are counted. */
const SHOWN = 50;

/**
 * `tocsin status import FILE… [--dry-run] [--skip-broken]`: brings components and past incidents of an existing Statuspage over,
 * at their own times. What is printed on stdout: what came over, what did not and why, and `components:` for tocsin.yml.
 * @param withCore opens the database; not called for `--dry-run`, nor where something is wrong with the files
 * @throws Told where nothing was imported, or not all of it; Usage for what cannot be read
 */
export async function importFiles(
  args: string[],
  io: Pick<Io, 'out' | 'err'>,
  withCore: <T>(run: (core: Core) => Promise<T>) => Promise<T>,
): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, 'skip-broken': { type: 'boolean' } },
  });
  if (positionals.length === 0) throw new Usage('name the files, such as summary.json incidents.json');
  const files = await Promise.all(positionals.map(jsonIn));
  // Reading HTML takes a library that no other verb needs.
  const { importStatuspage, readStatuspage } = await import('#public/elsewhere/import.js');
  const read = readStatuspage(files, positionals);
  await io.out(summaryOf(read));
  if (read.problems.length > 0) {
    await io.out(`\nWhat is wrong:\n${listed(read.problems)}`);
    if (!values['skip-broken'])
      throw new Told(
        'Nothing was imported. Correct the files, or leave out what is wrong in them with --skip-broken.',
      );
    if (read.page.id === '') throw new Told('Nothing was imported: without its page no post has a key.');
  }
  if (read.components.length > 0) await io.out(`\n${snippetOf(read)}`);
  if (values['dry-run']) {
    await io.out('\nNothing was imported: this was a dry run.\n');
    return;
  }
  const imported = await withCore(async ({ handle, store, team }) => {
    const asking = { team: await team(), by: whoIsHere(), seesPrivate: false, owner: null };
    let said = performance.now();
    return importStatuspage(read, {
      ...{ handle, asking, now: () => new Date() },
      standing: async (of) => (await store.incidents.load(of, STANDING)) !== null,
      told(done, of) {
        if (performance.now() - said < 2_000) return;
        said = performance.now();
        io.err(`${done} of ${of} posts\n`);
      },
    });
  });
  await io.out(`\n${outcomeOf(imported)}`);
  if (imported.stopped) {
    const { sentence, next } = imported.stopped;
    throw new Told(
      `It ended before its end: ${sentence} ${next} The same command goes on from there; what came over is not imported twice.`,
    );
  }
  if (imported.refused.length > 0) throw new Told('Not all of it was imported.');
}

async function jsonIn(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new Told(`${path}: is no JSON. Nothing was imported.`);
  }
}

const many = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

function listed(lines: readonly string[]): string {
  const more = lines.length - SHOWN;
  return `${[...lines.slice(0, SHOWN), ...(more > 0 ? [`… and ${more} more`] : [])].map((line) => `  ${line}`).join('\n')}\n`;
}

function summaryOf({ page, components, incidents, maintenances }: ReadStatuspage): string {
  const posts = incidents.reduce((sum, { posts }) => sum + posts.length, 0);
  const lines = [
    `${page.name || 'A page without a name'}${page.url ? ` (${page.url})` : ''}: ${many(components.length, 'component')}, ${many(incidents.length, 'incident')} with ${many(posts, 'post')}.`,
  ];
  if (maintenances > 0)
    lines.push(`${many(maintenances, 'maintenance')} left out: planned work is not imported.`);
  return `${lines.join('\n')}\n`;
}

/** What the public page shows is in tocsin.yml, in `status:`: what is not there has no place on it. */
function snippetOf({ components }: ReadStatuspage): string {
  const items = components.map(({ name, group, description, since }) => ({
    name,
    ...(group !== null && { group }),
    ...(description !== null && { description: shortened(description) }),
    ...(since !== null && { since: since.slice(0, 10) }),
  }));
  return `# For tocsin.yml:\n${stringify({ status: { components: items } }, { lineWidth: 0 })}`;
}

/** What tocsin.yml would not take is cut where it stands, and not refused: everybody sees that it goes on. */
function shortened(description: string): string {
  if (description.length <= LONGEST_DESCRIPTION) return description;
  const whole = description.slice(0, LONGEST_DESCRIPTION - 1).replace(/[\uD800-\uDBFF]$/, '');
  return `${whole.trimEnd()}…`;
}

function outcomeOf({ recorded, before, changed, refused }: Imported): string {
  const where = ({ intent, id }: ImportedPost) => `“${intent.title}” (${intent.external}), update ${id}`;
  const lines = [`${many(recorded, 'post')} recorded; ${many(before, 'post')} had come over before.`];
  if (changed.length > 0)
    lines.push(
      `${many(changed.length, 'post')} had come over before and read otherwise now. What was imported stays; correct it here if it matters:`,
      listed(changed.map(where)).trimEnd(),
    );
  if (refused.length > 0)
    lines.push(
      `${many(refused.length, 'post')} refused:`,
      listed(refused.map(({ post, refusal }) => `${where(post)}: ${refusal.sentence}`)).trimEnd(),
    );
  return `${lines.join('\n')}\n`;
}
