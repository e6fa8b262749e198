import { readFileSync } from 'node:fs';
import type { PublicPage } from '#domain/status/page.js';
import type { LookSettings } from '../settings.js';
import { Words } from '../words/words.js';
import { componentPage, touchingOf } from './component.js';
import { happeningPage } from './happening.js';
import { historyPage, monthPage, monthsOf } from './history.js';
import { homePage } from './home.js';
import type { Happening, View } from './pieces.js';

/** A file of the built folder: its path in it, with `/`, and what is in it. */
export type BuiltFile = readonly [path: string, content: string];

export interface Wanted {
  /**
   * Incidents and maintenances whose own pages are made, by `ref`; null: of all. Pages that show several of them are made each
   * time: whatever of them is the same as before is not written again.
   */
  readonly refs: ReadonlySet<string> | null;
  /** Whether there is a `subscribe.html` to link. */
  readonly subscribe?: boolean;
}

/**
 * Every page as HTML, one after the other: none is made before it is asked for. Links are relative, nothing is inline, and
 * whatever people wrote is shown as the text it is.
 * @throws RangeError when there is no such time zone
 */
export function* htmlFiles(
  page: PublicPage,
  look: LookSettings,
  wanted: Wanted = { refs: null },
): Iterable<BuiltFile> {
  const words = new Words(look.language, look.zone);
  const happenings: Happening[] = [
    ...page.incidents.map((it) => ({ is: 'incident', it }) as const),
    ...page.maintenances.map((it) => ({ is: 'maintenance', it }) as const),
  ];
  const view = (up: string): View => ({
    ...{ look, words, page, up },
    subscribe: wanted.subscribe ?? false,
    components,
    titles,
  });
  const components = new Map(page.components.map((component) => [component.name, component]));
  const titles = new Map(
    happenings.map((one) => [one.it.ref, one.is === 'incident' ? words.titleOf(one.it) : one.it.title]),
  );
  const [top, below] = [view(''), view('../')];

  yield ['index.html', homePage(top)];
  const months = monthsOf(top, happenings);
  yield ['history.html', historyPage(top, months)];

  const { refs } = wanted;
  for (const one of happenings)
    if (refs === null || refs.has(one.it.ref))
      yield [`incidents/${one.it.ref}.html`, happeningPage(below, one)];

  for (const month of months.keys()) yield [`history/${month}.html`, monthPage(below, months, month)];

  const touching = touchingOf(happenings);
  for (const component of page.components)
    yield [
      `components/${component.slug}.html`,
      componentPage(below, component, touching.get(component.name) ?? []),
    ];
}

const file = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');

/** What all pages load: the style, in the organisation's colours, and the script. */
export function* assets(look: Pick<LookSettings, 'colours'>): Iterable<BuiltFile> {
  yield ['style.css', `${file('style.css')}${themeOf(look)}`];
  yield ['page.js', file('page.js')];
}

/** Each colour where it has contrast: one that was given for light only leaves the dark page ours. */
function themeOf({ colours: { accent, accentDark } }: Pick<LookSettings, 'colours'>): string {
  const rule = (media: string, colour: string | null) =>
    colour === null ? '' : `\n@media ${media} {\n  :root {\n    --accent: ${colour};\n  }\n}\n`;
  return (
    rule('print, (prefers-color-scheme: light)', accent) +
    rule('screen and (prefers-color-scheme: dark)', accentDark)
  );
}
