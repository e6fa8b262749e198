import { z } from 'zod';
import { matchesPattern, type Opening, type Rule, wrongInTitle } from '#domain/alert/rule.js';
import { LIMITS } from '#domain/text.js';
import { SEVERITIES } from '#domain/words.js';
import { duration } from '#runbooks/actions/touch.js';
import { SectionReader } from '#runbooks/definition/words.js';
import {
  addressOf,
  type SecretReference,
  secretName,
  secretReference,
} from '#runbooks/keystores/keystore.js';
import { every, window } from '#runbooks/schedule.js';
import type { Sender } from './sender.js';
import { SENDERS } from './senders/senders.js';

/** `alerts:` of tocsin.yml, checked. */
export interface AlertSettings {
  readonly sources: ReadonlyMap<string, Source>;
  /** The first that matches wins. */
  readonly rules: readonly Rule[];
  /** For how long signals that are settled are kept. */
  readonly keepMs: number;
}

/** Who may send to `/hooks/NAME`. */
export interface Source {
  readonly name: string;
  readonly sender: Sender;
  /** What the kind of sender wants to know. */
  readonly settings: unknown;
  /** Names under `secrets:`; each of them is good. */
  readonly secrets: readonly string[];
  /** Nothing is opened for it: it is only said what would have been. */
  readonly shadow: boolean;
  /** Of one delivery. */
  readonly maxBytes: number;
  /** Deliveries; more wait. */
  readonly perMinute: number;
  readonly poll: Poll | null;
}

/** Where it is asked what fires, for what was missed. */
export interface Poll {
  readonly url: string;
  readonly everyMs: number;
  /** The name of what goes into `Authorization: Bearer`; null: nothing. */
  readonly secret: string | null;
  /** Only what is routed to the receiver of that name; null: everything. */
  readonly receiver: string | null;
  /** The organisation, where a source has several. */
  readonly org: number;
}

const KEEP_MS = 90 * 86_400_000;
const SOURCE_NAME = /^[a-z][a-z0-9-]{0,39}$/;
/** Kinds that can be asked what fires. */
const POLLED: readonly string[] = ['alertmanager', 'grafana'];

const url = addressOf('the source');
const pollShape = z
  .strictObject({
    url,
    every: every.default(120_000).refine((ms) => ms >= 10_000, 'is too short; write 10s or more, such as 2m'),
    secret: secretReference.nullable().default(null),
    receiver: z.string().min(1).nullable().default(null),
    org: z.int().min(1).default(1),
  })
  .transform(
    ({ every: everyMs, secret, ...rest }): Poll => ({
      ...rest,
      everyMs,
      secret: secret && secretName(secret),
    }),
  );

const sourceShape = z.looseObject({
  type: z.string(),
  secrets: z.array(secretReference).min(1, 'names none; write at least one, such as [secret:am-token]'),
  mode: z.enum(['live', 'shadow']).default('live'),
  max_bytes: z.int().min(1_000).max(10_000_000).default(1_000_000),
  per_minute: z.int().min(1).max(100_000).default(1_200),
  poll: pollShape.nullable().default(null),
});
const COMMON = Object.keys(sourceShape.shape);

const severity = z.enum(SEVERITIES);
const patterns = z
  .union(
    [
      z.string().min(1),
      z.number(),
      z.boolean(),
      z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
    ],
    {
      error: 'is no pattern; write one such as "Tts*", or a list of them',
    },
  )
  .transform((given) => [given].flat().map(String));
const texts = (form: RegExp, what: string) =>
  z.array(z.string().regex(form, what)).max(LIMITS.people).default([]);

