// Types and clicks, as a person, in the local Slack.
import { setTimeout as sleep } from 'node:timers/promises';

export function person(slackUrl) {
  const call = async (path, body) => {
    const response = await fetch(new URL(path, slackUrl), {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  /** What the bot says after it has acknowledged: always to a click, and to a command that takes it long. */
  const later = async (delivery) => {
    const { responses } = await call(`/control/responses?delivery=${delivery}&count=1&timeout=20000`);
    return responses[0]?.text ?? '';
  };
  const state = (query = '') => call(`/control/state${query}`);
  /** Waits for something to be so in Slack. @throws after two minutes: Slack may tell the bot to wait for one of them */
  async function until(what, look, query = '') {
    const late = Date.now() + 120_000;
    while (Date.now() < late) {
      const found = look(await state(query));
      if (found) return found;
      await sleep(50);
    }
    throw new Error(`${what} did not happen within two minutes`);
  }
  const id = (at, name) => at.users.find((user) => user.name === name)?.id;
  return {
    state,
    until,
    /** Every call that the bot has made. */
    calls: () => call('/control/log'),
    /** Types a slash command. @returns the answer that the person sees */
    async command(user, channel, text) {
      const outcome = await call('/control/command', { user, channel, command: '/incident', text });
      if (!outcome.ok) throw new Error(`Slack says ${outcome.error}`);
      const said = [outcome.ack.body, ...outcome.responses]
        .map((one) => one?.text ?? one)
        .find((one) => typeof one === 'string' && one !== '');
      return said ?? later(outcome.delivery);
    },
    /** Clicks a button under a message. @returns the answer that the person sees */
    async click(user, channel, ts, action) {
      const outcome = await call('/control/action', { user, channel, ts, action_id: action });
      if (!outcome.ok) throw new Error(`Slack says ${outcome.error}`);
      return later(outcome.delivery);
    },
    /** Waits for the channel whose name begins so, with that person in it. */
    channelOf: (start, who) =>
      until('the incident’s channel, with its opener in it', (at) =>
        at.channels.find((one) => one.name.startsWith(start) && one.members.includes(id(at, who))),
      ),
    /** Waits until all of them are in the channel. */
    joined: (people, channel) =>
      until(`${people.join(' and ')} in the channel`, (at) => {
        const { members } = at.channels.find((one) => one.id === channel);
        return people.every((name) => members.includes(id(at, name)));
      }),
  };
}
