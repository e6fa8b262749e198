// The load generator's side of the wire: one process that sends slash commands and measures how long answers take.
// Reads orders as JSON lines on stdin, answers each with a JSON line on stdout.
import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { slackRequest } from './slack-request.mjs';

const slack = JSON.parse(process.argv[2]);
const pools = new Map();

/**
 * @param order `{url, channels, concurrency, ms, expect}`: for `ms`, `concurrency` at a time, round the channels.
 *   `others`: urls of more webs; each request goes to one of all of them at random; `apart`: to the one that has its incident
 *   for itself; `doubled`: to every one of them at once
 */
async function carryOut({
  url,
  others = [],
  apart = false,
  doubled = false,
  channels,
  concurrency,
  ms,
  expect,
  texts = 'the error rate of the gateway rises again',
}) {
  const all = [url, ...others].map((to) => {
    const key = `${to} ${concurrency}`;
    if (!pools.has(key)) pools.set(key, new Pool(to, { connections: concurrency, pipelining: 1 }));
    return pools.get(key);
  });
  const took = [];
  let sent = 0;
  let wrong = null;
  const began = performance.now();
  const until = began + ms;
  const one = async () => {
    while (performance.now() < until && wrong === null) {
      const channel = channels[sent % channels.length];
      const { headers, body } = slackRequest(slack, { channel, text: `note ${texts} (${sent})` });
      sent += 1;
      const at = performance.now();
      const nth = apart ? channels.indexOf(channel) : Math.floor(Math.random() * all.length);
      const to = doubled ? all : [all[nth % all.length]];
      const answers = await Promise.all(
        to.map(async (pool) => {
          const answer = await pool.request({ path: '/slack/events', method: 'POST', headers, body });
          return { status: answer.statusCode, said: await answer.body.text() };
        }),
      );
      took.push(performance.now() - at);
      const bad = answers.find(({ status, said }) => status !== 200 || !said.includes(expect));
      if (bad) wrong = `${bad.status} ${bad.said}`;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return { took, seconds: (performance.now() - began) / 1000, wrong };
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line)))}\n`);
}
await Promise.all([...pools.values()].map((pool) => pool.close()));
