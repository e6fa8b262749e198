import { fileURLToPath } from 'node:url';
import express, { type Response, Router } from 'express';
import type { World } from '../workspace/world.js';

const FOLDER = fileURLToPath(new URL('./client', import.meta.url));
// Many changes in a burst are one repaint.
const QUIET_MS = 60;

/** The live page: static files and a stream that says when to look again. */
export class Page {
  readonly #readers = new Set<Response>();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly world: World) {
    world.onChange = () => this.#tell();
  }

  routes(): Router {
    const router = Router();
    router.get('/live', (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('data: hello\n\n');
      this.#readers.add(response);
      request.on('close', () => this.#readers.delete(response));
    });
    router.get('/archives/:channel{/:message}', (_request, response) =>
      response.sendFile('index.html', { root: FOLDER }),
    );
    router.get('/view-file/:id', (request, response) => {
      const file = this.world.files.get(request.params.id);
      if (!file?.completed || !file.content) {
        response.status(404).send('No such file.');
        return;
      }
      // Uploaded HTML must not run beside the page.
      response.set({ 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' });
      response.type(file.name.endsWith('.html') ? 'html' : 'text/plain').send(file.content);
    });
    router.use(express.static(FOLDER));
    return router;
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const reader of this.#readers) reader.end();
  }

  #tell(): void {
    if (this.#timer || this.#readers.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const reader of this.#readers) reader.write('data: changed\n\n');
    }, QUIET_MS);
  }
}
