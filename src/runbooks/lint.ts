import type { Shelf } from './shelf.js';

/**
 * Every runbook that can be found, checked.
 * @returns lines to print: the problems (`file:line: …`) as editors read them, then how many runbooks are good;
 * `ok` is false when there is a problem
 */
export async function lint(shelf: Shelf): Promise<{ ok: boolean; lines: string[] }> {
  const found = await shelf.list();
  const problems = found.flatMap((item) => ('problems' in item ? item.problems : []));
  const good = found.flatMap((item) => ('problems' in item ? [] : [item]));
  const width = Math.max(0, ...good.map(({ name }) => name.length));
  const listed = good.map(({ name, title }) => `${name.padEnd(width)}  ${title}`);
  const bad = found.length - good.length;
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const sum =
    bad === 0
      ? `${many(good.length, 'runbook')}, no problem`
      : `${many(good.length, 'runbook')}; ${many(bad, 'file')} with ${many(problems.length, 'problem')}`;
  return { ok: problems.length === 0, lines: [...problems, ...listed, sum] };
}
