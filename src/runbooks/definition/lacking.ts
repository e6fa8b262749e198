import type { PlaceOf } from '#config/organisation.js';
import type { Rule } from '#domain/alert/rule.js';
import { type InputProblem, readInputs } from '#domain/run/inputs.js';
import type { Json } from '#domain/run/runbook.js';
import { fill } from '#domain/run/template.js';
import { closest } from '#domain/text.js';
import { isBelow, writtenBeginning } from '../reach.js';
import type { Schedule } from '../schedule.js';
import type { RunbookSections, RunbookSettings } from '../settings.js';
import { placeOf } from './definition.js';
import type { Kept, Shelf } from './shelf.js';
import { type Path, readSource } from './source.js';
import { isMapping, isTemplate } from './templates.js';

/** What a step names that stands in tocsin.yml, by section. */
const SECTIONS = {
  keystores: 'key store',
  routes: 'route',
  pairs: 'pair',
  commands: 'command',
  secrets: 'secret',
} as const;
type Section = keyof typeof SECTIONS;

/** Which members of an action's `with` name something of tocsin.yml. `secret_headers` do in every action. */
export const NAMING: Readonly<Record<string, Readonly<Record<string, Section>>>> = {
  'keys.compare': { from: 'keystores', to: 'keystores' },
  'keys.add': { from: 'keystores', to: 'keystores' },
  'keys.remove': { store: 'keystores' },
  'keys.probe': { store: 'keystores', pair: 'pairs' },
  'keys.rotate': { pair: 'pairs' },
  'route.read': { route: 'routes' },
  'route.set': { route: 'routes' },
  probe: { route: 'routes' },
  shell: { command: 'commands' },
};

const SHOWN = 8;

/**
 * Of a definition that is right in itself: the names in it that tocsin.yml does not have, as far as they are written
 * out. Without the names themselves, which may have been meant for something else.
 * @returns warnings, each `file:line: warning: place what; those there are`
 */
export function namesNothing(source: string, file: string, known: Pick<RunbookSections, Section>): string[] {
  return callsIn(source, file).flatMap(({ call, at, placed }) =>
    namedIn(call, at).flatMap(({ path, name, section }) => {
      if (isTemplate(name) || Object.hasOwn(known[section], name)) return [];
      const there = closest(name, Object.keys(known[section]), SHOWN);
      const others = there.length > 0 ? `there are ${there.join(', ')}` : `there is none under ${section}:`;
      return [placed(path, `names no ${SECTIONS[section]} of tocsin.yml; ${others}`, 'warning: ')];
    }),
  );
}

interface CallOf {
  call: Record<string, unknown>;
  at: Path;
  inputs: unknown;
  /** @returns a text about that place, as editors read it */
  placed(path: Path, text: string, kind?: string): string;
}

/** @returns what the steps of a definition call: themselves, to check, to verify and to undo; nothing of one that is no YAML */
function callsIn(source: string, file: string): CallOf[] {
  const read = readSource(source);
  if (!('source' in read)) return [];
  const { tree, line } = read.source;
  const steps = (Array.isArray(tree.steps) ? tree.steps : []).filter(isMapping);
  const placed: CallOf['placed'] = (path, text, kind = '') =>
    `${file}:${line(path)}: ${kind}${placeOf(path, steps)}${text}`;
  return steps.flatMap((step, i) =>
    [[], ['check'], ['verify'], ['undo']].flatMap((part) => {
      const call = part[0] === undefined ? step : step[part[0]];
      return isMapping(call) ? [{ call, at: ['steps', i, ...part], inputs: tree.inputs, placed }] : [];
    }),
  );
}

function namedIn(
  call: Record<string, unknown>,
  at: Path,
): Array<{ path: Path; name: string; section: Section }> {
  const given = isMapping(call.with) ? call.with : {};
  const headers = isMapping(given.secret_headers) ? given.secret_headers : {};
  const named = (holder: Record<string, unknown>, path: Path, member: string, section: Section) => {
    const name = holder[member];
    return typeof name === 'string' ? [{ path: [...path, member], name, section }] : [];
  };
  const here = [...at, 'with'];
  return [
    ...Object.entries(NAMING[String(call.uses)] ?? {}).flatMap(([member, section]) =>
      named(given, here, member, section),
    ),
    ...Object.keys(headers).flatMap((header) =>
      named(headers, [...here, 'secret_headers'], header, 'secrets'),
    ),
  ];
}

