import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { Traffic } from '../app/traffic.js';
import { copy, type Fields, isFields, textOf } from '../fields.js';
import { methods } from '../methods/all.js';
import { SlackError } from '../refuse.js';
import type { Settings } from '../workspace/settings.js';
import { Args } from './args.js';
import { type Given, readArguments } from './body.js';
import type { CallLog } from './call-log.js';
import { COMMON_ERRORS } from './common-errors.js';
import { type Call, type Method, takesJson } from './context.js';
import type { Cursors } from './cursors.js';
import type { Fault, Faults } from './faults.js';
import { Hidden } from './hidden.js';
import { checkTeam } from './install/org.js';
import { bucketOf, type RateLimits } from './rate.js';
import type { Bearer } from './tokens.js';

interface Answer {
  readonly status: number;
  readonly body: Fields;
  readonly headers?: Record<string, string>;
}

/** What surrounds every method. */
export interface Around {
  readonly rate: RateLimits;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly cursors: Cursors;
  readonly traffic: Traffic;
  readonly settings: Settings;
  readonly log: (line: string) => void;
}

/** Who calls a method that needs no token. */
const NOBODY: Bearer = { kind: 'app', user: '', scopes: new Set() };

/** The Web API: one door for every method, with tokens, limits, scopes, ordered failures and the log. */
export class WebApi {
  readonly hidden: Hidden;

  constructor(
    readonly parts: Omit<Call, 'args' | 'bearer' | 'token' | 'me'>,
    readonly around: Around,
  ) {
    this.hidden = new Hidden(parts.world);
  }

  /** Handles `/api/<method>`, any verb; the body must have been read as a buffer. */
  async handle(request: Request, response: Response): Promise<void> {
    const { faults, settings } = this.around;
    const started = this.parts.world.clock.now();
    const begun = performance.now();
    const method = String(request.params.method);
    let given: Given = { args: {}, warnings: [] };
    let unreadable: unknown;
    try {
      given = await this.#read(method, request);
    } catch (error) {
      unreadable = error;
    }
    const args = new Args(given.args);
    const token = bearerOf(request) ?? given.token;
    const fault = faults.take(method, {
      channel: textOf(given.args.channel),
      token: this.parts.tokens.kindOf(token),
    });
    if (settings.latencyMs > 0) await sleep(settings.latencyMs);
    if (fault?.kind === 'delay') await sleep(Number(fault.value ?? 0));
    if (fault?.kind === 'cut') {
      this.#note(method, args, { status: 0, body: {} }, { fault, started, begun, outcome: 'cut' });
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'hang') {
      // In the log while it lasts: nobody hears of it otherwise.
      this.#log(method, args, { status: 0, body: {} }, fault, started, started);
      this.#note(method, args, { status: 0, body: {} }, { fault, started, begun, outcome: 'hang' });
      return;
    }
    const answer = this.#answer(method, args, token, fault, given.warnings, unreadable, request.method);
    this.#log(method, args, answer, fault, started, this.parts.world.clock.now());
    this.#note(method, args, answer, { fault, started, begun });
    this.around.log(`${method} ${answer.status} ${outcomeOf(answer)}`);
    await reply(request, response, answer, fault);
  }

  /** After a reset nobody was told that anything is hidden. */
  reset(): void {
    this.hidden.reset();
  }

