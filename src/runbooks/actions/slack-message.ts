import { z } from 'zod';
import { type Action, stepPlan } from '../action.js';

const input = z.strictObject({
  text: z.string().min(1).max(3_000),
  /** Left out: the incident's channel. */
  channel: z.string().min(1).optional(),
});

/** `slack.message`: posts a message, once. The delivery waits for Slack; the step does not. */
export const slackMessage: Action<z.infer<typeof input>> = {
  name: 'slack.message',
  does: 'posts a message in Slack',
  effect: 'idempotent',
  input,
  outputs: [],
  async plan({ text, channel }) {
    const where = channel ?? 'the incident’s channel';
    return stepPlan(`posts in ${where}: ${text}`, { touches: [where], output: {} });
  },
  async run({ text, channel }, context) {
    await context.secure();
    await context.post(text, channel ?? null);
    return { kind: 'done', output: {}, summary: 'a message is on its way' };
  },
};
