import { z } from 'zod';
import { readSpan } from '#domain/text.js';
import type { TrackerKind } from '#domain/words.js';
import { SectionReader } from '#runbooks/definition/words.js';
import { guardedAddressOf, secretName, secretReference } from '#runbooks/keystores/keystore.js';
import type { Secret } from '#runbooks/secret.js';
import { createGithub, type GithubSettings } from './github.js';
import { createJira, type JiraSettings } from './jira.js';
import { type Tracker, TrackerNo } from './tracker.js';

interface Common {
  /** The name of the secret under which we are known there. */
  readonly token: string;
  /** The names of the secrets that its webhook is signed with; empty: it has none here. */
  readonly webhook: readonly string[];
  /** How often a ticket is looked at, whatever a webhook says. */
  readonly pollMs: number;
  /** Action items of private incidents are filed too. */
  readonly private: boolean;
}

/** `tracker:` of tocsin.yml. */
export type TrackerSettings = Common &
  (({ readonly kind: 'github' } & GithubSettings) | ({ readonly kind: 'jira' } & JiraSettings));

const url = guardedAddressOf('the tracker', 'token').transform((text) => text.replace(/\/+$/, ''));

const reference = secretReference.transform(secretName);
const span = z
  .string()
  .transform((text, context) => {
    const ms = readSpan(text);
    if (ms !== null && ms >= 60_000 && ms <= 86_400_000) return ms;
    context.addIssue({ code: 'custom', message: 'is no such span; write one from 1m to 1d, such as 15m' });
    return z.NEVER;
  })
  .default(900_000);
const labels = z
  .array(z.string().regex(/^[^\s,"]{1,50}$/, 'is no label; write one without blanks, such as incident'))
  .max(10)
  .default([]);

const common = {
  token: reference,
  webhook: z
    .union([reference, z.array(reference).min(1)])
    .transform((names) => [names].flat())
    .default([]),
  poll: span,
  private: z.boolean().default(false),
  labels,
};

const SHAPES = {
  github: z.strictObject({
    kind: z.literal('github'),
    repo: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'is no repository; write it as owner/name'),
    url: url.default('https://api.github.com'),
    ...common,
  }),
  jira: z.strictObject({
    kind: z.literal('jira'),
    url,
    project: z.string().regex(/^[A-Z][A-Z0-9_]{1,254}$/, 'is no key of a project; write it such as OPS'),
    email: z
      .string()
      .regex(/^[^\s:@]+@[^\s:@]+$/, 'is no address; write that of the account whose token it is'),
    type: z.string().min(1).max(60).default('Task'),
    ...common,
  }),
} satisfies Record<TrackerKind, z.ZodType>;

/**
 * @param secrets names under `secrets:`
 * @returns null: nothing is filed anywhere. Or everything that is wrong: place, what, what to write; never a value
 */
export function readTrackerSettings(
  section: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  at: (path: readonly PropertyKey[]) => string,
): { settings: TrackerSettings | null } | { problems: string[] } {
  if (Object.keys(section).length === 0) return { settings: null };
  const { kind } = section;
  const reader = new SectionReader(['tracker'], at);
  const problems = () => ({ problems: reader.problems });
  if (kind !== 'github' && kind !== 'jira') {
    reader.wrong(['kind'], 'is none that there is; write github or jira');
    return problems();
  }
  const read = reader.shaped<z.infer<(typeof SHAPES)[typeof kind]>>(SHAPES[kind], section);
  if (!read) return problems();
  const { poll: pollMs, ...rest } = read;
  const named: Array<[string, string]> = [
    ['token', rest.token],
    ...rest.webhook.map((name): [string, string] => ['webhook', name]),
  ];
  for (const [key, name] of named)
    if (!secrets.includes(name))
      reader.wrong(
        [key],
        `refers to a secret that is not under \`secrets:\`: ${name}; write \`secrets: { ${name}: env:VARIABLE }\``,
      );
  return reader.problems.length > 0 ? problems() : { settings: { ...rest, pollMs } };
}

/** @param secret reads one anew; throws where it is not there, and the message names the place */
export function openTracker(settings: TrackerSettings, secret: (name: string) => Secret): Tracker {
  const token = () => {
    try {
      return secret(settings.token).reveal();
    } catch (error) {
      throw new TrackerNo((error as Error).message, 'put it there, readable by whoever runs Tocsin');
    }
  };
  return settings.kind === 'github' ? createGithub(settings, token) : createJira(settings, token);
}
