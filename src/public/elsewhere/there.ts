import { z } from 'zod';
import { SectionReader } from '#runbooks/definition/words.js';
import { type Asked, Broken, exchange } from '#runbooks/exchange.js';
import { readPlainFileSync } from '#runbooks/files.js';
import { guardedLookup } from '#runbooks/reach.js';
import type { Scrub } from '#runbooks/scrub.js';
import { Secret } from '#runbooks/secret.js';

/** Where the value of a secret is, never the value. */
export const secretPlace = z.custom<`env:${string}` | `file:/${string}`>(
  (value) => typeof value === 'string' && /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/.test(value),
  'must be env:VARIABLE or file:/path; the value itself must not stand in this file',
);
export type SecretPlace = z.infer<typeof secretPlace>;

/** Finds secrets where tocsin.yml says they are, and has them scrubbed from then on. */
export interface Secrets {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly scrub: Pick<Scrub, 'learn' | 'text'>;
}

/** Read anew each time, so that a changed file needs no restart. @throws where there is none; the message names the place */
export function secretAt(place: SecretPlace, { env, scrub }: Secrets): Secret {
  const from = place.slice(place.indexOf(':') + 1);
  let value: string | undefined;
  try {
    // Editors and `echo` end files with a line break that is no part of the secret.
    value = place.startsWith('env:') ? env[from] : readPlainFileSync(from).replace(/\r?\n$/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`the secret could not be read from ${place}: ${code ?? message}`);
  }
  if (!value) throw new Error(`the secret is empty: there is nothing in ${place}`);
  const secret = new Secret(value);
  scrub.learn(secret);
  return secret;
}

/** Of a section: what is wrong, in words and with its place, and never what stands there. */
export function readSection<T>(
  schema: z.ZodType<T>,
  raw: unknown,
  path: readonly string[],
  at: (path: readonly PropertyKey[]) => string,
): { settings: T | null } | { problems: string[] } {
  if (raw === undefined || raw === null) return { settings: null };
  const reader = new SectionReader(path, at);
  const settings = reader.shaped(schema, raw);
  return settings === null ? { problems: reader.problems } : { settings };
}

/** An answer, whole. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

/**
 * One request over a connection of its own; redirects are answers. Addresses of clouds that give keys away are not asked.
 * @param who how the other side is called in messages
 * @throws with a sentence that holds nothing of what was sent or received: no whole answer came
 */
export async function asked(
  request: Asked,
  who: string,
  { signal, ms, most }: { signal: AbortSignal; ms: number; most: number },
): Promise<Answered> {
  const chunks: Buffer[] = [];
  try {
    const take = (chunk: Buffer) => void chunks.push(chunk);
    const { status } = await exchange(request, { signal, ms, most, take, lookup: guardedLookup });
    return { status, text: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const said =
      error.why === 'late' ? `did not answer within ${ms / 1000} s` : `gave no answer (${error.said})`;
    throw new Error(`${who} ${said}`);
  }
}
