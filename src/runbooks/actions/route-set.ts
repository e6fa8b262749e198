import { z } from 'zod';
import {
  type Action,
  type ActionContext,
  ActionFailed,
  type Output,
  type RunContext,
  stepPlan,
} from '../action.js';
import type { Route, RouteReading } from '../routes/route.js';
import { change, readPlace } from './touch.js';

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
  async plan({ route: name, to }, context, foreseen) {
    const route = context.route(name);
    mayPointTo(route, to);
    const reading = await readPlace(route, context.signal);
    if (reading.to === null) throw disagree(name, reading);
    // An earlier step of the same run points the route there, or may.
    const left = route.places.map((place) => foreseen?.get(place)).find((one) => one !== undefined);
    const previous = left === undefined ? reading.to : left;
    return {
      does:
        previous === to
          ? `${name} points to ${to} already: nothing to do`
          : `points ${name} ${previous === null ? '' : `from ${previous} `}to ${to}`,
      touches: [...route.places],
      current: previous,
      desired: to,
      versions: { [`route:${name}`]: reading.to },
      output: previous === null ? null : { previous, now: to },
    };
  },
  async capture({ route }, context) {
    // Null where places disagree: an undo may find them so and mend it, a first run refuses below.
    return { previous: (await readPlace(context.route(route), context.signal)).to };
  },
  async run({ route: name, to }, context) {
    const route = context.route(name);
    mayPointTo(route, to);
    const before = context.undoing ? null : capture.parse(context.captured).previous;
    const reading = await readPlace(route, context.signal).catch((error) => {
      // An earlier attempt may have set it: the undo looks for itself whether it did.
      if (!(error instanceof ActionFailed) || before === null) throw error;
      throw new ActionFailed(error.message, { unsure: error.unsure, output: { previous: before, now: to } });
    });
    const previous = context.undoing ? leftAt(name, reading, to, context) : before;
    if (previous === null) throw disagree(name, reading);
    const agreed = capture.safeParse(context.planned).data?.previous ?? previous;
    // A person who says *retry* has seen how things stand.
    if (previous !== agreed && reading.to !== to && context.answer === null)
      throw new ActionFailed(
        `somebody has moved ${name} from ${agreed} to ${previous} since it was approved: left alone`,
      );
    const output = { previous, now: to };
    if (reading.to !== to) {
      await change(
        context,
        () => route.set(to, previous, context.signal),
        (happened) => (happened ? output : {}),
      );
      const after = await readPlace(route, context.signal);
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
  // A step that failed before it gave anything was still told where to point the route.
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

const readInput = z.strictObject({ route: z.string().min(1) });

/** `route.read`: where a route points, in every place that holds it. */
export const routeRead: Action<z.infer<typeof readInput>> = {
  name: 'route.read',
  does: 'reads where a route points',
  effect: 'read',
  input: readInput,
  outputs: ['to', 'places'],
  async plan({ route: name }, context) {
    const { output, summary } = await read(name, context);
    const versions = { [`route:${name}`]: String(output.to) };
    return stepPlan(`reads where ${name} points: now ${summary}`, { versions, output });
  },
  async run({ route: name }, context) {
    const { output, summary } = await read(name, context);
    return { kind: 'done', output, summary: `${name} points to ${summary}` };
  },
};

async function read(name: string, context: ActionContext): Promise<{ output: Output; summary: string }> {
  const reading = await readPlace(context.route(name), context.signal);
  return {
    output: { to: reading.to, places: reading.places.map((at) => ({ ...at })) },
    summary: where(reading),
  };
}

/** @returns where it points, in words; place by place when they disagree */
function where({ to, places }: RouteReading): string {
  return to ?? `different places (${places.map((at) => `${at.place}: ${at.to}`).join(', ')})`;
}
