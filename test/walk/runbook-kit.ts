import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pause, type Walk } from './kit.js';

const TOCSIN = fileURLToPath(new URL('../../bin/tocsin.js', import.meta.url));

/** Values that must never be seen: two keys, and a secret of tocsin.yml. */
export const CANARIES = ['canary-key-one-4711', 'canary-key-two-4712', 'canary-token-4713'];

const COPY = `
inputs:
  to: { type: string, default: new, description: "store to copy to" }
target: "keys:{{ inputs.to }}"
steps:
  - id: compare
    uses: keys.compare
    with: { from: old, to: "{{ inputs.to }}" }
  - id: add
    uses: keys.add
    with: { from: old, to: "{{ inputs.to }}", keys: "{{ steps.compare.missing }}" }
    undo: { uses: keys.remove, with: { store: "{{ inputs.to }}", keys: "{{ steps.add.added }}" } }
`;
/** A step that marks each of its beginnings in a file, and ends when `go` is there. */
const HELD = (effect: string) => `
  - id: held
    uses: shell
    effect: ${effect}
    with: { command: held }
`;

const RUNBOOKS: Record<string, string> = {
  copy: `name: copy\ntitle: Copy keys\napproval: { required: 0 }${COPY}`,
  held: `name: held\ntitle: Copy keys, then wait\napproval: { required: 0 }${COPY}${HELD('idempotent')}`,
  'held-unsafe': `name: held-unsafe\ntitle: Unsafe\napproval: { required: 0 }${COPY}${HELD('unsafe')}`,
};

export type Stage = Awaited<ReturnType<typeof startStage>>;

/** Two key stores in JSON files, runbooks that use them, and the service that reads the second, in a walk's folder. */
export async function startStage({ folder, environment, database }: Walk) {
  const file = (name: string) => join(folder, name);
  const held = `echo ran >> ${file('marks')}; while [ -d ${folder} ] && [ ! -e ${file('go')} ]; do sleep 0.05; done`;
  await mkdir(file('runbooks'));
  for (const [name, text] of Object.entries(RUNBOOKS)) await writeFile(file(`runbooks/${name}.yml`), text);
  let asked = 0;
  const service = createServer(async (request, response) => {
    asked += 1;
    const keys = Object.values(JSON.parse(await readFile(file('new.json'), 'utf8')));
    response.writeHead(keys.includes(request.headers['x-api-key']) ? 200 : 401).end();
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const at = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  await writeFile(
    file('tocsin.yml'),
    `keystores:
  old: { type: json-file, path: ${file('old.json')} }
  new: { type: json-file, path: ${file('new.json')}, probe: { url: "${at}" } }
  broken: { type: json-file, path: ${file('broken.json')} }
commands:
  held: { run: [sh, -c, ${JSON.stringify(held)}] }
secrets:
  token: env:STAGE_TOKEN
`,
  );
  const [one, two, token] = CANARIES as [string, string, string];
  await writeFile(file('old.json'), JSON.stringify({ 'client-1': one, 'client-2': two }));
  await writeFile(file('broken.json'), `{ "client-1": "${one}" `);

  const env = { ...environment, STAGE_TOKEN: token };

  return {
    file,
    env,
    /** How often the service was asked. */
    asked: () => asked,
    /** The second store lacks a key again, and no step has begun. */
    async reset(): Promise<void> {
      await writeFile(file('new.json'), JSON.stringify({ 'client-1': one }));
      await writeFile(file('marks'), '');
    },
    keys: async () => Object.keys(JSON.parse(await readFile(file('new.json'), 'utf8'))).sort(),
    /** Waits until a step has made its mark: that it runs is said a moment before. */
    async marked(): Promise<void> {
      while ((await readFile(file('marks'), 'utf8')) === '') await pause(20);
    },
    marks: async () => (await readFile(file('marks'), 'utf8')).split('\n').length - 1,
    has: (name: string) => existsSync(file(name)),
    start: (...args: string[]) => startVerb(owned(args), env, folder),
    /** Somebody who answers for what the command line asks for, as Slack would have told of her. */
    async meetAna(): Promise<void> {
      const client = new pg.Client(database.config);
      await client.connect();
      await client.query(
        `insert into person (team, id, name, handle, is_bot, deleted, kind)
         select team, 'U0ANA00001', 'ana', 'ana', false, false, 'member' from workspace on conflict do nothing`,
      );
      await client.end();
    },
    async end(): Promise<void> {
      service.close();
      service.closeAllConnections();
    },
  };
}

/** A run that nobody answers for would wait for one person more. */
export const owned = (args: string[]): string[] =>
  args[0] === 'runbook' && args[1] === 'run' && args.length > 2 ? [...args, '--owner', '@ana'] : args;

/** A verb that takes its time, as a process: what it prints is watched while it runs. */
function startVerb(args: string[], env: Record<string, string>, cwd: string) {
  const child: ChildProcess = spawn(process.execPath, [TOCSIN, ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return {
    out: () => out,
    all: () => out + err,
    /** Waits for a line. @throws when the verb ends without it */
    async until(line: RegExp): Promise<void> {
      for (let i = 0; i < 2400 && !line.test(out); i++) {
        if (child.exitCode !== null)
          throw new Error(`ended (${child.exitCode}) without ${line}: ${out}${err}`);
        await pause(50);
      }
      if (!line.test(out)) throw new Error(`no ${line}: ${out}${err}`);
    },
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** The exit code; null after a signal. */
    code: () => closed,
  };
}
