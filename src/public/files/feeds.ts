import { createHash } from 'node:crypto';
import { Feed, type Item } from 'feed';
import type {
  ComponentState,
  PublicComponent,
  PublicIncident,
  PublicMaintenance,
  PublicPage,
  PublicPost,
} from '#domain/status/page.js';
import { type Clock, clockIn, dateTimeOf } from '#render/clock.js';
import { escaped, shownLine, textAsHtml } from '../plain.js';
import type { LookSettings } from '../settings.js';
import { type Naming, pathOf } from './api.js';

/** The fixed words of feeds, in the language of the page, as text. Times that are handed in are ready to be read. */
export interface FeedWords extends Naming {
  /** `Identified`, `In progress` */
  stateOf(state: PublicPost['state']): string;
  /** `Partial outage` */
  componentStateOf(state: ComponentState): string;
  /** Where the words of a post would be: it was published by mistake; its words were erased. */
  withdrawnAt(time: string): string;
  readonly erased: string;
  correctedAt(time: string): string;
  /** By when the next update was promised. */
  nextBy(time: string): string;
  planned(from: string, to: string): string;
}

/** Entries of a feed. */
const MOST = 50;

/**
 * An incident or planned work, as feeds tell of it. `written` is made when a feed first holds it, and once: few of 5,000
 * incidents are in any feed, and those are in several.
 */
interface Entry {
  /** `urn:uuid:…`, of what it is and not of where it is: it outlives the page's address. */
  readonly id: string;
  readonly updatedAt: string;
  readonly components: readonly string[];
  written(): Written;
}

interface Written {
  /** An `entry` element. */
  readonly atom: string;
  /** An item, as JSON. */
  readonly json: string;
}

/** What a feed is, without its entries. */
interface Channel {
  readonly id: string;
  readonly title: string;
  /** Where it lies in the folder, without its ending. */
  readonly path: string;
  /** The page that it tells of. */
  readonly home: string;
  /** Where it has no entries. */
  readonly updatedAt: string;
}

/**
 * `feed.atom`, `feed.json` (JSON Feed 1.1) and the two of every component: an entry for each incident and each planned work,
 * with all of its posts, the newest first. The newest 50 by when anything was last said of them, so that an old incident
 * that is spoken of again comes back. Withdrawn posts stay visible, with their time and without their words: who read them
 * in a reader is to see that they were withdrawn.
 *
 * The same page gives the same bytes: the time of a feed is that of its newest entry, never the present.
 *
 * @param look `url` null: entries and feeds have ids, and no links
 * @returns path in the folder and content
 */
export function* feedFiles(
  page: PublicPage,
  look: LookSettings,
  words: FeedWords,
): Iterable<[string, string]> {
  const writer = new Writer(look, words);
  const entries = [
    // One that only ever was a state of a component has nothing to be read.
    ...page.incidents.filter(({ posts }) => posts.length > 0).map((each) => writer.incident(each)),
    ...page.maintenances.map((each) => writer.maintenance(each)),
  ].sort(newestFirst);
  const title = shownLine(look.title);
  const updatedAt = page.updatedAt ?? '1970-01-01T00:00:00Z';
  const all = { id: writer.idOf('feed'), title, path: 'feed', home: '', updatedAt };
  yield* writer.files(all, entries.slice(0, MOST));

  const byComponent = new Map<string, Entry[]>();
  for (const entry of entries)
    for (const name of new Set(entry.components)) {
      const own = byComponent.get(name) ?? [];
      if (own.push(entry) === 1) byComponent.set(name, own);
    }
  for (const component of page.components)
    yield* writer.files(writer.channelOf(component), (byComponent.get(component.name) ?? []).slice(0, MOST));
}

function newestFirst(one: Entry, other: Entry): number {
  if (one.updatedAt !== other.updatedAt) return one.updatedAt < other.updatedAt ? 1 : -1;
  return one.id < other.id ? 1 : -1;
}

class Writer {
  readonly #look: LookSettings;
  readonly #words: FeedWords;
  readonly #clock: Clock;
  readonly #pageId: string;

