import { isIn } from '#domain/command/next.js';
import type { Parsed } from '#domain/command/parse.js';
import { verbNamed } from '#domain/command/verbs.js';
import type { Asking } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Permits, speakerOf } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import type { Read } from '#read/read.js';

/** An incident that a line may have been meant for. `yours`: they are in it. */
export interface Offered {
  incident: number;
  title: string;
  yours: boolean;
}

/** `remark`: what is said beside the answer, where it was not the line that said which. */
type Which = { incident: number | null; remark?: string } | { refusal: Refusal; offered: Offered[] };

/** How many a sentence names; a button for each of more. */
const NAMED = 8;
const OFFERED = 24;
/** When none is open, one of the last is meant: nobody looks further back without a number. */
const RECENT = 3;

/** Those that somebody is in come first, and of these the newest. */
export function foremost(open: readonly IncidentState[], person: string): IncidentState[] {
  const rank = (state: IncidentState) => (isIn(state, person) ? 1 : 0);
  return [...open].sort((a, b) => rank(b) - rank(a) || b.number - a.number);
}

/**
 * Which incident a line is about: the one it names, the channel's, or the only one that is open. Of several it is asked
 * which; but who only looks is shown the one that they are in, if it is one, and told so: nothing is recorded by that.
 * @returns `incident` null where the verb is about none; or the question, with those that they may see
 */
export async function whichIncident(
  { read, permits }: { read: Pick<Read, 'open' | 'list'>; permits?: Permits },
  said: Parsed,
  { implied, asking }: { implied: number | null; asking: Asking },
): Promise<Which> {
  const verb = verbNamed(said.verb);
  if (!verb?.incident) return { incident: null };
  if (said.ref !== null) return { incident: said.ref };
  // Whose own they are, wherever they ask.
  if (said.kind === 'ask' && said.ask.type === 'mine') return { incident: null };
  if (implied !== null) return { incident: implied };
  // Outside of all is a place too.
  if (said.kind === 'ask' && said.ask.type === 'here') return { incident: null };
  const open = await read.open(asking);
  // A component may be shown as ill, or well again, where nothing is made of it.
  const real = open.filter(({ drill }) => !drill);
  if (real.length === 0 && said.kind === 'intent' && said.intent.type === 'SetComponentState')
    return { incident: null };
  const [only] = open;
  if (!only) return noneOpen({ read, permits }, verb.name, asking);
  if (open.length === 1) return { incident: only.number };
  const { id } = speakerOf(asking);
  const ordered = foremost(open, id);
  const [first, second] = ordered;
  const mine = ordered.filter((state) => isIn(state, id));
  if (said.kind === 'ask' && mine.length === 1 && first && second) {
    const ref = refOf(first.number);
    const other = `\`${verb.name} ${refOf(second.number)}\``;
    return {
      incident: first.number,
      remark: `${ref} was taken: of ${open.length} open incidents it is the one that you are in. Another: ${other}.`,
    };
  }
  const named = ordered.slice(0, NAMED).map(({ number, title }) => ({ ref: refOf(number), title }));
  const refusal = refuse('WHICH_INCIDENT', {
    verb: verb.name,
    open: named,
    more: open.length - named.length,
  });
  return { refusal, offered: offeredOf(ordered, id) };
}

const offeredOf = (states: readonly IncidentState[], person: string): Offered[] =>
  states
    .slice(0, OFFERED)
    .map((state) => ({ incident: state.number, title: state.title, yours: isIn(state, person) }));

async function noneOpen(
  { read, permits }: { read: Pick<Read, 'list'>; permits?: Permits | undefined },
  verb: string,
  asking: Asking,
): Promise<Which> {
  const page = await read.list(asking, EVERY, []);
  const last = isRefusal(page) ? [] : page.items.slice(0, RECENT);
  const recent = last.map(({ number, title }) => ({ ref: refOf(number), title }));
  const declare = !(await permits?.('declare', null, asking));
  return {
    refusal: refuse('NO_OPEN_INCIDENT', { verb, recent, declare }),
    offered: offeredOf(last, speakerOf(asking).id),
  };
}

const EVERY = {
  ...{ statuses: [], all: true, severities: [], components: [], since: null, until: null },
  ...{ mine: false, lead: null, drills: false, page: 1, typed: '' },
};