const openShape = z
  .strictObject({
    title: z
      .string()
      .max(500)
      .default('{{ title }}')
      .superRefine((text, context) => {
        const why = wrongInTitle(text);
        if (why !== null) context.addIssue({ code: 'custom', message: why });
      }),
    severity: z
      .union([
        z
          .strictObject({
            label: z.string().min(1),
            map: z.record(z.string(), severity),
            default: severity.nullable().default(null),
          })
          .transform(({ default: otherwise, ...rest }): Opening['severity'] => ({ ...rest, otherwise })),
        severity.transform((one): Opening['severity'] => ({ label: null, map: {}, otherwise: one })),
      ])
      .default({ label: null, map: {}, otherwise: null }),
    components: z.array(z.string().min(1).max(LIMITS.component)).max(LIMITS.components).default([]),
    private: z.boolean().default(false),
    people: texts(/^[UW][A-Z0-9]{2,}$/, 'is not a user id; write one such as U012AB3CD'),
    groups: texts(/^S[A-Z0-9]{2,}$/, 'is not a user group id; write one such as S012AB3CD'),
    runbook: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is not the name of a runbook; write one such as key-sync')
      .nullable()
      .default(null),
    inputs: z
      .record(
        z.string().regex(/^[A-Za-z][\w-]*$/),
        z.union([z.string(), z.number(), z.boolean()]).transform(String),
      )
      .default({}),
  })
  .transform(({ runbook, inputs, ...rest }, context): Opening => {
    if (runbook === null && Object.keys(inputs).length > 0)
      context.addIssue({
        code: 'custom',
        path: ['inputs'],
        message: 'are for a runbook; name it as `runbook:`',
      });
    return { ...rest, runbook: runbook === null ? null : { name: runbook, inputs } };
  });

const count = z.string().transform((text, context) => {
  const [, times, span = ''] = /^\s*([1-9]\d{0,3})\s+in\s+(\S.*)$/.exec(text) ?? [];
  const within = duration.safeParse(span);
  if (times !== undefined && within.success && within.data > 0)
    return { times: Number(times), withinMs: within.data };
  context.addIssue({ code: 'custom', message: 'is not a count; write it as "3 in 10m"' });
  return z.NEVER;
});

const ruleShape = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,63}$/,
      'is not a name; write lower-case letters, digits and dashes, such as tts-failing',
    ),
  match: z
    .strictObject({ source: patterns.optional(), labels: z.record(z.string().min(1), patterns).default({}) })
    .default({ labels: {} }),
  group_by: z.array(z.string().min(1)).max(10).default([]),
  open: openShape.optional(),
  attach: z.literal(true, { error: 'can only be true; leave it out otherwise' }).optional(),
  ignore: z.literal(true, { error: 'can only be true; leave it out otherwise' }).optional(),
  for: duration.optional(),
  count: count.optional(),
  quiet: window.optional(),
  resolve: z.enum(['suggest', 'auto']).optional(),
});

const keepShape = every.refine((ms) => ms >= 86_400_000, 'is too short; write a day or more, such as 90d');
const SECTION = ['sources', 'rules', 'keep'];

/**
 * @param section as it stands in tocsin.yml
 * @param secrets the names under `secrets:`
 * @param at where a path of keys stands: `['alerts', 'rules', 2]` → `tocsin.yml:12`
 * @param held those of `secrets` that can be had: a bot that runs has the ones that it was started with
 * @returns the settings, or everything that is wrong with them: place, what, what to write instead; never a value
 */
