import { z } from 'zod';
import { personLabel } from '#domain/words.js';
import { type Action, ActionFailed, stepPlan } from '../action.js';

const input = z.strictObject({
  question: z.string().min(1).max(2_000),
  // As long as the text of a button in Slack may be.
  choices: z
    .array(z.string().min(1).max(75))
    .min(2)
    .max(5)
    .refine((choices) => new Set(choices).size === choices.length, { message: 'says the same choice twice' }),
});

/** `ask`: a person chooses. */
export const ask: Action<z.infer<typeof input>> = {
  name: 'ask',
  does: 'asks a person to choose',
  effect: 'read',
  input,
  outputs: ['choice', 'by'],
  pauses: true,
  async plan({ question, choices }) {
    return stepPlan(`asks “${question}” (${choices.join(', ')})`);
  },
  async run({ question, choices }, { answer }) {
    if (!answer) return { kind: 'ask', question, choices };
    if (!choices.includes(answer.choice))
      throw new ActionFailed(`${answer.choice} is none of ${choices.join(', ')}`);
    const { choice, by, name } = answer;
    // A name may change hands: what is kept for later steps is the id.
    return {
      kind: 'done',
      output: { choice, by },
      summary: `${personLabel({ id: by, name })} chose ${choice}`,
    };
  },
};
