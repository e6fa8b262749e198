import type { Middleware, SlackCommandMiddlewareArgs, SlashCommand } from '@slack/bolt';
import { z } from 'zod';
import { decodeSlack, type Entered } from '#domain/command/entered.js';
import { verbNamed } from '#domain/command/verbs.js';
import type { Asking, Intent } from '#domain/incident/intent.js';
import { isRefusal, refuse } from '#domain/refusal.js';
import { type PersonRef, refOf, type Status } from '#domain/words.js';
import { publishQuestion, whichIncident } from './blocks/ask.js';
import type { Block } from './blocks/text.js';
import {
  type Context,
  ephemeral,
  inTime,
  noAnswer,
  type Reply,
  refused,
  respondTo,
  said,
  spokenBy,
  triggerKey,
  unexpected,
} from './context.js';
import { openForm } from './modals/form.js';
import { packed, unpacked } from './packed.js';
import { groupsIn } from './people/groups.js';
import type { Answer, Typed } from './ports.js';

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

const PERSON = /<@([UW][A-Z0-9]+)/g;

/**
 * Slack's encoding undone, with the names that we know.
 * @param here the channel of the payload with the name it gives, so that a mention of it has one
 */
export async function entered(
  context: Pick<Context, 'people' | 'groups'>,
  team: string,
  raw: string,
  here?: { id: string; name: string | undefined },
): Promise<Entered> {
  const ids = raw.includes('<@')
    ? [...new Set([...raw.matchAll(PERSON)].map((match) => match[1] ?? ''))]
    : [];
  const names = ids.length > 0 ? await context.people.names(team, ids) : null;
  const unnamed = raw.includes('<!subteam^') ? groupsIn(raw) : [];
  const groups = unnamed.length > 0 ? await context.groups.names(unnamed) : null;
  return decodeSlack(raw, {
    group: (id) => groups?.get(id) ?? null,
    person: (id) => names?.get(id) ?? null,
    // In private channels and direct messages Slack gives a kind instead of a name.
    channel: (id) =>
      here?.id === id && here.name && !['privategroup', 'directmessage'].includes(here.name)
        ? here.name
        : null,
  });
}

/** Where a command was typed, as far as an answer needs it. */
export interface Spot {
  channel: string;
  trigger: string | undefined;
  /** Response address, for what is said after a form. */
  reply: string | null;
}

/**
 * Dresses an answer for Slack, and does what it asks of Slack.
 * @returns what to say; null: a form has been opened, nothing to say
 */
export async function answered(
  context: Context,
  answer: Answer,
  typed: Typed,
  spot: Spot,
): Promise<Reply | null> {
  switch (answer.kind) {
    case 'recorded':
      return said(answer.remark ? `${answer.text}\n${answer.remark}` : answer.text);
    case 'text':
      return { ...said(answer.text), formatted: answer.ours === true };
    case 'refused': {
      const blocks = await question(context, answer, typed);
      return { ...refused(answer.refusal), ...(blocks && { blocks }) };
    }
    case 'form':
      return openForm(context, answer.form, {
        trigger: spot.trigger,
        from: { incident: answer.incident, channel: spot.channel, reply: spot.reply },
      });
    case 'export': {
      const { incident, format, zone } = answer;
      const { team, by, key } = typed.asking;
      const payload = { format, zone, channel: spot.channel, user: by.id };
      await context.owe({ kind: 'export.send', payload }, { team, incident, key });
      const what = format === 'postmortem' ? 'The postmortem draft' : `The export (${format})`;
      return said(
        `${what} of ${refOf(incident)} follows as a file: here, or as a direct message where I am not a member.`,
      );
    }
    default: {
      const unknown: never = answer;
      throw new Error(`an answer of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

/** Two refusals are questions: for those, buttons that answer them, if what was typed fits into a button. */
async function question(
  context: Context,
  { refusal, intent, incident }: Extract<Answer, { kind: 'refused' }>,
  { asking, entered }: Typed,
): Promise<Block[] | null> {
  const { key } = asking;
  if (
    refusal.code === 'PUBLISH_NEEDS_CONFIRMATION' &&
    intent?.type === 'PublishPost' &&
    incident !== undefined
  ) {
    // The moment stays the one that was meant when it was typed, however late the click is.
    // So does the state: what the person sees in the question is what is recorded.
    const state = intent.state ?? (await statusOf(context, asking, incident));
    const carried: CarriedPost = { intent: { ...intent, state, confirmed: true }, incident, key };
    const value = packed(carried);
    return value === null ? null : publishQuestion(state ?? 'an update', intent.text, value);
  }
  if (refusal.code === 'WHICH_INCIDENT') {
    const open = await context.read.open(asking);
    const choices = open.slice(0, 25).flatMap((state) => {
      const carried: CarriedLine = { line: entered, incident: state.number, key };
      const value = packed(carried);
      return value === null ? [] : [{ ref: refOf(state.number), title: state.title, value }];
    });
    return choices.length > 0 ? whichIncident(choices) : null;
  }
  return null;
}

async function statusOf(context: Context, asking: Asking, incident: number): Promise<Status | null> {
  const seen = await context.read.incident(asking, incident);
  return isRefusal(seen) ? null : seen.status;
}

/** A status post that was previewed. `key`: the command's own, so that a double click is one post. */
interface CarriedPost {
  intent: Extract<Intent<PersonRef>, { type: 'PublishPost' }>;
  incident: number;
  key: string | null;
}

/** A line that was typed without saying which incident, with one that was offered. */
interface CarriedLine {
  line: Entered;
  incident: number;
  key: string | null;
}

const from = { incident: z.number().int().positive(), key: z.string().nullable() };
const POST = z.object({
  ...from,
  // We packed it and Slack signed the way back; only a button from another version of ours could hold something else.
  intent: z.custom<CarriedPost['intent']>(
    (value) => z.object({ type: z.literal('PublishPost') }).safeParse(value).success,
  ),
});
const LINE = z.object({
  ...from,
  line: z.object({
    text: z.string(),
    mentions: z.array(
      z.object({
        start: z.number(),
        end: z.number(),
        id: z.string().nullable(),
        name: z.string().nullable(),
      }),
    ),
  }),
});

/** @returns null for a button that this version did not make */
export function carriedPost(value: string | undefined): CarriedPost | null {
  return POST.safeParse(unpacked(value)).data ?? null;
}

export function carriedLine(value: string | undefined): CarriedLine | null {
  return LINE.safeParse(unpacked(value)).data ?? null;
}
