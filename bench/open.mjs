// From sending `/incident open` to its reporter standing in the channel, with a Slack that takes 200 ms for each call.
import { parseArgs } from 'node:util';
import { person } from '../demo/slack.mjs';
import { median, target } from './lib/figures.mjs';
import { startPair, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';
import { slackRequest } from './lib/slack-request.mjs';

const { values } = parseArgs({
  strict: false,
  options: { rounds: { type: 'string' }, quick: { type: 'boolean' } },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 10));
const LATENCY_MS = 200;
// Slack makes twenty channels a minute for a bot; the rounds stay below that.
const PAUSE_MS = 3_200;

const place = workplace();
try {
  const { slack, bot } = await startPair(place);
  const { state } = person(slack.url);
  const { channels, users } = await state();
  const channel = channels.find((one) => one.name === 'incidents').id;
  const user = users.find((one) => one.name === 'ana').id;
  await fetch(new URL('/control/latency', slack.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ms: LATENCY_MS }),
  });
  const took = [];
  const answered = [];
  for (let i = 0; i <= rounds; i++) {
    const known = { signingSecret: slack.signingSecret, teamId: slack.teamId, slackUrl: slack.url };
    const request = slackRequest(known, { channel, user, text: `open sev2 Round ${i}` });
    const sent = Date.now();
    const answer = await fetch(new URL('/slack/events', bot.url), { method: 'POST', ...request });
    const said = await answer.text();
    if (!said.includes('recorded')) throw new Error(said);
    const answeredIn = Date.now() - sent;
    const invited = await invitation(slack.url, user, sent);
    if (i > 0) {
      took.push(invited - sent);
      answered.push(answeredIn);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const limit = 2.5 * LATENCY_MS + 100;
  report('open', {
    targets: [
      target('ms from the command to its reporter in the channel, median', median(took), limit),
      target('the same, longest', Math.max(...took), limit),
    ],
    figures: { 'ms until the receipt, median': median(answered), 'ms for each call to Slack': LATENCY_MS },
    raw: { took, answered },
  });
} finally {
  await place.close();
}

/** @returns when Slack finished inviting this person, by its own log */
async function invitation(slackUrl, user, since) {
  for (let tries = 0; tries < 1000; tries++) {
    const answer = await fetch(new URL('/control/log?method=conversations.invite', slackUrl));
    const { calls } = await answer.json();
    const call = calls.find(
      (one) => one.started_at >= since && String(one.args.users).includes(user) && one.answer.ok,
    );
    if (call) return call.ended_at;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nobody was invited within twenty seconds');
}
