import { createHmac } from 'node:crypto';
import type { Fact } from '#domain/incident/fact.js';
import type { PublicPage, PublicPost } from '#domain/status/page.js';
import { publicPage } from '#domain/status/read.js';
import { maintenanceRef, refOf, STANDING } from '#domain/words.js';
import type { Store } from '#store/store.js';
import type { PublicChange } from './change.js';
import type { StatusSettings } from './settings.js';
import { Words } from './words/words.js';

/** The public page of one workspace: how it is read, and what it is made of. */
export type PublicReading = ReturnType<typeof publicReading>;

/** @param secret what names are hidden with: the same one gives the same addresses, for ever */
export function publicReading(
  { published, incidents }: Pick<Store, 'published' | 'incidents'>,
  settings: StatusSettings,
  secret: string,
  now: () => Date,
) {
  const { look } = settings;
  const words = new Words(look.language, look.zone);
  const known = new Map<string, { revision: string; at: number; page: Promise<PublicPage> }>();

  const ids = new Map<string, Map<string, string>>();

  async function read(team: string): Promise<PublicPage> {
    const names = settings.components.map(({ name }) => name);
    const [records, since] = await Promise.all([published.records(team), published.seen(team, names, now())]);
    const components = settings.components.map((one) => ({
      ...one,
      since: one.since ?? since.get(one.name) ?? null,
    }));
    const { zone } = look;
    return publicPage(records, components, {
      zone,
      now: now(),
      idOf: idOf(team),
      earlier: settings.earlierPosts,
    });
  }

  /** Twelve letters and digits that say nothing of what they stand for. They never change, and making them takes longer than all the rest. */
  function idOf(team: string): (of: string) => string {
    const made = ids.get(team) ?? new Map<string, string>();
    ids.set(team, made);
    return (of) => {
      const before = made.get(of);
      if (before !== undefined) return before;
      const digest = createHmac('sha256', secret).update(`status/v1\n${team}\n${of}`).digest();
      const id = [...digest.subarray(0, 12)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
      made.set(of, id);
      return id;
    };
  }

  /** One reading for many who ask at the same time about changes of the same moment. */
  async function current(team: string): Promise<PublicPage> {
    const revision = await published.revision(team);
    const before = known.get(team);
    const at = performance.now();
    if (before && before.revision === revision && at - before.at < HELD_MS) return before.page;
    const page = read(team);
    page.catch(() => known.delete(team));
    known.set(team, { revision, at, page });
    return page;
  }

  return {
    words,
    read,
    current,
    idOf,
    revision: (team: string) => published.revision(team),
    /** What a fact says to the public; null: nothing, or nothing any more. */
    async changeOf(team: string, incident: number, seq: number): Promise<PublicChange | null> {
      const fact = await incidents.fact(team, incident, seq);
      const about = fact && aboutOf(fact);
      if (!fact || !about) return null;
      const page = await current(team);
      const refs = [refOf(incident), idOf(team)(refOf(incident))];
      const { n } = about;
      const of = page.incidents.find(({ ref }) => refs.includes(ref)) ?? null;
      // Planned work stands in the standing record: what corrects it names no more than an entry there.
      const maintenance =
        page.maintenances.find(({ ref, posts }) =>
          about.maintenance === null
            ? incident === STANDING && postIn(posts, n) !== null
            : ref === maintenanceRef(about.maintenance),
        ) ?? null;
      const base = { team, incident, seq, recordedAt: fact.recordedAt, page };
      const entry = await incidents.entry(team, incident, n);
      if (entry?.kind === 'component' && entry.detail.state !== undefined && entry.text !== null)
        return { ...base, kind: 'state', of, maintenance: null, post: null, components: [entry.text] };
      // What was withdrawn has touched what it named: those who heard of it are told, and it is set right there.
      const onPage = new Set(page.components.map(({ name }) => name));
      const named = (entry?.detail.components ?? []).filter((name) => onPage.has(name));
      if (maintenance) {
        const components = [...new Set([...maintenance.components, ...named])];
        const kind = about.kind === 'posted' ? 'maintenance' : about.kind;
        const moved =
          fact.type === 'EntryRetimed' && fact.data.until !== undefined && fact.data.until !== null;
        const post = postIn(maintenance.posts, n);
        return { ...base, kind, ...(moved && { moved }), of: null, maintenance, post, components };
      }
      const post = of && postIn(of.posts, n);
      if (!of || !post) return null;
      const touched = [...post.components, ...of.components].map(({ name }) => name);
      return {
        ...base,
        kind: about.kind,
        of,
        maintenance: null,
        post,
        components: [...new Set([...touched, ...named])],
      };
    },
  };
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const HELD_MS = 5_000;

const postIn = (posts: readonly PublicPost[], n: number) => posts.find((post) => post.n === n) ?? null;

/** @returns the entry that a fact says something public of, and how; null: none */
function aboutOf(fact: Fact): {
  kind: 'posted' | 'corrected' | 'withdrawn';
  n: number;
  maintenance: number | null;
} | null {
  switch (fact.type) {
    case 'StatusPosted':
    case 'ComponentStateSet':
      return { kind: 'posted', n: fact.data.n, maintenance: null };
    case 'MaintenancePlanned':
    case 'MaintenancePosted':
      return { kind: 'posted', n: fact.data.n, maintenance: fact.data.maintenance };
    case 'EntryEdited':
    case 'EntryRetimed':
      return fact.data.public ? { kind: 'corrected', n: fact.data.entry, maintenance: null } : null;
    case 'EntryStruck':
      return fact.data.public ? { kind: 'withdrawn', n: fact.data.entry, maintenance: null } : null;
    default:
      return null;
  }
}
