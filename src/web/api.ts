import express, { type Express } from 'express';
import { z } from 'zod';
import type { Answerer } from '#answer/answer.js';
import { plain } from '#domain/command/entered.js';
import { verbNamed } from '#domain/command/verbs.js';
import { isPassing } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import { askedOf } from '#handle/handle.js';
import { admitted, askerOf, mayPublish, type Tokens } from './auth.js';
import { EXPORT_FILES } from './exports.js';

export interface ApiPorts {
  answer: Answerer;
  tokens: Tokens;
  /** Zone of bare times: a program has none of its own. */
  zone: string;
}

const BODY = z.strictObject({ text: z.string() });
const KEY = /^[\x21-\x7e]{1,200}$/;

/**
 * `POST /api/v1/commands {"text": "note INC-7 01:41 …"}`: the verbs for programs, with an `Idempotency-Key`.
 * A token with the scope read may ask whatever only looks; what the public reads takes one with the scope publish.
 */
export function apiRoutes(app: Express, ports: ApiPorts): void {
  const body = express.json({ limit: '1mb' });
  app.post('/api/v1/commands', async (request, response) => {
    // First who it is: what strangers send is not even read.
    const token = await admitted(ports.tokens, request, response, 'read');
    if (!token) return;
    await new Promise<void>((resolve, reject) =>
      body(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve())),
    );
    const said = BODY.safeParse(request.body);
    const key = request.get('idempotency-key') ?? null;
    if (!said.success || (key !== null && !KEY.test(key))) {
      response.status(400).json({
        ok: false,
        error: 'BAD_REQUEST',
        sentence: said.success
          ? 'An Idempotency-Key has 1 to 200 visible ASCII characters.'
          : 'Send JSON such as {"text": "note INC-7 01:41 requests start to fail"}, with Content-Type: application/json.',
      });
      return;
    }
    const answer = await ports.answer({
      entered: plain(said.data.text),
      implied: null,
      asking: {
        ...askerOf(token),
        // A key is its token's own: two programs that happen to count alike do not meet.
        key: key === null ? null : `api:${token.name}:${key}`,
        asked: key === null ? null : askedOf(['POST /api/v1/commands', said.data.text]),
        now: new Date(),
      },
      zone: ports.zone,
      zoneKnown: false,
      looksOnly: token.scope === 'read',
      mayPublish: mayPublish(token),
    });
    switch (answer.kind) {
      case 'recorded': {
        const { remark, text, recorded } = answer;
        const { ref, repeated } = recorded;
        response
          .status(repeated ? 200 : 201)
          .json({ ok: true, ref, repeated, text, ...(remark && { remark }) });
        return;
      }
      case 'text':
        response.json({ ok: true, text: answer.text });
        return;
      case 'export': {
        const { incident, format, zone } = answer;
        const asked = zone === 'UTC' ? '' : `?${new URLSearchParams({ zone })}`;
        const path = `/incidents/${refOf(incident)}/${EXPORT_FILES[format]}${asked}`;
        response.json({ ok: true, text: `GET ${path} with this token.` });
        return;
      }
      case 'form':
        response.status(422).json({
          ok: false,
          error: 'MISSING_ARGUMENT',
          sentence: 'Say it on one line: programs have no forms.',
          next: `Type \`${verbNamed(answer.form)?.form ?? answer.form}\`.`,
        });
        return;
      case 'refused': {
        const { code, sentence, next } = answer.refusal;
        // What could not be looked up may be there in a moment too.
        const status = isPassing(answer.refusal) || code === 'NOT_READ' ? 503 : 422;
        response
          .status(code === 'ONLY_LOOKS' || code === 'ONLY_WRITES' ? 403 : status)
          .json({ ok: false, error: code, sentence, next });
      }
    }
  });
}
