import { framed } from './frame.js';
import { beganAt, Line } from './happening.js';
import type { Happening, View } from './pieces.js';

/** Months in which something happened, the newest first: `2024-11`, and what began in it, the newest first. */
export type Months = ReadonlyMap<string, readonly Happening[]>;

/** @param happenings in any order; what is only planned has not happened */
export function monthsOf(v: View, happenings: readonly Happening[]): Months {
  const months = new Map<string, Happening[]>();
  const happened = happenings
    .filter((one) => one.is === 'incident' || one.it.state !== 'scheduled')
    .map((one) => ({ one, at: Date.parse(beganAt(one)) }))
    .sort((a, b) => b.at - a.at);
  for (const { one } of happened) {
    const month = monthOf(v, one);
    const of = months.get(month);
    if (of) of.push(one);
    else months.set(month, [one]);
  }
  return months;
}

const monthOf = (v: View, one: Happening): string => v.words.dateOf(beganAt(one)).slice(0, 7);

/** All months, and what happened in the newest. */
export function historyPage(v: View, months: Months): string {
  const { words } = v;
  const [newest] = months;
  const years = new Map<string, Array<readonly [string, number]>>();
  for (const [month, { length }] of months) {
    const year = month.slice(0, -3);
    years.set(year, [...(years.get(year) ?? []), [month, length]]);
  }
  return framed(
    v,
    { title: words.say('history'), here: 'history' },
    <div class="page">
      <h1>{words.say('history')}</h1>
      {newest === undefined ? (
        <p class="aside">{words.say('history.none')}</p>
      ) : (
        <>
          <section aria-labelledby="newest">
            <h2 id="newest">{words.month(newest[0])}</h2>
            <Lines v={v} of={newest[1]} level={3} />
          </section>
          <nav aria-labelledby="months" class="months">
            <h2 id="months">{words.say('history.months')}</h2>
            {[...years].map(([year, of]) => (
              <section aria-labelledby={`y-${year}`}>
                <h3 id={`y-${year}`}>{year}</h3>
                <ul>
                  {of.map(([month, count]) => (
                    <li>
                      <a href={`${v.up}history/${month}.html`}>{words.month(month)}</a>{' '}
                      <span class="count">{words.say('history.count', { count })}</span>
                    </li>
                  ))}
                </ul>
              </section>
            ))}
          </nav>
        </>
      )}
    </div>,
  );
}

/** One month, with the ones before and after it in which something happened. */
export function monthPage(v: View, months: Months, month: string): string {
  const { words } = v;
  const all = [...months.keys()];
  const i = all.indexOf(month);
  const [later, earlier] = [all[i - 1], all[i + 1]];
  return framed(
    v,
    { title: words.say('history.of', { month: words.month(month) }), here: 'history' },
    <div class="page">
      <p class="kind">
        <a href={`${v.up}history.html`}>{words.say('history')}</a>
      </p>
      <h1>{words.month(month)}</h1>
      <Lines v={v} of={months.get(month) ?? []} level={2} />
      <nav class="paging" aria-label={words.say('history.months')}>
        {earlier !== undefined && (
          <a class="earlier" rel="prev" href={`${earlier}.html`}>
            <span>{words.say('history.earlier')}</span> {words.month(earlier)}
          </a>
        )}
        {later !== undefined && (
          <a class="later" rel="next" href={`${later}.html`}>
            <span>{words.say('history.later')}</span> {words.month(later)}
          </a>
        )}
      </nav>
    </div>,
  );
}

const Lines = ({ v, of, level }: { v: View; of: readonly Happening[]; level: 2 | 3 }) => (
  <ul class="lines">
    {of.map((one) => (
      <Line v={v} one={one} level={level} />
    ))}
  </ul>
);
