import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PublicPost } from '#domain/status/page.js';
import { lengthOf } from '#domain/text.js';
import { guardedAddressOf } from '#runbooks/keystores/keystore.js';
import { type Destination, PARTS, type PublicChange, Refusing } from '../change.js';
import type { LookSettings } from '../settings.js';
import { nameOf, STATUS_THERE } from './outgoing.js';
import { asked, readSection, type Secrets, secretAt, secretPlace } from './there.js';

/** `status.statuspage` of tocsin.yml. */
export interface StatuspageSettings {
  /** The id of the page there. */
  readonly page: string;
  readonly key: z.infer<typeof secretPlace>;
  /** Our name of a component → its id there. What is not named here is not told of there. */
  readonly components: ReadonlyMap<string, string>;
  /** Without a slash at its end. */
  readonly url: string;
}

const URL_THERE = 'https://api.statuspage.io/v1';
const ID = /^[A-Za-z0-9_-]{1,64}$/;

const SHAPE = z
  .strictObject({
    page: z.string().regex(ID, 'is no id of a page; it stands in the address under which you manage it'),
    key: secretPlace,
    components: z
      .record(z.string(), z.string().regex(ID, 'is no id of a component; it stands in the JSON of that page'))
      .default({}),
    url: guardedAddressOf('the page', 'key').default(URL_THERE),
  })
  .superRefine(({ components }, context) => {
    const names = new Map<string, string>();
    for (const [name, id] of Object.entries(components)) {
      const other = names.get(id);
      if (other !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['components', name],
          message: `has the id that ${other} has; each needs one of its own`,
        });
      names.set(id, name);
    }
  })
  .transform(
    ({ components, url, ...rest }): StatuspageSettings => ({
      ...rest,
      url: url.replace(/\/+$/, ''),
      components: new Map(Object.entries(components)),
    }),
  );

/**
 * @param known names under `components:`; null: those are wrong themselves
 * @returns null: nothing is kept in step; or what is wrong, never with what stands there
 */
export function readStatuspageSettings(
  raw: unknown,
  at: (path: readonly PropertyKey[]) => string,
  known: readonly string[] | null = null,
): { settings: StatuspageSettings | null } | { problems: string[] } {
  const read = readSection(SHAPE, raw, ['status', 'statuspage'], at);
  if ('problems' in read || !read.settings || !known) return read;
  const problems = [...read.settings.components.keys()]
    .filter((name) => !known.includes(name))
    .map((name) => {
      const path = ['status', 'statuspage', 'components', name];
      return `${at(path)}: ${path.join('.')} is no component; these are: ${known.join(', ') || 'none'}`;
    });
  return problems.length > 0 ? { problems } : read;
}

/** What their API cannot say, and we have to word. */
export interface WordsThere {
  /** In place of a post that was withdrawn. */
  readonly withdrawn: string;
  /** An update of its own, where what was withdrawn or moved had said how the incident stands. */
  readonly setBack: string;
  /** The same, where planned work has other times now. */
  readonly moved: string;
  readonly unworded: Readonly<Record<'scheduled' | 'in_progress' | 'completed' | 'cancelled', string>>;
}

const ENGLISH: WordsThere = {
  withdrawn: 'This update was published by mistake and has been withdrawn.',
  setBack: 'An earlier update was corrected or withdrawn. How this incident stands is shown here.',
  moved: 'The time of this scheduled maintenance has changed. It is shown here as it is planned now.',
  unworded: {
    scheduled: 'We will be undergoing scheduled maintenance during this time.',
    in_progress: 'Scheduled maintenance is currently in progress. We will provide updates as necessary.',
    completed: 'The scheduled maintenance has been completed.',
    cancelled: 'This scheduled maintenance has been cancelled.',
  },
};

const MS = 10_000;
const MOST = 50_000_000;
const PER_PAGE = 100;
const MOST_PAGES = 50;
const DAY_MS = 86_400_000;
/** A post is displayed at its own time; what is typed at once needs no second request for that. */
const SAME_TIME_MS = 60_000;
/** Theirs. */
const LONGEST_BODY = 25_000;

