import type { ListAsked, SearchAsked } from '#domain/command/verbs.js';
import { itemsByIncident } from '#domain/incident/action.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Alike, alike } from '#domain/link/alike.js';
import { isLimited, type Viewer } from '#domain/permission.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import type { PersonRef, Status } from '#domain/words.js';
import type { OwnItem } from '#render/lists.js';
import type { FoundEntry, ListFilter } from '#store/search.js';
import type { Store } from '#store/store.js';

/** A page of incidents. `more`: there is another one behind it. */
export interface Page<T> {
  items: T[];
  page: number;
  more: boolean;
}

/** An incident that was found, and the lines that were. */
interface FoundIncident {
  state: IncidentState;
  lines: FoundEntry[];
}

/** `meant`: the words that were looked for instead, where those that were typed are in no incident; null: these were. */
export type FoundPage = Page<FoundIncident> & { words: string[]; meant: string[] | null };

const DAY_MS = 86_400_000;
/** Incidents of a page of a list. */
const LISTED = 20;
/** Looked at together: whether somebody may see an incident is asked of each. */
const AT_ONCE = 50;
/** Of each incident Slack is asked whether a guest is in its channel: there is an end to that. */
const MOST_FOR_GUESTS = 100;
/** Components that a refusal knows of, beside those of the settings. */
const RECENT = 200;

interface Seeing {
  store: Pick<Store, 'search' | 'incidents' | 'people' | 'actions'>;
  /** Those of the incidents that this person may see, in the same order. */
  seen(states: IncidentState[], viewer: Viewer): Promise<IncidentState[]>;
  /** With what kind of account they have, which may have to be found out. */
  met(viewer: Viewer): Promise<Viewer>;
}

