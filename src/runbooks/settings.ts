import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import type { ShellCommand } from './action.js';
import { prometheusQuery } from './actions/prometheus-query.js';
import { duration } from './actions/touch.js';
import { at, isOwn, worded } from './definition/words.js';
import {
  addressOf,
  type KeyProbe,
  type KeyStoreKind,
  type Pair,
  type SecretReference,
  secretName,
  secretReference,
} from './keystores/keystore.js';
import { KEY_STORES } from './keystores/keystores.js';
import { type ImpactSettings, impactShape } from './prometheus.js';
import { type Host, hostOf, isBelow, isNever, NEVER_TEXT } from './reach.js';
import type { RouteKind, RouteProbe } from './routes/route.js';
import { ROUTES } from './routes/routes.js';
import { type Schedule, scheduleShape } from './schedule.js';

/** The sections of tocsin.yml that are about runbooks, as they stand there. */
export type RunbookSections = Record<
  Exclude<keyof RunbookSettings, 'hosts'> | 'http',
  Record<string, unknown>
>;

/** Something that can be watched, by its name under `watch:` in tocsin.yml. */
export interface Watched {
  kind: 'probe' | 'query';
  uses: 'http' | 'keys.probe' | 'prometheus.query';
  /** As the action takes it. All of it stands in tocsin.yml, the addresses too. */
  with: Readonly<Record<string, Json>>;
}

/** `watch:` of tocsin.yml. */
export interface WatchSettings {
  everyMs: number;
  /** What `watch` alone means. */
  usual: { forMs: number; probes: string[]; queries: string[] };
  watched: ReadonlyMap<string, Watched>;
}

/** The same, checked; each by name. */
export interface RunbookSettings {
  keystores: ReadonlyMap<string, { kind: KeyStoreKind; settings: unknown; probe: KeyProbe | null }>;
  routes: ReadonlyMap<string, { kind: RouteKind; settings: unknown; probe: RouteProbe | null }>;
  pairs: ReadonlyMap<string, Pair>;
  /** As written: `secret:NAME` in `env` is not resolved yet. */
  commands: ReadonlyMap<string, Omit<ShellCommand, 'secret'>>;
  secrets: ReadonlyMap<string, SecretSettings>;
  approvers: ReadonlyMap<string, readonly string[]>;
  schedules: ReadonlyMap<string, Schedule>;
  watch: WatchSettings;
  /** What templates may reach. */
  hosts: readonly Host[];
  /** How damage is measured; null: nobody has said. */
  impact: ImpactSettings | null;
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
    section: Exclude<keyof RunbookSections, 'http' | 'watch' | 'impact'>,
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
    watch: UNWATCHED,
    impact: Object.keys(sections.impact).length > 0 ? shaped(impactShape, sections.impact, ['impact']) : null,
  };
  const watch = shaped(watchShape, sections.watch, ['watch']);
  if (watch) settings.watch = watchIn(watch, settings, sections, problem);

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

  if (settings.impact?.authorization) {
    const { url, authorization } = settings.impact;
    const secret = settings.secrets.get(secretName(authorization));
    const path = ['impact', 'prometheus', 'authorization'];
    if (!Object.hasOwn(sections.secrets, secretName(authorization)))
      problem(
        path,
        `refers to a secret that is not under \`secrets:\`: ${listed(Object.keys(sections.secrets))}`,
      );
    else if (secret && !isBelow(secret.to, new URL(url)))
      problem(
        path,
        `names a secret that may not be sent there; write under secrets: \`${secretName(authorization)}: { from: ${secret.from}, to: [${url}] }\``,
      );
  }

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
  if (at(value, issue.path) !== undefined && isOwn(issue.message)) return issue.message;
  return worded(issue, schema, value)
    .map(({ text }) => text)
    .join('; ');
}

const http = addressOf('the service');
const status = z.union(
  [
    z.array(z.int().min(100).max(599)).min(1),
    z
      .int()
      .min(100)
      .max(599)
      .transform((one) => [one]),
  ],
  { error: 'must be a status such as 200, or a list of them' },
);
const stores = z.array(z.string()).min(1, 'must name at least one key store');
const header = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header');
const urls = z.array(http).min(1, 'must have at least one address').max(50);

/** `probe:` of a key store. */
const keyProbeShape = z
  .strictObject({
    url: http.optional(),
    urls: urls.optional(),
    header: header.default('X-Api-Key'),
    status: status.default([200]),
    refused: status.default([401, 403]),
    negative: z.boolean().default(true),
  })
  .transform(({ url, urls = [], ...rest }, context): KeyProbe => {
    const all = url === undefined ? urls : [url];
    if (all.length === 0 || (url !== undefined && urls.length > 0))
      context.addIssue({
        code: 'custom',
        message: 'needs either `url`, the address of one instance, or `urls`, those of several',
      });
    return { ...rest, urls: all };
  });

/** `probe:` of a route. */
const routeProbeShape: z.ZodType<RouteProbe> = z.strictObject({
  url: http,
  status: status.default([200]),
});

