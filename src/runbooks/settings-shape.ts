import { z } from 'zod';
import { duration } from './actions/duration.js';
import type { SecretReference } from './keystores/reference.js';
import type { Pair } from './pair.js';

/** A command that steps may run, as written: `secret:NAME` in `env` is not resolved yet. */
export interface CommandSettings {
  file: string;
  args: string[];
  cwd: string | null;
  env: Record<string, string>;
}

/** Where the value of a secret is: never the value. */
export type SecretPlace = `env:${string}` | `file:/${string}`;

const http = z.url({ protocol: /^https?$/, error: 'must be an address such as http://host:port/path' });
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

export const pairShape = z
  .strictObject({
    truth: z.string(),
    senders: stores,
    acceptors: stores,
    key: z.string().min(1),
    probe: z.strictObject({
      urls: z.array(http).min(1, 'must have at least one address'),
      header: z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header'),
      status: status.default([200]),
      refused: status.default([401, 403]),
    }),
    through: http.nullable().default(null),
    drain: duration,
  })
  .transform(({ drain, ...pair }): Omit<Pair, 'name'> => ({ ...pair, drainMs: drain }));

export const commandShape = z
  .strictObject({
    run: z.array(z.string()).min(1, 'must have at least the program'),
    cwd: z.string().startsWith('/', 'must be an absolute path').nullable().default(null),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  })
  .transform(({ run: [file = '', ...args], cwd, env }): CommandSettings => ({ file, args, cwd, env }));

/** The message does not repeat what stands there: it may be the secret itself. */
export const secretShape = z.custom<SecretPlace>(
  (value) => typeof value === 'string' && /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/.test(value),
  'must be env:VARIABLE or file:/path; the value itself must not stand in this file',
);

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
