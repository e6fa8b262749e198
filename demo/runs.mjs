// Runs of runbooks as people have them in Slack: asked for by a command, decided with buttons, read in one message.
import { step } from './say.mjs';

const UNDER_WAY = /^RUN-\d+ \S+ (?:is|waits|asks)\b/;

/** @param {{slack: object, channel: {id: string}}} where the incident's channel, and whoever types in it */
export function runsIn({ slack, channel }) {
  const query = `?channel=${channel.id}&limit=50`;
  const messageOf = (run) => (at) =>
    at.channels.find(({ id }) => id === channel.id).messages.find(({ text }) => text?.startsWith(`${run} `));

  /** Waits until a run's message says so. @returns the message @throws with its text when it can not come to that any more */
  const says = (run, what, right) =>
    slack.until(
      `${run} ${what}`,
      (at) => {
        const message = messageOf(run)(at);
        if (!message) return null;
        if (right.test(message.text)) return message;
        if (UNDER_WAY.test(message.text)) return null;
        throw new Error(message.text);
      },
      query,
    );

  /** @returns the run that was asked for, once its plan is there */
  const planned = async (what, answer) => {
    const run = /RUN-\d+/.exec(answer)?.[0];
    if (!run || !/recorded/.test(answer)) throw new Error(`${what}\n    ${answer}`);
    step(what);
    const { blocks } = await says(run, 'has a plan', / (?:waits for approval|was planned)/);
    const said = textsOf(blocks);
    const [, changes = 'nothing is changed'] = /^Plan `\w+`, ([^.\n]*)\.$/m.exec(said) ?? [];
    step(`${run} has a plan`, changes);
    return { run, said };
  };

  return {
    /** Types `run …`. @returns {Promise<{run: string, said: string}>} the run, once its plan is there: `RUN-3` */
    ask: async (who, text) =>
      planned(`${who}  /incident ${text}`, await slack.command(who, channel.id, text)),
    /** Clicks a button that offers a run. @returns the same */
    offered: async (who, ts, label) =>
      planned(`${who}  clicks ${label}`, await slack.click(who, channel.id, ts, 'offer:plan')),
    /** Clicks *Approve*. @returns what whoever clicked is told */
    async approve(who, run) {
      const { ts } = await says(run, 'waits for approval', / waits for approval/);
      return slack.click(who, channel.id, ts, 'run:approve');
    },
    /** Waits for the end. @param {string} end `succeeded` @throws when it ends in another way */
    async ended(run, end) {
      const { blocks } = await says(run, end, new RegExp(`^${run} \\S+ (?:was )?${end}`));
      return textsOf(blocks);
    },
  };
}

/** What a message's sections say, as one text. */
function textsOf(blocks) {
  return blocks.map((block) => block.text?.text ?? '').join('\n');
}

/** What a step's line says of it: `1. *gate* failed, 0.1 s · tts-new lacks …` → `tts-new lacks …`. */
export function saidBy(text, id) {
  const [, line = ''] = new RegExp(`\\*${id}\\* ([^\\n]*)`).exec(text) ?? [];
  return line.slice(line.indexOf(' · ') + 1).replace(/^· /, '');
}