const pairShape = z
  .strictObject({
    truth: z.string(),
    senders: stores,
    acceptors: stores,
    key: z.string().min(1),
    probe: z.strictObject({
      urls,
      header,
      status: status.default([200]),
      refused: status.default([401, 403]),
    }),
    through: http.nullable().default(null),
    drain: duration,
  })
  .transform(({ drain, ...pair }): Omit<Pair, 'name'> => ({ ...pair, drainMs: drain }));

/** Of the whole of an argument. */
const pattern = z.string().transform((text, context) => {
  try {
    return new RegExp(`^(?:${text})$`, 'u');
  } catch {
    context.addIssue({ code: 'custom', message: 'is no regular expression; write one such as node-[0-9]+' });
    return z.NEVER;
  }
});

const commandShape = z
  .strictObject({
    run: z.array(z.string()).min(1, 'must have at least the program'),
    cwd: z.string().startsWith('/', 'must be an absolute path').nullable().default(null),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
    takes: z.array(pattern).min(1, 'must have at least one pattern').nullable().default(null),
  })
  .transform(({ run: [file = '', ...args], ...rest }) => ({ file, args, ...rest }));

/** The messages do not repeat what stands there: it may be the secret itself. */
const place = z.custom<`env:${string}` | `file:/${string}`>(
  (value) => typeof value === 'string' && /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/.test(value),
  'must be env:VARIABLE or file:/path; the value itself must not stand in this file',
);
const destination = http.refine(
  (text) => !URL.canParse(text) || /^[^?#]*$/.test(text),
  'must end before ? and #: it stands for whatever is below it',
);
/** Where the value of a secret is, never the value; and where steps may send it: nowhere else, so nowhere where none is named. */
const secretForm = z.strictObject({ from: place, to: z.array(destination).default([]) });
type SecretSettings = z.infer<typeof secretForm>;
const FORMS =
  'must be env:VARIABLE or file:/path, or { from: env:VARIABLE, to: [https://…] } for a secret that steps send; the value itself must not stand in this file';
const secretShape = z.unknown().transform((value, context): SecretSettings => {
  const short = place.safeParse(value);
  if (short.success) return { from: short.data, to: [] };
  const long = secretForm.safeParse(value);
  if (long.success) return long.data;
  // A name that stands there may be the secret itself, too.
  const inside = long.error.issues.filter(({ path }) => path[0] === 'from' || path[0] === 'to');
  const strange = typeof value !== 'object' || inside.length < long.error.issues.length;
  if (strange) context.addIssue({ code: 'custom', message: FORMS });
  else context.issues.push(...inside.map((issue) => ({ ...issue, input: value }) as z.core.$ZodRawIssue));
  return z.NEVER;
});

/** `http:`: what templates may reach. */
const httpShape = z.strictObject({
  hosts: z
    .array(
      z.string().transform((text, context): Host => {
        const host = hostOf(text);
        const why = !host
          ? 'is no host; write it as status.example, metrics.internal:9090 or https://api.example'
          : isNever(host.hostname)
            ? `is ${NEVER_TEXT}`
            : null;
        if (why !== null) context.addIssue({ code: 'custom', message: why });
        return why === null && host ? host : z.NEVER;
      }),
    )
    .default([]),
});

/** How often is looked, and for how long by default. `every` is also how long an answer may take, up to 10 s. */
const spanned = (least: number, most: number, form: string) =>
  duration.refine((ms) => ms >= least && ms <= most, form);

const probeShape = z
  .strictObject({
    url: http.optional(),
    keystore: z.string().optional(),
    route: z.string().optional(),
    method: z.enum(['GET', 'HEAD']).optional(),
    expect: status.optional(),
    authorization: secretReference.optional(),
  })
  .superRefine(({ url, keystore, route, ...more }, context) => {
    const places = [url, keystore, route].filter((one) => one !== undefined);
    if (places.length !== 1)
      context.addIssue({
        code: 'custom',
        message: 'needs one of `url`, an address; `keystore`, whose keys are tried; `route`, which is asked',
      });
    const stray = Object.keys(more).filter((key) => more[key as keyof typeof more] !== undefined);
    if (url === undefined && places.length === 1 && stray.length > 0)
      context.addIssue({
        code: 'custom',
        message: `has ${stray.join(' and ')}, which stands with the ${keystore ? 'key store' : 'route'}, under its probe; leave it out here`,
      });
  });

const queryShape = z.strictObject({
  url: http,
  query: z.string().min(1),
  condition: z.string().superRefine((condition, context) => {
    const read = prometheusQuery.input.safeParse({ url: 'http://prometheus', query: 'x', condition });
    for (const { message } of read.error?.issues ?? []) context.addIssue({ code: 'custom', message });
  }),
  empty: z.enum(['fail', 'pass']).default('fail'),
  authorization: secretReference.optional(),
});

const watchShape = z.strictObject({
  probes: z.record(z.string(), probeShape).default({}),
  queries: z.record(z.string(), queryShape).default({}),
  every: spanned(1_000, 3_600_000, 'is too short or too long; write it from 1s to 1h').default(30_000),
  default: z
    .strictObject({
      for: spanned(1_000, 86_400_000, 'is too short or too long; write it from 1s to 24h').optional(),
      probes: z.array(z.string()).optional(),
      queries: z.array(z.string()).optional(),
    })
    .default({}),
});

const USUAL_MS = 30 * 60_000;
const UNWATCHED: WatchSettings = {
  everyMs: 30_000,
  usual: { forMs: USUAL_MS, probes: [], queries: [] },
  watched: new Map(),
};

/** What can be watched, each with the action that looks at it; whatever it refers to is there. */
function watchIn(
  { probes, queries, every: everyMs, default: usual }: z.infer<typeof watchShape>,
  { keystores, routes, secrets }: RunbookSettings,
  sections: RunbookSections,
  problem: (path: readonly PropertyKey[], what: string) => void,
): WatchSettings {
  const watched = new Map<string, Watched>();
  const keep = (section: 'probes' | 'queries', name: string, one: Watched) => {
    const path = ['watch', section, name];
    if (!NAME.test(name)) problem(path, 'is not a name; write letters, digits, dashes and underscores');
    else if (watched.has(name))
      problem(path, 'has the name of a probe; what is watched is told by its name, so give it another');
    watched.set(name, one);
  };
  /** @returns the header that carries the secret, if it may be sent there */
  const authorized = (
    reference: SecretReference | undefined,
    url: string,
    path: PropertyKey[],
  ): Watched['with'] => {
    if (reference === undefined) return {};
    const name = secretName(reference);
    const to = secrets.get(name)?.to;
    const { origin } = new URL(url);
    if (!to) problem([...path, 'authorization'], `names no secret: ${listed([...secrets.keys()])}`);
    else if (!isBelow(to, new URL(url)))
      problem(
        [...path, 'authorization'],
        `sends the secret ${name} to ${origin}, where it may not go; write \`to: [${origin}]\` under secrets: ${name}`,
      );
    return { secret_headers: { Authorization: name } };
  };
  /** @param probe of the store or route; null: it has none, undefined: there is none, or it is wrong itself and that is said */
  const probed = (
    what: 'route' | 'keystore',
    name: string,
    probe: object | null | undefined,
    path: PropertyKey[],
  ) => {
    const there = sections[`${what}s`];
    if (probe === null)
      problem(path, `names ${name}, which has no probe; write one there: \`probe: { url: "https://…" }\``);
    else if (!Object.hasOwn(there, name))
      problem(path, `names none that there is: ${listed(Object.keys(there))}`);
  };
  for (const [name, probe] of Object.entries(probes)) {
    const path = ['watch', 'probes', name];
    const { url, keystore, route, method = 'GET', expect = [200], authorization } = probe;
    if (keystore !== undefined) {
      probed('keystore', keystore, keystores.get(keystore)?.probe, [...path, 'keystore']);
      keep('probes', name, { kind: 'probe', uses: 'keys.probe', with: { store: keystore } });
    } else {
      const its = route === undefined ? null : routes.get(route)?.probe;
      if (route !== undefined) probed('route', route, its, [...path, 'route']);
      const where = url ?? its?.url;
      if (where === undefined) continue;
      const given = { url: where, method, expect: { status: [...(its?.status ?? expect)] } };
      const secret = authorized(authorization, where, path);
      keep('probes', name, { kind: 'probe', uses: 'http', with: { ...given, ...secret } });
    }
  }
  for (const [name, { authorization, ...query }] of Object.entries(queries)) {
    const secret = authorized(authorization, query.url, ['watch', 'queries', name]);
    keep('queries', name, { kind: 'query', uses: 'prometheus.query', with: { ...query, ...secret } });
  }
  const usualOf = (section: 'probes' | 'queries', there: string[]) => {
    for (const name of usual[section] ?? [])
      if (!there.includes(name))
        problem(['watch', 'default', section], `names none of them: ${listed(there)}`);
    return usual[section] ?? (usual.probes || usual.queries ? [] : there);
  };
  const chosen = {
    probes: usualOf('probes', Object.keys(probes)),
    queries: usualOf('queries', Object.keys(queries)),
  };
  if (watched.size > 0 && chosen.probes.length + chosen.queries.length === 0)
    problem(['watch', 'default'], 'names nothing to watch; name a probe or a query, or leave it out');
  if (everyMs % 1_000 !== 0 || (usual.for ?? 0) % 1_000 !== 0)
    problem(['watch'], 'has a time that is no whole number of seconds; write one');
  return { everyMs, usual: { forMs: usual.for ?? USUAL_MS, ...chosen }, watched };
}

/** People and user groups by id: a name in Slack may change hands. */
const approversShape = z
  .array(
    z
      .string()
      .regex(/^[UWS][A-Z0-9]{2,}$/, 'is not the id of a user or a group, such as U012AB3CD or S012AB3CD'),
  )
  .min(1, 'must name at least one person or group');

/** @returns the references `secret:NAME` anywhere in a setting */
function referencesIn(value: unknown): SecretReference[] {
  if (typeof value === 'string') return value.startsWith('secret:') ? [value as SecretReference] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}
