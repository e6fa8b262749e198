import type { JSX } from 'preact';
import {
  type ComponentState,
  DOWN_WEIGHT,
  type PublicComponent,
  type PublicIncident,
  type PublicMaintenance,
  type PublicPage,
  type PublicPost,
} from '#domain/status/page.js';
import { piecesOf, shown, shownLine } from '../plain.js';
import type { LookSettings } from '../settings.js';
import type { Words } from '../words/words.js';

/** What every page is made from. */
export interface View {
  readonly look: LookSettings;
  readonly words: Words;
  readonly page: PublicPage;
  /** Whether there is a `subscribe.html` to link. */
  readonly subscribe: boolean;
  readonly components: ReadonlyMap<string, PublicComponent>;
  /** What an incident or a maintenance is called, by its `ref`. */
  readonly titles: ReadonlyMap<string, string>;
  /** The way from this page to the folder of all: `` or `../`. */
  readonly up: string;
}

/** An incident or a maintenance, where a page does not tell them apart. */
export type Happening = Readonly<
  { is: 'incident'; it: PublicIncident } | { is: 'maintenance'; it: PublicMaintenance }
>;

export type ShownState = ComponentState | 'unknown';
/** The best first, as people read a legend. */
const SHOWN_STATES = ['operational', 'maintenance', 'degraded', 'partial', 'major', 'unknown'] as const;

/** How much of a post is shown where there are others, in characters. */
const EXCERPT = 700;

// --- what people wrote

/** What people wrote, over as many lines as they wrote it, with its addresses as links. */
function Lines({ text }: { text: string }) {
  return (
    <div class="words" dir="auto">
      {piecesOf(text).map((piece) =>
        typeof piece === 'string' ? (
          piece
        ) : (
          <a href={piece.url} rel="nofollow noopener noreferrer">
            {piece.text}
          </a>
        ),
      )}
    </div>
  );
}

/** @param more where the whole text is, if only its beginning is wanted */
export function Said({ v, text, more = null }: { v: View; text: string; more?: string | null }) {
  const clean = shown(text).trim();
  if (more === null || clean.length <= EXCERPT) return <Lines text={clean} />;
  return (
    <>
      <Lines text={beginning(clean, EXCERPT)} />
      <p class="read-on">
        <a href={more}>{v.words.say('readOn')}</a>
      </p>
    </>
  );
}

