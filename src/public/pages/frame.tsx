import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Overall } from '#domain/status/page.js';
import { shownLine } from '../plain.js';
import { At, type ShownState, type View } from './pieces.js';

/** What the sentence at the top is drawn as. */
export const OVERALL_STATE: Readonly<Record<Overall['kind'], ShownState>> = {
  operational: 'operational',
  incident: 'degraded',
  maintenance: 'maintenance',
  degraded: 'degraded',
  partial: 'partial',
  major: 'major',
};

/** Colours of the icon in a browser's tab: they stand on light and on dark. */
const TAB_COLOURS: Readonly<Record<ShownState, string>> = {
  operational: '#1f9d55',
  maintenance: '#2b7de9',
  degraded: '#d99a00',
  partial: '#e8710a',
  major: '#d93025',
  unknown: '#808890',
};
const TAB_MARKS: Readonly<Record<ShownState, string>> = {
  operational: 'M9 16.5l5 5 9-10',
  maintenance: 'M12 10v12M20 10v12',
  degraded: 'M16 8v10M16 24v.1',
  partial: 'M9 16h14',
  major: 'M10 10l12 12M22 10L10 22',
  unknown: 'M10 16h.1M16 16h.1M22 16h.1',
};

function tabIcon(state: ShownState): string {
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${TAB_COLOURS[state]}"/><path d="${TAB_MARKS[state]}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawn)}`;
}

interface Frame {
  /** Its name in the heading of the browser; null: it is the first page. */
  readonly title: string | null;
  /** Which link of the navigation it is. */
  readonly here: 'current' | 'history' | null;
  /** Feeds of its own, from this page. */
  readonly feeds?: { readonly atom: string; readonly json: string };
}

/** A whole page: what stands in `main`, and around it what is the same on all of them. */
export function framed(v: View, frame: Frame, main: ComponentChildren): string {
  const { look, words, up, page } = v;
  const site = shownLine(look.title);
  const title = frame.title === null ? site : `${shownLine(frame.title)} · ${site}`;
  const feeds = frame.feeds ?? { atom: `${up}feed.atom`, json: `${up}feed.json` };
  const overall = words.say(`overall.${page.overall.kind}`);
  const html = renderToString(
    <html lang={look.language} dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{frame.title === null ? `${overall} · ${site}` : title}</title>
        <meta name="description" content={frame.title === null ? overall : title} />
        <meta property="og:title" content={title} />
        <meta property="og:description" content={overall} />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="Tocsin" />
        <link rel="icon" type="image/svg+xml" href={tabIcon(OVERALL_STATE[page.overall.kind])} />
        <link rel="stylesheet" href={`${up}style.css`} />
        <link rel="alternate" type="application/atom+xml" title={words.say('feedAtom')} href={feeds.atom} />
        <link rel="alternate" type="application/feed+json" title={words.say('feedJson')} href={feeds.json} />
        <script src={`${up}page.js`} defer />
      </head>
      <body data-locale={words.locale} data-zone={look.zone}>
        <a class="skip" href="#main">
          {words.say('skip')}
        </a>
        <Header v={v} here={frame.here} first={frame.title === null} />
        <p id="stale" class="stale" role="status" data-stale={words.say('stale', { time: '{time}' })} />
        <main id="main" tabindex={-1}>
          {main}
        </main>
        <Footer v={v} />
      </body>
    </html>,
  );
  return `<!doctype html>\n${html}\n`;
}

function Header({ v, here, first }: { v: View; here: Frame['here']; first: boolean }) {
  const { look, words, up, subscribe } = v;
  const link = (to: 'current' | 'history', href: string) => (
    <li>
      <a href={href} aria-current={here === to ? 'page' : undefined}>
        {words.say(to)}
      </a>
    </li>
  );
  const brand = (
    <a class="brand" href={`${up}index.html`}>
      {look.logo && (
        <img
          src={up + look.logo.file.split('/').map(encodeURIComponent).join('/')}
          alt={look.logo.alt}
          height={40}
        />
      )}
      <span dir="auto">{shownLine(look.title)}</span>
    </a>
  );
  return (
    <header class="top" id="top">
      <div class="bar">
        {first ? <h1 class="site">{brand}</h1> : <p class="site">{brand}</p>}
        <nav aria-label={words.say('site')}>
          <ul class="nav">
            {link('current', `${up}index.html`)}
            {link('history', `${up}history.html`)}
            {subscribe && (
              <li>
                <a class="button" href={`${up}subscribe.html`}>
                  {words.say('subscribe')}
                </a>
              </li>
            )}
          </ul>
        </nav>
      </div>
      {first && look.about !== null && (
        <p class="about" dir="auto">
          {shownLine(look.about)}
        </p>
      )}
      {first && look.links.length > 0 && (
        <nav aria-label={words.say('links')}>
          <ul class="links">
            {look.links.map(({ text, url }) => (
              <li>
                <a href={/^(?:https?|mailto):/i.test(url) ? url : undefined} rel="noopener">
                  <span dir="auto">{shownLine(text)}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </header>
  );
}

function Footer({ v }: { v: View }) {
  const { look, words, up, page, subscribe } = v;
  const spoken =
    new Intl.DisplayNames([words.locale], { type: 'language' }).of(look.language) ?? look.language;
  return (
    <footer class="foot" id="foot">
      <ul class="nav">
        {subscribe && (
          <li>
            <a href={`${up}subscribe.html`}>{words.say('subscribe')}</a>
          </li>
        )}
        <li>
          <a href={`${up}feed.atom`}>{words.say('feedAtom')}</a>
        </li>
        <li>
          <a href={`${up}feed.json`}>{words.say('feedJson')}</a>
        </li>
        <li>
          <a href={`${up}history.html`}>{words.say('history')}</a>
        </li>
      </ul>
      <p>
        <span>{words.sayWith('generated', { time: <At v={v} at={page.at} /> })}</span>{' '}
        <span id="zone" data-local={words.say('zone.local', { zone: '{zone}' })}>
          {words.say('zone', { zone: look.zone })}
        </span>{' '}
        <span>{words.say('language', { language: spoken })}</span>
      </p>
    </footer>
  );
}