/** Members that we do not use are passed over. */
const UPDATE = z.object({
  id: z.string(),
  status: z.string(),
  body: z.string().nullish(),
  created_at: z.string(),
  display_at: z.string().nullish(),
});
const INCIDENT = z.object({
  id: z.string(),
  status: z.string(),
  created_at: z.string(),
  scheduled_for: z.string().nullish(),
  scheduled_until: z.string().nullish(),
  incident_updates: z.array(UPDATE).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  postmortem_body: z.string().nullish(),
  // Some descriptions of their API call it a boolean.
  postmortem_published_at: z.union([z.string(), z.boolean()]).nullish(),
});
/** Of what is answered beside these, nothing is needed; but it is theirs. */
const ANY = z.looseObject({});
type There = z.infer<typeof INCIDENT>;

/**
 * What we leave with an incident there, so that a crash between their commit and ours makes nothing twice: it is written with
 * the very request that posts. `posts`: of each post, by the number of its entry, the print of the words that stand there.
 */
const MEMORY = z.object({ ref: z.string(), seq: z.number(), posts: z.record(z.string(), z.string()) });
type Memory = z.infer<typeof MEMORY>;

/** An incident or planned work of ours, as far as it is the same there. */
interface Story {
  readonly ref: string;
  readonly createdAt: string;
  /** Newest first by happened time. */
  readonly posts: readonly PublicPost[];
  readonly planned: boolean;
  /** Members of theirs that are as they are now. */
  readonly members: Readonly<Record<string, unknown>>;
}

/**
 * Keeps an existing page of Atlassian Statuspage in step through its REST API. Incidents there carry what was told of them in
 * their metadata, so that a change that comes again adds nothing.
 *
 * - Their API cannot take an update away: one that is withdrawn gets a sentence in place of its words, and if it had said how
 *   the incident stands, an update follows that sets this right.
 * - It cannot put an update before others: a post of an earlier time is displayed at that time, under the state that the
 *   incident has now.
 * - A component there has the state that it has here when it is told, whatever a post that is told late had said.
 * - What was published before this was switched on is not told there, unless it is corrected within a day.
 */
export function createStatuspage(
  settings: StatuspageSettings,
  ports: Secrets & { look(): Pick<LookSettings, 'title'>; words?(): WordsThere; ms?: number },
): Destination {
  const known = new Map<string, string>();
  return {
    name: 'statuspage',
    part: PARTS.statuspage,
    tell: (change, signal) =>
      new Telling(
        settings,
        new Api(settings, ports, signal),
        change,
        known,
        ports.look(),
        ports.words?.() ?? ENGLISH,
      ).tell(),
  };
}

class Telling {
  constructor(
    private readonly settings: StatuspageSettings,
    private readonly api: Api,
    private readonly change: PublicChange,
    /** Our refs → their ids, as far as this process has met them. */
    private readonly known: Map<string, string>,
    private readonly look: Pick<LookSettings, 'title'>,
    private readonly words: WordsThere,
  ) {}

  async tell(): Promise<void> {
    const { kind, post } = this.change;
    const story = this.#story();
    if (!story || (!post && !story.planned)) return this.#setComponents();
    const found = await this.#find(story);
    const memory = found && memoryOf(found, story);
    if (!post) {
      if (found && memory) await this.#renew(story, found, memory);
      return this.#setComponents();
    }
    const told = memory?.posts[post.n];
    // The note is the last that is written of a correction.
    if (memory && kind !== 'posted' && kind !== 'maintenance' && memory.seq >= this.change.seq)
      return this.#setComponents();
    if (told !== undefined && found && memory) {
      if (kind === 'posted' || kind === 'maintenance') return this.#displayAtItsTime(found, memory, post);
      await this.#correct(story, found, memory, post);
      return this.#setComponents();
    }
    if (!this.#isNews(story, post, found)) {
      // The words are not told there; but what else is so now is.
      if (found && memory) await this.#renew(story, found, memory);
      return this.#setComponents();
    }
    if (post.state === 'postmortem') {
      // It has no place where its incident is not.
      if (found && memory) await this.#postmortem(found, memory, post, true);
      return;
    }
    const posted =
      found && memory ? await this.#add(story, found, memory, post) : await this.#create(story, post);
    await this.#displayAtItsTime(posted, memoryOf(posted, story), post);
  }

