import type { Middleware, SlackCommandMiddlewareArgs, SlashCommand } from '@slack/bolt';
import { verbNamed } from '#domain/command/verbs.js';
import { refuse } from '#domain/refusal.js';
import { answered } from './answered.js';
import { type Context, spokenBy, triggerKey, unexpected } from './context.js';
import { entered } from './entered.js';
import { inTime } from './in-time.js';
import type { Typed } from './ports.js';
import { ephemeral, type Reply, refused, said } from './reply.js';
import { respondTo } from './response-url.js';
import { noAnswer } from './where.js';

/** The slash command: commit, then the receipt in the same answer. */
export function onCommand(context: Context): Middleware<SlackCommandMiddlewareArgs> {
  return ({ command, ack }) =>
    inTime<Reply | null>({
      work: speak(context, command),
      failed: (reply) => (onlyLooks(command) ? NOT_READ : reply),
      answer: (reply) => (reply === null ? ack() : ack(ephemeral(reply))),
      later: async (reply) => reply && respondTo(command.response_url, ephemeral(reply), context.log),
      request: triggerKey(command.trigger_id),
      log: context.log,
    });
}

const NOT_READ = refused(refuse('NOT_READ', { why: 'something failed here' }));

/** Looked at after a failure only. Whoever asks a question must not hear that something may be in the record. */
function onlyLooks({ text }: SlashCommand): boolean {
  const verb = verbNamed((text ?? '').trim().split(/\s/, 1)[0] ?? '');
  return verb !== null && (verb.looks || verb.name === 'list' || verb.name === 'help');
}

async function speak(context: Context, command: SlashCommand): Promise<Reply | null> {
  if (command.command !== context.command) {
    return said(`I listen to ${context.command}, not to ${command.command}: see \`command\` in tocsin.yml.`);
  }
  let typed: Typed;
  try {
    typed = await typedIn(context, command);
  } catch (error) {
    unexpected(context, error, triggerKey(command.trigger_id), 'A command could not be looked up');
    return refused(noAnswer(error, onlyLooks(command)));
  }
  const answer = await context.answer(typed);
  return answered(context, answer, typed, {
    channel: command.channel_id,
    trigger: command.trigger_id,
    reply: command.response_url || null,
  });
}

/** Everything that the answer needs, from memory where possible: a note typed in a known channel asks nobody. */
async function typedIn(context: Context, command: SlashCommand): Promise<Typed> {
  const { user_id: user, user_name: handle, channel_id: channel, trigger_id: trigger } = command;
  const spoken = await spokenBy(context, { payload: command, user, handle, channel }, triggerKey(trigger));
  const implied = context.where.incident(spoken.asking.team, channel);
  const here = { id: channel, name: command.channel_name };
  return {
    ...spoken,
    implied: implied instanceof Promise ? await implied : implied,
    entered: await entered(context, spoken.asking.team, command.text ?? '', here),
  };
}
