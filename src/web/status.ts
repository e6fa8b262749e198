import { createHash } from 'node:crypto';
import { lstat, readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Express, Request, Response } from 'express';
import type { PlainLog } from '#log.js';
import { say } from './auth.js';

/**
 * What the public may load from here is what lies in the folder. `base-uri` is not 'none': `/status` itself needs a base.
 * Pages need neither styles nor scripts within them.
 */
export const STATUS_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** A picture that somebody opens by itself is a document too. Styles within it are its own. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

export interface StatusPorts {
  /** The folder that the page is written into. */
  dir(): string;
  log: Pick<PlainLog, 'error'>;
  /** For so long a file is served from memory without a look at the disk. */
  freshMs?: number;
}

const ROOT = '/status';
/** Balancers and browsers may keep it for so long; and for a day, where we do not answer. */
const CACHED = 'public, max-age=10, stale-if-error=86400';
const FRESH_MS = 250;
/** What is held in memory at most. */
const MOST_BYTES = 32 * 1024 * 1024;
/** No file of the page comes near. */
const LARGEST_BYTES = 16 * 1024 * 1024;
const MOST_ENTRIES = 10_000;
/** Deeper than any file of the page lies. */
const MOST_WORDS = 5;
const SAY_AGAIN_MS = 60_000;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.atom': 'application/atom+xml; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
};
const FEED = 'application/feed+json; charset=utf-8';

/** Whether that address is the public's, and whoever asks for it a stranger. */
export function isPublic(url: string | undefined): boolean {
  return /^\/status(?:\/|$)/i.test(pathOf(url ?? ''));
}

