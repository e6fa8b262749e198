import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nginx } from '#runbooks/routes/nginx.js';
import { RouteFailed, StaleRoute } from '#runbooks/routes/route.js';
import { nginxAvailable, startNginx, type TestNginx } from '../../support/nginx.js';

const on = new AbortController().signal;

(nginxAvailable() ? describe : describe.skip)('a route in an include file of nginx', () => {
  let server: TestNginx;
  beforeEach(async () => {
    server = await startNginx('tts-old');
  });
  afterEach(() => server.stop());

  const route = (how: Record<string, unknown> = {}) => {
    const { file, live, test, reload } = server;
    return nginx.open(
      'tts',
      nginx.settings.parse({ file, live, test, reload, choices: ['tts-old', 'tts-new'], ...how }),
    );
  };
  const served = async () => (await fetch(server.url, { headers: { connection: 'close' } })).text();
  const content = () => readFile(server.file, 'utf8');

  test.each([
    ['a command', {}],
    ['a signal', { reload: undefined }],
  ])('moves the traffic, told by %s; a repeated call is no error', async (_, how) => {
    const one = route('reload' in how ? { ...how, pid: server.pid } : how);
    expect(await one.read(on)).toMatchObject({
      to: 'tts-old',
      places: [{ to: 'tts-old' }, { to: 'tts-old' }],
    });
    await one.set('tts-new', 'tts-old', on);
    for (let i = 0; i < 10; i++) expect(await served()).toBe('served by tts-new');
    await one.set('tts-new', 'tts-old', on);
    expect((await one.read(on)).to).toBe('tts-new');
    expect(await content()).toBe('map "" $service { default tts-new; }\n');
    await one.set('tts-old', 'tts-new', on);
    expect(await served()).toBe('served by tts-old');
  });

  test('a file that was written before a crash, and that nginx does not like, is put back as it was before that', async () => {
    await writeFile(server.file, 'map "" $service { default tts-new; }\n');
    const error = await route({ test: ['false'] })
      .set('tts-new', 'tts-old', on)
      .catch((e: Error) => e);
    expect(String(error)).toContain('the file was put back');
    expect(await content()).toBe('map "" $service { default tts-old; }\n');
  });

  test('a file that was written before a crash is taken up by the same call', async () => {
    await writeFile(server.file, 'map "" $service { default tts-new; }\n');
    expect(await route().read(on)).toMatchObject({
      to: null,
      places: [{ to: 'tts-new' }, { to: 'tts-old' }],
    });
    await route().set('tts-new', 'tts-old', on);
    expect(await served()).toBe('served by tts-new');
  });

  test('it is stale when it points elsewhere', async () => {
    await expect(route().set('tts-old', 'tts-new', on)).resolves.toBeUndefined();
    await expect(route({ choices: [] }).set('tts-new', 'tts-third', on)).rejects.toThrow(StaleRoute);
    expect(await content()).toContain('tts-old');
  });

  test('a configuration that fails its test is put back, and nothing of it is shown but the place', async () => {
    const config = join(server.folder, 'nginx.conf');
    await writeFile(
      config,
      (await readFile(config, 'utf8')).replace('events {}', 'canary_word on;\nevents {}'),
    );
    const error = await route()
      .set('tts-new', 'tts-old', on)
      .catch((e) => e);
    expect(error).toBeInstanceOf(RouteFailed);
    expect(error.message).toMatch(
      /^tts: the test command nginx failed: see \/.*nginx\.conf:\d+; the file was put back/,
    );
    expect(error.message).not.toMatch(/canary/);
    expect(await content()).toContain('tts-old');
    expect(await served()).toBe('served by tts-old');
  });

  test('a test that is killed midway is put back, and nothing that it has said till then is shown', async () => {
    const killed = ['sh', '-c', 'echo "unknown directive canary_word" >&2; kill -KILL $$'];
    const error = await route({ test: killed })
      .set('tts-new', 'tts-old', on)
      .catch((e) => e);
    expect(error.message).toBe(
      'tts: the test command sh failed: exit SIGKILL; the file was put back, nothing was reloaded',
    );
    expect(await content()).toContain('tts-old');
  });

  test('a reload that fails, and one that does nothing until it is called off: put back', async () => {
    await expect(route({ reload: ['false'] }).set('tts-new', 'tts-old', on)).rejects.toThrow(
      /^tts: the reload command false failed: exit 1; the file was put back/,
    );
    const calling = new AbortController();
    const doing = route({ reload: ['true'] }).set('tts-new', 'tts-old', calling.signal);
    const written = (async () => {
      while (!(await content()).includes('tts-new')) await new Promise(setImmediate);
    })();
    await written;
    calling.abort();
    await expect(doing).rejects.toThrow(RouteFailed);
    expect(await content()).toContain('tts-old');
    expect((await route().read(on)).to).toBe('tts-old');
  });

  test('a file that holds something else is left alone', async () => {
    await writeFile(server.file, '# mine\nmap "" $service { default tts-old; }\n');
    await expect(route().set('tts-new', 'tts-old', on)).rejects.toThrow(
      'does not hold what the template says',
    );
    expect(await content()).toMatch(/^# mine/);
  });

  test.each(['x; include /etc/passwd', '{to}', '', 'a b', 'tts-third'])('it is not set to %j', async (to) => {
    await expect(route().set(to, 'tts-old', on)).rejects.toThrow('may point to tts-old, tts-new only');
    expect(await content()).toContain('tts-old');
  });

  test('an nginx that does not answer is an error', async () => {
    await expect(route({ live: 'http://127.0.0.1:1/' }).read(on)).rejects.toThrow(
      /^tts: .* did not answer: ECONNREFUSED/,
    );
    await expect(route({ live: `${server.url}/other` }).read(on)).rejects.toThrow(
      'its body is not the name of a target',
    );
  });
});
