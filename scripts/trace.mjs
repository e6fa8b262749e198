// `npm run trace`: which functions and files of ours a request enters, by the engine's own count, in the real bot with the
// local Slack. Prints a line for each way; with a name (`npm run trace -- note`) its files and their functions, too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { botEnvironment, end, freePort, startSlack, workplace } from '../bench/lib/processes.mjs';
import { runsIn } from '../demo/runs.mjs';
import { person } from '../demo/slack.mjs';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';

/** A function counts when each of so many goes enters it: what the bot does by itself now and then falls out. */
const GOES = 3;

/** A process that only answers: nothing of a delivery is in its count. */
async function receiptAlone() {
  const { slack, bot } = await startTraced('web', ['--role', 'web']);
  const typed = person(slack.url);
  const answer = await typed.command('ana', 'incidents', 'open sev3 Requests fail');
  const ref = /INC-\d+/.exec(answer)[0];
  let n = 0;
  return {
    'note → receipt': await bot.traced(() =>
      typed.command('ana', 'incidents', `note ${ref} ${++n} requests fail`),
    ),
  };
}

async function wholeBot() {
  const stage = await startStage();
  const { slack, bot, url } = await startTraced('bot', [], { TOCSIN_CONFIG: stage.config });
  const typed = person(slack.url);
  let opened = 0;
  const open = async () => {
    await typed.command('ana', 'incidents', 'open sev3 Requests fail');
    return typed.channelOf(`inc-${++opened}-`, 'ana');
  };
  const channel = await open();
  await typed.command('ana', channel.id, 'invite @bo');
  await typed.joined(['ana', 'bo'], channel.id);
  await sleep(1_000);

  const said = (text) =>
    typed.until(`“${text}” in the channel`, (at) =>
      at.channels.find(({ id }) => id === channel.id).messages.some((one) => one.text?.includes(text)),
    );
  let n = 0;
  const note = async () => {
    const text = `number ${++n} fails`;
    await typed.command('ana', channel.id, `note ${text}`);
    await said(text);
  };
  const token = await tokenOf(bot.env);
  const timeline = async () => {
    const response = await fetch(new URL('/incidents/INC-1/timeline.md', url), {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`the timeline answered ${response.status}`);
    await response.text();
  };
  const runs = runsIn({ slack: typed, channel });
  const run = async () => {
    stage.reset();
    const asked = await runs.ask('ana', 'run copy');
    await runs.approve('bo', asked.run);
    await runs.ended(asked.run, 'succeeded');
  };
  return {
    'note → channel': await bot.traced(note),
    'open → channel, people, headline': await bot.traced(open),
    'export → file in the channel': await bot.traced(async () => {
      const before = await files(typed);
      await typed.command('ana', channel.id, 'export md');
      await typed.until('the file', (at) => (at.files ?? []).length > before || null);
    }),
    'GET timeline': await bot.traced(timeline),
    'run, approved → finished': await bot.traced(run),
  };
}

const files = async (typed) => ((await typed.state()).files ?? []).length;

/** Two key stores, and a runbook that copies from one to the other with somebody's approval. */
async function startStage() {
  const file = (name) => join(place.folder, name);
  let known = () => [];
  const service = createServer((request, response) =>
    response.writeHead(known().includes(request.headers['x-api-key']) ? 200 : 401).end(),
  );
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  place.onClose(() => service.close().closeAllConnections());
  known = () => Object.values(JSON.parse(readFileSync(file('new.json'), 'utf8')));
  const probe = `http://127.0.0.1:${service.address().port}/`;
  mkdirSync(file('runbooks'));
  writeFileSync(file('runbooks/copy.yml'), RUNBOOK);
  writeFileSync(
    file('tocsin.yml'),
    JSON.stringify({
      keystores: {
        old: { type: 'json-file', path: file('old.json') },
        new: { type: 'json-file', path: file('new.json'), probe: { url: probe } },
      },
    }),
  );
  writeFileSync(file('old.json'), JSON.stringify({ one: 'trace-key-one', two: 'trace-key-two' }));
  const reset = () => writeFileSync(file('new.json'), JSON.stringify({ one: 'trace-key-one' }));
  reset();
  return { config: file('tocsin.yml'), reset };
}

const RUNBOOK = `name: copy
title: Copy keys
approval: { required: 1 }
target: "keys:new"
steps:
  - id: compare
    uses: keys.compare
    with: { from: old, to: new }
  - id: add
    uses: keys.add
    with: { from: old, to: new, keys: "{{ steps.compare.missing }}" }
    undo: { uses: keys.remove, with: { store: new, keys: "{{ steps.add.added }}" } }
`;

/** Bot and local Slack over HTTP; the bot counts its functions. */
async function startTraced(name, args, more = {}) {
  const port = await freePort();
  const slack = await startSlack(place, `http://127.0.0.1:${port}/slack/events`);
  const env = { ...botEnvironment(slack, join(place.folder, name), port), ...more };
  const child = spawn(
    process.execPath,
    ['--import', join(ROOT, 'scripts/trace-hook.mjs'), join(ROOT, 'bin/tocsin.js'), 'start', ...args],
    { env, cwd: place.folder, stdio: ['ignore', 'pipe', place.log, 'ipc'] },
  );
  place.onClose(() => end(child));
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) =>
      reject(new Error(`the bot ended (${code}): ${readFileSync(join(place.folder, 'log'))}`)),
    );
  });
  const url = /https?:\/\/\S+/.exec(await ready)[0];
  while ((await (await fetch(new URL('/readyz', url))).json()).slack !== 'ok') await sleep(20);
  const take = async () => {
    child.send('take');
    return (await once(child, 'message'))[0];
  };
  return {
    slack,
    url,
    bot: {
      env,
      /** @returns what each go entered: [file, function, where it begins][] */
      async traced(go) {
        const goes = [];
        // The first is a rehearsal: what is read once and kept is read now.
        for (let i = 0; i <= GOES; i++) {
          await sleep(1_500);
          await take();
          await go();
          const entered = await take();
          if (i > 0) goes.push(entered);
        }
        return goes;
      },
    },
  };
}

/** A token that may read. */
async function tokenOf(env) {
  const child = spawn(process.execPath, [join(ROOT, 'bin/tocsin.js'), 'token', 'create', '--name', 'trace'], {
    env,
    stdio: ['ignore', 'pipe', place.log],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
  await once(child, 'close');
  return out.trim();
}

const wanted = process.argv.slice(2);
ensureInstalled();
ensureBuilt();
const place = workplace();
try {
  const ways = { ...(await receiptAlone()), ...(await wholeBot()) };
  const width = Math.max(...Object.keys(ways).map((name) => name.length));
  for (const [name, goes] of Object.entries(ways)) {
    const [first, ...rest] = goes.map((entered) => new Map(entered.map((one) => [one.join(' '), one[0]])));
    const always = [...first].filter(([key]) => rest.every((go) => go.has(key)));
    const files = new Map();
    for (const [key, file] of always) files.set(file, [...(files.get(file) ?? []), key.split(' ')[1]]);
    console.log(
      `${name.padEnd(width)}  ${String(always.length).padStart(4)} functions in ${String(files.size).padStart(3)} files`,
    );
    if (!wanted.some((word) => name.startsWith(word))) continue;
    for (const [file, names] of [...files].sort())
      console.log(`    ${String(names.length).padStart(3)}  ${file}  ${names.filter(Boolean).join(' ')}`);
  }
} finally {
  await place.close();
}
