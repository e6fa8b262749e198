import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { copy, type Fields } from '../fields.js';
import { methods } from '../methods/all.js';
import { SlackError } from '../refuse.js';
import type { Settings } from '../workspace/settings.js';
import { Args } from './args.js';
import { readArguments } from './body.js';
import type { CallLog } from './call-log.js';
import type { Call } from './context.js';
import type { Faults } from './faults.js';
import type { RateLimits } from './rate.js';

interface Answer {
  readonly status: number;
  readonly body: Fields;
  readonly headers?: Record<string, string>;
}

/** The Web API: one door for every method, with tokens, limits, scopes, ordered failures and the log. */
export class WebApi {
  constructor(
    readonly parts: Omit<Call, 'args' | 'bearer' | 'me'>,
    readonly rate: RateLimits,
    readonly faults: Faults,
    readonly calls: CallLog,
    readonly settings: Settings,
    readonly log: (line: string) => void,
  ) {}

  /** Handles `POST /api/<method>`; the body must have been read as a buffer. */
  async handle(request: Request, response: Response): Promise<void> {
    const started = this.parts.world.clock.now();
    const method = String(request.params.method);
    const fault = this.faults.take(method);
    if (this.settings.latencyMs > 0) await sleep(this.settings.latencyMs);
    if (fault?.kind === 'delay') await sleep(Number(fault.value ?? 0));
    if (fault?.kind === 'cut') {
      request.socket.destroy();
      return;
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    let args = new Args({});
    let answer: Answer;
    try {
      const query = { ...(request.query as Fields) };
      // A token in the address would end up in logs; Slack does not take it there.
      delete query.token;
      args = new Args(await readArguments(query, request.headers['content-type'], body));
      if (fault?.kind === 'hang') {
        const waiting = { method, args: copy(args.shown()), status: 0, answer: {}, fault: fault.kind };
        // In the log while it lasts: nobody hears of it otherwise.
        this.calls.add({ ...waiting, started_at: started, ended_at: started });
        return;
      }
      answer =
        planned(fault?.kind, fault?.value) ?? this.#run(method, args, bearer(request) ?? args.text('token'));
    } catch (error) {
      answer = this.#failed(method, error);
    }
    // The log keeps what was true then, not what the world makes of it later.
    const logged = { method, args: copy(args.shown()), status: answer.status, answer: copy(answer.body) };
    const ended = this.parts.world.clock.now();
    this.calls.add({
      ...logged,
      ...(fault ? { fault: fault.kind } : {}),
      started_at: started,
      ended_at: ended,
    });
    this.log(
      `${method} ${answer.status} ${answer.body.ok === true ? 'ok' : String(answer.body.error ?? '')}`,
    );
    if (fault?.kind === 'drop') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'body') {
      response
        .status(200)
        .type('html')
        .send(String(fault.value ?? ''));
      return;
    }
    response
      .status(answer.status)
      .set(answer.headers ?? {})
      .json(answer.body);
  }

  #run(name: string, args: Args, token: string | undefined): Answer {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new SlackError('unknown_method', { req_method: name });
    const bearer = this.parts.tokens.bearer(token);
    if (!(method.tokens ?? ['bot', 'user']).includes(bearer.kind))
      throw new SlackError('not_allowed_token_type');
    const wait = this.rate.take(name, method.tier, args.text('channel'));
    if (wait !== undefined) return limited(wait);
    const call: Call = { ...this.parts, args, bearer, me: bearer.user };
    const needed = typeof method.scopes === 'function' ? method.scopes(call) : (method.scopes ?? []);
    const { scopes } = bearer;
    if (needed.length > 0 && !needed.some((scope) => scopes.has(scope))) {
      throw new SlackError('missing_scope', { needed: needed.join(','), provided: [...scopes].join(',') });
    }
    const body = { ok: true, ...method.run(call) };
    return { status: 200, body, headers: this.#scopeHeaders(needed, scopes) };
  }

  #failed(method: string, error: unknown): Answer {
    if (error instanceof SlackError) {
      return {
        status: 200,
        body: { ok: false, error: error.code, ...error.extra },
        headers: this.#scopeHeaders([], this.parts.world.manifest.scopes),
      };
    }
    this.log(`${method} broke: ${error instanceof Error ? error.stack : String(error)}`);
    return { status: 500, body: { ok: false, error: 'internal_error' } };
  }

  #scopeHeaders(needed: readonly string[], scopes: ReadonlySet<string>): Record<string, string> {
    return {
      'x-oauth-scopes': [...scopes].join(','),
      'x-accepted-oauth-scopes': needed.join(','),
      'x-slack-req-id': this.parts.world.ids.hex(32),
    };
  }
}

function planned(kind: string | undefined, value: string | number | undefined): Answer | undefined {
  if (kind === 'ratelimit')
    return limited(value === 'none' ? null : Math.max(1, Math.ceil(Number(value ?? 1))));
  if (kind === 'body') return { status: 200, body: { ok: false, error: 'no answer of ours' } };
  if (kind === 'error') return { status: 200, body: { ok: false, error: String(value ?? 'internal_error') } };
  if (kind === 'http500')
    return { status: Number(value ?? 500), body: { ok: false, error: 'internal_error' } };
  return undefined;
}

function limited(seconds: number | null): Answer {
  return {
    status: 429,
    body: { ok: false, error: 'ratelimited' },
    headers: seconds === null ? {} : { 'retry-after': String(seconds) },
  };
}

function bearer(request: Request): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
