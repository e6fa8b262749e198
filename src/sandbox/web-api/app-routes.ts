import express, { Router } from 'express';
import type { Workshop } from '../control/workshop.js';
import { receive } from '../workspace/sharing.js';
import { readUpload } from './body.js';
import type { WebApi } from './web-api.js';

/** What an app reaches beside the methods: upload addresses, files, response addresses. */
export function appRoutesOf(shop: Workshop, api: WebApi, botToken: string): Router {
  const { world, responseUrls, faults, calls } = shop;
  const router = Router();
  const raw = express.raw({ type: () => true, limit: '64mb' });
  router.all('/api/:method', raw, (request, response) => api.handle(request, response));
  router.post('/upload/v1/:id', raw, async (request, response) => {
    const fault = faults.take('upload');
    if (fault) {
      // Slack's own no is a code as plain text; what comes from a proxy is a page.
      if (fault.kind === 'error') response.status(400).type('text').send(String(fault.value));
      else if (fault.kind === 'http500') {
        const status = Number(fault.value ?? 500);
        response.status(status).send(`<html><h1>${status}</h1></html>`);
      } else request.socket.destroy();
      return;
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const bytes = await readUpload(request.headers['content-type'], body);
    const { status, text } = receive(world.files.get(String(request.params.id)), bytes);
    response.status(status).type('text').send(text);
  });
  router.get(['/files-pri/:file{/*rest}', '/files-tmb/:file{/*rest}'], (request, response) => {
    const file = world.files.get(String(request.params.file).split('-')[1] ?? '');
    const mine = request.headers.authorization === `Bearer ${botToken}`;
    const allowed = mine && world.manifest.scopes.has('files:read');
    if (!file?.content || !allowed) response.status(allowed ? 404 : 403).send('');
    else response.type('application/octet-stream').send(file.content);
  });
  router.post(
    '/commands/:team/:id',
    express.json({ type: () => true, limit: '2mb' }),
    (request, response) => {
      const started = world.clock.now();
      const fault = faults.take('response_url');
      if (fault?.kind === 'hang') return;
      if (fault?.kind === 'cut') {
        request.socket.destroy();
        return;
      }
      const refused = fault?.kind === 'http500' || fault?.kind === 'ratelimit' || fault?.kind === 'error';
      const { status, body } = refused
        ? { status: fault.kind === 'ratelimit' ? 429 : 500, body: String(fault.value ?? fault.kind) }
        : responseUrls.use(String(request.params.id), request.body);
      calls.add({
        method: 'response_url',
        args: request.body,
        status,
        answer: { ok: status === 200, body },
        ...(fault ? { fault: fault.kind } : {}),
        started_at: started,
        ended_at: world.clock.now(),
      });
      if (fault?.kind === 'drop') request.socket.destroy();
      else response.status(status).type('text').send(body);
    },
  );
  return router;
}
