import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import { type Answer, TAIL } from './request.js';

/** Where in a JSON value: `result.items.0.id`. */
export const path = z.string().regex(/^(?!(.*\.)?__proto__(\.|$))[^.\s]+(\.[^.\s]+)*$/, {
  message: 'is not a path into JSON; write it as member.0.member',
});

/** What an answer must have. Without `status`: one from 200 to 299. */
export const expectation = z.strictObject({
  status: z.union([z.int(), z.array(z.int()).min(1)]).optional(),
  header: z.record(z.string(), z.string()).default({}),
  json: z.record(path, z.json()).default({}),
});

export type Expectation = z.infer<typeof expectation>;

/** @returns what is not as it should be, in words; null: all is. Values that came are not repeated: they may be secret. */
export function amiss(answer: Answer, { status, header, json }: Expectation): string | null {
  const wanted = status === undefined ? null : [status].flat();
  const { status: came } = answer;
  if (wanted ? !wanted.includes(came) : came < 200 || came > 299) {
    return `answered ${came} instead of ${wanted?.join(' or ') ?? '2xx'}`;
  }
  for (const [name, value] of Object.entries(header)) {
    const found = answer.headers[name.toLowerCase()];
    if (String(found) !== value) return `answered without the header ${name}: ${value}`;
  }
  const paths = Object.entries(json);
  if (paths.length === 0) return null;
  const body = parsed(answer);
  if (body === undefined) return 'answered with what is not JSON, or too long to be read';
  const wrong = paths.find(([at, value]) => !isDeepStrictEqual(pick(body, at), value));
  return wrong ? `answered with another ${wrong[0]} than ${JSON.stringify(wrong[1])}` : null;
}

/** @returns the body as JSON; undefined where it is none, or longer than 64 KB */
export function parsed({ text, bytes }: Answer): Json | undefined {
  if (bytes > TAIL) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** @returns what stands at a path; undefined: nothing does */
function pick(value: Json, at: string): Json | undefined {
  let found: Json | undefined = value;
  for (const name of at.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, Json>)[name];
  }
  return found;
}

/** @returns an object with only these members, as deep as they were; those that are not there are left out */
export function only(value: Json, paths: readonly string[]): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const at of paths) {
    const found = pick(value, at);
    if (found === undefined) continue;
    const names = at.split('.');
    let into = kept;
    for (const name of names.slice(0, -1)) {
      const next = Object.hasOwn(into, name) ? into[name] : undefined;
      // One path may end where another goes on: then the whole is there already.
      if (next !== undefined && (typeof next !== 'object' || next === null)) break;
      into = into[name] = { ...(next as Record<string, Json>) };
    }
    into[names.at(-1) as string] = found;
  }
  return kept;
}
