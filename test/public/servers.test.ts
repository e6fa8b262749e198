import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openFolder, type PublicFile } from '#public/folder.js';
import { STATUS_POLICY } from '#web/status.js';
import { caddyAvailable } from '../support/caddy.js';
import { nginxAvailable } from '../support/nginx.js';
import { Server } from '../support/server.js';
import { freePort } from '../support/wire.js';

// The examples of ops/ serve a folder that we wrote, with nothing of ours running: real nginx, real Caddy.
const example = (name: string) =>
  readFile(fileURLToPath(new URL(`../../ops/${name}`, import.meta.url)), 'utf8');
/** Every place has to be there: else the example says something else than what is tested. */
const replaced = (text: string, ...pairs: Array<[string, string[]]>) => {
  let result = text;
  for (const [what, by] of pairs) {
    const parts = result.split(what);
    expect(parts.length - 1).toBe(by.length);
    result = parts.map((part, i) => part + (by[i] ?? '')).join('');
  }
  return result;
};

const HTML = 'text/html; charset=utf-8';
const PAGE: ReadonlyArray<[path: string, asked: string, type: string]> = [
  ['index.html', '', HTML],
  ['index.html', 'index.html', HTML],
  ['history.html', 'history', HTML],
  ['history.html', 'history.html', HTML],
  ['history/2024-11.html', 'history/2024-11', HTML],
  ['incidents/INC-7.html', 'incidents/INC-7', HTML],
  ['incidents/INC-7.html', 'incidents/INC-7.html', HTML],
  ['incidents/k3j9x0q2m4zz.html', 'incidents/k3j9x0q2m4zz', HTML],
  ['components/api-eu.html', 'components/api-eu', HTML],
  ['components/api-eu.atom', 'components/api-eu.atom', 'application/atom+xml; charset=utf-8'],
  ['components/api-eu.json', 'components/api-eu.json', 'application/feed+json; charset=utf-8'],
  ['feed.atom', 'feed.atom', 'application/atom+xml; charset=utf-8'],
  ['feed.json', 'feed.json', 'application/feed+json; charset=utf-8'],
  ['badge.svg', 'badge.svg', 'image/svg+xml; charset=utf-8'],
  ['style.css', 'style.css', 'text/css; charset=utf-8'],
  ['page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['api/v2/summary.json', 'api/v2/summary.json', 'application/json; charset=utf-8'],
  ['api/v2/incidents/unresolved.json', 'api/v2/incidents/unresolved.json', 'application/json; charset=utf-8'],
  [
    'api/v2/scheduled-maintenances.json',
    'api/v2/scheduled-maintenances.json',
    'application/json; charset=utf-8',
  ],
  [
    'api/v2/scheduled-maintenances/active.json',
    'api/v2/scheduled-maintenances/active.json',
    'application/json; charset=utf-8',
  ],
];

interface Place {
  port: number;
  host: string;
  under: string;
}

async function startNginx(folder: string, dir: string) {
  const [port, prefixed] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, 'temp', kind)};`,
  );
  const site = replaced(
    await example('nginx-status.conf'),
    ['listen 80;', [`listen 127.0.0.1:${port};`, `listen 127.0.0.1:${prefixed};`]],
    ['/var/lib/tocsin/status', [dir, dir]],
  );
  await writeFile(join(folder, 'site.conf'), site);
  await writeFile(
    join(folder, 'nginx.conf'),
    // Its workers run as somebody else, as they do everywhere.
    `${process.getuid?.() === 0 ? 'user nobody nogroup;' : ''} daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
    events {} http { access_log off; ${temp.join(' ')} include ${join(folder, 'site.conf')}; }`,
  );
  const server = new Server({
    name: 'nginx',
    command: ['nginx', '-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')],
    folder,
    ready: async () => (await fetch(`http://127.0.0.1:${port}/`)).ok,
  });
  await server.start();
  return { server, ports: [port, prefixed] as const };
}

async function startCaddy(folder: string, dir: string) {
  const [port, prefixed] = [await freePort(), await freePort()];
  const site = replaced(
    await example('Caddyfile-status'),
    ['status.example.com {', [`http://127.0.0.1:${port} {`]],
    ['www.example.com {', [`http://127.0.0.1:${prefixed} {`]],
    ['/var/lib/tocsin/status', [dir]],
  );
  await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${site}`);
  const server = new Server({
    name: 'caddy',
    command: ['caddy', 'run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')],
    folder,
    options: { env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder } },
    ready: async () => (await fetch(`http://127.0.0.1:${port}/`)).ok,
  });
  await server.start();
  return { server, ports: [port, prefixed] as const };
}

