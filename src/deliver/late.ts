import { codeOf, mendOf } from '#domain/slack-code.js';
import type { Condition } from '#domain/words.js';
import type { LateLane } from '#store/lanes.js';

/** Older than this, a delivery needs an excuse. */
export const LATE_MS = 60_000;
/** A method and a code of Slack's, nothing that anybody wrote. */
const CODE = /^[\w.]+: [\w.]+( \(try \d+ of \d+\))?$/;

/**
 * Is anything late that nothing excuses? Slack told us to wait, Slack is away, a run is in hand: these are excuses, and
 * said; so is what was given up.
 * @param late lanes whose first delivery has been owed for longer than LATE_MS
 * @param dead how many deliveries were given up
 */
export function deliveriesCondition(
  late: readonly LateLane[],
  dead: number,
  slack: Pick<Condition, 'state'>,
): Condition {
  const owing = owingLate(late);
  const limited = owing.filter(({ resting, error }) => resting || error?.endsWith('must wait'));
  const others = owing.filter((lane) => !limited.includes(lane));
  const away = slack.state === 'ok' ? [] : others;
  const stuck = slack.state === 'ok' ? others : [];
  const said = [
    ...(stuck.length > 0 ? [`${lanes(stuck)} waited for more than a minute, ${oldest(stuck)}`] : []),
    ...(away.length > 0 ? [`${lanes(away)} waited for Slack, ${oldest(away)}`] : []),
    ...(limited.length > 0
      ? [`${lanes(limited)} waited for a rate limit of Slack's, ${oldest(limited)}`]
      : []),
    ...(dead > 0 ? [`${dead} given up: \`tocsin deliveries\` lists them`] : []),
  ];
  return {
    state: stuck.length > 0 ? 'degraded' : 'ok',
    ...(said.length > 0 && { reason: said.join('; ') }),
    ...(stuck.length > 0 && { fix: mendOfOldest(stuck) }),
  };
}

/** Without runs that take as long as their steps: in hand, or told to come again, one is where it should be. */
export function owingLate(late: readonly LateLane[]): LateLane[] {
  return late.filter(({ kind, held, resting }) => kind !== 'run.advance' || !(held || resting));
}

function lanes({ length }: readonly unknown[]): string {
  return length === 1
    ? 'the deliveries of one incident or run have'
    : `those of ${length} incidents or runs have`;
}

function mendOfOldest(late: readonly LateLane[]): string {
  const { error } = first(late) ?? {};
  return (error && mendOf(codeOf(error))) || 'is a worker running, and can it reach Slack? its log says more';
}

function first(late: readonly LateLane[]): LateLane | undefined {
  return [...late].sort((a, b) => b.ms - a.ms)[0];
}

function oldest(late: readonly LateLane[]): string {
  const { ms = 0, error = null } = first(late) ?? {};
  return `the oldest for ${Math.round(ms / 1000)} s${error && CODE.test(error) ? ` (${error})` : ''}`;
}
