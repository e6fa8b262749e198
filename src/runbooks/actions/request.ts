import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import { type ActionContext, ActionFailed } from '../action.js';
import { isTemplate } from '../definition/templates.js';
import { type Asked, Broken, type Exchanged, exchange, NoAnswer } from '../exchange.js';
import {
  guardedLookup,
  isAsWritten,
  isListed,
  isNever,
  NEVER_TEXT,
  ROUTING,
  writtenBeginning,
} from '../reach.js';
import { ranOut } from './touch.js';

/** What is written for an address while nobody knows it yet, such as `http://…/v1/clips`: the plan refuses it. */
const WRITTEN = /^https?:\/\/[^\s/?#]\S*$/i;
const USER = /^[^:]*:\/\/[^/?#]*@/;

/**
 * An address of ours to call, as far as it can be told from how it is written. A password in it would be shown with
 * it, so it may hold none.
 */
export const address = z
  .string()
  .refine((value) => WRITTEN.test(value) || /^https?:$/.test(urlOf(value)?.protocol ?? ''), {
    message: 'is not an address; write it as https://… or http://…',
  })
  .refine((value) => !hasUser(value, urlOf(value)), {
    message: 'holds a user or a password; name a secret under secret_headers instead',
  });

const urlOf = (text: string) => (URL.canParse(text) ? new URL(text) : null);
const hasUser = (text: string, url: URL | null) =>
  url ? url.username + url.password !== '' : USER.test(text);

/** Header names and values. */
export const headers = z.record(
  z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, { message: 'is not the name of a header' }),
  z.string(),
);

export interface Answer extends Exchanged {
  /** The body, or the last 64 KB of a longer one. */
  text: string;
  /** How long the body was. */
  bytes: number;
  ms: number;
}

const TAIL = 65_536;

/**
 * Makes one HTTP request and waits for the whole answer.
 * @param timeoutMs for all of it; the step's own time-out and cancellation come through `signal`
 * @throws NoAnswer; ActionFailed where there is nobody to ask
 */
export function send(asked: Asked, signal: AbortSignal, timeoutMs: number): Promise<Answer> {
  mustBeAskable(parsedUrl(asked.url));
  return answered(asked, signal, timeoutMs);
}

async function answered(asked: Asked, signal: AbortSignal, timeoutMs: number): Promise<Answer> {
  const began = performance.now();
  const body = new Tail();
  const take = (chunk: Buffer) => body.take(chunk);
  try {
    const answer = await exchange(asked, { signal, ms: timeoutMs, lookup: guardedLookup, take });
    const ms = Math.round(performance.now() - began);
    return { ...answer, text: body.text(), bytes: body.bytes, ms };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    throw new NoAnswer(
      `${at(asked.url)} ${whyNot(error, signal, timeoutMs)}`,
      error.sent,
      false,
      error.why === 'late',
    );
  }
}

function whyNot({ why, said, sent, begun }: Broken, signal: AbortSignal, timeoutMs: number): string {
  switch (why) {
    case 'stopped': {
      const how = ranOut(signal)
        ? 'the step took longer than its timeout and was stopped'
        : 'the step was stopped';
      return sent ? `was asked, and then ${how}` : `was not reached: ${how}`;
    }
    case 'late':
      return `gave no whole answer within ${timeoutMs} ms`;
    case 'refused':
    case 'long':
      return `cannot be asked: ${said}`;
    case 'failed':
      if (begun) return `broke off in its answer: ${said}`;
      return sent ? `broke off: ${said}` : `cannot be reached: ${said}`;
  }
}

/** The end of something long, in bounded memory. */
class Tail {
  bytes = 0;
  #kept = Buffer.alloc(0);

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-TAIL);
  }

  text(): string {
    const text = this.#kept.toString('utf8');
    // Begins at a gap: half a secret would not be recognised as one.
    return this.bytes > TAIL ? text.replace(/^\S*/, '') : text;
  }
}

/** @returns the address without its query, which may hold more than should be said. @throws ActionFailed */
export function at(url: string): string {
  const { origin, pathname } = parsedUrl(url);
  return `${origin}${pathname}`;
}