  #story(): Story | null {
    const { of, maintenance } = this.change;
    const name = nameOf(this.change, this.look);
    const ids = (names: readonly string[]) => names.flatMap((one) => this.settings.components.get(one) ?? []);
    if (of) {
      const component_ids = ids(of.components.map((one) => one.name));
      const members = { name, impact_override: of.impact, component_ids };
      return { ref: of.ref, createdAt: of.createdAt, posts: of.posts, planned: false, members };
    }
    if (!maintenance) return null;
    const { ref, createdAt, posts, from, to, components } = maintenance;
    const members = { name, scheduled_for: from, scheduled_until: to, component_ids: ids(components) };
    return { ref, createdAt, posts, planned: true, members };
  }

  /** Nothing is told there for the first time that was withdrawn, is over as planned work, or is of the time before this was switched on. */
  #isNews(story: Story, post: PublicPost, found: There | null): boolean {
    if (!found && (post.state === 'completed' || post.state === 'cancelled')) return false;
    if (post.withdrawnAt !== null || (post.text === null && !story.planned)) return false;
    if (this.change.kind !== 'corrected') return true;
    return Date.parse(this.change.recordedAt) - Date.parse(post.recordedAt) < DAY_MS;
  }

  /** As the other page has it, found by what we left there. */
  async #find({ ref, createdAt }: Story): Promise<There | null> {
    const id = this.known.get(ref);
    if (id !== undefined) {
      const there = await this.api.get(`incidents/${id}`, INCIDENT, true);
      if (there) return there;
      this.known.delete(ref);
    }
    const since = Date.parse(createdAt) - DAY_MS;
    const met = new Set<string>();
    // The first page is had without a number: whether they count from 0 or from 1 makes no difference then.
    for (let page = 0; page <= MOST_PAGES; page++) {
      const number = page === 0 ? '' : `&page=${page}`;
      const list = (await this.api.get(`incidents?limit=${PER_PAGE}${number}`, z.array(INCIDENT))) ?? [];
      const there = list.find((one) => memoryIn(one)?.ref === ref);
      if (there) {
        this.known.set(ref, there.id);
        return there;
      }
      const oldest = list.at(-1);
      const last = list.length < PER_PAGE || !oldest || Date.parse(oldest.created_at) < since;
      if (last || (page > 1 && list.every((one) => met.has(one.id)))) return null;
      for (const one of list) met.add(one.id);
    }
    return null;
  }

  async #create(story: Story, post: PublicPost): Promise<There> {
    const body = this.#bodyOf(story, post);
    const memory = { ref: story.ref, seq: this.change.seq, posts: { [post.n]: printOf(body) } };
    const unattended = {
      ...{
        scheduled_remind_prior: false,
        scheduled_auto_in_progress: false,
        scheduled_auto_completed: false,
      },
      ...{ auto_transition_to_maintenance_state: false, auto_transition_to_operational_state: false },
    };
    const incident = {
      ...{ ...story.members, ...(story.planned && unattended), ...this.#states(), body },
      ...{ status: statusThere(post.state), metadata: { tocsin: memory }, deliver_notifications: true },
    };
    const made = await this.api.send('POST', 'incidents', { incident }, INCIDENT);
    this.known.set(story.ref, made.id);
    return made;
  }

  async #add(story: Story, found: There, memory: Memory, post: PublicPost): Promise<There> {
    const body = this.#bodyOf(story, post);
    const posts = { ...memory.posts, [post.n]: printOf(body) };
    const incident = {
      ...{ ...story.members, ...this.#states(), body, deliver_notifications: true },
      ...{ status: this.#standing(story, posts), metadata: this.#metadata(found, { ...memory, posts }) },
    };
    return this.api.send('PATCH', `incidents/${found.id}`, { incident }, INCIDENT);
  }

  /** How it stands by the posts that are told there: the newest of them that counts. */
  #standing({ posts, planned }: Story, told: Memory['posts']): string {
    const counts = posts.find(
      ({ n, withdrawnAt, state }) => told[n] !== undefined && withdrawnAt === null && state !== 'postmortem',
    );
    return counts ? statusThere(counts.state) : planned ? 'completed' : 'resolved';
  }

  async #correct(story: Story, found: There, memory: Memory, post: PublicPost): Promise<void> {
    if (post.state === 'postmortem') return this.#postmortem(found, memory, post, false);
    const body = this.#bodyOf(story, post);
    const update =
      updateOf(found, memory, post.n) ??
      found.incident_updates?.find((one) => printOf(one.body) === printOf(body));
    if (!update)
      throw new Refusing(
        `the update that was to be corrected stands on Statuspage with other words than ours: somebody has changed it there, and has to correct it there`,
      );
    const incident_update = { body, display_at: post.at, deliver_notifications: false };
    await this.api.send(
      'PATCH',
      `incidents/${found.id}/incident_updates/${update.id}`,
      { incident_update },
      UPDATE,
    );
    const posts = { ...memory.posts, [post.n]: printOf(body) };
    await this.#renew(story, found, { ...memory, posts });
  }

  /** Theirs is a part of the incident, and no update. */
  async #postmortem(found: There, memory: Memory, post: PublicPost, notify: boolean): Promise<void> {
    const body = post.withdrawnAt === null ? htmlOf(post.text ?? '') : htmlOf(this.words.withdrawn);
    const there = found.postmortem_published_at && printOf(found.postmortem_body) === printOf(body);
    if (!there) {
      const path = `incidents/${found.id}/postmortem`;
      await this.api.send('PUT', path, { postmortem: { body_draft: body } }, ANY);
      const told = { notify_subscribers: notify, notify_twitter: false };
      await this.api.send('PUT', `${path}/publish`, { postmortem: told }, ANY);
    }
    const posts = { ...memory.posts, [post.n]: printOf(body) };
    const incident = { metadata: this.#metadata(found, { ...memory, posts }) };
    await this.api.send('PATCH', `incidents/${found.id}`, { incident }, INCIDENT);
  }

  /** What is another now: title, components, times of planned work, and how it stands. Of the last two those who are told there are told. */
  async #renew(story: Story, found: There, memory: Memory): Promise<void> {
    if (memory.seq >= this.change.seq) return;
    const status = this.#standing(story, memory.posts);
    const says =
      status !== found.status ? this.words.setBack : timesDiffer(story, found) ? this.words.moved : null;
    const incident = {
      ...{ ...story.members, metadata: this.#metadata(found, memory) },
      ...(says !== null && { status, body: htmlOf(says), deliver_notifications: true }),
    };
    await this.api.send('PATCH', `incidents/${found.id}`, { incident }, INCIDENT);
  }

  async #displayAtItsTime(found: There, memory: Memory, post: PublicPost): Promise<void> {
    const update = updateOf(found, memory, post.n);
    if (
      !update ||
      Math.abs(Date.parse(update.display_at ?? update.created_at) - Date.parse(post.at)) < SAME_TIME_MS
    )
      return;
    const incident_update = { display_at: post.at, deliver_notifications: false };
    await this.api.send(
      'PATCH',
      `incidents/${found.id}/incident_updates/${update.id}`,
      { incident_update },
      UPDATE,
    );
  }

  async #setComponents(): Promise<void> {
    for (const [id, status] of Object.entries(this.#states().components))
      await this.api.send('PATCH', `components/${id}`, { component: { status } }, ANY);
  }

  /** Those that it touches and that are there, as they are now. */
  #states(): { components: Record<string, string> } {
    const { page, of, components } = this.change;
    const touched = new Set([...components, ...(of?.components ?? []).map(({ name }) => name)]);
    const each = page.components.flatMap(({ name, state }) => {
      const id = touched.has(name) ? this.settings.components.get(name) : undefined;
      return id === undefined ? [] : [[id, STATUS_THERE[state]]];
    });
    return { components: Object.fromEntries(each) };
  }

  /** Others' members stay; ours say what this request will have told. */
  #metadata(found: There, memory: Memory): Record<string, unknown> {
    const seq = Math.max(memory.seq, this.change.seq);
    return { ...found.metadata, tocsin: { ...memory, seq } };
  }

  #bodyOf({ planned }: Story, { text, state, withdrawnAt }: PublicPost): string {
    const unworded = this.words.unworded as Readonly<Record<string, string>>;
    const said =
      withdrawnAt !== null ? this.words.withdrawn : (text ?? (planned ? unworded[state] : null) ?? '');
    const body = htmlOf(said);
    if (lengthOf(body) > LONGEST_BODY)
      throw new Refusing(
        `Statuspage takes ${LONGEST_BODY.toLocaleString('en')} characters at most, and this post has more`,
      );
    return body;
  }
}

