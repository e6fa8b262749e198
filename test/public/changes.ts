import type {
  ComponentState,
  MaintenanceState,
  PublicIncident,
  PublicMaintenance,
  PublicPage,
  PublicPost,
} from '#domain/status/page.js';
import type { PostState } from '#domain/words.js';
import type { PublicChange } from '#public/change.js';

const API = 'Text to Speech (Developer API)';
const NAMES = [API, 'Website'];

interface Post {
  at: string;
  state: PostState | MaintenanceState;
  text: string | null;
  to?: ComponentState;
  correctedAt?: string;
  withdrawnAt?: string;
  recordedAt?: string;
}

/** Makes the changes of one incident, or of one planned work, as they are read after what has been done to it so far. */
export class Made {
  readonly #posts: Post[] = [];
  readonly #states = new Map<string, ComponentState>(NAMES.map((name) => [name, 'operational']));
  #seq = 1;
  /** Of planned work. */
  times: [from: string, to: string] = ['2024-11-20T01:00:00Z', '2024-11-20T02:00:00Z'];

  constructor(
    readonly ref = 'INC-7',
    public title: string | null = 'Text to Speech fails for some customers',
    readonly planned = false,
  ) {}

  post(post: Post): PublicChange {
    this.#posts.push({ recordedAt: post.at, ...post });
    if (post.to) this.#states.set(API, post.to);
    return this.#change(this.planned ? 'maintenance' : 'posted', this.#posts.length);
  }

  correct(n: number, more: Partial<Post>): PublicChange {
    const at = '2024-11-10T04:00:00Z';
    Object.assign(this.#posts[n - 1] ?? {}, { correctedAt: at, ...more });
    return this.#change('corrected', n, at);
  }

  withdraw(n: number, to?: ComponentState): PublicChange {
    const at = '2024-11-10T04:30:00Z';
    Object.assign(this.#posts[n - 1] ?? {}, { withdrawnAt: at, text: null });
    if (to) this.#states.set(API, to);
    return this.#change('withdrawn', n, at);
  }

  state(name: string, state: ComponentState): PublicChange {
    this.#states.set(name, state);
    const change = this.#change('state', 0);
    return { ...change, post: null, of: null, maintenance: null, components: [name] };
  }

  /** The same as it is read later, when more has been done. */
  again(change: PublicChange): PublicChange {
    const n = change.post?.n ?? 0;
    const later = this.#read(n);
    return { ...change, ...later };
  }

  #change(kind: PublicChange['kind'], n: number, recordedAt?: string): PublicChange {
    this.#seq += 1;
    const { post, ...read } = this.#read(n);
    return {
      ...{ team: 'T1', incident: 7, seq: this.#seq, kind },
      ...{ recordedAt: (recordedAt ?? post?.recordedAt ?? '2024-11-10T01:40:00Z').replace('Z', '.250Z') },
      ...{ ...read, post, components: [API] },
    };
  }

  #read(n: number): Pick<PublicChange, 'page' | 'of' | 'maintenance' | 'post'> {
    const posts = this.#posts.map((post, i) => this.#public(post, i + 1));
    const post = posts[n - 1] ?? null;
    posts.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : b.n - a.n));
    const page: PublicPage = {
      ...{ at: '2024-11-10T05:00:00Z', updatedAt: null, overall: { indicator: 'none', kind: 'operational' } },
      ...{ incidents: [], maintenances: [] },
      components: NAMES.map((name, i) => ({
        ...{
          id: `component00${i}`,
          name,
          slug: `c${i}`,
          group: null,
          description: null,
          days: [],
          uptime: null,
        },
        ...{
          state: this.#states.get(name) ?? 'operational',
          stateSince: null,
          knownFrom: '2024-01-01T00:00:00Z',
        },
      })),
    };
    const first = posts.at(-1)?.at ?? '2024-11-10T01:41:00Z';
    const shared = {
      ...{ id: 'abcdefghijkl', ref: this.ref, createdAt: first, updatedAt: first, posts },
    };
    if (this.planned) {
      const state = (posts[0]?.state ?? 'scheduled') as MaintenanceState;
      const maintenance: PublicMaintenance = {
        ...{ ...shared, title: this.title ?? '', state, startedAt: null, endedAt: null, components: [API] },
        ...{ from: this.times[0], to: this.times[1] },
      };
      return { page, post, of: null, maintenance };
    }
    const state = (posts.find(({ withdrawnAt }) => withdrawnAt === null)?.state ?? 'resolved') as PostState;
    const now = this.#states.get(API) ?? 'operational';
    const of: PublicIncident = {
      ...{ ...shared, title: this.title, state, over: state === 'resolved' || state === 'postmortem' },
      ...{ impact: 'major', startedAt: first, monitoringAt: null, resolvedAt: null, nextBy: null },
      components: [{ name: API, worst: 'partial', state: now }],
    };
    return { page, post, of, maintenance: null };
  }

  #public({ at, state, text, to, ...more }: Post, n: number): PublicPost {
    return {
      ...{ id: `post0000000${n}`, n, at, state, text, precision: 'minute', nextBy: null },
      ...{ recordedAt: more.recordedAt ?? at, correctedAt: more.correctedAt ?? null },
      withdrawnAt: more.withdrawnAt ?? null,
      components: to && !more.withdrawnAt ? [{ name: API, from: 'operational', to }] : [],
    };
  }
}

/** The founding report, as the public was told. */
export const FOUNDING: readonly Post[] = [
  { at: '2024-11-10T01:41:00Z', state: 'identified', text: 'Requests with old keys fail.', to: 'partial' },
  { at: '2024-11-10T01:44:00Z', state: 'monitoring', text: 'A fix is out & watched.\n1 < 2', to: 'degraded' },
  { at: '2024-11-10T02:02:00Z', state: 'resolved', text: 'All works.', to: 'operational' },
  { at: '2024-11-10T03:21:00Z', state: 'postmortem', text: 'What happened: keys.' },
];