async function ask({ port, host, under }: Place, path: string, headers = {}) {
  const asked = request({ host: '127.0.0.1', port, path: `${under}${path}`, headers: { host, ...headers } });
  asked.end();
  const [answer] = await once(asked, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode as number, headers: answer.headers, text };
}

const SERVERS = [
  ['nginx', nginxAvailable(), startNginx],
  ['caddy', caddyAvailable(), startCaddy],
] as const;

describe.each(SERVERS)('%s', (name, available, start) => {
  const suite = available ? describe : describe.skip;
  suite.each(['on a host of its own', 'under /status'])('%s', (where) => {
    let base: string;
    let dir: string;
    let server: Server;
    let place: Place;

    beforeAll(async () => {
      base = await mkdtemp(join(tmpdir(), `tocsin-${name}-`));
      await chmod(base, 0o755);
      dir = join(base, 'status');
      const umask = process.umask(0o077);
      try {
        const files = new Map(PAGE.map(([path]) => [path, `<head>${path}`]));
        const written: Iterable<PublicFile> = files;
        await openFolder(dir, { installation: 'one' }).write(async () => ({
          revision: 'r1',
          files: written,
        }));
      } finally {
        process.umask(umask);
      }
      await mkdir(join(base, 'server'));
      const started = await start(join(base, 'server'), dir);
      server = started.server;
      const own = where === 'on a host of its own';
      place = {
        port: started.ports[own ? 0 : 1],
        host: `127.0.0.1:${started.ports[own ? 0 : 1]}`,
        under: own ? '/' : '/status/',
      };
    });
    afterAll(async () => {
      await server.stop('SIGTERM');
      await rm(base, { recursive: true, force: true });
    });

    test.each(PAGE)('%s at /%s', async (path, asked, type) => {
      const { status, headers, text } = await ask(place, asked);
      expect([status, text, headers['content-type']]).toEqual([200, `<head>${path}`, type]);
      expect(headers).toMatchObject({
        'cache-control': 'public, max-age=10, stale-if-error=86400',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        etag: expect.stringMatching(/^"/),
      });
      const open = !/html|css|javascript/.test(type);
      expect(headers['access-control-allow-origin']).toBe(open ? '*' : undefined);
      if (type === HTML) expect(headers['content-security-policy']).toBe(STATUS_POLICY);
      if (path.endsWith('.svg')) expect(headers['content-security-policy']).toContain('sandbox');
      expect((await ask(place, asked, { 'if-none-match': headers.etag })).status).toBe(304);
    });

    test.each([
      'incidents/INC-8',
      '.tocsin-status.json',
      '.tocsin-status.lock/',
      'incidents/.x',
      'nothing',
      '..%2f..%2fetc/passwd',
    ])('nothing at /%s', async (path) => {
      const { status, text } = await ask(place, path);
      // Of what leads out of the site Caddy takes the dots away, and has nothing there.
      expect([400, 404, text === '' ? 200 : 404]).toContain(status);
      expect(text).not.toMatch(/tocsin\.status|root:/);
    });

    test('what is written anew is there at once, for who has the old one too, though it is as long and as young', async () => {
      const folder = openFolder(dir, { installation: 'one' });
      const wanted = new Map(PAGE.map(([path]) => [path, `<head>${path}`]));
      for (const text of ['<head>index.htm2', '<head>index.htm3', '<head>index.html']) {
        const { headers } = await ask(place, '');
        const files = wanted.set('index.html', text);
        await folder.write(async () => ({ revision: text, files }));
        expect(await ask(place, '', { 'if-none-match': headers.etag })).toMatchObject({ status: 200, text });
      }
    });

    if (where === 'under /status')
      test('without a slash it leads to the one with it', async () => {
        const { status, headers } = await ask({ ...place, under: '' }, '/status');
        expect([status, headers.location]).toEqual([301, '/status/']);
      });
  });
});

(nginxAvailable() ? test : test.skip)('nginx finds nothing wrong with the example', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-nginx-'));
  try {
    const file = join(folder, 'nginx.conf');
    const site = await example('nginx-status.conf');
    await writeFile(file, `pid ${folder}/pid; events {} http { ${site} }`);
    expect(() =>
      execFileSync('nginx', ['-t', '-q', '-e', join(folder, 'error.log'), '-c', file], { stdio: 'pipe' }),
    ).not.toThrow();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