/** Has planned work other times here than there? */
function timesDiffer(
  { planned, members }: Story,
  { scheduled_for: from, scheduled_until: to }: There,
): boolean {
  const same = (here: unknown, there: string | null | undefined) =>
    typeof there !== 'string' || Date.parse(String(here)) === Date.parse(there);
  return planned && !(same(members.scheduled_for, from) && same(members.scheduled_until, to));
}

function memoryIn({ metadata }: There): Memory | null {
  const parsed = MEMORY.safeParse(metadata?.tocsin);
  return parsed.success ? parsed.data : null;
}

const memoryOf = (there: There, { ref }: Story): Memory => memoryIn(there) ?? { ref, seq: 0, posts: {} };

/** The update that is post `n`: found by its words; of several with the same, by their order. */
function updateOf({ incident_updates: updates }: There, { posts }: Memory, n: number) {
  const print = posts[n];
  const alike = Object.keys(posts)
    .map(Number)
    .filter((other) => posts[other] === print)
    .sort((a, b) => a - b);
  const there = (updates ?? [])
    .filter(({ body }) => printOf(body) === print)
    .sort((a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0));
  return there[alike.indexOf(n)] ?? null;
}

/** They know no `cancelled`: it is over, and the words say why. A postmortem comes behind the end. */
function statusThere(state: PublicPost['state']): string {
  return state === 'cancelled' ? 'completed' : state === 'postmortem' ? 'resolved' : state;
}

