import express, { type Request, type Response, Router } from 'express';
import type { UrlAnswer } from '../app/response-urls.js';
import type { TrafficKind } from '../app/traffic.js';
import type { Workshop } from '../control/workshop.js';
import type { Fields } from '../fields.js';
import { receive } from '../workspace/sharing.js';
import { readPayload, readUpload } from './body.js';
import type { Fault } from './faults.js';
import { postingBucket } from './rate.js';
import type { WebApi } from './web-api.js';

/** More than the largest view or message that Slack takes, in any encoding. */
const MAX_CALL = '4mb';
const MAX_MESSAGE = '2mb';
const MAX_UPLOAD = '64mb';

const raw = (limit: string) => express.raw({ type: () => true, limit });
const bodyOf = (request: Request) => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));

/** What an app reaches beside the methods: upload addresses, files, response addresses, incoming webhooks. */
export function appRoutesOf(shop: Workshop, api: WebApi, botToken: string): Router {
  const { world, responseUrls, webhooks } = shop;
  const router = Router();
  router.all('/api/:method', raw(MAX_CALL), (request, response) => api.handle(request, response));
  router.post('/upload/v1/:id', raw(MAX_UPLOAD), (request, response) => upload(shop, request, response));
  router.get(['/files-pri/:file{/*rest}', '/files-tmb/:file{/*rest}'], (request, response) => {
    const file = world.files.get(String(request.params.file).split('-')[1] ?? '');
    const mine = request.headers.authorization === `Bearer ${botToken}`;
    const allowed = mine && world.manifest.scopes.has('files:read');
    if (!file?.content || !allowed) response.status(allowed ? 404 : 403).send('');
    else response.type('application/octet-stream').send(file.content);
  });
  router.post('/commands/:team/:id', raw(MAX_MESSAGE), (request, response) => {
    const id = String(request.params.id);
    address(shop, 'response_url', request, response, (body) => responseUrls.use(id, body, takeOf(shop)));
  });
  router.post('/services/:team/:id/:secret', raw(MAX_MESSAGE), (request, response) => {
    const { team, id, secret } = request.params;
    const path = { team: String(team), id: String(id), secret: String(secret) };
    address(shop, 'webhook', request, response, (body) => webhooks.use(path, body, takeOf(shop)));
  });
  return router;
}

/** Room for one message, out of the same budgets as `chat.postMessage`. */
function takeOf({ rate, world }: Workshop) {
  return (channel: string, onlyFor?: string) =>
    rate.take('address', 'posting', postingBucket(world, channel, onlyFor))?.wait;
}

/** One message to an address that is its own secret; the answer is plain text. */
function address(
  shop: Workshop,
  kind: 'response_url' | 'webhook',
  request: Request,
  response: Response,
  use: (body: Fields | undefined) => UrlAnswer,
): void {
  const started = shop.world.clock.now();
  const begun = performance.now();
  const fault = shop.faults.take(kind);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'cut') {
    request.socket.destroy();
    return;
  }
  const payload = readPayload(request.headers['content-type'], bodyOf(request));
  const { status, body, retryAfter } = refusalOf(fault) ?? use(payload);
  const args = payload ?? {};
  shop.calls.add({
    method: kind,
    args,
    status,
    answer: { ok: status === 200, body },
    ...(fault ? { fault: fault.kind } : {}),
    started_at: started,
    ended_at: shop.world.clock.now(),
  });
  note(shop, kind, { status, body, request: args, fault, started, begun });
  if (fault?.kind === 'drop') {
    request.socket.destroy();
    return;
  }
  if (retryAfter !== undefined) response.set('retry-after', String(retryAfter));
  const send = () => response.status(status).type('text').send(body);
  if (fault?.kind === 'delay') setTimeout(send, Number(fault.value ?? 0));
  else send();
}

function refusalOf(fault: Fault | undefined): UrlAnswer | undefined {
  if (fault?.kind === 'ratelimit') return { status: 429, body: String(fault.value ?? fault.kind) };
  if (fault?.kind === 'http500' || fault?.kind === 'error')
    return { status: 500, body: String(fault.value ?? fault.kind) };
  return undefined;
}

async function upload(shop: Workshop, request: Request, response: Response): Promise<void> {
  const started = shop.world.clock.now();
  const begun = performance.now();
  const fault = shop.faults.take('upload');
  const body = bodyOf(request);
  const answer = (status: number, text: string) => {
    note(shop, 'upload', { status, body: text, request: { bytes: body.length }, fault, started, begun });
    response
      .status(status)
      .type(text.startsWith('<') ? 'html' : 'text')
      .send(text);
  };
  if (fault) {
    // Slack's own no is a code as plain text; what comes from a proxy is a page.
    if (fault.kind === 'error') answer(400, String(fault.value));
    else if (fault.kind === 'http500') {
      const status = Number(fault.value ?? 500);
      answer(status, `<html><h1>${status}</h1></html>`);
    } else request.socket.destroy();
    return;
  }
  const bytes = await readUpload(request.headers['content-type'], body);
  const { status, text } = receive(shop.world.files.get(String(request.params.id)), bytes);
  answer(status, text);
}

interface Noted {
  readonly status: number;
  readonly body: string;
  readonly request: Fields;
  readonly fault: Fault | undefined;
  readonly started: number;
  readonly begun: number;
}

function note({ traffic }: Workshop, kind: TrafficKind, noted: Noted): void {
  const { status, body, request, fault, started, begun } = noted;
  traffic.add({
    at: started,
    way: 'in',
    kind,
    name: kind,
    status,
    outcome: status === 200 ? 'ok' : body,
    ms: Math.round(performance.now() - begun),
    request,
    answer: body,
    ...(fault ? { fault: fault.kind } : {}),
  });
}
