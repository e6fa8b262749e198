// From a post to all who are to see it, while an incident's channel goes on; and the whole page of a long history.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { lookupsOf } from '#compose/core.js';
import { isRefusal } from '#domain/refusal.js';
import { createHandle } from '#handle/handle.js';
import { newId, shareOf } from '#public/subscribe/address.js';
import { openStore } from '#store/store.js';
import { botDatabase, ownDatabase } from './database.mjs';
import { quantile, round } from './figures.mjs';
import { openIncidents } from './incidents.mjs';
import { botEnvironment, end, start, startPair } from './processes.mjs';
import { slackRequest } from './slack-request.mjs';

const COMPONENT = 'Text to Speech';
const CONNECTIONS = 10;
/** Slack takes a message a second of a channel. */
const EVERY_MS = 1_300;

/**
 * @param sizes `posts`: so many are timed to the disk; `people`: subscribers; `notes`: in a channel that nothing disturbs
 * @returns ms of each
 */
export async function published(place, { posts, people, notes }) {
  const folder = join(place.folder, 'published');
  const mail = await start(place, 'bench/lib/mail-app.mjs', []);
  const { smtp, url: counter } = JSON.parse(mail.line);
  const config = join(place.folder, 'published.yml');
  const email = { smtp, from: 'Example Status <status@example.org>', connections: CONNECTIONS };
  const status = { folder, url: 'https://status.example.org', subscribers: { email } };
  writeFileSync(config, JSON.stringify({ announce: 'incidents', components: [COMPONENT], status }));
  const { slack, bot } = await startPair(place, {
    TOCSIN_CONFIG: config,
    PUBLIC_URL: 'https://bot.example.org',
  });
  const given = { signingSecret: slack.signingSecret, teamId: slack.teamId, slackUrl: slack.url };
  const [channel, other] = await openIncidents(slack.url, 2);
  await typed(channel, `component add ${COMPONENT}`);

  const disk = [];
  const feed = [];
  for (let i = 0; i < posts; i++) {
    const text = `Number ${i} of what the public is told ends here.`;
    const seen = Promise.all([
      there(join(folder, 'index.html'), text),
      there(join(folder, 'feed.atom'), text),
    ]);
    const answered = await publish(text);
    const [onDisk, inFeed] = await seen;
    disk.push(Math.max(0, onDisk - answered));
    feed.push(Math.max(0, inFeed - answered));
    await sleep(EVERY_MS);
  }

  const { connection } = await botDatabase(place);
  const store = openStore(connection, console.error);
  place.onClose(() => store.close().catch(() => {}));
  const team = await store.workspaces.only();
  let next = 0;
  const add = async () => {
    while (next < people) {
      const made = newId();
      const address = `person-${next++}@example.org`;
      const one = {
        ...made,
        share: shareOf(made.id),
        kind: 'email',
        address,
        components: [],
        language: 'en',
      };
      await store.subscribers.add({ team, secret: null, ...one });
    }
  };
  await Promise.all(Array.from({ length: 8 }, add));

  // Alone, while the mails go out, and alone again: a machine differs from minute to minute.
  const alone = [await noted(other, 'before', async (n) => n < notes / 2)];
  const text = 'This one goes to everybody.';
  const answered = await publish(text);
  const beside = await noted(other, 'meanwhile', async () => (await count()).people < people);
  let told = await count();
  while (told.people < people) {
    await sleep(50);
    told = await count();
  }
  alone.push(await noted(other, 'after', async (n) => n < notes / 2));
  const wallOf = (at) => at - performance.timeOrigin;
  const mails = {
    people: told.people,
    mails: told.mails,
    firstMs: wallOf(told.first) - answered,
    lastMs: wallOf(told.last) - answered,
  };
  const bare = await start(place, 'bench/lib/mail-bare.mjs', [
    JSON.stringify({ smtp, mails: people, connections: CONNECTIONS }),
  ]);
  bare.process.stdin.write('go\n');
  const [line] = await once(bare.lines, 'line');
  await end(bot.process);
  return { disk, feed, mails, bareMs: Number(line), alone: alone.flat(), beside };

  async function count() {
    return (await request(counter)).body.json();
  }
  async function publish(said) {
    await typed(channel, `publish identified ${said} --yes`);
    return performance.now();
  }
  async function typed(where, line) {
    const answer = await request(`${bot.url}/slack/events`, {
      method: 'POST',
      ...slackRequest(given, { channel: where, text: line }),
    });
    const said = await answer.body.text();
    if (!said.includes('recorded')) throw new Error(`an unexpected answer: ${said}`);
  }
  /** @param go whether there is another one. @returns ms from each note's answer to its place in the channel */
  async function noted(where, name, go) {
    const took = [];
    for (let n = 0; await go(n); n++) {
      const words = `number ${n} of ${name} ends here`;
      await typed(where, `note ${words}`);
      const at = performance.now();
      for (let shown = false; !shown; ) {
        const state = await request(`${slack.url}/control/state?channel=${where}&limit=3`);
        shown = (await state.body.text()).includes(words);
        if (!shown) await sleep(5);
      }
      took.push(performance.now() - at);
      await sleep(Math.max(0, EVERY_MS - (performance.now() - at)));
    }
    return took;
  }
}

