import { z } from 'zod';
import { type Action, ActionFailed, type RunContext } from '../action.js';
import type { Route, RouteReading } from '../route.js';
import { where } from './route-read.js';
import { change, look } from './touch.js';

const input = z.strictObject({ route: z.string().min(1), to: z.string().min(1) });
const capture = z.object({ previous: z.string().nullable() });
const undone = z.object({ now: z.string() });
const given = z.object({ to: z.string() });

/** `route.set`: points a route at another service; as an undo, only when it is still as the undone step left it. */
export const routeSet: Action<z.infer<typeof input>> = {
  name: 'route.set',
  does: 'points a route at another service',
  effect: 'conditional',
  input,
  outputs: ['previous', 'now'],
  async plan({ route: name, to }, context) {
    const route = context.route(name);
    mayPointTo(route, to);
    const reading = await look(route, context.signal);
    if (reading.to === null) throw disagree(name, reading);
    const there = reading.to === to;
    return {
      does: there
        ? `${name} points to ${to} already: nothing to do`
        : `points ${name} from ${reading.to} to ${to}`,
      touches: [...route.places],
      current: reading.to,
      desired: to,
      versions: { [`route:${name}`]: reading.to },
      output: { previous: reading.to, now: to },
    };
  },
  async capture({ route }, context) {
    // Null where places disagree: an undo may find them so and mend it, a first run refuses below.
    return { previous: (await look(context.route(route), context.signal)).to };
  },
  async run({ route: name, to }, context) {
    const route = context.route(name);
    mayPointTo(route, to);
    const reading = await look(route, context.signal);
    const previous = context.undoing
      ? leftAt(name, reading, to, context)
      : capture.parse(context.captured).previous;
    if (previous === null) throw disagree(name, reading);
    const output = { previous, now: to };
    if (reading.to !== to) {
      await change(
        context,
        () => route.set(to, previous, context.signal),
        (happened) => (happened ? output : {}),
      );
      const after = await look(route, context.signal);
      if (after.to !== to) {
        throw new ActionFailed(`${name} was set to ${to}, but points to ${where(after)}`, {
          unsure: true,
          output,
        });
      }
    }
    return { kind: 'done', output, summary: `${name} points to ${to}, before to ${previous}` };
  },
};

/** @returns where the undone step put it. @throws ActionFailed when any place points neither there nor back already */
function leftAt(name: string, reading: RouteReading, back: string, { undoing }: RunContext): string {
  // Where it failed before it could say, what it was given still says where it was going.
  const put = undone.safeParse(undoing?.output).data?.now ?? given.safeParse(undoing?.input).data?.to;
  if (put === undefined) throw new ActionFailed('route.set undoes only what a route.set did');
  const foreign = reading.places.find((at) => at.to !== put && at.to !== back);
  if (foreign) throw new ActionFailed(`somebody has moved ${name} to ${foreign.to} since: left alone`);
  return put;
}

function mayPointTo(route: Route, to: string): void {
  if (route.choices.length === 0 || route.choices.includes(to)) return;
  throw new ActionFailed(`${route.name} cannot point to ${to}; it may point to ${route.choices.join(', ')}`);
}

function disagree(name: string, reading: RouteReading): ActionFailed {
  return new ActionFailed(`${name} points to ${where(reading)}; make its places agree first`);
}