/** @throws ActionFailed for what is written as an address and cannot be one: nothing was asked of anybody */
function parsedUrl(text: string): URL {
  const url = urlOf(text);
  if (url) return url;
  throw new ActionFailed(
    `${text.replace(/[?#].*$/s, '')} is not an address that can be asked; correct its host or its port`,
  );
}

/** Does a step name secrets to be sent? */
export function hasSecrets({ secret_headers: named }: Readonly<Record<string, unknown>>): boolean {
  return typeof named === 'object' && named !== null ? Object.keys(named).length > 0 : named !== undefined;
}

/** What a step says that decides where a request of its goes, and which secrets with it. */
interface Where {
  url: string;
  headers?: Record<string, string>;
  secret_headers: Record<string, string>;
}

/**
 * May a step ask that address, and send there the secrets that it names? An address that the definition spells out is
 * its author's word; what templates fill in goes no further than tocsin.yml says, and beside a secret not at all.
 * @param ours the address itself stands in tocsin.yml
 * @returns the headers, those that are secrets filled in
 * @throws ActionFailed
 */
export function headersFor(where: Where, context: ActionContext, ours = false): Record<string, string> {
  const { url: text, headers: plain = {}, secret_headers: secret } = where;
  const url = parsedUrl(text);
  const sends = Object.keys(secret).length > 0;
  mustBeAskable(url);
  if (!ours) mustBeReachable(url, sends, context);
  for (const name of Object.keys(plain).filter((one) => ROUTING.test(one))) {
    if (sends)
      throw new ActionFailed(
        `the header ${name} says where a request goes, and stands beside secret_headers`,
      );
    if (!isWrittenOut(context.written, name))
      throw new ActionFailed(`the header ${name} says where a request goes, and comes from a template`);
  }
  const filled = Object.entries(secret).map(([header, name]) => {
    if (!isWrittenOut(context.written, header, 'secret_headers'))
      throw new ActionFailed(`secret_headers.${header} comes from a template; write the secret's name out`);
    return [header, context.secretFor(name, text).reveal()] as const;
  });
  return { ...plain, ...Object.fromEntries(filled) };
}

/** @throws ActionFailed for an address that nobody may ask, by whatever way it came here */
function mustBeAskable(url: URL): void {
  if (isNever(url.hostname)) throw new ActionFailed(`${url.origin} is ${NEVER_TEXT}`);
}

function mustBeReachable(url: URL, sends: boolean, { written, hosts }: ActionContext): void {
  const { url: said } = record(written);
  if (typeof said === 'string' && isAsWritten(said, url)) return;
  if (sends)
    throw new ActionFailed(
      `${url.origin} comes from a template, and secret_headers stand beside it: an address that receives a secret is written out, or at least its host is`,
    );
  if (isListed(hosts, url)) return;
  const beginning = typeof said === 'string' ? writtenBeginning(said) : null;
  if (beginning?.origin === url.origin)
    throw new ActionFailed(
      `${at(url.href)} leads out of what the runbook says, which is ${at(beginning.href)}: a value that is filled in may not go up from there`,
    );
  const there =
    hosts.length > 0
      ? `there are ${hosts.map(({ hostname, port }) => (port === null ? hostname : `${hostname}:${port}`)).join(', ')}`
      : 'there is none';
  throw new ActionFailed(
    `${url.origin} comes from a template, and is no host that tocsin.yml lets templates reach (\`http: { hosts: [${url.host}] }\`); ${there}`,
  );
}

/** Does a header's value stand in the definition? One whose headers come from a template as a whole has none. */
function isWrittenOut(written: Json, header: string, member = 'headers'): boolean {
  const value = record(record(written)[member])[header];
  return value !== undefined && !isTemplate(value);
}

const record = (value: Json | undefined): Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

/** Asks something that changes nothing. @throws ActionFailed when no whole answer came */
export async function readFrom(asked: Asked, signal: AbortSignal, timeoutMs: number): Promise<Answer> {
  try {
    return await send(asked, signal, timeoutMs);
  } catch (error) {
    throw error instanceof NoAnswer ? new ActionFailed(error.message) : error;
  }
}

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

type Expectation = z.infer<typeof expectation>;

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
