import type { PublicComponent } from '#domain/status/page.js';
import { shownLine } from '../plain.js';
import { framed } from './frame.js';
import { beganAt, Line, touchedBy } from './happening.js';
import {
  At,
  Bars,
  type Happening,
  Notes,
  Refs,
  Said,
  State,
  secondsInWords,
  uptimeInWords,
  type View,
} from './pieces.js';

/** Of what has touched a component the newest are listed. */
const MOST = 50;
/** A day that is known for less than this is known in part; one on which a clock skips an hour is whole. */
const WHOLE_DAY = 23 * 3_600;

/** @param touching all that ever touched it, the newest first */
export function componentPage(v: View, of: PublicComponent, touching: readonly Happening[]): string {
  const { words } = v;
  const feed = (kind: 'atom' | 'json') => `${of.slug}.${kind}`;
  return framed(
    v,
    { title: of.name, here: null, feeds: { atom: feed('atom'), json: feed('json') } },
    <article class="page">
      <p class="kind" dir="auto">
        {of.group === null ? words.say('components') : shownLine(of.group)}
      </p>
      <div class="card-head">
        <h1 dir="auto">{shownLine(of.name)}</h1>
        <p class="big-state">
          <State v={v} state={of.state} />
          {of.stateSince !== null && (
            <span class="aside">{words.sayWith('since', { time: <At v={v} at={of.stateSince} /> })}</span>
          )}
        </p>
      </div>
      {of.description !== null && <Said v={v} text={of.description} />}
      <ul class="feeds">
        {v.subscribe && (
          <li>
            <a class="button" href={`${v.up}subscribe.html?component=${of.slug}`}>
              {words.say('subscribeOne')}
            </a>
          </li>
        )}
        <li>
          <a href={feed('atom')}>{words.say('feedAtom')}</a>
        </li>
        <li>
          <a href={feed('json')}>{words.say('feedJson')}</a>
        </li>
      </ul>
      <section aria-labelledby="days-title">
        <h2 id="days-title">{uptimeInWords(v, of.uptime)}</h2>
        <div class="ninety panel">
          <Bars v={v} of={of} />
          <p class="scale" aria-hidden="true">
            <span class="from wide">{words.say('bar.from', { days: Math.max(1, of.days.length) })}</span>
            <span class="from narrow">
              {words.say('bar.from', { days: Math.min(30, Math.max(1, of.days.length)) })}
            </span>
            <span class="to">{words.say('bar.today')}</span>
          </p>
          <details class="table" id="table">
            <summary>{words.say('days.table')}</summary>
            <Table v={v} of={of} />
          </details>
        </div>
        <Notes v={v} />
      </section>
      <section aria-labelledby="touched-title">
        <h2 id="touched-title">{words.say('touched')}</h2>
        {touching.length === 0 && <p class="aside">{words.say('touched.none')}</p>}
        <ul class="lines">
          {touching.slice(0, MOST).map((one) => (
            <Line v={v} one={one} level={3} />
          ))}
        </ul>
        {touching.length > MOST && (
          <p class="read-on">
            <a href={`${v.up}history.html`}>{words.say('touched.more')}</a>
          </p>
        )}
      </section>
    </article>,
  );
}

/** Each day in words, the newest first. */
function Table({ v, of }: { v: View; of: PublicComponent }) {
  const { words } = v;
  return (
    <table>
      <caption class="unseen">{words.say('bar.label', { name: shownLine(of.name) })}</caption>
      <thead>
        <tr>
          <th scope="col">{words.say('day')}</th>
          <th scope="col">{words.say('day.state')}</th>
          <th scope="col">{words.say('day.times')}</th>
          <th scope="col">{words.say('day.cause')}</th>
        </tr>
      </thead>
      <tbody>
        {of.days
          .map((day, i) => {
            const partly = day.worst !== null && day.known < WHOLE_DAY && i < of.days.length - 1;
            const times = secondsInWords(v, day.seconds);
            if (partly) times.push(words.say('day.partly', { duration: words.duration(day.known) }));
            return (
              <tr>
                <th scope="row">
                  <time datetime={day.date}>{words.day(day.date)}</time>
                </th>
                <td>
                  <State v={v} state={day.worst ?? 'unknown'} />
                </td>
                <td>{times.join(', ')}</td>
                <td>
                  <Refs v={v} refs={day.refs} />
                </td>
              </tr>
            );
          })
          .reverse()}
      </tbody>
    </table>
  );
}

/** @returns what touched each component, the newest first, by name */
export function touchingOf(happenings: readonly Happening[]): Map<string, Happening[]> {
  const found = new Map<string, Happening[]>();
  for (const one of happenings)
    for (const { name } of touchedBy(one)) {
      const of = found.get(name);
      if (of) of.push(one);
      else found.set(name, [one]);
    }
  for (const of of found.values()) of.sort((a, b) => Date.parse(beganAt(b)) - Date.parse(beganAt(a)));
  return found;
}
