import { z } from 'zod';
import { isOwn, worded } from './definition-words.js';
import type { KeyProbe } from './keystore.js';
import type { KeyStoreKind } from './keystores/kind.js';
import { secretName } from './keystores/reference.js';
import { KEY_STORES } from './keystores.js';
import type { Pair } from './pair.js';
import type { Host } from './reach.js';
import type { RouteProbe } from './route.js';
import type { RouteKind } from './routes/kind.js';
import { ROUTES } from './routes.js';
import { type Schedule, scheduleShape } from './schedule.js';
import {
  approversShape,
  type CommandSettings,
  commandShape,
  httpShape,
  keyProbeShape,
  pairShape,
  referencesIn,
  routeProbeShape,
  type SecretSettings,
  secretShape,
} from './settings-shape.js';

/** The sections of tocsin.yml that are about runbooks, as they stand there. */
export interface RunbookSections {
  keystores: Record<string, unknown>;
  routes: Record<string, unknown>;
  pairs: Record<string, unknown>;
  commands: Record<string, unknown>;
  secrets: Record<string, unknown>;
  approvers: Record<string, unknown>;
  schedules: Record<string, unknown>;
  http: Record<string, unknown>;
}

/** The same, checked; each by name. */
export interface RunbookSettings {
  keystores: ReadonlyMap<string, { kind: KeyStoreKind; settings: unknown; probe: KeyProbe | null }>;
  routes: ReadonlyMap<string, { kind: RouteKind; settings: unknown; probe: RouteProbe | null }>;
  pairs: ReadonlyMap<string, Pair>;
  commands: ReadonlyMap<string, CommandSettings>;
  secrets: ReadonlyMap<string, SecretSettings>;
  approvers: ReadonlyMap<string, readonly string[]>;
  schedules: ReadonlyMap<string, Schedule>;
  /** What templates may reach. */
  hosts: readonly Host[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/**
 * @param at where a path of keys stands: `['pairs', 'tts']` → `tocsin.yml:12`
 * @returns the settings, or everything that is wrong with them: place, what, what to write instead; never a value
 */
export function readRunbookSettings(
  sections: RunbookSections,
  at: (path: readonly PropertyKey[]) => string,
): { settings: RunbookSettings } | { problems: string[] } {
  const problems: string[] = [];
  const problem = (path: readonly PropertyKey[], what: string) =>
    problems.push(`${at(path)}: ${path.join('.')} ${what}`);

  /** Reads every item of a section under its name; those that are wrong are left out. */
  const each = <T>(
    section: Exclude<keyof RunbookSections, 'http'>,
    read: (value: unknown, path: string[]) => T | null,
  ) => {
    const items = new Map<string, T>();
    for (const [name, value] of Object.entries(sections[section])) {
      const path = [section, name];
      if (!NAME.test(name)) problem(path, 'is not a name; write letters, digits, dashes and underscores');
      const item = read(value, path);
      if (item !== null) items.set(name, item);
    }
    return items;
  };
  const shaped = <T>(schema: z.ZodType<T>, value: unknown, path: string[]): T | null => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) problem([...path, ...issue.path], saidOf(issue, schema, value));
    return null;
  };
  const ofKind = <K extends KeyStoreKind | RouteKind, P>(
    kinds: readonly K[],
    probeShape: z.ZodType<P>,
    value: unknown,
    path: string[],
  ) => {
    const { type, probe: given, ...rest } = { ...(value as object) } as { type?: unknown; probe?: unknown };
    const kind = kinds.find((one) => one.type === type);
    if (!kind) {
      problem(path, `needs a \`type\`: ${kinds.map((one) => one.type).join(', ')}`);
      return null;
    }
    const settings = shaped(kind.settings, rest, path);
    // Every kind has one: where what it holds may be tried.
    const probe =
      given === undefined || given === null ? null : shaped(probeShape, given, [...path, 'probe']);
    return settings === null ? null : { kind, settings, probe };
  };

  const settings: RunbookSettings = {
    keystores: each('keystores', (value, path) => ofKind(KEY_STORES, keyProbeShape, value, path)),
    routes: each('routes', (value, path) => ofKind(ROUTES, routeProbeShape, value, path)),
    pairs: each('pairs', (value, path) => {
      const pair = shaped(pairShape, value, path);
      return pair && { name: path[1] ?? '', ...pair };
    }),
    commands: each('commands', (value, path) => shaped(commandShape, value, path)),
    secrets: each('secrets', (value, path) => shaped(secretShape, value, path)),
    approvers: each('approvers', (value, path) => shaped(approversShape, value, path)),
    schedules: each('schedules', (value, path) => {
      const schedule = shaped(scheduleShape, value, path);
      return schedule && { name: path[1] ?? '', ...schedule };
    }),
    hosts: shaped(httpShape, sections.http, ['http'])?.hosts ?? [],
  };

  const known = Object.keys(sections.keystores);
  for (const [name, pair] of settings.pairs)
    for (const role of ['truth', 'senders', 'acceptors'] as const)
      for (const store of [pair[role]].flat())
        if (!known.includes(store)) problem(['pairs', name, role], `names no key store: ${listed(known)}`);
  for (const section of ['keystores', 'routes', 'commands'] as const)
    for (const [name, value] of Object.entries(sections[section]))
      for (const reference of referencesIn(value))
        if (!Object.hasOwn(sections.secrets, secretName(reference)))
          problem(
            [section, name],
            `refers to a secret that is not under \`secrets:\`: ${listed(Object.keys(sections.secrets))}`,
          );

  // A secret is filled in where it is all that a variable holds, and nowhere else: a program would get its name.
  for (const [name, { file, args, cwd, env }] of settings.commands) {
    if ([file, ...args, cwd ?? ''].some((text) => text.startsWith('secret:')))
      problem(
        ['commands', name, 'run'],
        'names a secret, which everybody on the machine could read there; give it to the program under env',
      );
    for (const [variable, text] of Object.entries(env))
      if (/.\bsecret:[A-Za-z0-9]/s.test(text))
        problem(
          ['commands', name, 'env', variable],
          'holds a secret beside other text, which is not filled in; write secret:NAME alone, and keep the rest in the secret',
        );
  }

  for (const [name, { task }] of settings.schedules) {
    if ('rotate' in task && !Object.hasOwn(sections.pairs, task.rotate)) {
      problem(['schedules', name, 'rotate'], `names no pair: ${listed(Object.keys(sections.pairs))}`);
    }
    if (!('drift' in task)) continue;
    const { from, to } = task.drift;
    if (from === to)
      problem(['schedules', name, 'drift', 'to'], 'is the store that `from` names; name another');
    for (const store of [from, to])
      if (!known.includes(store))
        problem(['schedules', name, 'drift'], `names no key store: ${listed(known)}`);
  }

  return problems.length > 0 ? { problems } : { settings };
}

const listed = (names: string[]) => (names.length > 0 ? `there are ${names.join(', ')}` : 'there is none');

function saidOf(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): string {
  if (issue.code === 'unrecognized_keys') {
    const object = schema instanceof z.ZodPipe ? schema.in : schema;
    const known =
      issue.path.length === 0 && object instanceof z.ZodObject
        ? `; the known ones are ${Object.keys(object.shape).join(', ')}`
        : '';
    return `has keys that mean nothing here (${issue.keys.join(', ')})${known}`;
  }
  const given = issue.path.reduce<unknown>(
    (here, step) => (typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined),
    value,
  );
  if (given !== undefined && isOwn(issue.message)) return issue.message;
  return worded(issue, schema, value)
    .map(({ text }) => text)
    .join('; ');
}