/** Bodies are HTML there; ours are plain. */
const htmlOf = (text: string): string =>
  text.replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));

/** Of the words alone: how they are encoded, and where lines break, may be other there. */
function printOf(html: string | null | undefined): string {
  const words = (html ?? '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|quot|#39|nbsp|amp);/g, (_, name: string) => DECODED[name] ?? '')
    .replace(/\s+/g, ' ')
    .trim();
  return createHash('sha256').update(words).digest('hex').slice(0, 16);
}

const DECODED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  nbsp: ' ',
  amp: '&',
};

/** Their REST API, as far as we need it. The key goes to its address alone, and into no message. */
class Api {
  constructor(
    private readonly settings: StatuspageSettings,
    private readonly ports: Secrets & { ms?: number },
    private readonly signal: AbortSignal,
  ) {}

  /** @returns null: there is none, where `mayLack` */
  get<T>(path: string, shape: z.ZodType<T>, mayLack = false): Promise<T | null> {
    return this.#ask('GET', path, undefined, shape, mayLack);
  }

  async send<T>(
    method: 'POST' | 'PATCH' | 'PUT',
    path: string,
    body: object,
    shape: z.ZodType<T>,
  ): Promise<T> {
    return (await this.#ask(method, path, body, shape, false)) as T;
  }

  async #ask<T>(
    method: string,
    path: string,
    body: object | undefined,
    shape: z.ZodType<T>,
    mayLack: boolean,
  ): Promise<T | null> {
    const { page, key, url } = this.settings;
    const headers = {
      Authorization: `OAuth ${secretAt(key, this.ports).reveal()}`,
      Accept: 'application/json',
      'User-Agent': 'tocsin',
      ...(body && { 'Content-Type': 'application/json' }),
    };
    const request = {
      method,
      url: `${url}/pages/${page}/${path}`,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    };
    const { signal } = this;
    const { status, text } = await asked(request, 'Statuspage', {
      signal,
      ms: this.ports.ms ?? MS,
      most: MOST,
    });
    if (status === 404 && mayLack) return null;
    if (status < 200 || status > 299) throw this.#no(status, `${method} ${path.replace(/\?.*/, '')}`, text);
    const parsed = shape.safeParse(jsonIn(text));
    // Something in between has answered, and knows nothing of it: the next time it may be them.
    if (!parsed.success)
      throw new Error(
        `Statuspage answered ${status} with something that is none of its shapes (${method} ${path.replace(/\?.*/, '')})`,
      );
    return parsed.data;
  }

  #no(status: number, what: string, text: string): Error {
    if (status === 420 || status === 429)
      return new Error(`Statuspage takes no more requests at the moment (${status})`);
    if (status === 408 || status === 409 || status >= 500)
      return new Error(`Statuspage answered ${status} (${what})`);
    if (status === 401 || status === 403)
      return new Refusing(
        `Statuspage does not let the key of status.statuspage.key do that (${status}, ${what}): make one that may manage incidents and components`,
      );
    if (status === 404)
      return new Refusing(
        `Statuspage knows no such thing (404, ${what}): check status.statuspage.page and the ids under status.statuspage.components`,
      );
    if (status >= 300 && status < 400)
      return new Refusing(
        `Statuspage answered ${status}, and redirects are not followed: check status.statuspage.url`,
      );
    return new Refusing(`Statuspage refused it (${status}, ${what})${this.#theirWords(text)}`);
  }

  /** What they say of it, where it is their usual shape; nothing that we know to be secret. */
  #theirWords(text: string): string {
    const parsed = z.object({ error: z.union([z.string(), z.array(z.string())]) }).safeParse(jsonIn(text));
    if (!parsed.success) return '';
    return `: ${this.ports.scrub.text([parsed.data.error].flat().join('; ')).slice(0, 300)}`;
  }
}

function jsonIn(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}
