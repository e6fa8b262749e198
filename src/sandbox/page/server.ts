import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express, { type Request, type Response, Router } from 'express';
import type { Modals } from '../app/modals.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { SlackFile } from '../workspace/objects/file.js';
import type { World } from '../workspace/world.js';
import { Feed } from './feed.js';
import { Sight, sees } from './sight.js';

/** Where the build puts the page: beside this file, or, when this runs from its source, in the checkout's `dist`. */
const FOLDER = ['./built', '../../../dist/sandbox/page/built']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(`${path}/index.html`));

// Nothing that the page shows can load or run anything of elsewhere.
const POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ');

const PAGE = 60;
const MOST = 200;
// Proxies and sleeping laptops drop silent connections.
const BEAT_MS = 25_000;
const PICTURES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
};

/** The live page: its files, what it asks for, and the stream of changes. */
export class Page {
  readonly #epoch = randomUUID();
  readonly #streams = new Set<Response>();
  readonly #sight: Sight;
  readonly #feed: Feed;

  constructor(
    readonly world: World,
    modals: Modals,
  ) {
    this.#sight = new Sight(world, modals);
    this.#feed = new Feed(this.#sight);
    world.onChange = (happening) => this.#feed.note(happening);
  }

  /** Something went between the app and the sandbox. */
  traffic(): void {
    this.#feed.traffic();
  }

  routes(): Router {
    const router = Router();
    router.get('/live', (request, response) => this.#live(request, response));
    router.get('/page/start', (request, response) => {
      const user = this.#person(request);
      this.#feed.warm();
      response.json(this.#sight.start(user, this.#epoch, this.#feed.seq));
    });
    router.get('/page/messages', (request, response) => {
      const channel = this.#channel(request, response);
      if (!channel) return;
      const limit = Math.min(MOST, Number(asked(request, 'limit') ?? PAGE) || PAGE);
      const where = {
        before: asked(request, 'before'),
        after: asked(request, 'after'),
        around: asked(request, 'around'),
      };
      response.json(this.#sight.stretch(channel, where, limit));
    });
    router.get('/page/thread', (request, response) => {
      const channel = this.#channel(request, response);
      if (channel) response.json(this.#sight.thread(channel, asked(request, 'ts') ?? ''));
    });
    router.get('/page/details', (request, response) => {
      const channel = this.#channel(request, response);
      if (channel) response.json(this.#sight.details(channel));
    });
    router.get('/page/search', (request, response) => {
      response.json(this.#sight.search(this.#person(request), asked(request, 'words') ?? ''));
    });
    router.get('/view-file/:id', (request, response) => {
      const file = this.world.files.get(request.params.id);
      if (file?.completed && !file.deleted && file.content) sendFile(response, file, file.content);
      else response.status(404).type('text').send('No such file.');
    });
    router.use((_request, response, next) => {
      response.set({
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      next();
    });
    const places = ['/archives/:channel{/:message}', '/side-by-side', '/traffic', '/home'];
    if (!FOLDER) {
      router.get(['/', ...places], (_request, response) => {
        response.status(503).type('text').send('The page is not built: npm run build');
      });
      return router;
    }
    router.get(places, (_request, response) => response.sendFile('index.html', { root: FOLDER }));
    router.use(express.static(FOLDER));
    return router;
  }

  stop(): void {
    this.#feed.stop();
    for (const stream of this.#streams) stream.end();
  }

  /** Server-sent events; `Last-Event-ID` or `after` says what the page knows already. */
  #live(request: Request, response: Response): void {
    const [epoch, seq] = (request.get('last-event-id') ?? asked(request, 'after') ?? '').split(':');
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 500\n\n');
    const close = this.#feed.open(
      {
        user: this.#person(request),
        tell: (at, changes) =>
          response.write(`id: ${this.#epoch}:${at}\ndata: ${JSON.stringify(changes)}\n\n`),
      },
      epoch === this.#epoch ? Number(seq) : Number.NaN,
    );
    const beat = setInterval(() => response.write(':\n\n'), BEAT_MS);
    this.#streams.add(response);
    request.on('close', () => {
      clearInterval(beat);
      close();
      this.#streams.delete(response);
    });
  }

  /** Who looks; somebody of the workspace where the name is unknown. */
  #person(request: Request): string {
    const named = this.world.userNamed(asked(request, 'user') ?? '');
    if (named && !named.deleted && !named.bot) return named.id;
    const first = [...this.world.users.values()].find(
      (it) => !it.deleted && !it.bot && it.id !== 'USLACKBOT',
    );
    return first?.id ?? '';
  }

  #channel(request: Request, response: Response): Channel | undefined {
    const channel = this.world.channels.get(asked(request, 'channel') ?? '');
    if (channel && sees(channel, this.#person(request))) return channel;
    response.status(404).json({ ok: false, error: 'channel_not_found' });
    return undefined;
  }
}

function asked(request: Request, name: string): string | undefined {
  const value = request.query[name];
  return typeof value === 'string' ? value : undefined;
}

/** Uploaded files must not run beside the page: markup is shown in a sandbox of the browser. */
function sendFile(response: Response, file: SlackFile, content: Buffer): void {
  const ending = file.name.split('.').at(-1)?.toLowerCase() ?? '';
  response.set({ 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' });
  response.type(PICTURES[ending] ?? (ending === 'html' ? 'html' : ending === 'pdf' ? 'pdf' : 'text/plain'));
  response.send(content);
}