  constructor(look: LookSettings, words: FeedWords) {
    this.#look = look;
    this.#words = words;
    this.#clock = clockIn(look.zone);
    this.#pageId = words.idOf('page');
  }

  /** A UUID of version 5 (RFC 9562): the same for the same thing of the same page. */
  idOf(what: string): string {
    const bytes = createHash('sha1').update(SPACE).update(`${this.#pageId}/${what}`).digest().subarray(0, 16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString('hex');
    return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
  }

  channelOf({ id, name, slug, stateSince, knownFrom, uptime }: PublicComponent): Channel {
    const known = uptime === null ? '1970-01-01T00:00:00Z' : knownFrom;
    return {
      id: this.idOf(`component/${id}`),
      title: `${shownLine(this.#look.title)} – ${shownLine(name)}`,
      path: `components/${slug}`,
      home: `/components/${slug}.html`,
      updatedAt: stateSince ?? known,
    };
  }

  incident(incident: PublicIncident): Entry {
    const components = incident.components.map(({ name }) => name);
    return this.#entry(incident, 'incident', components, () => ({
      title: this.#words.titleOf(incident),
      html: incident.posts.map((post) => this.#post(post, !incident.over)).join('\n'),
    }));
  }

  maintenance(maintenance: PublicMaintenance): Entry {
    const { title, from, to, state, components, posts } = maintenance;
    return this.#entry(maintenance, 'maintenance', components, () => {
      const planned = this.#words.planned(this.#time(from), this.#time(to));
      const touched = components.length > 0 ? [`<p>${components.map(bdi).join(', ')}</p>`] : [];
      const open = state === 'scheduled' || state === 'in_progress';
      return {
        title,
        html: [`<p>${escaped(planned)}</p>`, ...touched, ...posts.map((post) => this.#post(post, open))].join(
          '\n',
        ),
      };
    });
  }

  #entry(
    of: PublicIncident | PublicMaintenance,
    what: string,
    components: readonly string[],
    make: () => { title: string; html: string },
  ): Entry {
    const { createdAt, updatedAt, ref } = of;
    const id = this.idOf(`${what}/${of.id}`);
    const link = this.#linkTo(`/${pathOf(ref)}`);
    let made: Written | null = null;
    const write = () => {
      const { title, html } = make();
      const line = shownLine(title);
      const json = {
        id,
        ...optional('url', link),
        title: line,
        content_html: html,
        date_published: createdAt,
        date_modified: updatedAt,
        ...(components.length > 0 ? { tags: components.map(shownLine) } : {}),
      };
      const item = {
        id,
        link: link ?? id,
        // Titles are written as HTML.
        title: escaped(line),
        content: html,
        date: new Date(updatedAt),
        published: new Date(createdAt),
      };
      return { atom: entryElement(item, link !== null), json: JSON.stringify(json) };
    };
    return {
      id,
      updatedAt,
      components,
      written() {
        made ??= write();
        return made;
      },
    };
  }

  /** @param promised whether a promised next update is still to come */
  #post(post: PublicPost, promised: boolean): string {
    const { text, withdrawnAt, correctedAt, nextBy, components } = post;
    const words = this.#words;
    const head = `<p><strong>${escaped(words.stateOf(post.state))}</strong> · ${this.#stamp(post.at, post.precision)}</p>`;
    const note = (sentence: string) => `<p><em>${escaped(sentence)}</em></p>`;
    if (withdrawnAt !== null) return `${head}\n${note(words.withdrawnAt(this.#time(withdrawnAt)))}`;
    const states = components.map(({ name, to }) =>
      to === null ? `<li>${bdi(name)}</li>` : `<li>${bdi(name)}: ${escaped(words.componentStateOf(to))}</li>`,
    );
    // Planned work begins and ends without anybody writing anything: `In progress` says it.
    const silent = text === null && !isOfIncident(post.state);
    return [
      head,
      ...(silent ? [] : [text === null ? note(words.erased) : `<p dir="auto">${textAsHtml(text)}</p>`]),
      ...(states.length > 0 ? [`<ul>${states.join('')}</ul>`] : []),
      ...(promised && nextBy !== null ? [note(words.nextBy(this.#time(nextBy)))] : []),
      ...(correctedAt === null ? [] : [note(words.correctedAt(this.#time(correctedAt)))]),
    ].join('\n');
  }

  #stamp(at: string, precision: PublicPost['precision']): string {
    return `<time datetime="${precision === 'date' ? at.slice(0, 10) : at}">${this.#time(at, precision)}</time>`;
  }

  /** `2024-11-10 02:41 (UTC+01:00)`: the same in every language. */
  #time(at: string, precision: PublicPost['precision'] = 'minute'): string {
    const time = dateTimeOf({ at, precision }, this.#clock);
    if (precision === 'date') return time;
    const { offset } = this.#clock.read(at);
    return `${time} (UTC${offset === '+00:00' ? '' : offset})`;
  }

  #linkTo(path: string): string | null {
    return this.#look.url === null ? null : `${this.#look.url}${path}`;
  }

  *files(channel: Channel, of: readonly Entry[]): Iterable<[string, string]> {
    const entries = of.map((entry) => entry.written());
    const updatedAt = of[0]?.updatedAt ?? channel.updatedAt;
    yield [`${channel.path}.atom`, this.#atom(channel, entries, new Date(updatedAt))];
    yield [`${channel.path}.json`, this.#json(channel, entries)];
  }

  #atom({ id, title, path, home }: Channel, entries: readonly Written[], updated: Date): string {
    const [link, self] = [this.#linkTo(home), this.#linkTo(`/${path}.atom`)];
    const head = new Feed({
      ...{ id, title: asText(title), updated, generator: 'Tocsin' },
      ...(link === null ? {} : { link }),
      ...(self === null ? {} : { feed: self }),
      author: { name: asText(shownLine(this.#look.title)) },
    })
      .atom1()
      .replace('<feed xmlns=', `<feed xml:lang="${this.#look.language}" xmlns=`);
    return `${head.slice(0, -END.length)}${entries.map(({ atom }) => atom).join('')}${END}\n`;
  }

  /** By hand: the library writes version 1.0, which has neither language nor authors. */
  #json({ title, path, home }: Channel, entries: readonly Written[]): string {
    const head = JSON.stringify({
      version: 'https://jsonfeed.org/version/1.1',
      title,
      ...optional('home_page_url', this.#linkTo(home)),
      ...optional('feed_url', this.#linkTo(`/${path}.json`)),
      language: this.#look.language,
      authors: [{ name: shownLine(this.#look.title), ...optional('url', this.#look.url) }],
    });
    return `${head.slice(0, -1)},"items":[${entries.map(({ json }) => json).join(',')}]}\n`;
  }
}

const END = '</feed>';

/**
 * An entry as the library writes it in a feed. It has no categories: a `<` in the name of a component would stand in their
 * attributes as it is.
 * @param linked false: its link, which the library wants, is none
 */
function entryElement(item: Item, linked: boolean): string {
  const feed = new Feed({ id: 'urn:x', title: 'x', updated: item.date });
  feed.addItem(item);
  const written = feed.atom1();
  const entry = written.slice(written.indexOf('    <entry>'), -END.length);
  // Whatever people wrote has its `<` encoded: this is the only one.
  return linked ? entry : entry.replace(/ *<link href="urn:uuid:[^"]*"\/>\n/, '');
}

/** Of our ids; a random one. */
const SPACE = Buffer.from('6f0c1d5a2b7e4c0f9a3d51e8b4c2f7a6', 'hex');

/** The library takes `&amp;` in a plain text for an `&` that was encoded already: one more is taken off again. */
function asText(text: string): string {
  return text.replaceAll('&', '&amp;');
}

function bdi(name: string): string {
  return `<bdi>${escaped(shownLine(name))}</bdi>`;
}

function isOfIncident(state: PublicPost['state']): boolean {
  return state !== 'scheduled' && state !== 'in_progress' && state !== 'completed' && state !== 'cancelled';
}

function optional(name: string, value: string | null): Record<string, string> {
  return value === null ? {} : { [name]: value };
}
