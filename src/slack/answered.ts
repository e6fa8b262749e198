import type { Asking } from '#domain/intent.js';
import { isRefusal } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import type { Status } from '#domain/words.js';
import { publishQuestion, whichIncident } from './blocks/ask.js';
import type { Block } from './blocks/block.js';
import type { CarriedLine, CarriedPost } from './carried.js';
import type { Context } from './context.js';
import { openForm } from './form.js';
import { packed } from './packed.js';
import type { Answer, Typed } from './ports.js';
import { type Reply, refused, said } from './reply.js';

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
    // So does the state: what the person sees in the question is what becomes public.
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