/** Looking for incidents, as far as somebody may see them: nothing of others is in what they get, not even how many there are. */
export function createFinding({ store, seen, met }: Seeing) {
  const { search } = store;

  /** Takes what is to be shown of many that may not all be seen, some at a time. */
  async function pageOf(
    { page, limit }: { page: number; limit: number },
    viewer: Viewer,
    next: () => Promise<IncidentState[]>,
  ): Promise<Page<IncidentState>> {
    const wanted = page * limit + 1;
    const { account } = await met(viewer);
    const all: IncidentState[] = [];
    let looked = 0;
    while (all.length < wanted) {
      const some = await next();
      if (some.length === 0) break;
      all.push(...(await seen(some, viewer)));
      looked += some.length;
      if (isLimited(account) && looked >= MOST_FOR_GUESTS) break;
    }
    const from = (page - 1) * limit;
    return { items: all.slice(from, from + limit), page, more: all.length > page * limit };
  }

  /** Whose private incidents need not be passed over: everybody's for whoever sees all of them. */
  const member = ({ seesPrivate, source, by }: Viewer) => (seesPrivate && source !== 'slack' ? null : by.id);

  async function foundBy(
    viewer: Viewer,
    words: readonly string[],
    asked: SearchAsked,
  ): Promise<Page<IncidentState>> {
    const found = await search.found(viewer.team, words, member(viewer));
    const ranked = found.map(({ incident }) => incident);
    return pageOf(asked, viewer, async () => {
      const numbers = ranked.splice(0, AT_ONCE);
      const states = numbers.length > 0 ? await search.states(viewer.team, numbers) : [];
      const by = new Map(states.map((state) => [state.number, state]));
      return numbers.flatMap((number) => by.get(number) ?? []);
    });
  }

  return {
    async search(viewer: Viewer, asked: SearchAsked): Promise<FoundPage | Refusal> {
      const words = await search.wordsIn(asked.words);
      if (words === null) return refuse('SEARCH_GONE', {});
      if (words.length === 0) return { items: [], page: asked.page, more: false, words, meant: null };
      let used = words;
      let found = await foundBy(viewer, words, asked);
      if (found.items.length === 0 && asked.page === 1) {
        used = await search.meant(viewer.team, words, member(viewer));
        const others = used.some((word, i) => word !== words[i]);
        if (others) found = await foundBy(viewer, used, asked);
      }
      const numbers = found.items.map(({ number }) => number);
      const lines = numbers.length > 0 ? await search.foundIn(viewer.team, numbers, used) : [];
      const items = found.items.map((state) => ({
        state,
        lines: lines.filter(({ incident }) => incident === state.number),
      }));
      // What was meant is told only with what it has found: it may be a word of an incident that they may not see.
      const meant = used !== words && items.length > 0 ? used : null;
      return { ...found, items, words: used, meant };
    },

    /** @param known components of the settings */
    async list(
      viewer: Viewer,
      asked: ListAsked,
      known: readonly string[],
    ): Promise<Page<IncidentState> | Refusal> {
      const lead = asked.lead && (await idOf(viewer.team, asked.lead));
      if (asked.lead && !lead)
        return refuse('UNKNOWN_PERSON', { name: asked.lead.name ?? asked.lead.id ?? '' });
      const strange = await unknownComponent(viewer, asked, known);
      if (strange) return strange;
      const filter = filterOf(asked, viewer, lead);
      let before: number | null = null;
      return pageOf({ page: asked.page, limit: LISTED }, viewer, async () => {
        const some = await search.chosen(viewer.team, filter, { before, limit: AT_ONCE });
        before = some.at(-1)?.number ?? before;
        return some;
      });
    },

    /**
     * Action items of whoever looks, of all incidents that they may see: those that are open, and those that were done lately.
     * @param incident only of that one; null: of all
     */
    async ownActions(viewer: Viewer, now: Date, incident: number | null = null): Promise<OwnItem[]> {
      const me = (viewer.owner ?? viewer.by).id;
      const since = new Date(now.getTime() - LATELY_MS).toISOString();
      const said = await store.actions.of(viewer.team, me, since);
      const own = itemsByIncident(said).filter(
        (one) => one.item.owner?.id === me && (incident === null || one.incident === incident),
      );
      const numbers = [...new Set(own.map((one) => one.incident))];
      if (numbers.length === 0) return [];
      const states = await seen(await search.states(viewer.team, numbers), viewer);
      const by = new Map(states.map((state) => [state.number, state]));
      return own.flatMap(({ incident: number, item }) => {
        const state = by.get(number);
        return state ? [{ incident: state, item }] : [];
      });
    },

    /** @returns incidents that may be the same as that one, the likeliest first */
    async related(viewer: Viewer, state: IncidentState, now: Date): Promise<Alike[]> {
      const others = await search.recent(viewer.team, RECENT);
      const found = alike(state, others, now);
      // In the channel of one, nothing is known of another.
      const elsewhere = viewer.source === 'slack' ? { ...viewer, seesPrivate: false } : viewer;
      const may = new Set(
        await seen(
          found.map(({ state }) => state),
          elsewhere,
        ),
      );
      return found.filter((one) => may.has(one.state));
    },
  };

  async function idOf(team: string, { id, name }: PersonRef): Promise<string | null> {
    if (id !== null) return id;
    if (name === null) return null;
    return (
      (await store.people.personByName(team, name))?.id ?? (/^[UW][A-Z0-9]{2,}$/.test(name) ? name : null)
    );
  }

  /** A name that nothing was ever filed under is a slip, and an empty list would not say so. */
  async function unknownComponent(
    viewer: Viewer,
    { components }: ListAsked,
    known: readonly string[],
  ): Promise<Refusal | null> {
    const small = (name: string) => name.toLowerCase();
    const strange = components.filter((name) => !known.some((one) => small(one) === small(name)));
    if (strange.length === 0) return null;
    const recent = await seen(await search.recent(viewer.team, RECENT), viewer);
    const filed = [...new Set([...known, ...recent.flatMap((state) => state.components)])];
    for (const name of strange) {
      if (filed.some((one) => small(one) === small(name))) continue;
      const filter = { ...ANY, components: [name] };
      const ever = await search.chosen(viewer.team, filter, { before: null, limit: AT_ONCE });
      if ((await seen(ever, viewer)).length > 0) continue;
      return refuse('UNKNOWN_VALUE', {
        flag: '--component',
        got: name,
        known: filed,
        form: 'list --component NAME',
      });
    }
    return null;
  }
}

/** Of what was done before that nobody is shown anything. */
const LATELY_MS = 14 * DAY_MS;

const ANY: ListFilter = {
  ...{
    statuses: [],
    severities: [],
    components: [],
    from: null,
    to: null,
    of: null,
    lead: null,
    drills: false,
  },
};

function filterOf(asked: ListAsked, viewer: Viewer, lead: string | null): ListFilter {
  const { statuses, all, severities, components, since, until, mine, drills } = asked;
  const open = statuses.includes('open') || (statuses.length === 0 && !all);
  const named = statuses.filter((status): status is Status => status !== 'open');
  return {
    ...{ severities, components, drills, lead },
    statuses: open && named.length > 0 ? [...new Set([...named, ...OPEN])] : all ? [] : named,
    ...(open && named.length === 0 && { open: true }),
    from: since?.at ?? null,
    to: until && endOf(until),
    of: mine ? (viewer.owner ?? viewer.by).id : null,
  };
}

const OPEN: readonly Status[] = ['investigating', 'identified', 'monitoring'];

const STEP_MS = { second: 1_000, minute: 60_000, approx: 60_000, date: DAY_MS } as const;

/** What was opened in the minute, or on the day, that was named is among them. */
function endOf({ at, precision }: { at: string; precision: keyof typeof STEP_MS }): string {
  return `${new Date(Date.parse(at) + STEP_MS[precision]).toISOString().slice(0, 19)}Z`;
}