/**
 * Of a definition that is right in itself: where it sends secrets, tries keys or asks somebody, and tocsin.yml does not
 * say yet that it may, or where. What tocsin.yml does not have at all is passed over: that may be somebody else's.
 * @param given inputs with which it is run, where they are known; else its defaults count
 * @returns each `file:line: place what; what to write in tocsin.yml`
 */
export function destinationsUnsaid(
  { source, file }: Pick<Kept, 'source' | 'file'>,
  settings: RunbookSettings,
  given: Readonly<Record<string, string>> = {},
): string[] {
  return callsIn(source, file).flatMap(({ call, at, inputs, placed }) => {
    if (!isMapping(call.with)) return [];
    const known = { ...defaultsOf(inputs), ...given };
    const say = (path: Path, text: string) => placed([...at, 'with', ...path], text);
    return unsaidBy(String(call.uses), call.with, known, settings, say);
  });
}

/** The same of everything that stands on the shelf. */
export async function shelfUnsaid(shelf: Shelf, settings: RunbookSettings): Promise<string[]> {
  const unsaid: string[] = [];
  for (const item of await shelf.list()) {
    const kept = 'problems' in item ? null : await shelf.get(item.name);
    if (kept && !('problems' in kept)) unsaid.push(...destinationsUnsaid(kept, settings));
  }
  return unsaid;
}

/** @param say what is to be written in tocsin.yml because of a place in `call` */
function unsaidBy(
  uses: string,
  call: Record<string, unknown>,
  inputs: Record<string, unknown>,
  { keystores, routes, secrets, hosts }: RunbookSettings,
  say: (path: Path, text: string) => string,
): string[] {
  const named = (member: string) => filled(call[member], inputs);
  if (uses === 'keys.probe' && call.pair === undefined) {
    const store = named('store');
    if (store === null || keystores.get(store)?.probe !== null) return [];
    const text = `sends the keys of ${store}, and tocsin.yml does not say where to; write there, under keystores: ${store}: probe: { url: "https://…", header: X-Api-Key }`;
    return [say(['store'], text)];
  }
  if (uses === 'probe' && call.route !== undefined) {
    const route = named('route');
    if (route === null || routes.get(route)?.probe !== null) return [];
    const text = `asks through the route ${route}, and tocsin.yml does not say where; write there, under routes: ${route}: probe: { url: "https://…" }`;
    return [say(['route'], text)];
  }
  if (typeof call.url !== 'string') return [];
  const beginning = writtenBeginning(call.url);
  if (!beginning) {
    const text =
      'is filled in, and tocsin.yml lists no host that templates may reach; write there http: { hosts: [HOST] }, or write the host out here';
    return hosts.length === 0 && isTemplate(call.url) ? [say(['url'], text)] : [];
  }
  const headers = isMapping(call.secret_headers) ? Object.entries(call.secret_headers) : [];
  return headers.flatMap(([header, name]) => {
    const secret = secrets.get(String(name));
    // How it goes on is known when it runs; that it may go there at all is known now.
    const to = (secret?.to ?? []).filter(
      (one) => !isTemplate(call.url) || new URL(one).origin === beginning.origin,
    );
    if (!secret || (isTemplate(call.url) ? to.length > 0 : isBelow(to, beginning))) return [];
    const text = `sends the secret ${name} to ${beginning.origin}, and tocsin.yml does not say that it may go there; write there, under secrets: ${name}: { from: ${secret.from}, to: [${[...secret.to, beginning.origin].join(', ')}] }`;
    return [say(['secret_headers', header], text)];
  });
}

function defaultsOf(inputs: unknown): Record<string, unknown> {
  const specs = isMapping(inputs) ? Object.entries(inputs) : [];
  return Object.fromEntries(specs.map(([name, spec]) => [name, isMapping(spec) ? spec.default : undefined]));
}

/** @returns a name that is written out, or comes of inputs alone; null: it is known when it runs */
function filled(value: unknown, inputs: Record<string, unknown>): string | null {
  if (typeof value !== 'string') return null;
  try {
    return String(fill(value as Json, { inputs }));
  } catch {
    return null;
  }
}

