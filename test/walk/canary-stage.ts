import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { stringify } from 'yaml';
import { freePort } from '../support/wire.js';
import { Canaries, type Canary, WORDS } from './canaries.js';
import { ECHO_NAMES, ECHOES, FAILS, PRINT_NAMES, PRINTS, program } from './canary-echoes.js';

/** How many values go to targets that echo them, and to programs that print them. */
export interface CanarySize {
  http: number;
  shell: number;
}

const PER_RUNBOOK = 20;

/** Writes tocsin.yml, runbooks, stores and secrets of canaries into a folder, and starts what they talk to. */
export async function startCanaryStage(
  folder: string,
  redisUrl: string,
  haproxy: { socket: string; map: string },
  size: CanarySize,
) {
  const canaries = new Canaries();
  const file = (name: string) => join(folder, name);
  const keysOf = (some: Canary[]) => Object.fromEntries(some.map(({ name, value }) => [name, value]));
  const write = (name: string, content: unknown) => writeFile(file(name), JSON.stringify(content, null, 2));
  await mkdir(file('runbooks'));
  await mkdir(file('secrets'));
  await mkdir(file('stores'));

  const old = canaries.some(34, 'old');
  const [differ, other] = [canaries.some(8, 'differ'), canaries.some(8, 'other')];
  const ids = differ.map((_, i) => `both-${i}`);
  const under = (some: Canary[]) => Object.fromEntries(some.map(({ value }, i) => [ids[i], value]));
  await write('stores/old.json', { ...keysOf(old), ...under(differ) });
  await write('stores/new.json', under(other));
  await write('stores/copy.json', {});
  const hash = canaries.some(20, 'hash');
  const mapped = canaries.some(8, 'mapped', WORDS);
  await write('stores/mapped.json', keysOf(mapped));
  const broken = canaries.some(6, 'broken');
  await writeFile(file('stores/broken.json'), `${broken.map(({ value }) => value).join('\n')} {"a": `);
  const printed = canaries.some(9, 'printed');
  await write('stores/printed.json', keysOf(printed));

  const away = [...canaries.some(3, 'away'), ...canaries.some(3, 'sent-away', WORDS)];
  const used = canaries.some(size.http + size.shell, 'used');
  const typed = canaries.some(20, 'typed');
  const [own] = canaries.some(1, 'own', ['base64url']);

  const target = createServer((request, response) => void answer(request, response, used));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;

  // Half of them in files, half in the environment.
  const env: Record<string, string> = { CANARY_OWN: own?.value ?? '', CANARY_LEAK: canaries.leak.value };
  const secrets: Record<string, string> = {};
  const hide = async (name: string, value: string, i: number) => {
    if (i % 2 === 0) {
      env[`CANARY_${name.replaceAll('-', '_')}`] = value;
      secrets[name] = `env:CANARY_${name.replaceAll('-', '_')}`;
    } else {
      await writeFile(file(`secrets/${name}`), `${value}\n`);
      secrets[name] = `file:${file(`secrets/${name}`)}`;
    }
  };
  for (const [i, { name, value }] of [...used, ...typed].entries()) await hide(name, value, i);
  const port = await freePort();
  const inAddress = (i: number) => `u:${encodeURIComponent(away[i]?.value ?? '')}@127.0.0.1:${port}`;
  await hide('away-redis', `redis://${inAddress(0)}/0`, 0);
  await hide('away-postgres', `postgres://${inAddress(1)}/keys`, 1);
  await hide('away-let-in', redisUrl.replace('//', `//u:${encodeURIComponent(away[2]?.value ?? '')}@`), 0);
  for (const i of [3, 4, 5]) await hide(`away-${i}`, away[i]?.value ?? '', i);
  await hide('redis', redisUrl, 0);

  const commands: Record<string, object> = {};
  const shells = used.slice(size.http);
  const node = (code: string, secret: string) => ({
    run: [process.execPath, '-e', program(code)],
    env: { VALUE: `secret:${secret}` },
  });
  for (const [i, { name }] of shells.entries())
    commands[`print-${i}`] = node(PRINTS[PRINT_NAMES[i % PRINT_NAMES.length] as string] as string, name);
  for (const [i, [how, code]] of Object.entries(FAILS).entries())
    commands[`fail-${how}`] = node(code, shells[i]?.name as string);
  const cat = `cat ${file('stores/printed.json')}; base64 ${file('stores/printed.json')}`;
  await writeFile(file('stores/leak.txt'), canaries.leak.value);
  commands.leak = { run: ['cat', file('stores/leak.txt')] };
  commands.cat = { run: ['sh', '-c', cat] };
  commands.held = { run: ['sh', '-c', `while [ ! -e ${file('go')} ]; do sleep 0.05; done; ${cat}`] };

  const json = (name: string) => ({ type: 'json-file', path: file(`stores/${name}.json`) });
  const keystores: Record<string, object> = {
    ...Object.fromEntries(
      ['old', 'new', 'copy', 'mapped', 'broken', 'printed'].map((name) => [name, json(name)]),
    ),
    hash: { type: 'redis', url: 'secret:redis', key: 'store:keys' },
    map: { type: 'haproxy-map', socket: haproxy.socket, file: haproxy.map, columns: 'value-id' },
    'away-redis': { type: 'redis', url: 'secret:away-redis', key: 'k' },
    'away-postgres': {
      type: 'postgres',
      url: 'secret:away-postgres',
      table: 'keys',
      id_column: 'id',
      value_column: 'v',
    },
    'away-let-in': { type: 'redis', url: 'secret:away-let-in', key: 'k' },
    'away-etcd': { type: 'etcd', url: base, prefix: '/k/', user: 'secret:away-3', password: 'secret:away-4' },
    'away-tls': {
      type: 'http',
      url: base.replace('http', 'https'),
      headers: { Authorization: 'secret:away-5' },
    },
  };
  await writeFile(
    file('tocsin.yml'),
    stringify({
      keystores,
      commands,
      secrets: Object.fromEntries(
        Object.entries(secrets).map(([name, from]) => [
          name,
          used.some((one) => one.name === name) ? { from, to: [base] } : from,
        ]),
      ),
      schedules: { watch: { drift: { from: 'old', to: 'new' }, every: '1m' } },
    }),
  );

  const runbook = (name: string, steps: object[], more: object = {}) =>
    writeFile(
      file(`runbooks/${name}.yml`),
      stringify({ name, title: `Runbook ${name}`, approval: { required: 0 }, ...more, steps }),
    );
  const copy = (from: string, to: string) => [
    { id: 'compare', uses: 'keys.compare', with: { from, to } },
    {
      id: 'add',
      uses: 'keys.add',
      with: { from, to, keys: '{{ steps.compare.missing }}' },
      undo: { uses: 'keys.remove', with: { store: to, keys: '{{ steps.add.added }}' } },
    },
  ];
  await runbook('copy-file', copy('old', 'new'));
  await runbook('copy-hash', copy('hash', 'copy'));
  await runbook('copy-map', copy('mapped', 'map'));
  // Keys with blanks and quotes, which a map cannot hold: the first of them fails.
  await runbook('copy-unfit', copy('hash', 'map'));
  const stores = ['broken', ...Object.keys(keystores).filter((name) => name.startsWith('away-'))];
  for (const name of stores) await runbook(`read-${name}`, copy(name, 'new'), { target: `read:${name}` });
  for (let r = 0; r * PER_RUNBOOK < size.http; r++) {
    const steps = used.slice(r * PER_RUNBOOK, Math.min((r + 1) * PER_RUNBOOK, size.http)).map((canary, i) => {
      const nth = r * PER_RUNBOOK + i;
      const how = ECHO_NAMES[nth % ECHO_NAMES.length] as string;
      const sent = WORDS.includes(canary.kind) ? { secret_headers: { 'X-Key': canary.name } } : {};
      const keep = how.startsWith('json') ? { keep: ['echo', 'deep'] } : {};
      return {
        id: `ask-${nth}`,
        uses: 'http',
        with: { url: `${base}/${how}/${nth}`, expect: { status: [200, 302, 500] }, ...sent, ...keep },
      };
    });
    await runbook(`http-${r}`, [
      ...steps,
      { id: 'tell', uses: 'slack.message', with: { text: `{{ steps.ask-${r === 0 ? 1 : 23}.json.echo }}` } },
      {
        id: 'choose',
        uses: 'ask',
        with: { question: `{{ steps.ask-${r === 0 ? 1 : 23}.json.echo }}?`, choices: ['yes', 'no'] },
      },
    ]);
  }
  for (let r = 0; r * PER_RUNBOOK < size.shell; r++)
    await runbook(
      `shell-${r}`,
      Array.from(
        { length: Math.min(PER_RUNBOOK, size.shell - r * PER_RUNBOOK) },
        (_, i) => `print-${r * PER_RUNBOOK + i}`,
      ).map((command) => ({
        id: command,
        uses: 'shell',
        with: { command },
        undo: { uses: 'shell', with: { command } },
      })),
    );
  const failing = (name: string, step: object) =>
    runbook(`fail-${name}`, [{ id: 'once', ...step }], { target: `fail:${name}` });
  for (const how of Object.keys(FAILS))
    await failing(how, { uses: 'shell', with: { command: `fail-${how}` } });
  const http = (how: string, more: object = {}) => ({
    uses: 'http',
    with: { url: `${base}/${how}/0`, ...more },
  });
  await failing('status', http('broken'));
  await failing('moved', http('moved', { expect: { header: { location: '/home' } } }));
  await failing('json', http('json', { expect: { json: { 'deep.text': [] } } }));
  await failing('verify', { ...http('plain'), verify: http('broken') });
  await failing('check', { uses: 'shell', with: { command: 'fail-killed' }, check: http('broken') });
  await failing('metrics', {
    uses: 'prometheus.query',
    with: { url: `${base}/prometheus/0`, query: 'up', condition: '> 0' },
  });
  await failing('labels', {
    uses: 'prometheus.query',
    with: { url: `${base}/labels/0`, query: 'up', condition: '> 1' },
  });
  await runbook('cat', [{ id: 'cat', uses: 'shell', with: { command: 'cat' } }]);
  await runbook('held', [{ id: 'held', uses: 'shell', effect: 'idempotent', with: { command: 'held' } }]);
  await runbook('holding', [
    { id: 'say', uses: 'slack.message', with: { text: `The key is ${typed[0]?.value ?? ''}` } },
  ]);
  // Nobody has told anybody of this one: it can only be found.
  await runbook('leak', [{ id: 'leak', uses: 'shell', with: { command: 'leak' } }]);

  return {
    canaries,
    env,
    file,
    /** Writes the keys of the hash that is a store. */
    async fillHash(url: string) {
      const client = new Redis(url);
      await client.hset('store:keys', keysOf(hash));
      client.disconnect();
    },
    typed,
    own: own as Canary,
    reading: stores.map((name) => `read-${name}`),
    /** Runbooks that go to targets, and those that run programs. */
    asking: Array.from({ length: Math.ceil(size.http / PER_RUNBOOK) }, (_, r) => `http-${r}`),
    printing: Array.from({ length: Math.ceil(size.shell / PER_RUNBOOK) }, (_, r) => `shell-${r}`),
    failing: Object.keys(FAILS)
      .concat('status', 'moved', 'json', 'verify', 'check', 'metrics', 'labels')
      .map((name) => `fail-${name}`),
    async end() {
      target.closeAllConnections();
      await new Promise((resolve) => target.close(resolve));
    },
  };
}

export type CanaryStage = Awaited<ReturnType<typeof startCanaryStage>>;

async function answer(request: IncomingMessage, response: ServerResponse, used: Canary[]): Promise<void> {
  const [, how = '', nth = ''] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
  const value = used[Number(nth)]?.value ?? '';
  if (how === 'prometheus' || how === 'labels') {
    response.end(JSON.stringify(how === 'labels' ? labelled(value) : { status: 'error', error: pad(value) }));
    return;
  }
  const echo = ECHOES[how]?.(value) ?? { status: 500, body: [`no ${request.headers.authorization}`] };
  response.writeHead(echo.status ?? 200, echo.location ? { location: echo.location } : {});
  for (const piece of echo.body) {
    response.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  response.end();
}

/** So long that whoever cuts it to some hundred characters cuts the value in two. */
const pad = (value: string) => `${'x '.repeat(240)}${value} ${value}`;

const labelled = (value: string) => ({
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: { __name__: 'up', key: value }, value: [0, '1'] }] },
});
