import type { Asking, TypedIntent } from '#domain/intent.js';
import { refOf } from '#domain/state.js';
import { publishQuestion, whichIncident } from './blocks/ask.js';
import type { Context } from './context.js';
import { openForm } from './form.js';
import { packed } from './packed.js';
import type { Answer } from './ports.js';
import { type Reply, refused, said } from './reply.js';

/** Where a command was typed, as far as an answer needs it. */
export interface Spot {
  channel: string;
  trigger: string | undefined;
  /** Response address, for what is said after a form. */
  reply: string | null;
}

/** What a button brings back: the intent, its incident, and the key under which a double click is one fact. */
export interface Carried {
  intent: TypedIntent;
  incident: number;
  key: string | null;
}

/**
 * @returns what to say; null: a form has been opened, nothing to say
 */
export async function answered(
  context: Context,
  answer: Answer,
  asking: Asking,
  spot: Spot,
): Promise<Reply | null> {
  switch (answer.kind) {
    case 'recorded':
    case 'text':
      return said(answer.text);
    case 'refused':
      return { ...refused(answer.refusal), ...(await buttons(context, answer, asking)) };
    case 'form':
      return openForm(context, answer.form, {
        trigger: spot.trigger,
        from: { incident: answer.incident, channel: spot.channel, reply: spot.reply },
      });
    case 'export': {
      const { incident, format, zone } = answer;
      const payload = { format, zone, channel: spot.channel, user: asking.by.id };
      await context.owe({ kind: 'export.send', payload }, { team: asking.team, incident, key: asking.key });
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

/** Two refusals are questions: for those, buttons that answer them, if what was typed fits into one. */
async function buttons(
  context: Context,
  { refusal, intent, incident }: Extract<Answer, { kind: 'refused' }>,
  asking: Asking,
): Promise<Pick<Reply, 'blocks'>> {
  const carry = (carried: Carried) => packed(carried);
  if (
    refusal.code === 'PUBLISH_NEEDS_CONFIRMATION' &&
    intent?.type === 'PublishPost' &&
    incident !== undefined
  ) {
    // The moment stays the one that was meant when it was typed, however late the click is.
    const value = carry({ intent: { ...intent, confirmed: true }, incident, key: asking.key });
    if (value !== null) return { blocks: publishQuestion(intent.state ?? 'an update', intent.text, value) };
  }
  if (refusal.code === 'WHICH_INCIDENT' && intent) {
    const open = (await context.read.open(asking)).slice(0, 25);
    const choices = open.flatMap((state) => {
      const value = carry({ intent, incident: state.number, key: asking.key });
      return value === null ? [] : [{ ref: refOf(state.number), title: state.title, packedIntent: value }];
    });
    if (choices.length > 0 && choices.length === open.length) return { blocks: whichIncident(choices) };
  }
  return {};
}
