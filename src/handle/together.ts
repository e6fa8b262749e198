import type { Found } from '#domain/decide.js';
import type { Asking, Intent } from '#domain/intent.js';
import { type Rules, sightOf, unseen } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import type { IncidentState } from '#domain/state.js';
import type { Admission } from './admission.js';
import type { Cache, Known } from './cache.js';
import { type Lookups, lookUp, remarksOn, resolvePeople } from './lookups.js';
import { type Gathering, gathering, type Planned, plan } from './plan.js';
import { nameOf, type Waiting } from './waiting.js';
import { refusalOf, summariesOf } from './write.js';

export interface Loading extends Lookups {
  load(team: string, incident: number): Promise<Known | null>;
}

/** What was decided of a group, before any of it is written. */
export interface Decided {
  commit: Gathering;
  planned: Array<{ waiting: Waiting; plan: Planned }>;
  /** A *no* that rests on what is about to be written: it may be said once that is written, and not before. */
  held: Array<{ waiting: Waiting; refusal: Refusal }>;
  /** A *no* that stands whatever becomes of the others. */
  refused: Array<{ waiting: Waiting; refusal: Refusal }>;
}

/**
 * Decides what waits together, in order; each on what the ones before it will have left.
 * Whatever goes wrong while one of them is decided is that one's misfortune: the others are not refused for it.
 * @param there incidents as they stand, seen under our turn; what is not among them is remembered or loaded
 */
export async function decideTogether(
  store: Loading,
  cache: Cache,
  group: readonly Waiting[],
  there: ReadonlyMap<string, Known | null>,
  rules: Rules,
  onError: (error: unknown) => void,
): Promise<Decided> {
  const commit = gathering();
  const planned: Decided['planned'] = [];
  const held: Decided['held'] = [];
  const refused: Decided['refused'] = [];
  const latest = new Map<string, Known>();
  const failed = (waiting: Waiting, error: unknown) => {
    onError(error);
    refused.push({ waiting, refusal: refusalOf(error) });
  };

  const prepared = await Promise.all(
    group.map((waiting) =>
      prepare(store, cache, waiting, there).then(
        (is) => ({ waiting, is }),
        (error: unknown) => ({ waiting, error }),
      ),
    ),
  );
  for (const one of prepared) {
    const { waiting } = one;
    if ('error' in one) {
      failed(waiting, one.error);
      continue;
    }
    try {
      const stream = nameOf(waiting.stream);
      const before = latest.get(stream);
      let { is } = one;
      let outcome = decideOne(waiting, is, before, rules);
      if (isRefusal(outcome) && !before && !isRefusal(is) && !is.fresh) {
        // A *no* must not rest on what this process remembers: another one may have written since.
        is = await prepare(store, cache, waiting, there, true);
        outcome = decideOne(waiting, is, undefined, rules);
      }
      if (isRefusal(outcome)) {
        (before ? held : refused).push({ waiting, refusal: outcome });
        continue;
      }
      for (const part of PARTS) commit[part].push(...(outcome.commit[part] as never[]));
      latest.set(nameOf({ team: waiting.asking.team, incident: outcome.plan.incident }), outcome.plan.after);
      planned.push({ waiting, plan: outcome.plan });
    } catch (error) {
      failed(waiting, error);
    }
  }
  commit.summaries = summariesOf(planned);
  return { commit, planned, held, refused };
}

const PARTS = ['facts', 'entries', 'amendments', 'effects'] as const;

interface Prepared {
  intent: Intent;
  found: Found;
  /** Remarks on those who were named, for the receipt. */
  remarks: string[];
  /** Null: there is no such incident, or there is none yet. */
  known: Known | null;
  /** Seen in the database just now, and not remembered. */
  fresh: boolean;
}

async function prepare(
  store: Loading,
  cache: Cache,
  waiting: Waiting,
  there: ReadonlyMap<string, Known | null>,
  loadAnew = false,
): Promise<Prepared | Refusal> {
  const { asking, target } = waiting;
  const intent = await resolvePeople(store, waiting.intent, asking.team);
  if (isRefusal(intent)) return intent;
  let known: Known | null = null;
  let fresh = true;
  if (target !== null) {
    const seen = there.get(nameOf(waiting.stream));
    const remembered = loadAnew ? undefined : cache.get(asking.team, target);
    fresh = seen !== undefined || remembered === undefined;
    known = seen !== undefined ? seen : (remembered ?? (await store.load(asking.team, target)));
  }
  // After the state: what was looked up must not be older than what it is decided with, or a change in between goes unseen.
  const found = await lookUp(store, waiting.intent, target ?? 0, asking);
  const remarks = await remarksOn(store, intent, asking.team);
  return { intent, found, remarks, known, fresh };
}

function decideOne(
  { target, asking, notes, admission }: Waiting,
  is: Prepared | Refusal,
  before: Known | undefined,
  rules: Rules,
): { commit: Gathering; plan: Planned } | Refusal {
  if (isRefusal(is)) return is;
  const known = before ?? is.known;
  if (target !== null && (!known || !maySee(known.state, asking, admission))) return unseen(target);
  // Apart at first: if deciding fails half-way, nothing of it stands among what the others write.
  const commit = gathering();
  const { asker } = admission;
  const found = asker ? { ...is.found, asker } : is.found;
  const outcome = plan(commit, known, is.intent, asking, found, [...notes, ...is.remarks], rules);
  return isRefusal(outcome) ? outcome : { commit, plan: outcome };
}

function maySee(state: IncidentState, asking: Asking, { inside }: Admission): boolean {
  // Found out with more than the asking says: what kind of account they have, who is in the channel.
  if (inside === false) return false;
  const sight = sightOf(state, asking);
  return sight === 'in-channel' ? inside === true : sight === 'yes';
}
