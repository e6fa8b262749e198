// INC-1: the founding incident, typed line by line, and compared with what it was.
import { join } from 'node:path';
import { commandsOf } from './commands.mjs';
import { differences } from './expected.mjs';
import { tocsin } from './processes.mjs';
import { shorten, step } from './say.mjs';

/** Types every command and waits for Slack to show what it led to. @returns the incident's channel */
export async function replay(scenario, slack) {
  const commands = commandsOf(scenario);
  let channel = { name: 'incidents' };
  for (const { who, where, text, retime, joined } of commands) {
    const answer = await slack.command(who, channel.id ?? channel.name, text);
    if (!/recorded/.test(answer)) throw new Error(`/incident ${text}\n    ${answer}`);
    step(`${who}  /incident ${shorten(text)}`);
    if (retime) {
      const n = /#(\d+)/.exec(answer)?.[1];
      const moved = await slack.command(who, channel.id, `time ${n} ${retime}`);
      if (!/recorded/.test(moved)) throw new Error(`/incident time ${n} ${retime}\n    ${moved}`);
      step(`${who}  /incident time ${n} ${retime}`);
    }
    // Slack lets nobody type in a channel that they are not in.
    if (joined) await slack.joined(joined, channel.id);
    if (where === 'anywhere') {
      channel = await slack.channelOf('inc-1-', who);
      step(`the channel #${channel.name} is there, and ${who} is in it`);
    }
  }
  return channel;
}

/** @param texts of the exports, by file name @throws on any difference from the scenario, or between web and command line */
export async function checkReplay(scenario, texts, env, out) {
  const wrong = differences(scenario, JSON.parse(texts['INC-1.json']));
  if (wrong.length > 0) throw new Error(`the export differs from the scenario:\n    ${wrong.join('\n    ')}`);
  step('every entry, time, count and state is as it was');
  for (const [format, file] of [
    ['md', 'INC-1.md'],
    ['csv', 'INC-1.csv'],
    ['html', 'INC-1.html'],
  ]) {
    const printed = await tocsin(env, 'export', 'INC-1', '--format', format);
    if (printed !== texts[file]) throw new Error(`the command line prints another ${file} than the web`);
  }
  step('the command line prints the same bytes');
  step('tocsin verify', (await tocsin(env, 'verify', join(out, 'INC-1.facts.jsonl'))).trim());
}