/** What is wrong with runbooks that tocsin.yml names. */
interface NamedWrong {
  /** Mistakes in tocsin.yml. */
  problems: string[];
  /** What cannot be told, because a definition cannot be read; and what one sends where tocsin.yml does not say so yet. */
  doubts: string[];
}

/** A runbook that tocsin.yml names. */
interface Named {
  /** Where its `runbook:` and its `inputs:` stand. */
  place: readonly PropertyKey[];
  runbook: string;
  /** As they are written there. */
  written: Readonly<Record<string, string>>;
  /** What it is given beside them. */
  beside: Readonly<Record<string, string>>;
  /** @returns what else to say of an input that is wrong */
  instead?(input: string): string;
}

/**
 * Looks whether what is scheduled could begin: whether there is that runbook, and its inputs are those that it has.
 * @param at where a path of keys stands in tocsin.yml
 */
export function schedulesWrong(settings: RunbookSettings, shelf: Shelf, at: PlaceOf): Promise<NamedWrong> {
  const named = [...settings.schedules.values()].map((schedule): Named => {
    const { name, runbook, task, inputs } = schedule;
    return {
      ...{ place: ['schedules', name], runbook, written: inputs },
      beside: 'drift' in task ? task.drift : { pair: task.rotate },
      instead: (input) => instead(schedule, input),
    };
  });
  return namedWrong(named, settings, shelf, at);
}

/** The same of what rules of alerts offer: else it is found out by whoever presses the button. */
export function offersWrong(
  rules: readonly Rule[],
  settings: RunbookSettings,
  shelf: Shelf,
  at: PlaceOf,
): Promise<NamedWrong> {
  const named = rules.flatMap(({ does }, i): Named[] => {
    if (!('open' in does) || does.open.runbook === null) return [];
    const { name: runbook, inputs: written } = does.open.runbook;
    return [{ place: ['alerts', 'rules', i, 'open'], runbook, written, beside: {} }];
  });
  return namedWrong(named, settings, shelf, at);
}

async function namedWrong(
  named: readonly Named[],
  settings: RunbookSettings,
  shelf: Shelf,
  at: PlaceOf,
): Promise<NamedWrong> {
  const problems: string[] = [];
  const doubts: string[] = [];
  for (const one of named) {
    const { place, runbook, beside, written } = one;
    const given = { ...beside, ...written };
    const said = (member: readonly string[], what: string) => {
      const path = [...place, ...member];
      return `${at(path)}: ${path.map(String).join('.')} ${what}`;
    };
    const kept = await shelf.get(runbook);
    if (kept === null) {
      const names = await shelf.closest(runbook);
      const none = said(['runbook'], `names no runbook (${runbook}); the closest are ${names.join(', ')}`);
      // It may be the one whose name cannot be read.
      const broken = (await shelf.list()).some((item) => 'problems' in item);
      (broken ? doubts : problems).push(none);
    } else if ('problems' in kept) {
      doubts.push(said(['runbook'], `names ${runbook}, which cannot be used: ${kept.problems[0]}`));
    } else {
      for (const problem of inputProblems(kept.runbook.inputs, given))
        problems.push(said(...inputWrong(one, problem)));
      for (const unsaid of destinationsUnsaid(kept, settings, given))
        doubts.push(said(['runbook'], `names ${runbook}, which would fail: ${unsaid}`));
    }
  }
  return { problems, doubts };
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

/** @returns the member that is wrong, and what */
function inputWrong(
  { runbook, written, instead }: Named,
  { input, why, names, values }: InputProblem,
): [member: string[], what: string] {
  const known = names?.length ? `; it has ${names.join(', ')}` : '';
  const may = values.length > 0 ? `; write ${values.join(', ')}` : '';
  if (Object.hasOwn(written, input)) {
    const more = instead?.(input) ?? '';
    return [['inputs', input], `${why.replace('this runbook', runbook)}${known}${may}${more}`];
  }
  if (names) return [['runbook'], `names ${runbook}, which has no input ${input}${known}`];
  return [['inputs'], `lacks ${input}, which ${runbook} needs${may}`];
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
