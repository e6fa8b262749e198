import { z } from 'zod';
import type { Action, ActionContext, Output } from '../action.js';
import type { RouteReading } from '../route.js';
import { look } from './touch.js';

const input = z.strictObject({ route: z.string().min(1) });

/** `route.read`: where a route points, in every place that holds it. */
export const routeRead: Action<z.infer<typeof input>> = {
  name: 'route.read',
  does: 'reads where a route points',
  effect: 'read',
  input,
  outputs: ['to', 'places'],
  async plan({ route: name }, context) {
    const { output, summary } = await read(name, context);
    return {
      does: `reads where ${name} points: now ${summary}`,
      touches: [],
      current: null,
      desired: null,
      versions: { [`route:${name}`]: String(output.to) },
      output,
    };
  },
  async run({ route: name }, context) {
    const { output, summary } = await read(name, context);
    return { kind: 'done', output, summary: `${name} points to ${summary}` };
  },
};

async function read(name: string, context: ActionContext): Promise<{ output: Output; summary: string }> {
  const reading = await look(context.route(name), context.signal);
  return {
    output: { to: reading.to, places: reading.places.map((at) => ({ ...at })) },
    summary: where(reading),
  };
}

/** @returns where it points, in words; place by place when they disagree */
export function where({ to, places }: RouteReading): string {
  return to ?? `different places (${places.map((at) => `${at.place}: ${at.to}`).join(', ')})`;
}
