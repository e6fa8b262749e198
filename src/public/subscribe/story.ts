import type { PublicChange } from '../change.js';
import type { LookSettings } from '../settings.js';
import { oneLine, shownText, timeShown, type Words } from './words.js';

/** A change in words, for whoever dresses them: plain texts, nothing is encoded. */
export interface Told {
  /** What it is about, on one line. */
  title: string;
  /** Its state in words; null: it has none of its own. */
  state: string | null;
  /** What is said first, where it is not simply posted. */
  lead: string | null;
  /** As it was written; null: there are no words. */
  text: string | null;
  /** When it happened, in the page's zone. */
  time: string;
  /** Further lines: components and their states, the next update, what is planned. */
  lines: string[];
  /** Where more is; null: the page has no address. */
  url: string | null;
  /** As the one line that stands for all of it. */
  subject: string;
}

type Look = Pick<LookSettings, 'url' | 'zone' | 'title'>;

/** Words a change for somebody who reads `language`. */
export function tellingOf(change: PublicChange, look: Look, words: Words, language: string): Told {
  const { post, maintenance, kind, moved = false } = change;
  const title = titleOf(change, words);
  const at = (iso: string) => timeShown(iso, language, look.zone);
  const componentOf = (name: string) => change.page.components.find((one) => one.name === name);
  const alone = change.components.length === 1 ? componentOf(change.components[0] ?? '') : undefined;
  const state = post
    ? words(`state.${post.state}`)
    : maintenance
      ? words(`state.${maintenance.state}`)
      : kind === 'state' && alone
        ? words(`component.${alone.state}`)
        : null;
  const withdrawn = kind === 'withdrawn' || (post !== null && post.withdrawnAt !== null);
  const how = withdrawn ? 'withdrawn' : moved ? 'moved' : kind === 'corrected' ? 'corrected' : 'one';
  const lead = how === 'one' ? null : words(`mail.${how}`);
  const said = (post?.components ?? []).filter(({ to }) => to !== null);
  const touched =
    said.length > 0
      ? said.map(({ name, to }) => `${oneLine(name)}: ${words(`component.${to}`)}`)
      : change.components.map((name) => {
          const known = componentOf(name);
          return known && kind === 'state'
            ? `${oneLine(name)}: ${words(`component.${known.state}`)}`
            : oneLine(name);
        });
  const next = post?.nextBy ?? null;
  const lines = [
    ...(touched.length > 0 && !withdrawn
      ? [words('mail.components', { components: touched.join(', ') })]
      : []),
    // Of a plan that was withdrawn no time holds; of an update about the work the plan still does.
    ...(maintenance && !(withdrawn && post?.state === 'scheduled')
      ? [words('mail.planned', { from: at(maintenance.from), to: at(maintenance.to) })]
      : []),
    ...(next && !withdrawn ? [words('mail.next', { time: at(next) })] : []),
  ];
  return {
    title,
    state: withdrawn ? null : state,
    lead,
    text: withdrawn || !post || post.text === null ? null : shownText(post.text),
    time: at(post?.at ?? change.recordedAt),
    lines,
    url: addressOf(change, look),
    subject: state === null && how === 'one' ? title : words(`subject.${how}`, { state: state ?? '', title }),
  };
}

/** @returns what a change is about, on one line */
export function titleOf({ of, maintenance, components }: PublicChange, words: Words): string {
  const own = of?.title ?? maintenance?.title ?? null;
  if (own !== null && oneLine(own) !== '') return oneLine(own);
  const named = of ? of.components.map(({ name }) => name) : components;
  if (!of && !maintenance && named.length > 0) return oneLine(named.join(', '));
  return named.length > 0
    ? oneLine(words('incident.of', { components: named.join(', ') }))
    : words('incident.plain');
}

/** @returns the page that says more; null: the page has no address */
export function addressOf(
  { of, maintenance, components, page }: PublicChange,
  { url }: Pick<LookSettings, 'url'>,
): string | null {
  if (url === null) return null;
  const story = of ?? maintenance;
  if (story) return `${url}/incidents/${encodeURIComponent(story.ref)}.html`;
  const alone =
    components.length === 1 ? page.components.find(({ name }) => name === components[0]) : undefined;
  return alone ? `${url}/components/${alone.slug}.html` : `${url}/index.html`;
}

/**
 * What is still to be said of changes that wait for one receiver, in order: a post that was withdrawn before it was told is not
 * told at all, nor that it was withdrawn; of one that was corrected meanwhile the first telling has the words of now.
 */
export function stillToTell<T extends { change: PublicChange }>(waiting: readonly T[]): T[] {
  const fresh = new Set(
    waiting
      .filter(({ change }) => ['posted', 'maintenance'].includes(change.kind))
      .map(({ change }) => keyOf(change)),
  );
  const seen = new Set<string>();
  return waiting.filter(({ change }) => {
    const { kind, post } = change;
    if (!post) return true;
    const key = keyOf(change);
    if (post.withdrawnAt !== null) {
      // Of one that is told already the withdrawal is news, once.
      if (kind !== 'withdrawn' || fresh.has(key) || seen.has(key)) return false;
      seen.add(key);
      return true;
    }
    if (kind === 'corrected') {
      if (fresh.has(key) || seen.has(key)) return false;
      seen.add(key);
    }
    return true;
  });
}

const keyOf = ({ post, of, maintenance }: PublicChange): string => `${of?.id ?? maintenance?.id}/${post?.id}`;

/** Is it one that nobody is to wait for: the first of its incident, or the end of it, or something that does not hold any more? */
export function isUrgent({ post, of, maintenance, kind }: PublicChange): boolean {
  if (kind === 'withdrawn' || kind === 'corrected') return true;
  if (post && ['resolved', 'completed', 'cancelled'].includes(post.state)) return true;
  const posts = of?.posts ?? maintenance?.posts ?? [];
  const first = posts.at(-1);
  return post !== null && (first === undefined || first.id === post.id);
}
