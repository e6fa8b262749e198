import { z } from 'zod';
import type { Json } from '#domain/run/runbook.js';
import { type Action, ActionFailed, type Output, type RunContext, stepPlan } from '../action.js';
import { NoAnswer } from '../exchange.js';
import {
  type Answer,
  address,
  amiss,
  at,
  expectation,
  hasSecrets,
  headers,
  headersFor,
  only,
  parsed,
  path,
  send,
} from './request.js';

const input = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
    url: address,
    headers: headers.default({}),
    /** Header → name of a secret in tocsin.yml. */
    secret_headers: headers.default({}),
    /** A text is sent as it is, anything else as JSON. */
    body: z.json().optional(),
    expect: expectation.default({ header: {}, json: {} }),
    /** Is the answer kept as the step's output? That to a request that writes may hold a new secret, and is kept only if asked for. */
    log: z.boolean().optional(),
    /** Members of a JSON answer that later steps need, and that are no secrets. */
    keep: z.array(path).max(20).default([]),
  })
  .refine(({ method, body }) => body === undefined || !reads(method), {
    message: 'GET and HEAD have no body',
    path: ['body'],
  });

type Input = z.infer<typeof input>;

// What is kept becomes part of the record: members, not documents.
const KEPT = 8_192;
// A request is ended by the step's own time-out; this one is longer than any step's.
const TIMEOUT_MS = 3_600_000;

/** `http`: one request. Only GET and HEAD are known to change nothing; of others the author may know more than we do. */
export const http: Action<Input> = {
  name: 'http',
  does: 'makes an HTTP request and checks the answer',
  effect: 'unsafe',
  effectOf: ({ method }) => (reads(method) ? 'read' : 'unsafe'),
  authorKnows: true,
  addresses: ['url'],
  sends: hasSecrets,
  input,
  // `json`: what `keep` names of the answer; absent where nothing of it came.
  outputs: ['status', 'ms', 'json'],
  async plan({ method, url, headers, secret_headers }, context) {
    headersFor({ url, headers, secret_headers }, context);
    return stepPlan(`${method} ${at(url)}`, { touches: reads(method) ? [] : [at(url)] });
  },
  async run(given, context) {
    const writes = !reads(given.method);
    const answer = await ask(given, writes, context);
    if (given.log ?? !writes)
      for (const line of answer.text.split('\n')) if (line.trim() !== '') context.say(line.trimEnd());
    const output = { status: answer.status, ms: answer.ms, ...kept(given, answer, context) };
    const wrong = amiss(answer, given.expect);
    if (wrong) {
      const message = `${given.method} ${at(given.url)} ${wrong}`;
      throw new ActionFailed(message, { unsure: writes && mayHaveHappened(answer.status), output });
    }
    return { kind: 'done', output, summary: `${given.method} ${at(given.url)}: ${answer.status}` };
  },
};

function reads(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function ask(given: Input, writes: boolean, context: RunContext): Promise<Answer> {
  const { method, url, body } = given;
  const all: Record<string, string> = headersFor(given, context);
  const has = (name: string) => Object.keys(all).some((header) => header.toLowerCase() === name);
  if (body !== undefined && typeof body !== 'string' && !has('content-type'))
    all['Content-Type'] = 'application/json';
  // The key is the same in every attempt: a target that knows such keys does the thing once.
  if (writes && !has('idempotency-key')) all['Idempotency-Key'] = context.key;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  if (writes) await context.secure();
  try {
    return await send({ method, url, headers: all, body: text }, context.signal, TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new ActionFailed(error.message, { unsure: writes && error.sent });
  }
}

/**
 * A 4xx is a plain no: the server says that it will not; but for 408, which says that it has waited. Everything else that is not what was expected may come after
 * the change: a 5xx from halfway or from a proxy whose server went on, a redirect to what was made, a success of
 * another kind.
 */
function mayHaveHappened(status: number): boolean {
  return status < 400 || status > 499 || status === 408;
}

function kept({ keep }: Input, answer: Answer, context: RunContext): Output {
  const body = keep.length > 0 ? parsed(answer) : undefined;
  if (body === undefined) return {};
  const json: Json = only(body, keep);
  if (JSON.stringify(json).length <= KEPT) return { json };
  context.say(`what is to be kept of the answer is longer than ${KEPT} characters: left out`);
  return {};
}
