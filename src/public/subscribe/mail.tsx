import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { LookSettings } from '../settings.js';
import type { Told } from './story.js';
import { oneLine, type Words } from './words.js';

/** A mail as it is handed over, but for who gets it. */
export interface Letter {
  subject: string;
  text: string;
  html: string;
  /** Without its angle brackets; the same for the same mail, so that one that comes twice is known. */
  messageId: string;
  /** Where a click unsubscribes; null: nobody is subscribed yet. */
  unsubscribe: string | null;
}

interface Links {
  unsubscribe: string;
  manage: string;
}

/** So many characters of one post are in a mail; the rest is on the page. */
const MOST_TEXT = 10_000;

/**
 * One mail with everything that waits for somebody, in order.
 * @param told at least one
 */
export function changeLetter(
  told: readonly Told[],
  look: Pick<LookSettings, 'title' | 'language'>,
  words: Words,
  language: string,
  links: Links,
  messageId: string,
): Letter {
  const [first] = told;
  if (!first) throw new Error('a mail about nothing');
  const page = oneLine(look.title);
  const sections = told.map((one) => ({ ...one, ...cut(one.text, words) }));
  const subject =
    told.length === 1 ? first.subject : words('subject.many', { count: told.length, title: page });
  const why = words('mail.why', { title: page });
  const text = [
    ...sections.map((one) =>
      [
        one.state === null ? one.title : `${one.state} – ${one.title}`,
        one.time,
        ...(one.lead ? ['', one.lead] : []),
        ...(one.text ? ['', one.text] : []),
        ...(one.rest ? [one.rest] : []),
        ...(one.lines.length > 0 ? ['', ...one.lines] : []),
        ...(one.url ? ['', `${words('mail.see')}: ${one.url}`] : []),
      ].join('\n'),
    ),
    [
      '-- ',
      why,
      `${words('mail.manage')}: ${links.manage}`,
      `${words('mail.unsubscribe')}: ${links.unsubscribe}`,
    ].join('\n'),
  ].join('\n\n');
  const html = documentOf(
    language,
    subject,
    <>
      {sections.map((one) => (
        <div style="margin:0 0 2em">
          <h2 style="font-size:1.15em;margin:0 0 .25em" dir="auto">
            {one.state === null ? one.title : `${one.state} – ${one.title}`}
          </h2>
          <p style="margin:0 0 .75em;color:#555">{one.time}</p>
          {one.lead && <p>{one.lead}</p>}
          {one.text && (
            <p style="white-space:pre-wrap" dir="auto">
              {one.text}
            </p>
          )}
          {one.rest && <p>{one.rest}</p>}
          {one.lines.map((line) => (
            <p style="margin:.25em 0" dir="auto">
              {line}
            </p>
          ))}
          {one.url && (
            <p>
              <a href={one.url}>{words('mail.see')}</a>
            </p>
          )}
        </div>
      ))}
      <p style="color:#555;font-size:.9em;border-top:1px solid #ccc;padding-top:1em">
        <span dir="auto">{why}</span>
        <br />
        <a href={links.manage}>{words('mail.manage')}</a> ·{' '}
        <a href={links.unsubscribe}>{words('mail.unsubscribe')}</a>
      </p>
    </>,
  );
  return { subject: oneLine(subject), text, html, messageId, unsubscribe: links.unsubscribe };
}

/** Asks an address whether it was them. */
export function confirmLetter(
  title: string,
  words: Words,
  language: string,
  url: string,
  messageId: string,
): Letter {
  const of = { title: oneLine(title) };
  return plainLetter(
    words('confirm.subject', of),
    [words('confirm.text', of), words('confirm.ignore')],
    url,
    language,
    messageId,
  );
}

/** Tells who is subscribed already where they can change that. */
export function alreadyLetter(
  title: string,
  words: Words,
  language: string,
  url: string,
  messageId: string,
): Letter {
  const of = { title: oneLine(title) };
  return plainLetter(words('already.subject', of), [words('already.text', of)], url, language, messageId);
}

function plainLetter(
  subject: string,
  [before = '', after]: readonly string[],
  url: string,
  language: string,
  messageId: string,
): Letter {
  const text = [before, url, ...(after ? [after] : [])].join('\n\n');
  const html = documentOf(
    language,
    subject,
    <>
      <p>{before}</p>
      <p>
        <a href={url}>{url}</a>
      </p>
      {after && <p>{after}</p>}
    </>,
  );
  return { subject: oneLine(subject), text: `${text}\n`, html, messageId, unsubscribe: null };
}

function cut(text: string | null, words: Words): { text: string | null; rest: string | null } {
  const all = text === null ? [] : [...text];
  return all.length > MOST_TEXT
    ? { text: `${all.slice(0, MOST_TEXT).join('')}…`, rest: words('mail.cut') }
    : { text, rest: null };
}

const documentOf = (language: string, title: string, body: ComponentChildren): string =>
  `<!DOCTYPE html>${renderToString(
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>{title}</title>
      </head>
      <body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:40em;margin:0 auto;padding:1em">
        {body}
      </body>
    </html>,
  )}`;
