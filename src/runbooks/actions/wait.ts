import { z } from 'zod';
import { type Action, stepPlan } from '../action.js';
import { duration, spoken } from './touch.js';

const input = z.strictObject({ for: duration });

/** `wait`: lets time pass. The due time is recorded, so no process has to live that long. */
export const wait: Action<z.infer<typeof input>> = {
  name: 'wait',
  does: 'lets some time pass',
  effect: 'read',
  input,
  outputs: [],
  pauses: true,
  async plan({ for: ms }) {
    return stepPlan(`waits ${spoken(ms)}`, { output: {} });
  },
  async run({ for: ms }, context) {
    if (context.waited) return { kind: 'done', output: {}, summary: `waited ${spoken(ms)}` };
    const until = new Date(context.now().getTime() + ms);
    return { kind: 'wait', until, summary: `waits ${spoken(ms)}` };
  },
};
