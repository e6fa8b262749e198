import { z } from 'zod';
import type { Entry } from '#domain/incident/entry.js';
import { SEVERITIES, type Severity, STATUSES } from '#domain/words.js';
import { readSource, type Source } from '#runbooks/definition/source.js';

/** What players are waited for: its name in a sentence, and whether an entry is it. */
export interface Awaited {
  readonly name: string;
  is(entry: Entry): boolean;
}

export type Step =
  /** Said so long after the step before. A question is marked as one. */
  | { does: 'say'; afterMs: number; text: string; question: boolean }
  /** Goes on when it is done, or the time is over: `otherwise` is said then. null: nothing is. */
  | { does: 'wait'; awaits: Awaited; withinMs: number; otherwise: string | null };

/** One exercise: what is said when, what is waited for, and how long that should take. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly severity: Severity | null;
  readonly components: readonly string[];
  /** Told to the players before the first step. */
  readonly brief: string;
  readonly steps: readonly Step[];
  /** Everything that is measured; `withinMs` null: it is only measured. */
  readonly targets: ReadonlyArray<Awaited & { withinMs: number | null }>;
}

const status = (wanted: string) => (entry: Entry) =>
  entry.kind === 'status' && entry.detail.status === wanted;
const ofKind =
  (...kinds: Array<Entry['kind']>) =>
  (entry: Entry) =>
    kinds.includes(entry.kind);

/** What a step may wait for, by the word that stands in the file. */
const AWAITED: Readonly<Record<string, Awaited>> = {
  note: { name: 'a note', is: ofKind('note', 'message') },
  lead: { name: 'a lead', is: (entry) => entry.kind === 'role' && entry.detail.role === 'lead' },
  severity: { name: 'a severity', is: ofKind('severity') },
  ...Object.fromEntries(STATUSES.map((one) => [one, { name: `the status ${one}`, is: status(one) }])),
  post: { name: 'a public post', is: ofKind('post') },
  impact: { name: 'the impact', is: ofKind('impact') },
  cause: { name: 'the cause', is: ofKind('cause') },
  action: { name: 'an action item', is: ofKind('action') },
  run: { name: 'a run', is: ofKind('run') },
};

/** What is measured in every drill. */
const MEASURED: Readonly<Record<string, Awaited>> = {
  first_note: { name: 'first note', is: ofKind('note', 'message') },
  lead: { name: 'lead named', is: (entry) => entry.kind === 'role' && entry.detail.role === 'lead' },
  first_status: { name: 'first status', is: ofKind('status') },
  first_post: { name: 'first public post', is: ofKind('post') },
  resolved: { name: 'resolved', is: status('resolved') },
};

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
/** Longer than anybody plays. */
const LONGEST_MS = 12 * 3_600_000;

const span = z.string({ error: 'is no span; write 90s, 5m or 1h' }).transform((text, context) => {
  const [, count, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (ms <= LONGEST_MS) return ms;
  context.addIssue({ code: 'custom', message: 'is no span; write 90s, 5m or 1h, at most 12h' });
  return z.NEVER;
});
/** What is said goes into the timeline, where a note has this room; names of people and channels are not looked up. */
const words = z
  .string({ error: 'is not a text; write one, in quotes if it begins with a sign' })
  .trim()
  .min(1, 'is empty; write what is said')
  .max(1_500, 'is longer than 1,500 characters; make two steps of it');

const oneOf = (names: readonly string[]) => ({ error: `is none of these: ${names.join(', ')}` });
const awaited = z.enum(Object.keys(AWAITED) as [string, ...string[]], oneOf(Object.keys(AWAITED)));

const step = z
  .strictObject({
    ...{ after: span.optional(), say: words.optional(), ask: words.optional() },
    ...{ wait_for: awaited.optional(), within: span.optional(), otherwise: words.optional() },
  })
  .transform((given, context): Step => {
    const wrong = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const { after = 0, say, ask, wait_for: name, within, otherwise = null } = given;
    const awaits = name === undefined ? undefined : AWAITED[name];
    if ([say, ask, awaits].filter((one) => one !== undefined).length !== 1)
      return wrong('does not say what it does; write one of `say`, `ask` and `wait_for`');
    if (awaits) {
      if (given.after !== undefined) return wrong('waits anyway; leave `after` out');
      if (within === undefined) return wrong('would wait for ever; add `within: 10m`');
      return { does: 'wait', awaits, withinMs: within, otherwise };
    }
    if (within !== undefined || otherwise !== null)
      return wrong('waits for nothing; `within` and `otherwise` belong to `wait_for`');
    return { does: 'say', afterMs: after, text: say ?? ask ?? '', question: ask !== undefined };
  });

const SCENARIO = z.strictObject({
  name: z
    .string({ error: 'is missing; write name: expired-certificate' })
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is no name; write lower-case letters, digits and dashes'),
  title: words.max(200, 'is longer than 200 characters; make it shorter'),
  severity: z.enum(SEVERITIES, oneOf(SEVERITIES)).nullable().default(null),
  components: z.array(words.max(80, 'is longer than 80 characters; make it shorter')).max(20).default([]),
  brief: words,
  steps: z
    .array(step, { error: 'is no list of steps; begin with `- say: …`' })
    .min(1, 'is empty; begin with `- say: …`')
    .max(100),
  targets: z
    .partialRecord(z.enum(Object.keys(MEASURED) as [string, ...string[]], oneOf(Object.keys(MEASURED))), span)
    .default({}),
});

/**
 * Reads a scenario's file.
 * @returns the scenario, or everything that is wrong with it: file, line, place, what to write instead
 */
export function readScenario(text: string, file: string): Scenario | { problems: string[] } {
  const read = readSource(text, 'drill');
  const problems = read.faults.map((fault) => `${file}:${fault.line}: ${fault.text}`);
  if (!('source' in read)) return { problems };
  const { data, error } = SCENARIO.safeParse(read.source.tree);
  problems.push(...(error?.issues ?? []).flatMap((issue) => issueLines(issue, read.source, file)));
  if (!data || problems.length > 0) return { problems };
  const targets = Object.entries(MEASURED).map(([name, one]) => ({
    ...one,
    withinMs: data.targets[name] ?? null,
  }));
  return { ...data, targets };
}

function issueLines(issue: z.core.$ZodIssue, source: Source, file: string): string[] {
  const path = issue.path as Array<string | number>;
  const at = (place: Array<string | number>, name = false) => {
    const where = place
      .map((part) => (typeof part === 'number' ? `[${part + 1}]` : part))
      .join('.')
      .replaceAll('.[', '[');
    return `${file}:${source.line(place, name)}: ${where === '' ? '' : `${where} `}`;
  };
  // Keys are the file's, and may be anything; the values are not repeated.
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at([...path, key], true)}is nothing that a drill has; leave it out`);
  if (issue.code === 'invalid_key')
    return [`${at(path, true)}${issue.issues[0]?.message ?? 'is no name here'}`];
  const missing = issue.code === 'invalid_type' && /undefined/.test(issue.message);
  return [`${at(path)}${missing ? 'is missing; add it' : issue.message}`];
}

/** `0:42`, `5:20`, `1:05:00`: as a stopwatch shows it. @param ms not negative */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
