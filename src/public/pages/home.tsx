import type { PublicComponent } from '#domain/status/page.js';
import { shownLine } from '../plain.js';
import { framed, OVERALL_STATE } from './frame.js';
import { beganAt, Card, Heading, isOver } from './happening.js';
import {
  At,
  Bars,
  DaysInWords,
  type Happening,
  Name,
  Notes,
  ORDER,
  Shape,
  State,
  uptimeInWords,
  type View,
  worstOf,
} from './pieces.js';

/** How far back the first page looks. */
const PAST_DAYS = 14;
/** Posts of one incident on the first page. */
const OPEN_POSTS = 20;
const PAST_POSTS = 6;
/** As many components as can be looked over at once: groups are open then. */
const FEW = 24;
/** More than that in one place are folded away, but those that are not well. */
const MANY = 40;

export function homePage(v: View): string {
  const { page } = v;
  const past = Date.parse(page.at) - PAST_DAYS * 86_400_000;
  const all: Happening[] = [
    ...page.incidents.map((it) => ({ is: 'incident', it }) as const),
    ...page.maintenances.map((it) => ({ is: 'maintenance', it }) as const),
  ];
  const open = all.filter((one) => one.is === 'incident' && !isOver(one));
  const planned = all
    .filter((one) => one.is === 'maintenance' && !isOver(one))
    .sort((a, b) => Date.parse(beganAt(a)) - Date.parse(beganAt(b)));
  const over = all
    .filter((one) => isOver(one) && Date.parse(endOf(one)) >= past)
    .sort((a, b) => Date.parse(beganAt(b)) - Date.parse(beganAt(a)));
  return framed(
    v,
    { title: null, here: 'current' },
    <>
      <Overall v={v} />
      <Cards
        v={v}
        id="open"
        title={v.words.say('openIncidents', { count: open.length })}
        of={open}
        most={OPEN_POSTS}
      />
      <Cards v={v} id="planned" title={v.words.say('maintenances')} of={planned} most={OPEN_POSTS} />
      <Components v={v} />
      <Past v={v} of={over} />
    </>,
  );
}

/** What is long over is not past of these days, however late it was posted. */
const endOf = (one: Happening): string =>
  one.is === 'incident' ? (one.it.resolvedAt ?? one.it.updatedAt) : (one.it.endedAt ?? one.it.from);

function Overall({ v }: { v: View }) {
  const { words, page } = v;
  const state = OVERALL_STATE[page.overall.kind];
  return (
    <section class={`overall is-${state}`} id="overall" aria-label={words.say('current')}>
      <Shape state={state} />
      <div>
        <p class="sentence" role="status" id="sentence">
          {words.say(`overall.${page.overall.kind}`)}
        </p>
        {page.updatedAt !== null && (
          <p class="sub">{words.sayWith('changed', { time: <At v={v} at={page.updatedAt} /> })}</p>
        )}
      </div>
    </section>
  );
}

function Cards({
  v,
  id,
  title,
  of,
  most,
}: {
  v: View;
  id: string;
  title: string;
  of: readonly Happening[];
  most: number;
}) {
  if (of.length === 0) return null;
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {of.map((one) => (
        <Card v={v} one={one} level={3} most={most} />
      ))}
    </section>
  );
}

function Past({ v, of }: { v: View; of: readonly Happening[] }) {
  const days = new Map<string, Happening[]>();
  for (const one of of) {
    const day = v.words.dateOf(beganAt(one));
    days.set(day, [...(days.get(day) ?? []), one]);
  }
  return (
    <section id="past" aria-labelledby="past-title">
      <h2 id="past-title">{v.words.say('past')}</h2>
      {[...days].map(([day, ones]) => (
        <section class="past-day" id={`on-${day}`} aria-labelledby={`on-${day}-title`}>
          <h3 class="day-title" id={`on-${day}-title`}>
            <time datetime={day}>{v.words.day(day)}</time>
          </h3>
          {ones.map((one) => (
            <Card v={v} one={one} level={4} most={PAST_POSTS} />
          ))}
        </section>
      ))}
      <p class="aside">{v.words.say(days.size === 0 ? 'past.none' : 'past.rest', { days: PAST_DAYS })}</p>
      <p class="read-on">
        <a href={`${v.up}history.html`}>{v.words.say('past.all')}</a>
      </p>
    </section>
  );
}

