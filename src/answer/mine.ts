import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { type RunState, runsOf } from '#domain/run/state.js';
import { STANDING } from '#domain/words.js';
import type { Powers, Would } from '#handle/handle.js';
import type { Read } from '#read/read.js';
import type { OwnItem } from '#render/lists.js';

/** A run that goes on when that person says something. */
export interface Waiting {
  of: IncidentState;
  run: RunState;
  /** Agree to its plan, or answer what it asks. */
  what: 'approve' | 'answer';
}

/** What somebody has before them, of as much as they may see. */
export interface Mine {
  /** Open incidents that they are in, the newest first. */
  incidents: IncidentState[];
  /** The other open ones that they may see. */
  others: IncidentState[];
  /** The oldest plan first. */
  waiting: Waiting[];
  /** Their action items that are not done, also of what is resolved; what is due first before the others. */
  items: OwnItem[];
  powers: Awaited<ReturnType<Powers>>;
}

/** Runs of which it is found out whether they wait for somebody: each may take a look at a channel. */
const LOOKED_AT = 30;

/**
 * Reads what one person has before them, over all incidents.
 * @param would judges as if they had asked: what waits for them is what they could say now
 */
export function createMine(ports: {
  read: Pick<Read, 'open' | 'ownActions' | 'incident'>;
  would: Would;
  powers: Powers;
}) {
  const { read, would, powers } = ports;

  async function waitingFor(asking: Asking, open: readonly IncidentState[]): Promise<Waiting[]> {
    const candidates = open.flatMap((of) => runsOf(of).list.flatMap((run) => wanted(of, run) ?? []));
    const judged = await Promise.all(
      candidates.slice(0, LOOKED_AT).map(async (one) => {
        const no = await would(said(one), one.of.number, { ...asking, key: null });
        return no === null ? [one] : [];
      }),
    );
    const until = ({ run }: Waiting) => run.approvers?.expiresAt ?? '';
    return judged.flat().sort((a, b) => (until(a) < until(b) ? -1 : 1));
  }

  /** @param inside ids of the channels that they are in; null: Slack does not say, and what the record knows has to do */
  return async (asking: Asking, inside: ReadonlySet<string> | null): Promise<Mine> => {
    const [open, own, may] = await Promise.all([
      read.open(asking),
      read.ownActions(asking, asking.now),
      powers(asking),
    ]);
    const standing = await read.incident(asking, STANDING);
    const wait = await waitingFor(asking, isRefusal(standing) ? open : [...open, standing]);
    const newest = open.toReversed();
    const mine = (state: IncidentState) => isIn(state, asking.by.id, inside);
    return {
      incidents: newest.filter(mine),
      others: newest.filter((state) => !mine(state)),
      waiting: wait,
      items: own.filter(({ item }) => !item.done).sort(soonest),
      powers: may,
    };
  };
}

function soonest({ item: left }: OwnItem, { item: right }: OwnItem): number {
  const [a, b] = [left.due ?? '9999', right.due ?? '9999'];
  return a < b ? -1 : a > b ? 1 : 0;
}

function isIn(state: IncidentState, person: string, inside: ReadonlySet<string> | null): boolean {
  if (Object.values(state.roles).some(({ id }) => id === person)) return true;
  return inside && state.channel ? inside.has(state.channel.id) : state.members.includes(person);
}

function wanted(of: IncidentState, run: RunState): Waiting | null {
  if (run.cancelled) return null;
  if (run.status === 'waiting') return { of, run, what: 'approve' };
  return run.status === 'asking' && run.asked ? { of, run, what: 'answer' } : null;
}

/** The least that they could say to it. */
function said({ run: { run, hash, asked }, what }: Waiting): TypedIntent {
  if (what === 'approve') return { type: 'ApproveRun', run, hash, breakGlass: null };
  if (asked?.why !== 'question') return { type: 'RetryStep', run };
  return { type: 'AnswerStep', run, step: asked.step, choice: asked.choices[0] ?? '' };
}
