import type { ComponentChildren } from 'preact';
import type { ComponentState, PublicPost } from '#domain/status/page.js';
import { shown, shownLine } from '../plain.js';
import { framed } from './frame.js';
import {
  At,
  beginning,
  ComponentName,
  type Happening,
  IMPACT_STATE,
  Name,
  pathOf,
  Said,
  Shape,
  type ShownState,
  State,
  secondsBetween,
  type View,
  When,
} from './pieces.js';

type Level = 2 | 3 | 4;

interface HeadingProps {
  readonly level: Level;
  readonly children: ComponentChildren;
  readonly class: string;
  readonly id?: string;
  readonly dir?: 'auto';
}

export function Heading({ level, children, ...rest }: HeadingProps) {
  const H = `h${level}` as 'h2' | 'h3' | 'h4';
  return <H {...rest}>{children}</H>;
}

/** When it began, or is to begin: the day under which it is found. */
export const beganAt = (one: Happening): string =>
  one.is === 'incident' ? one.it.startedAt : (one.it.startedAt ?? one.it.from);

export const isOver = (one: Happening): boolean =>
  one.is === 'incident' ? one.it.over : one.it.state === 'completed' || one.it.state === 'cancelled';

/** How bad it is, or was, as one of the shapes. */
const shapeOf = (one: Happening): ShownState =>
  one.is === 'maintenance' ? 'maintenance' : IMPACT_STATE[one.it.impact];

/**
 * An incident or a maintenance among others: what it is called, how it is, and its newest posts.
 * @param most how many posts
 */
export function Card({ v, one, level, most }: { v: View; one: Happening; level: 3 | 4; most: number }) {
  const { it } = one;
  const href = pathOf(v, it.ref);
  const title = v.titles.get(it.ref) ?? it.ref;
  return (
    <article
      class={`card is-${isOver(one) ? 'over' : shapeOf(one)}`}
      id={`i-${it.ref}`}
      aria-labelledby={`t-${it.ref}`}
    >
      <header class="card-head">
        <Heading level={level} id={`t-${it.ref}`} class="card-title" dir="auto">
          <a href={href}>{shownLine(title)}</a>
        </Heading>
        <Chip v={v} state={it.state} over={isOver(one)} />
      </header>
      <Facts v={v} one={one} brief />
      <NextBy v={v} one={one} />
      <Posts v={v} posts={it.posts.slice(0, most)} of={it.ref} level={level === 3 ? 4 : 4} more={href} />
      {it.posts.length > most && (
        <p class="read-on">
          <a href={href}>{v.words.say('updates.all', { count: it.posts.length })}</a>
        </p>
      )}
    </article>
  );
}

function Chip({ v, state, over }: { v: View; state: PublicPost['state']; over: boolean }) {
  const look = state === 'cancelled' ? 'chip off' : over ? 'chip over' : 'chip';
  return <span class={look}>{v.words.say(`post.${state}`)}</span>;
}

function NextBy({ v, one }: { v: View; one: Happening }) {
  const by = one.is === 'incident' ? one.it.nextBy : null;
  if (by === null || isOver(one)) return null;
  return (
    <p class="next">
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
        <circle cx="8" cy="8" r="6.8" />
        <path d="M8 4v4.3l2.8 1.7" />
      </svg>
      <span>{v.words.sayWith('next', { time: <At v={v} at={by} /> })}</span>
    </p>
  );
}

