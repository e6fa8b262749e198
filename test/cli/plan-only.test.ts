import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { cli } from '#cli/cli.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

// Plans from the command line, without Slack and without a bot.
const KEYS = { 'client-1': 'canary-key-one-4711', 'client-2': 'canary-key-two-4712' };
const COPY = `name: copy
title: Copy keys
inputs:
  to: { type: string, default: new }
steps:
  - id: compare
    uses: keys.compare
    with: { from: old, to: "{{ inputs.to }}" }
  - id: add
    uses: keys.add
    with: { from: old, to: "{{ inputs.to }}", keys: "{{ steps.compare.missing }}" }
    undo: { uses: keys.remove, with: { store: "{{ inputs.to }}", keys: "{{ steps.add.added }}" } }
`;
const LOOK = `name: look
title: Compare only
steps:
  - id: compare
    uses: keys.compare
    with: { from: old, to: new }
`;
const DOES = '2. add  adds 1 key to new (client-2';

let database: TestDatabase;
let folder = '';
let env: Record<string, string>;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'tocsin-plan-'));
  await mkdir(file('runbooks'));
  await writeFile(file('runbooks/copy.yml'), COPY);
  await writeFile(file('runbooks/look.yml'), LOOK);
  await writeFile(file('old.json'), JSON.stringify(KEYS));
  await writeFile(file('new.json'), JSON.stringify({ 'client-1': KEYS['client-1'] }));
  const store = (name: string) => `  ${name}: { type: json-file, path: ${file(`${name}.json`)} }\n`;
  await writeFile(file('tocsin.yml'), `keystores:\n${store('old')}${store('new')}`);
  env = {
    DATABASE_URL: database.url,
    TOCSIN_SECRET: 'a secret for tests only, 32 bytes',
    TOCSIN_CONFIG: file('tocsin.yml'),
    TOCSIN_RUNBOOKS: file('runbooks'),
  };
  expect(await tocsin('open', 'sev3', 'Keys differ')).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await database.close();
});

function tocsin(...args: string[]) {
  return inEnvironment(env, args);
}

async function inEnvironment(env: Record<string, string>, args: string[]) {
  let [out, err] = ['', ''];
  const code = await cli(args, {
    env,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: async () => '',
  });
  expect(out + err).not.toContain('canary');
  return { code, out, err };
}

const printed = async () => {
  const plan = await tocsin('runbook', 'plan', 'copy');
  expect(plan).toMatchObject({ code: 0, err: '' });
  expect(plan.out).toContain(DOES);
  return plan.out;
};

test('`run … --plan` prints the plan as `runbook plan` does, and changes nothing', async () => {
  const same = await printed();
  const before = await readFile(file('new.json'), 'utf8');
  for (const line of [
    ['run', 'INC-1', 'copy', '--plan'],
    ['run', 'INC-1', '--plan', 'copy', 'to=new'],
    ['run', 'INC-1 copy --plan'],
    ['runbook', 'run', 'copy', '--plan'],
    ['runbook', 'run', 'INC-1', 'copy', 'to=new', '--plan'],
    ['runbook', 'run', 'copy', '--plan', '--incident', 'INC-1'],
  ]) {
    const { code, out, err } = await tocsin(...line);
    expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
    const [receipt = '', ...rest] = out.split('\n');
    expect(receipt).toMatch(/^INC-1 .*RUN-[0-9]+ will be planned; nothing is changed/);
    expect(rest.join('\n')).toBe(same);
  }
  expect(await readFile(file('new.json'), 'utf8')).toBe(before);
  expect((await tocsin('runs', 'INC-1')).out).not.toMatch(/waits|approv/);
});

test('where no plan can be made, that is a no, and says why', async () => {
  const nowhere = await tocsin('runbook', 'plan', 'copy', 'to=nowhere');
  expect(nowhere).toMatchObject({ code: 1, out: '' });
  for (const line of [
    ['run', 'INC-1', 'copy', 'to=nowhere', '--plan'],
    ['runbook', 'run', 'copy', 'to=nowhere', '--plan'],
  ]) {
    const { code, err } = await tocsin(...line);
    expect(code).toBe(1);
    expect(err).toBe(nowhere.err);
  }
});

test('the same key again is the same plan; one that named a run takes no run along', async () => {
  const first = await tocsin('runbook', 'run', 'copy', '--plan', '--key', 'k1');
  expect(first.code).toBe(0);
  expect(await tocsin('runbook', 'run', 'copy', '--plan', '--key', 'k1')).toEqual(first);
  expect(await tocsin('runbook', 'run', 'look', '--key', 'k2')).toMatchObject({ code: 0 });
  const other = await tocsin('runbook', 'run', 'look', '--plan', '--key', 'k2');
  expect(other).toMatchObject({
    code: 1,
    err: expect.stringMatching(/that key stands for another request already/),
  });
});

test('a plan takes the flags of a run, and names the incident for nothing', async () => {
  const same = await printed();
  for (const line of [
    ['copy', '--plan'],
    ['copy', 'to=new', '--incident', 'INC-1'],
    ['INC-1', 'copy'],
    ['INC-9', 'copy', '--plan'],
  ]) {
    expect(await tocsin('runbook', 'plan', ...line)).toEqual({ code: 0, out: same, err: '' });
  }
});

test('without the bot’s secret nothing is recorded and nothing planned', async () => {
  const { TOCSIN_SECRET: _, ...without } = env;
  env = without;
  try {
    const { code, err } = await tocsin('run', 'INC-1', 'copy', '--plan');
    expect(code).toBe(1);
    expect(err).toContain('TOCSIN_SECRET: is needed');
  } finally {
    env = { ...without, TOCSIN_SECRET: _ as string };
  }
});

test('a database that refuses its user is told as of every other verb, with what to do', async () => {
  const nobody = `nobody_${database.config.database}`;
  await asOwner(`create role ${nobody} login`);
  const url = database.url.replace(/(?<=^postgres:\/\/)[^@]*/, nobody);
  const refused = { ...env, DATABASE_URL: url };
  try {
    const said = await inEnvironment(refused, ['list']);
    expect(said).toMatchObject({ code: 1, out: '' });
    expect(await inEnvironment(refused, ['runbook', 'run', 'copy'])).toEqual(said);
  } finally {
    await asOwner(`drop role ${nobody}`);
  }
});

async function asOwner(sql: string): Promise<void> {
  const client = new pg.Client(database.config);
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