function Components({ v }: { v: View }) {
  const { words, page } = v;
  const groups = new Map<string | null, PublicComponent[]>();
  for (const component of page.components)
    groups.set(component.group, [...(groups.get(component.group) ?? []), component]);
  const few = page.components.length <= FEW;
  return (
    <section id="components" aria-labelledby="components-title">
      <h2 id="components-title">{words.say('components')}</h2>
      {page.components.length === 0 && <p class="aside">{words.say('components.none')}</p>}
      {[...groups].map(([group, of], i) => {
        const alone = group === null && groups.size === 1;
        const title = group ?? words.say(alone ? 'components' : 'components.other');
        if (group === null && of.length <= MANY && (alone || i === 0))
          return <Rows v={v} of={of} level={3} />;
        return <Group v={v} title={title} id={`g-${group === null ? 'other' : i}`} of={of} few={few} />;
      })}
      {page.components.length > 0 && <Notes v={v} />}
    </section>
  );
}

interface GroupProps {
  readonly v: View;
  readonly title: string;
  readonly id: string;
  readonly of: readonly PublicComponent[];
  readonly few: boolean;
}

/** Of a group that is folded away because it is long, those that are not well stand before it. */
function Group({ v, title, id, of, few }: GroupProps) {
  const unwell = of.filter(({ state }) => ORDER[state] > 0);
  const long = of.length > MANY;
  const inside = long ? of.filter(({ state }) => ORDER[state] === 0) : of;
  return (
    <>
      {long && unwell.length > 0 && <Rows v={v} of={unwell} level={3} />}
      {inside.length > 0 && (
        <details class="group" id={id} open={!long && (few || unwell.length > 0)}>
          <summary>
            <h3>
              <Name>{title}</Name>
            </h3>
            <span class="count">{v.words.say('components.count', { count: inside.length })}</span>
            <State v={v} state={worstOf(inside.map(({ state }) => state))} />
          </summary>
          <Rows v={v} of={inside} level={4} />
        </details>
      )}
    </>
  );
}

function Rows({ v, of, level }: { v: View; of: readonly PublicComponent[]; level: 3 | 4 }) {
  return (
    <ul class="components">
      {of.map((component) => (
        <li class="component" id={`c-${component.slug}`}>
          <div class="component-head">
            <Heading level={level} class="component-name" dir="auto">
              <a href={`${v.up}components/${component.slug}.html`}>{shownLine(component.name)}</a>
            </Heading>
            <State v={v} state={component.state} />
          </div>
          {component.description !== null && (
            <p class="description" dir="auto">
              {shownLine(component.description)}
            </p>
          )}
          <NinetyDays v={v} of={component} />
        </li>
      ))}
    </ul>
  );
}

/** The bars, and under them what they say, for who asks or cannot see them. */
function NinetyDays({ v, of }: { v: View; of: PublicComponent }) {
  const { words } = v;
  const days = Math.max(1, of.days.length);
  return (
    <div class="ninety">
      <Bars v={v} of={of} />
      <details class="scale" id={`d-${of.slug}`}>
        <summary>
          <span class="unseen">{words.say('bar.label', { name: shownLine(of.name) })}: </span>
          <span class="from wide">{words.say('bar.from', { days })}</span>
          <span class="from narrow">{words.say('bar.from', { days: Math.min(days, 30) })}</span>
          <span class="uptime">{uptimeInWords(v, of.uptime)}</span>
          <span class="to">{words.say('bar.today')}</span>
        </summary>
        <DaysInWords v={v} of={of} />
      </details>
    </div>
  );
}