export function readAlertSettings(
  section: Record<string, unknown>,
  secrets: readonly string[],
  at: (path: readonly PropertyKey[]) => string,
  held: readonly string[] = secrets,
): { settings: AlertSettings } | { problems: string[] } {
  const reader = new SectionReader(['alerts'], at);
  const wrong = reader.wrong.bind(reader);
  const secretsKnown = (
    references: ReadonlyArray<SecretReference | string>,
    path: readonly PropertyKey[],
  ) => {
    const unknown = references.filter((name) => !secrets.includes(name));
    if (unknown.length > 0)
      wrong(path, `refers to a secret that is not under \`secrets:\`; ${listed(secrets, 'there')}`);
    else if (references.some((name) => !held.includes(name)))
      wrong(path, 'refers to a secret that this bot was started without; restart it');
  };

  for (const key of Object.keys(section))
    if (!SECTION.includes(key)) wrong([key], `means nothing here; the known ones are ${SECTION.join(', ')}`);

  const sources = new Map<string, Source>();
  for (const [name, value] of Object.entries(mapping(section.sources, 'sources', wrong))) {
    const path = ['sources', name];
    if (!SOURCE_NAME.test(name))
      wrong(
        path,
        'is not a name; it stands in an address: write lower-case letters, digits and dashes, such as prometheus',
      );
    const given = { ...(typeof value === 'object' ? value : {}) } as Record<string, unknown>;
    const sender = SENDERS.find(({ type }) => type === given.type);
    if (!sender) {
      wrong(path, `needs a \`type\`: ${SENDERS.map(({ type }) => type).join(', ')}`);
      continue;
    }
    const own = Object.fromEntries(Object.entries(given).filter(([key]) => !COMMON.includes(key)));
    const common = reader.shaped(
      sourceShape,
      Object.fromEntries(Object.entries(given).filter(([key]) => COMMON.includes(key))),
      path,
    );
    const settings = reader.shaped(sender.settings, own, path);
    if (!common || settings === null) continue;
    const names = common.secrets.map(secretName);
    secretsKnown(names, [...path, 'secrets']);
    const { poll } = common;
    if (poll?.secret) secretsKnown([poll.secret], [...path, 'poll', 'secret']);
    if (poll && !POLLED.includes(sender.type))
      wrong([...path, 'poll'], `can only be asked of ${POLLED.join(' and ')}; leave it out`);
    sources.set(name, {
      name,
      sender,
      settings,
      secrets: names,
      shadow: common.mode === 'shadow',
      maxBytes: common.max_bytes,
      perMinute: common.per_minute,
      poll,
    });
  }

  const rules: Rule[] = [];
  const given = section.rules ?? [];
  if (!Array.isArray(given)) wrong(['rules'], 'is not a list; begin each rule with a dash');
  const seen = new Set<string>();
  let all: string | null = null;
  for (const [i, value] of (Array.isArray(given) ? given : []).entries()) {
    const path = ['rules', i];
    const shape = reader.shaped(ruleShape, value, path);
    if (!shape) continue;
    const { name, match } = shape;
    if (seen.has(name)) wrong([...path, 'name'], `is the name of an earlier rule (${name}); write another`);
    seen.add(name);
    if (all !== null)
      wrong(
        path,
        `can never match: the rule ${all} before it matches everything; move it up, or take it away`,
      );
    const known = Object.keys(mapping(section.sources, 'sources', () => {}));
    for (const pattern of match.source ?? [])
      if (!known.some((one) => matchesPattern(pattern, one)))
        wrong([...path, 'match', 'source'], `names no source; ${listed(known, 'under `sources:`')}`);
    const rule = ruleOf(shape, (where, what) => wrong([...path, where], what));
    if (!rule) {
      wrong(path, 'needs one of `open: { … }`, `attach: true` and `ignore: true`, and no more than one');
      continue;
    }
    rules.push(rule);
    if (all === null && isEverything(rule)) all = name;
  }

  const keepMs =
    section.keep === undefined || section.keep === null
      ? KEEP_MS
      : reader.shaped(keepShape, section.keep, ['keep']);
  return reader.problems.length > 0 || keepMs === null
    ? { problems: reader.problems }
    : { settings: { sources, rules, keepMs } };
}

/** @returns null: it does not say what is to be done, or several things */
function ruleOf(
  shape: z.infer<typeof ruleShape>,
  problem: (member: string, what: string) => void,
): Rule | null {
  const { name, match, group_by: groupBy, open, attach, ignore, quiet = null, resolve } = shape;
  const does = [
    ...(open ? [{ open }] : []),
    ...(attach ? [{ attach } as const] : []),
    ...(ignore ? [{ ignore } as const] : []),
  ];
  const [only] = does;
  if (!only || does.length > 1) return null;
  if (!('open' in only))
    for (const member of ['for', 'count', 'quiet', 'resolve'] as const)
      if (shape[member] !== undefined) problem(member, 'is only for a rule that opens; leave it out');
  return {
    name,
    match: { sources: match.source ?? [], labels: match.labels },
    does: only,
    groupBy,
    forMs: shape.for ?? null,
    count: shape.count ?? null,
    quiet,
    resolve: resolve ?? 'suggest',
  };
}

const isEverything = ({ match: { sources, labels } }: Rule) =>
  (sources.length === 0 || sources.includes('*')) &&
  Object.values(labels).every((patterns) => patterns.includes('*'));

function mapping(
  value: unknown,
  name: string,
  problem: (path: readonly PropertyKey[], what: string) => void,
): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  problem([name], 'is not a mapping; write it as { name: { … } }');
  return {};
}

const listed = (names: readonly string[], where: string) =>
  names.length > 0
    ? `there are ${names.join(', ')}; write one of them, or add it ${where}`
    : `there is none; add it ${where}`;