/** @returns at most so many characters of a text, whole words where it has any, and an ellipsis */
export function beginning(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit).replace(/[\ud800-\udbff]$/, '');
  const word = cut.search(/\s\S*$/);
  return `${(word > limit / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}

/** A name inside a sentence, that keeps its direction of writing to itself. */
export const Name = ({ children }: { children: string }) => <bdi>{shownLine(children)}</bdi>;

// --- times

/** An instant in the page's zone; `page.js` puts it into the reader's. */
export const At = ({ v, at }: { v: View; at: string }) => <time datetime={at}>{v.words.moment(at)}</time>;

/** When something happened, as exactly as it was said. */
export function When({ v, post }: { v: View; post: Pick<PublicPost, 'at' | 'precision'> }) {
  const { at, precision } = post;
  // A bare date has no zone: it stays the one that was typed.
  const date = at.slice(0, 10);
  if (precision === 'date') return <time datetime={date}>{v.words.day(date)}</time>;
  const time = <At v={v} at={at} />;
  return <>{precision === 'approx' ? v.words.sayWith('about', { time }) : time}</>;
}

export const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1_000;

// --- states

/** A shape for each, so that nobody needs to tell their colours apart; the words stand beside it. */
const SHAPES: Readonly<Record<ShownState, JSX.Element>> = {
  operational: (
    <>
      <circle cx="8" cy="8" r="8" />
      <path class="mark" d="M4.6 8.3 7 10.7l4.5-5" />
    </>
  ),
  maintenance: (
    <>
      <rect x="0.5" y="0.5" width="15" height="15" rx="4" />
      <path class="mark" d="M5.7 4.8v6.4M10.3 4.8v6.4" />
    </>
  ),
  degraded: (
    <>
      <path d="M8 .8a1.6 1.6 0 0 1 1.4.8l6 11a1.6 1.6 0 0 1-1.4 2.4H2a1.6 1.6 0 0 1-1.4-2.4l6-11A1.6 1.6 0 0 1 8 .8z" />
      <path class="mark" d="M8 5.6v3.6M8 11.9v.1" />
    </>
  ),
  partial: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="1.8" transform="rotate(45 8 8)" />
      <path class="mark" d="M5 8h6" />
    </>
  ),
  major: (
    <>
      <path d="M5 .3h6a1 1 0 0 1 .7.3l3.7 3.7a1 1 0 0 1 .3.7v6a1 1 0 0 1-.3.7l-3.7 3.7a1 1 0 0 1-.7.3H5a1 1 0 0 1-.7-.3L.6 11.7A1 1 0 0 1 .3 11V5a1 1 0 0 1 .3-.7L4.3.6A1 1 0 0 1 5 .3z" />
      <path class="mark" d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" />
    </>
  ),
  unknown: (
    <>
      <circle class="hollow" cx="8" cy="8" r="6.8" />
      <path class="query" d="M6.2 6.4c0-2.6 3.8-2.4 3.8 0 0 1.5-2 1.5-2 2.9M8 11.5v.1" />
    </>
  ),
};

export const Shape = ({ state }: { state: ShownState }) => (
  <svg
    class={`shape is-${state}`}
    viewBox="0 0 16 16"
    width="16"
    height="16"
    aria-hidden="true"
    focusable="false"
  >
    {SHAPES[state]}
  </svg>
);

export const State = ({ v, state }: { v: View; state: ShownState }) => (
  <span class={`state is-${state}`}>
    <Shape state={state} />
    {v.words.say(`state.${state}`)}
  </span>
);

/** The shape that an impact shares with a state. */
export const IMPACT_STATE = {
  none: 'unknown',
  minor: 'degraded',
  major: 'partial',
  critical: 'major',
} as const;

export const ORDER: Readonly<Record<ShownState, number>> = {
  unknown: 0,
  operational: 0,
  maintenance: 1,
  degraded: 2,
  partial: 3,
  major: 4,
};

export function worstOf(states: Iterable<ComponentState>): ComponentState {
  let worst: ComponentState = 'operational';
  for (const state of states) if (ORDER[state] > ORDER[worst]) worst = state;
  return worst;
}

/** A component's name, leading to its page where it has one. */
export function ComponentName({ v, name }: { v: View; name: string }) {
  const slug = v.components.get(name)?.slug;
  if (slug === undefined) return <Name>{name}</Name>;
  return (
    <a href={`${v.up}components/${slug}.html`}>
      <Name>{name}</Name>
    </a>
  );
}

export const pathOf = (v: View, ref: string) => `${v.up}incidents/${encodeURIComponent(ref)}.html`;

// --- ninety days

const [PITCH, TOP, BOTTOM] = [8, 5, 31];
/** Where the strokes of a day begin and end. More of them: nearer to nothing being wrong. */
const STROKES: Readonly<Record<Exclude<ShownState, 'unknown'>, ReadonlyArray<readonly [number, number]>>> = {
  operational: [[TOP, BOTTOM]],
  major: [[TOP, BOTTOM]],
  partial: [
    [TOP, 15],
    [21, BOTTOM],
  ],
  degraded: [
    [TOP, 10],
    [16, 20],
    [26, BOTTOM],
  ],
  maintenance: [
    [TOP, TOP],
    [13, 14],
    [22, 23],
    [BOTTOM, BOTTOM],
  ],
};

function strokes(state: ShownState, index: number): string {
  const x = index * PITCH + PITCH / 2;
  if (state === 'unknown') return `M${x} 18v.01`;
  return STROKES[state].map(([from, to]) => `M${x} ${from}v${to - from || 0.01}`).join('');
}

/** A bar for each day. It is a picture of what `DaysInWords` says, and says nothing to who cannot see it. */
export function Bars({ v, of }: { v: View; of: PublicComponent }) {
  const plain: Record<'operational' | 'unknown', string[]> = { operational: [], unknown: [] };
  const told: JSX.Element[] = [];
  of.days.forEach((day, i) => {
    const state = day.worst ?? 'unknown';
    if (state === 'operational' || state === 'unknown') plain[state].push(strokes(state, i));
    else
      told.push(
        <path class={`day is-${state}`} d={strokes(state, i)}>
          <title>{`${v.words.day(day.date)}: ${secondsInWords(v, day.seconds).join(', ')}`}</title>
        </path>,
      );
  });
  const days = Math.max(1, of.days.length);
  return (
    <div class="bars">
      <svg viewBox={`0 0 ${days * PITCH} 36`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {plain.unknown.length > 0 && <path class="day is-unknown" d={plain.unknown.join('')} />}
        {plain.operational.length > 0 && <path class="day is-operational" d={plain.operational.join('')} />}
        {told}
      </svg>
    </div>
  );
}

/** The same mark as a bar of that state has, for a legend. */
const BarMark = ({ state }: { state: ShownState }) => (
  <svg class="bar-mark" viewBox="0 0 8 36" width="8" height="36" aria-hidden="true" focusable="false">
    <path class={`day is-${state}`} d={strokes(state, 0)} />
  </svg>
);

/** `Partial outage 18 min`, of each state that was not well, the worst first. */
export function secondsInWords(v: View, seconds: PublicComponent['days'][number]['seconds']): string[] {
  const worstFirst = (['major', 'partial', 'degraded', 'maintenance'] as const).filter(
    (state) => (seconds[state] ?? 0) > 0,
  );
  return worstFirst.map(
    (state) => `${v.words.say(`state.${state}`)} ${v.words.duration(seconds[state] ?? 0)}`,
  );
}

type Day = PublicComponent['days'][number];

/** Every day in words: those of which there is nothing to tell together, the newest first. */
export function DaysInWords({ v, of }: { v: View; of: PublicComponent }) {
  const runs: Array<{ state: ShownState; first: Day; last: Day }> = [];
  for (const day of of.days) {
    const state = day.worst ?? 'unknown';
    const before = runs.at(-1);
    if (before && before.state === state && (state === 'operational' || state === 'unknown'))
      before.last = day;
    else runs.push({ state, first: day, last: day });
  }
  return (
    <ul class="runs">
      {runs.reverse().map(({ state, first, last }) => (
        <li>
          <span class="run-days">{v.words.dayRange(first.date, last.date)}</span>{' '}
          <State v={v} state={state} />
          <DayDetail v={v} day={first} />
        </li>
      ))}
    </ul>
  );
}

/** How long, and why: nothing of a day without trouble. */
function DayDetail({ v, day }: { v: View; day: Day }) {
  const times = secondsInWords(v, day.seconds);
  if (times.length === 0) return null;
  return (
    <span class="run-why">
      {times.join(', ')}
      <Refs v={v} refs={day.refs} before=" · " />
    </span>
  );
}

/** Links to what touched a day. */
export function Refs({ v, refs, before = '' }: { v: View; refs: readonly string[]; before?: string }) {
  const known = refs.filter((ref) => v.titles.has(ref));
  return (
    <>
      {known.map((ref, i) => (
        <>
          {i === 0 ? before : ', '}
          <a href={pathOf(v, ref)}>
            <Name>{v.titles.get(ref) ?? ref}</Name>
          </a>
        </>
      ))}
    </>
  );
}

/** Less than this is missing from ninety days: only an hour that a clock skipped, and today's end. */
const WHOLE = 89 * 86_400 - 3_600;

export function uptimeInWords(v: View, uptime: PublicComponent['uptime']): string {
  if (uptime === null) return v.words.say('uptime.none');
  const figure = v.words.say('uptime', { ratio: v.words.ratio(uptime.ratio) });
  if (uptime.knownSeconds >= WHOLE) return figure;
  return `${figure} ${v.words.say('uptime.of', { duration: v.words.duration(uptime.knownSeconds) })}`;
}

/** What the marks mean and how the figures come about. */
export function Notes({ v }: { v: View }) {
  return (
    <div class="notes">
      <ul class="legend" aria-label={v.words.say('legend')}>
        {SHOWN_STATES.map((state) => (
          <li>
            <BarMark state={state} />
            <State v={v} state={state} />
          </li>
        ))}
      </ul>
      <details id="counted" class="counted">
        <summary>{v.words.say('uptime.how')}</summary>
        <p>{v.words.say('uptime.rule', { partial: v.words.weight(DOWN_WEIGHT.partial ?? 0) })}</p>
      </details>
    </div>
  );
}
