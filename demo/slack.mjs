// Types, as a person, in the local Slack.

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
  const state = () => call('/control/state');
  return {
    state,
    /** Types a slash command. @returns the answer that the person sees */
    async command(user, channel, text) {
      const outcome = await call('/control/command', { user, channel, command: '/incident', text });
      if (!outcome.ok) throw new Error(`Slack says ${outcome.error}`);
      const said = [outcome.ack.body, ...outcome.responses]
        .map((one) => one?.text ?? one)
        .find((one) => typeof one === 'string' && one !== '');
      return said ?? '';
    },
    /** Waits for something to be so in Slack. @throws after a minute */
    async until(what, look) {
      for (let tries = 0; tries < 1200; tries++) {
        const found = look(await state());
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${what} did not happen within a minute`);
    },
  };
}