/** @returns when a file first held the text */
async function there(file, text) {
  for (;;) {
    const found = await readFile(file, 'utf8').catch(() => '');
    if (found.includes(text)) return performance.now();
    await sleep(2);
  }
}

/**
 * `tocsin status build` of so many incidents with four posts each, into an empty folder and once more into the same one.
 * @returns ms of the process each time, and of copying the files that it made
 */
export async function rebuilt(place, incidents) {
  const database = await ownDatabase(place, 'data-many');
  const dataDir = join(place.folder, 'data-many');
  const config = join(place.folder, 'many.yml');
  writeFileSync(
    config,
    JSON.stringify({ components: [COMPONENT], status: { url: 'https://status.example.org' } }),
  );
  const env = { ...botEnvironment({ url: '', botToken: '' }, dataDir, 0), TOCSIN_CONFIG: config };
  delete env.SLACK_BOT_TOKEN;
  await run(env, ['migrate']);
  await history(database, incidents);
  const out = join(place.folder, 'many');
  mkdirSync(out, { recursive: true });
  const builds = [];
  let said = '';
  for (let i = 0; i < 2; i++) {
    const began = performance.now();
    said = await run(env, ['status', 'build', '--out', out]);
    builds.push(performance.now() - began);
  }
  const copied = performance.now();
  await cp(out, `${out}-copy`, { recursive: true });
  const copyMs = performance.now() - copied;
  await rm(`${out}-copy`, { recursive: true });
  return {
    firstMs: builds[0],
    againMs: builds[1],
    copyMs,
    files: Number(/: ([\d,]+) files/.exec(said)?.[1]?.replace(',', '')),
  };
}

async function history(database, incidents) {
  const store = openStore(database, console.error);
  const publicly = { components: [COMPONENT], leaks: () => [], leakText: () => '' };
  const handle = createHandle({
    store: { ...lookupsOf(store), publicly },
    relay: { nudge() {} },
    onError: console.error,
  });
  const now = Date.now();
  await store.workspaces.ensureLocal();
  const team = await store.workspaces.only();
  let keys = 0;
  const says = async (intent, incident, at) => {
    const outcome = await handle(intent, incident, {
      team,
      by: { id: 'U0ANA00001', name: 'ana' },
      source: 'cli',
      key: `bench:${++keys}`,
      now: new Date(at),
      seesPrivate: true,
    });
    if (isRefusal(outcome)) throw new Error(outcome.sentence);
    return outcome;
  };
  let next = 0;
  const one = async () => {
    while (next < incidents) {
      const n = ++next;
      const at = now - (incidents - n) * 3_600_000 - 3_600_000;
      const open = { severity: null, components: [COMPONENT], private: false, drill: false, moment: null };
      const { incident } = await says({ type: 'OpenIncident', title: `Load ${n}`, ...open }, null, at);
      for (const [i, state] of ['investigating', 'identified', 'monitoring', 'resolved'].entries()) {
        const text = `What the public is told of number ${n} as it is ${state}.`;
        const post = { type: 'PublishPost', state, moment: null, text, confirmed: true };
        await says(post, incident, at + (i + 1) * 60_000);
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, one));
  await store.close();
}

async function run(env, args) {
  const child = spawn(process.execPath, ['bin/tocsin.js', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (piece) => {
    said += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`tocsin ${args.join(' ')} ended with ${code}`);
  return said;
}

/** p50 and the longest, for people. */
export const shown = (values) => ({
  p50: round(quantile(values, 0.5), 0),
  longest: round(Math.max(...values), 0),
});
