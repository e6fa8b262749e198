import { type InputProblem, readInputs } from '#domain/run/inputs.js';
import type { Schedule } from '../schedule.js';
import type { RunbookSettings } from '../settings.js';
import type { Shelf } from '../shelf.js';
import { destinationsUnsaid } from './destinations.js';

/**
 * Looks whether what is scheduled could begin: whether there is that runbook, and its inputs are those that it has.
 * @param at where a path of keys stands in tocsin.yml
 * @returns `problems`: mistakes in tocsin.yml; `doubts`: what cannot be told, because a definition cannot be read, and
 *   what it sends where tocsin.yml does not say so yet
 */
export async function schedulesWrong(
  settings: RunbookSettings,
  shelf: Shelf,
  at: (path: readonly PropertyKey[]) => string,
): Promise<{ problems: string[]; doubts: string[] }> {
  const problems: string[] = [];
  const doubts: string[] = [];
  const said = (path: string[], what: string) => `${at(path)}: ${path.join('.')} ${what}`;
  for (const schedule of settings.schedules.values()) {
    const place = ['schedules', schedule.name, 'runbook'];
    const kept = await shelf.get(schedule.runbook);
    if (kept === null) {
      const names = await shelf.closest(schedule.runbook);
      const none = said(place, `names no runbook (${schedule.runbook}); the closest are ${names.join(', ')}`);
      // It may be the one whose name cannot be read.
      const broken = (await shelf.list()).some((item) => 'problems' in item);
      (broken ? doubts : problems).push(none);
    } else if ('problems' in kept) {
      doubts.push(said(place, `names ${schedule.runbook}, which cannot be used: ${kept.problems[0]}`));
    } else {
      for (const problem of inputProblems(kept.runbook.inputs, givenBy(schedule)))
        problems.push(said(...inputWrong(schedule, problem)));
      for (const unsaid of destinationsUnsaid(kept, settings, givenBy(schedule)))
        doubts.push(said(place, `names ${schedule.runbook}, which would fail: ${unsaid}`));
    }
  }
  return { problems, doubts };
}

/** @returns the inputs with which its runbook is offered, or run */
function givenBy({ task, inputs }: Schedule): Record<string, string> {
  return 'drift' in task ? { ...task.drift, ...inputs } : { pair: task.rotate, ...inputs };
}

/** All of them, where reading finds the first. */
function inputProblems(
  specs: Parameters<typeof readInputs>[0],
  given: Record<string, string>,
): InputProblem[] {
  const read = readInputs(specs, given);
  if (!('problem' in read)) return [];
  const { input } = read.problem;
  const without = <T>(all: Record<string, T>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name !== input));
  return [read.problem, ...inputProblems(without(specs), without(given))];
}

/** @returns where it is wrong, and what */
function inputWrong(
  schedule: Schedule,
  { input, why, names, values }: InputProblem,
): [path: string[], what: string] {
  const { name, runbook, inputs } = schedule;
  const known = names?.length ? `; it has ${names.join(', ')}` : '';
  const may = values.length > 0 ? `; write ${values.join(', ')}` : '';
  if (Object.hasOwn(inputs, input)) {
    return [
      ['schedules', name, 'inputs', input],
      `${why.replace('this runbook', runbook)}${known}${may}${instead(schedule, input)}`,
    ];
  }
  if (names) return [['schedules', name, 'runbook'], `names ${runbook}, which has no input ${input}${known}`];
  return [['schedules', name, 'inputs'], `lacks ${input}, which ${runbook} needs${may}`];
}

/** Addresses that the runbooks which come along were once given as inputs. */
const ADDRESSES = ['url', 'second_url', 'service_url'];

/** @returns what to write in place of an input that is an address; empty: it never was one of those */
function instead({ task, inputs }: Schedule, input: string): string {
  if (!ADDRESSES.includes(input) || !('drift' in task)) return '';
  const given = ['url', 'second_url'].flatMap((name) => inputs[name] || []);
  const where =
    given.length > 1 ? `urls: [${given.map(quoted).join(', ')}]` : `url: ${quoted(given[0] ?? 'https://…')}`;
  return `; where keys are sent stands with their store: take it out, and write under keystores: ${task.drift.to}: probe: { ${where}, header: X-Api-Key }`;
}

const quoted = (text: string) => JSON.stringify(text);