  async #read(name: string, request: Request): Promise<Given> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const incoming = {
      verb: request.method,
      query: { ...request.query },
      contentType: request.headers['content-type'],
      body,
    };
    return readArguments(incoming, takesJson(name, methodOf(name)));
  }

  #answer(
    method: string,
    args: Args,
    token: string | undefined,
    fault: Fault | undefined,
    warnings: readonly string[],
    unreadable: unknown,
    verb: string,
  ): Answer {
    try {
      if (verb !== 'GET' && verb !== 'POST') return otherVerb();
      const ordered = planned(fault);
      if (ordered) return ordered;
      if (unreadable) throw unreadable;
      const answer = this.#run(method, args, token, verb);
      const body = fault?.kind === 'answer' ? { ...answer.body, ...fault.answer } : answer.body;
      return { ...answer, body: answer.status === 200 ? withWarnings(body, warnings) : body };
    } catch (error) {
      const answer = this.#failed(method, error);
      return { ...answer, body: withWarnings(answer.body, warnings) };
    }
  }

  #run(name: string, args: Args, token: string | undefined, verb: string): Answer {
    const { rate, cursors, settings } = this.around;
    const method = methodOf(name);
    if (!method) throw new SlackError('unknown_method', { req_method: name });
    if (method.post && verb !== 'POST') throw new SlackError('insecure_request');
    const bearer = method.anonymous ? NOBODY : this.parts.tokens.bearer(token);
    const kinds = method.tokens ?? ['bot', 'user'];
    // A method of the app itself does not see other tokens at all.
    if (!method.anonymous && !kinds.includes(bearer.kind))
      throw new SlackError(kinds.every((kind) => kind === 'app') ? 'missing_args' : 'not_allowed_token_type');
    const { world } = this.parts;
    const bucket = bucketOf(world, name, method.tier, (argument) => textOf(args.raw[argument]));
    const limit = rate.take(name, method.tier, bucket);
    const hides = limit?.of === 'conversation' && settings.hideExcess && method.tier === 'posting';
    if (limit && !hides) return limited(limit.wait);
    const call: Call = { ...this.parts, args, bearer, token: token ?? '', me: bearer.user };
    const needed = typeof method.scopes === 'function' ? method.scopes(call) : (method.scopes ?? []);
    const { scopes } = bearer;
    if (needed.length > 0 && !needed.some((scope) => scopes.has(scope))) {
      throw new SlackError('missing_scope', { needed: needed.join(','), provided: [...scopes].join(',') });
    }
    checkTeam(call, name);
    const inner = cursors.inward(name, args);
    const run = () => this.#told(name, method, { ...call, args: new Args(inner) });
    const result = hides ? this.hidden.run(run) : run();
    if (hides) this.hidden.tell(textOf(result.channel) ?? '');
    const body = { ok: true, ...cursors.outward(name, args, inner, result) };
    return { status: 200, body, headers: this.#scopeHeaders(needed, scopes) };
  }

  /** Runs the method; a refusal that it does not declare is a fault of the sandbox, not of the app. */
  #told(name: string, method: Method, call: Call): Fields {
    try {
      return method.run(call);
    } catch (error) {
      if (!(error instanceof SlackError) || !method.errors) throw error;
      if (method.errors.includes(error.code) || COMMON_ERRORS.has(error.code)) throw error;
      throw new Error(`undeclared refusal: ${name} says ${error.code}`);
    }
  }

  #failed(method: string, error: unknown): Answer {
    if (error instanceof SlackError) {
      return {
        status: 200,
        body: { ok: false, error: error.code, ...error.extra },
        headers: this.#scopeHeaders([], this.parts.world.manifest.scopes),
      };
    }
    this.around.log(`${method} broke: ${error instanceof Error ? error.stack : String(error)}`);
    return { status: 500, body: { ok: false, error: 'internal_error' } };
  }

  #scopeHeaders(needed: readonly string[], scopes: ReadonlySet<string>): Record<string, string> {
    return {
      'x-oauth-scopes': [...scopes].join(','),
      'x-accepted-oauth-scopes': needed.join(','),
      'x-slack-req-id': this.parts.world.ids.hex(32),
    };
  }

  #log(
    method: string,
    args: Args,
    { status, body }: Answer,
    fault: Fault | undefined,
    started: number,
    ended: number,
  ): void {
    this.around.calls.add({
      method,
      // The log keeps what was true then, not what the world makes of it later.
      args: copy(args.shown()),
      status,
      answer: copy(body),
      ...(fault ? { fault: fault.kind } : {}),
      started_at: started,
      ended_at: ended,
    });
  }

  #note(name: string, args: Args, answer: Answer, { fault, started, begun, outcome }: Circumstances): void {
    this.around.traffic.add({
      at: started,
      way: 'in',
      kind: 'api',
      name,
      status: answer.status === 0 ? null : answer.status,
      outcome: outcome ?? outcomeOf(answer),
      ms: Math.round(performance.now() - begun),
      request: copy(args.shown()),
      answer: copy(answer.body),
      ...(fault ? { fault: fault.kind } : {}),
    });
  }
}

interface Circumstances {
  readonly fault: Fault | undefined;
  readonly started: number;
  readonly begun: number;
  readonly outcome?: string;
}

function methodOf(name: string) {
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
}

function outcomeOf({ body }: Answer): string {
  return body.ok === true ? 'ok' : String(body.error ?? '');
}

async function reply(
  request: Request,
  response: Response,
  answer: Answer,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'drop') {
    request.socket.destroy();
    return;
  }
  response.status(answer.status).set(answer.headers ?? {});
  if (fault?.kind === 'body') {
    response.type('html').send(String(fault.value ?? ''));
    return;
  }
  if (fault?.kind !== 'slow_body') {
    response.json(answer.body);
    return;
  }
  const text = JSON.stringify(answer.body);
  const piece = Math.ceil(text.length / SLOW_PIECES);
  response.type('json');
  for (let from = 0; from < text.length && !response.destroyed; from += piece) {
    response.write(text.slice(from, from + piece));
    await sleep(Number(fault.value ?? 1000) / SLOW_PIECES);
  }
  response.end();
}

const SLOW_PIECES = 10;

/** `warning` and `response_metadata.warnings`, beside whatever else is there. */
function withWarnings(body: Fields, warnings: readonly string[]): Fields {
  if (warnings.length === 0) return body;
  const { response_metadata: metadata } = body;
  return {
    ...body,
    warning: warnings.join(','),
    response_metadata: { ...(isFields(metadata) ? metadata : {}), warnings: [...warnings] },
  };
}

function planned(fault: Fault | undefined): Answer | undefined {
  switch (fault?.kind) {
    case 'ratelimit':
      return limited(fault.value === 'none' ? null : Math.max(1, Math.ceil(Number(fault.value ?? 1))));
    case 'body':
      return { status: 200, body: { ok: false, error: 'no answer of ours' } };
    case 'error':
      return { status: 200, body: { ok: false, error: String(fault.value ?? 'internal_error') } };
    case 'http500':
      return { status: Number(fault.value ?? 500), body: { ok: false, error: 'internal_error' } };
    case 'answer':
      return fault.merge ? undefined : { status: Number(fault.value ?? 200), body: fault.answer ?? {} };
    default:
      return undefined;
  }
}

function limited(seconds: number | null): Answer {
  return {
    status: 429,
    body: { ok: false, error: 'ratelimited' },
    headers: seconds === null ? {} : { 'retry-after': String(seconds) },
  };
}

function otherVerb(): Answer {
  return { status: 405, body: { ok: false, error: 'method_not_allowed' }, headers: { allow: 'GET, POST' } };
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