/** @param url as it stands in the request: of a proxy it may be a whole one */
const pathOf = (url: string) => url.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/[?#]/, 1)[0] ?? '';

/**
 * `GET /status…`: the folder, and nothing else; so it is there when database and queue are not, and before we are ready.
 * To be mounted behind whatever else begins with `/status`.
 */
export function statusRoutes(app: Express, { dir, log, freshMs = FRESH_MS }: StatusPorts): void {
  const files = cachedFiles(dir, freshMs);
  let said = Number.NEGATIVE_INFINITY;

  app.use(ROOT, async (request: Request, response: Response) => {
    const rest = pathOf(request.originalUrl).slice(ROOT.length);
    response.set({ 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
    const named = wordsOf(rest);
    // Others may read these from pages of their own; there is nothing to be let in with.
    const open = isOpen(named);
    if (open) response.set('Access-Control-Allow-Origin', '*');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      if (open && request.method === 'OPTIONS') {
        response
          .status(204)
          .set({
            Allow: 'GET, HEAD, OPTIONS',
            'Access-Control-Allow-Methods': 'GET, HEAD',
            'Access-Control-Allow-Headers': '*',
            'Access-Control-Max-Age': '86400',
          })
          .end();
        return;
      }
      response.set('Allow', open ? 'GET, HEAD, OPTIONS' : 'GET, HEAD');
      say(response, 405, 'This can only be read.');
      return;
    }
    try {
      const found = named && (await findFile(files, named));
      if (!found) return await answerNone(response, files, rest);
      if (found.canonical !== undefined) {
        // What is in the page leads on from where it lies.
        response.set('Cache-Control', CACHED).redirect(301, found.canonical);
        return;
      }
      const { path, file } = found;
      const bare = named.length === 0;
      const { bytes, tag } = bare ? file.based() : file;
      response.set({
        'Content-Type': typeOf(path),
        'Cache-Control': CACHED,
        ETag: tag,
        ...(path.endsWith('.html') && { 'Content-Security-Policy': STATUS_POLICY }),
        ...(path.endsWith('.svg') && { 'Content-Security-Policy': PICTURE_POLICY }),
      });
      // With Content-Length; without a body for HEAD and where the reader has it already.
      response.status(200).send(bytes);
    } catch (error) {
      const now = performance.now();
      if (now - said > SAY_AGAIN_MS)
        log.error({ err: error }, 'the status page could not be read from its folder');
      if (now - said > SAY_AGAIN_MS) said = now;
      answerAway(response);
    }
  });
}

/** @returns what stands between the slashes, decoded: [] for `/status`, [''] for `/status/`; null: it is no address */
function wordsOf(rest: string): string[] | null {
  if (rest === '') return [];
  try {
    const words = rest.slice(1).split('/').map(decodeURIComponent);
    return words.length > MOST_WORDS || words.some((word) => word.includes('\0')) ? null : words;
  } catch {
    return null;
  }
}

function isOpen(words: readonly string[] | null): boolean {
  const path = (words ?? []).join('/');
  return /^api\//.test(path) || /\.(atom|svg)$/.test(path) || /^(feed|components\/.*)\.json$/.test(path);
}

interface Found {
  path: string;
  file: Cached;
  /** Where it should have been asked for, from where it was. */
  canonical?: string;
}

/** @returns null: there is none, or none that anybody may know of */
async function findFile(files: Files, words: readonly string[]): Promise<Found | null> {
  if (words.length === 0 || (words.length === 1 && words[0] === '')) return at('index.html');
  if (words.length === 2 && words[0] === 'components') {
    const found = await componentAt(words[1] ?? '');
    if (found) return found;
  }
  // `/status/history/`: its links would lead one step too deep.
  if (words.length > 1 && words.at(-1) === '') {
    const path = words.slice(0, -1);
    const found = await findFile(files, path);
    return found && { ...found, canonical: `../${encodeURIComponent(path.at(-1) ?? '')}` };
  }
  if (words.some((word) => word === '' || word.startsWith('.') || /[/\\]/.test(word))) return null;
  const path = words.map((word, i) => (words[0] === 'incidents' && i === 1 ? refIn(word) : word)).join('/');
  return (extname(path) in TYPES ? await at(path) : null) ?? at(`${path}.html`);

  async function at(path: string): Promise<Found | null> {
    const file = await files.get(path);
    return file && { path, file };
  }

  /** By slug, or by name as people know it; the name is only compared, and no path is made of it. */
  async function componentAt(word: string): Promise<Found | null> {
    const list = await files.get('components.json');
    if (!list) return null;
    const [, name = word, ending = '.html'] = /^(.*)(\.(?:html|atom|json))$/s.exec(word) ?? [];
    const wanted = name.toLowerCase();
    const slug = list.names().get(wanted);
    return slug === undefined ? null : at(`components/${slug}${ending}`);
  }
}

/** `inc-7` is INC-7; of a private one the address has small letters. */
const refIn = (word: string) =>
  /^(inc|mnt)-\d/i.test(word) ? word.replace(/^[a-z]+/i, (kind) => kind.toUpperCase()) : word.toLowerCase();

function typeOf(path: string): string {
  if (/^(feed|components\/.*)\.json$/.test(path)) return FEED;
  return TYPES[extname(path)] ?? 'application/octet-stream';
}

/** The same for what never was, what is private and what is no address at all. */
async function answerNone(response: Response, files: Files, rest: string): Promise<void> {
  // Where there is no page at all yet, nothing can be said of what is not in it.
  if (!(await files.get('index.html'))) return answerAway(response);
  response.status(404).set('Cache-Control', 'public, max-age=10');
  if (rest.startsWith('/api/')) {
    response.json({ error: 'not found' });
    return;
  }
  const up = '../'.repeat(rest.split('/').length - 2) || './';
  answerPage(
    response,
    'There is nothing here',
    `<p><a href="${up}">The status page</a> says how everything is.</p>`,
  );
}

function answerAway(response: Response): void {
  response.status(503).set({ 'Retry-After': '5', 'Cache-Control': 'no-store' });
  answerPage(response, 'The status page is not there yet', '<p>Try again in a few seconds.</p>');
}

function answerPage(response: Response, title: string, more: string): void {
  response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': STATUS_POLICY }).send(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
</head>
<body>
<main>
<h1>${title}</h1>
${more}
</main>
</body>
</html>
`,
  );
}

// Files in memory.

interface Cached {
  bytes: Buffer;
  /** Strong: of what is in it. */
  tag: string;
  /** The page as it is shown one step higher. */
  based(): { bytes: Buffer; tag: string };
  /** Slugs of components, by name and by slug in small letters. */
  names(): ReadonlyMap<string, string>;
}

interface Files {
  /** @param path without dots before names. @returns null: there is no such file, or it is not to be shown */
  get(path: string): Promise<Cached | null>;
}

/**
 * However many ask, the disk is asked once for a while: others need it, too. Nothing is kept that has changed there.
 * The oldest make room.
 */
function cachedFiles(dir: () => string, freshMs: number): Files {
  const held = new Map<
    string,
    { looked: number; seen: string; file: Promise<Cached | null>; size: number }
  >();
  let bytes = 0;

  const drop = (key: string): void => {
    bytes -= held.get(key)?.size ?? 0;
    held.delete(key);
  };

  async function load(
    folder: string,
    path: string,
    before: { seen: string; file: Promise<Cached | null> } | null,
  ) {
    const root = await realpath(folder).catch(unlessNone);
    if (!root) return { seen: '', file: null };
    const full = join(root, path);
    const status = await lstat(full).catch(unlessNone);
    if (!status) return { seen: '', file: null };
    // Links are followed within the folder, and not out of it.
    const real = status.isSymbolicLink() || path.includes('/') ? await inside(root, full) : full;
    if (real === null) return { seen: '', file: null };
    const there = real === full ? status : await lstat(real).catch(unlessNone);
    if (!there?.isFile() || there.size > LARGEST_BYTES) return { seen: '', file: null };
    const seen = `${there.ino} ${there.size} ${there.mtimeMs}`;
    if (before && seen === before.seen) return { seen, file: await before.file };
    const content = await readFile(real).catch(unlessNone);
    return content ? { seen, file: cached(content) } : { seen: '', file: null };
  }

  return {
    async get(path) {
      const folder = dir();
      const key = join(folder, path);
      const now = performance.now();
      const known = held.get(key) ?? null;
      if (known && now - known.looked < freshMs) return known.file;
      const loading = load(folder, path, known);
      const entry = {
        looked: now,
        seen: known?.seen ?? '',
        file: loading.then(({ file }) => file),
        size: known?.size ?? 0,
      };
      // Whoever loads it meets the failure, and it is not kept.
      entry.file.catch(() => undefined);
      held.delete(key);
      held.set(key, entry);
      try {
        const { seen, file } = await loading;
        if (held.get(key) === entry) {
          entry.seen = seen;
          bytes += (file?.bytes.length ?? 0) - entry.size;
          entry.size = file?.bytes.length ?? 0;
          for (const oldest of held.keys()) {
            if (bytes <= MOST_BYTES && held.size <= MOST_ENTRIES) break;
            if (oldest !== key) drop(oldest);
          }
        }
        return file;
      } catch (error) {
        if (held.get(key) === entry) drop(key);
        throw error;
      }
    },
  };
}

async function inside(root: string, full: string): Promise<string | null> {
  const real = await realpath(full).catch(unlessNone);
  return real?.startsWith(root + sep) ? real : null;
}

/** Names that are too long, or lead through a file, are those of nothing. */
function unlessNone(error: unknown): null {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code)) return null;
  throw error;
}

function cached(bytes: Buffer): Cached {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 27);
  let based: { bytes: Buffer; tag: string } | null = null;
  let names: ReadonlyMap<string, string> | null = null;
  return {
    bytes,
    tag: `"${hash}"`,
    based() {
      // Before anything that leads somewhere: all links are meant from within `/status/`.
      based ??= {
        bytes: Buffer.from(bytes.toString('utf8').replace('<head>', '<head><base href="status/">')),
        tag: `"${hash}-based"`,
      };
      return based;
    },
    names() {
      names ??= namesIn(bytes.toString('utf8'));
      return names;
    },
  };
}

function namesIn(text: string): ReadonlyMap<string, string> {
  const list = JSON.parse(text) as ReadonlyArray<{ name: string; slug: string }>;
  const slugs = list.filter(({ slug }) => /^[a-z0-9-]+$/.test(slug));
  // A slug means itself, whatever another one is called.
  return new Map([
    ...slugs.map(({ name, slug }) => [name.toLowerCase(), slug] as const),
    ...slugs.map(({ slug }) => [slug, slug] as const),
  ]);
}
