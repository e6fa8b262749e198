import { z } from 'zod';
import { duration } from './actions/duration.js';
import type { KeyProbe } from './keystore.js';
import { httpAddress } from './keystores/address.js';
import type { SecretReference } from './keystores/reference.js';
import type { Pair } from './pair.js';
import { type Host, hostOf, isNever } from './reach.js';
import type { RouteProbe } from './route.js';

/** A command that steps may run, as written: `secret:NAME` in `env` is not resolved yet. */
export interface CommandSettings {
  file: string;
  args: string[];
  cwd: string | null;
  env: Record<string, string>;
  /** What an argument that a template fills in may be, beside a secret; null: nothing is said. */
  takes: readonly RegExp[] | null;
}

/** Where the value of a secret is, never the value; and where steps may send it. */
export interface SecretSettings {
  from: `env:${string}` | `file:/${string}`;
  /** Origins, or addresses that stand for what is below them; empty: nowhere. */
  to: readonly string[];
}

const NEVER = 'is a link-local or metadata address, which is never asked';
const http = httpAddress.refine((text) => !URL.canParse(text) || !isNever(new URL(text).hostname), NEVER);
const status = z.union(
  [
    z.array(z.int().min(100).max(599)).min(1),
    z
      .int()
      .min(100)
      .max(599)
      .transform((one) => [one]),
  ],
  {
    error: 'must be a status such as 200, or a list of them',
  },
);
const stores = z.array(z.string()).min(1, 'must name at least one key store');
const header = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header');
const urls = z.array(http).min(1, 'must have at least one address').max(50);

/** `probe:` of a key store. */
export const keyProbeShape = z
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
export const routeProbeShape: z.ZodType<RouteProbe> = z.strictObject({
  url: http,
  status: status.default([200]),
});

export const pairShape = z
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

export const commandShape = z
  .strictObject({
    run: z.array(z.string()).min(1, 'must have at least the program'),
    cwd: z.string().startsWith('/', 'must be an absolute path').nullable().default(null),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
    takes: z.array(pattern).min(1, 'must have at least one pattern').nullable().default(null),
  })
  .transform(({ run: [file = '', ...args], ...rest }): CommandSettings => ({ file, args, ...rest }));

/** The messages do not repeat what stands there: it may be the secret itself. */
const place = z.custom<SecretSettings['from']>(
  (value) => typeof value === 'string' && /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/.test(value),
  'must be env:VARIABLE or file:/path; the value itself must not stand in this file',
);
const destination = http.refine(
  (text) => !URL.canParse(text) || /^[^?#]*$/.test(text),
  'must end before ? and #: it stands for whatever is below it',
);
const secretForm = z.strictObject({ from: place, to: z.array(destination).default([]) });
const FORMS =
  'must be env:VARIABLE or file:/path, or { from: env:VARIABLE, to: [https://…] } for a secret that steps send; the value itself must not stand in this file';
export const secretShape = z.unknown().transform((value, context): SecretSettings => {
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
export const httpShape = z.strictObject({
  hosts: z
    .array(
      z.string().transform((text, context): Host => {
        const host = hostOf(text);
        const why = !host
          ? 'is no host; write it as status.example, metrics.internal:9090 or https://api.example'
          : isNever(host.hostname)
            ? NEVER
            : null;
        if (why !== null) context.addIssue({ code: 'custom', message: why });
        return why === null && host ? host : z.NEVER;
      }),
    )
    .default([]),
});

/** People and user groups by id: a name in Slack may change hands. */
export const approversShape = z
  .array(
    z
      .string()
      .regex(/^[UWS][A-Z0-9]{2,}$/, 'is not the id of a user or a group, such as U012AB3CD or S012AB3CD'),
  )
  .min(1, 'must name at least one person or group');

/** @returns the references `secret:NAME` anywhere in a setting */
export function referencesIn(value: unknown): SecretReference[] {
  if (typeof value === 'string') return value.startsWith('secret:') ? [value as SecretReference] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}