/** What is known of it as a whole. @param brief without what a card shows elsewhere */
function Facts({ v, one, brief = false }: { v: View; one: Happening; brief?: boolean }) {
  const { words } = v;
  const rows: Array<readonly [string, ComponentChildren]> = [];
  const range = (from: string, to: string) =>
    words.sayWith('range', { from: <At v={v} at={from} />, to: <At v={v} at={to} /> });
  if (one.is === 'maintenance') {
    const { it } = one;
    rows.push([words.say('planned'), range(it.from, it.to)]);
    if (it.startedAt !== null)
      rows.push([
        words.say('actual'),
        it.endedAt === null
          ? words.sayWith('since', { time: <At v={v} at={it.startedAt} /> })
          : range(it.startedAt, it.endedAt),
      ]);
  } else {
    const { it } = one;
    const ended = it.over ? it.resolvedAt : null;
    rows.push([
      words.say('impact'),
      <span class={`state is-${shapeOf(one)}`}>
        <Shape state={shapeOf(one)} />
        {words.say(`impact.${it.impact}`)}
      </span>,
    ]);
    rows.push([words.say('began'), <At v={v} at={it.startedAt} />]);
    if (ended !== null) {
      if (!brief) rows.push([words.say('resolved'), <At v={v} at={ended} />]);
      rows.push([words.say('lasted'), words.duration(secondsBetween(it.startedAt, ended))]);
    }
  }
  const touched = touchedBy(one).map((it) => ({ ...it, changed: it.state !== it.worst && !isOver(one) }));
  return (
    <>
      <dl class="facts">
        {rows.map(([term, said]) => (
          <div>
            <dt>{term}</dt>
            <dd>{said}</dd>
          </div>
        ))}
      </dl>
      {touched.length > 0 && (
        <ul class="touched" aria-label={words.say('affected')}>
          {touched.map(({ name, worst, state, changed }) => (
            <li>
              <ComponentName v={v} name={name} />
              {worst !== null && (
                <span class="touched-states">
                  <span>
                    <State v={v} state={worst} />{' '}
                    {changed && <span class="aside">{words.say('affected.worst')}</span>}
                  </span>
                  {changed && (
                    <span>
                      <State v={v} state={state ?? worst} />{' '}
                      <span class="aside">{words.say('affected.now')}</span>
                    </span>
                  )}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

interface Touched {
  readonly name: string;
  readonly worst: ComponentState | null;
  readonly state: ComponentState | null;
}

export const touchedBy = (one: Happening): readonly Touched[] =>
  one.is === 'incident'
    ? one.it.components
    : one.it.components.map((name) => ({ name, worst: null, state: null }));

/** Posts, the newest first. @param more where the whole of them is, if only their beginnings are wanted */
function Posts({
  v,
  posts,
  of,
  level,
  more,
}: {
  v: View;
  posts: readonly PublicPost[];
  of: string;
  level: Level;
  more: string | null;
}) {
  const { words } = v;
  if (posts.length === 0) return <p class="aside">{words.say('updates.none')}</p>;
  return (
    <ol class="posts">
      {posts.map((post) => (
        <li
          class={post.withdrawnAt === null ? `post is-${post.state}` : 'post is-withdrawn'}
          id={`${of}-${post.id}`}
        >
          <div class="post-head">
            <Heading level={level} class="post-state">
              {words.say(`post.${post.state}`)}
            </Heading>
            <p class="post-time">
              <When v={v} post={post} />
            </p>
          </div>
          <Words v={v} post={post} more={more} />
          {post.withdrawnAt === null && <Changes v={v} post={post} />}
          {post.correctedAt !== null && post.withdrawnAt === null && (
            <p class="aside">{words.sayWith('corrected', { time: <At v={v} at={post.correctedAt} /> })}</p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Words({ v, post, more }: { v: View; post: PublicPost; more: string | null }) {
  if (post.withdrawnAt !== null)
    return (
      <p class="gone">
        <strong>{v.words.sayWith('withdrawn', { time: <At v={v} at={post.withdrawnAt} /> })}</strong>
        {'. '}
        {v.words.say('withdrawn.words')}
      </p>
    );
  if (post.text === null) return <p class="gone">{v.words.say('erased.words')}</p>;
  return <Said v={v} text={post.text} more={more} />;
}

/** What a post says of components, where it says that something changes. */
function Changes({ v, post }: { v: View; post: PublicPost }) {
  const changes = post.components.flatMap(({ name, from, to }) =>
    to === null || to === from ? [] : [{ name, to }],
  );
  if (changes.length === 0) return null;
  return (
    <ul class="changes">
      {changes.map(({ name, to }) => (
        <li>{v.words.sayWith('change', { name: <Name>{name}</Name>, state: <State v={v} state={to} /> })}</li>
      ))}
    </ul>
  );
}

/** A line about something that is over: what it was, when, and how it ended. */
export function Line({ v, one, level }: { v: View; one: Happening; level: 2 | 3 }) {
  const { words } = v;
  const { it } = one;
  const last = it.posts.find((post) => post.withdrawnAt === null && post.text !== null);
  const ended = one.is === 'incident' ? (one.it.over ? one.it.resolvedAt : null) : one.it.endedAt;
  const began = beganAt(one);
  return (
    <li class="line">
      <Shape state={shapeOf(one)} />
      <div>
        <Heading level={level} class="line-title" dir="auto">
          <a href={pathOf(v, it.ref)}>{shownLine(v.titles.get(it.ref) ?? it.ref)}</a>
        </Heading>
        <p class="meta">
          <span>
            {one.is === 'incident'
              ? `${words.say('impact')}: ${words.say(`impact.${one.it.impact}`)}`
              : words.say('maintenance')}
          </span>
          <span>{words.say(`post.${it.state}`)}</span>
          <span>
            <At v={v} at={began} />
          </span>
          {ended !== null && <span>{words.duration(secondsBetween(began, ended))}</span>}
        </p>
        {last?.text && (
          <p class="excerpt" dir="auto">
            {beginning(shown(last.text).replace(/\s+/g, ' ').trim(), 220)}
          </p>
        )}
      </div>
    </li>
  );
}

/** The page of one incident or maintenance. */
export function happeningPage(v: View, one: Happening): string {
  const { words } = v;
  const { it } = one;
  const title = v.titles.get(it.ref) ?? it.ref;
  return framed(
    v,
    { title, here: null },
    <article class={`page is-${isOver(one) ? 'over' : shapeOf(one)}`}>
      <p class="kind">
        {words.say(one.is)}
        {/* What has a name is called by it: the address of a private one holds nothing that can be read. */}
        {it.ref !== it.id && <span class="ref">{it.ref}</span>}
      </p>
      <div class="card-head">
        <h1 dir="auto">{shownLine(title)}</h1>
        <Chip v={v} state={it.state} over={isOver(one)} />
      </div>
      <Facts v={v} one={one} />
      <NextBy v={v} one={one} />
      <section aria-labelledby="updates">
        <h2 id="updates">{words.say('updates')}</h2>
        <Posts v={v} posts={it.posts} of={it.ref} level={3} more={null} />
      </section>
    </article>,
  );
}
