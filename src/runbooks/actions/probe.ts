import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Action, type ActionContext, ActionFailed, stepPlan } from '../action.js';
import { NoAnswer } from '../exchange.js';
import { address, amiss, at, expectation, hasSecrets, headers, headersFor, send } from './request.js';
import { duration, spoken } from './touch.js';

const input = z
  .strictObject({
    url: address.optional(),
    /** A route, in place of an address: tocsin.yml says where it is asked. */
    route: z.string().min(1).optional(),
    headers: headers.default({}),
    secret_headers: headers.default({}),
    expect: expectation.default({ header: {}, json: {} }),
    good: z.int().min(1).max(1_000).default(3),
    every: duration.default(500),
    within: duration.default(30_000),
  })
  .refine(({ url, route }) => (url === undefined) !== (route === undefined), {
    message: 'give either url, or a route that has a `probe:` in tocsin.yml',
  });

type Input = z.infer<typeof input>;

// One answer that does not come must not use up the whole window.
const ANSWER_MS = 5_000;
/** Between two requests, whatever `every` says: a target is probed, not stormed. */
const LEAST_MS = 10;

/** `probe`: a number of good answers in a row within a window. What a change did is seen from outside, not believed. */
export const probe: Action<Input> = {
  name: 'probe',
  does: 'waits for a number of good answers in a row',
  effect: 'read',
  addresses: ['url'],
  sends: hasSecrets,
  input,
  outputs: ['good', 'asked'],
  async plan(given, context) {
    const { url } = askedOf(given, context);
    const { good, within } = given;
    // Not asked yet: what earlier steps do may be what makes it succeed.
    return stepPlan(`waits up to ${spoken(within)} for ${good} good answers in a row from ${at(url)}`);
  },
  async run(given, context) {
    const { expect, ...asked } = askedOf(given, context);
    const { url } = asked;
    const end = performance.now() + given.within;
    const left = () => end - performance.now();
    let row = 0;
    let best = 0;
    let tries = 0;
    let last = 'nothing was asked';
    while (row < given.good && left() > 0 && !context.signal.aborted) {
      const began = performance.now();
      tries += 1;
      const wrong = await send(
        asked,
        context.signal,
        Math.max(1, Math.min(ANSWER_MS, Math.ceil(left()))),
      ).then(
        (answer) => {
          const found = amiss(answer, expect);
          return found && `${at(url)} ${found}`;
        },
        (error) => {
          if (error instanceof NoAnswer) return error.message;
          throw error;
        },
      );
      // A request that was cut short by the end of the window says nothing about the service.
      if (wrong && left() <= 0 && tries > 1) break;
      if (wrong) context.say(wrong);
      row = wrong ? 0 : row + 1;
      best = Math.max(best, row);
      last = wrong ?? `${at(url)} answered well`;
      const rest = Math.min(Math.max(given.every, LEAST_MS) - (performance.now() - began), left());
      if (row < given.good && rest > 0)
        await sleep(rest, undefined, { signal: context.signal }).catch(() => {});
    }
    const output = { good: best, asked: tries };
    if (row >= given.good)
      return { kind: 'done', output, summary: `${row} good answers in a row from ${at(url)}` };
    if (context.signal.aborted)
      throw new ActionFailed('stopped before there were enough good answers', { output });
    const found = `${best} of ${given.good} good answers in a row within ${spoken(given.within)}`;
    throw new ActionFailed(`${found}; the last time: ${last}`, { output });
  },
};

/** What is asked, and what must come of it. @throws ActionFailed when it may not be asked */
function askedOf({ url, route, headers, secret_headers, expect }: Input, context: ActionContext) {
  const known = route === undefined ? null : context.routeProbe(route);
  const where = { url: known?.url ?? (url as string), headers, secret_headers };
  return {
    method: 'GET',
    url: where.url,
    headers: headersFor(where, context, known !== null),
    expect: { ...expect, status: expect.status ?? (known ? [...known.status] : undefined) },
  };
}
