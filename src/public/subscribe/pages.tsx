import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Language } from '../settings.js';
import { mailWords, oneLine, type Words } from './words.js';

/** What a form shows. */
export interface FormLook {
  title: string;
  language: Language;
  /** The way to the folder of the page, with a slash at the end: `''`, `'../'`, `'https://status.example.org/'`. */
  home: string;
}

/** What can be subscribed to, and how. */
export interface Offer {
  email: boolean;
  webhooks: boolean;
  components: readonly string[];
}

/** A form to subscribe with. @param action where it is sent, as the browser sees it */
export function subscribePage(
  look: FormLook,
  offer: Offer,
  action: string,
  wrong: string | null = null,
): string {
  const words = mailWords(look.language);
  return documentOf(
    look,
    words('page.subscribe'),
    words,
    <>
      {wrong !== null && (
        <p role="alert">
          <strong>{words(wrong)}</strong>
        </p>
      )}
      {offer.email && form(words, offer, action, 'email')}
      {offer.webhooks && form(words, offer, action, 'webhook')}
    </>,
  );
}

function form(words: Words, { components }: Offer, action: string, kind: 'email' | 'webhook') {
  return (
    <form method="post" action={action}>
      <input type="hidden" name="kind" value={kind} />
      <p>
        <label for={kind}>{words(`page.${kind}`)}</label>
        <br />
        {kind === 'email' ? (
          <input id={kind} name="address" type="email" autocomplete="email" required maxlength={254} />
        ) : (
          <input id={kind} name="address" type="url" autocomplete="off" required maxlength={2000} />
        )}
      </p>
      {choice(words, components, [], kind)}
      <p hidden>
        <label for={`${kind}-name`}>{words('page.leave')}</label>
        <input id={`${kind}-name`} name="name" type="text" tabindex={-1} autocomplete="off" />
      </p>
      <p>
        <button type="submit">{words('page.submit')}</button>
      </p>
    </form>
  );
}

function choice(words: Words, components: readonly string[], chosen: readonly string[], where: string) {
  if (components.length === 0) return null;
  return (
    <fieldset>
      <legend>{words('page.components')}</legend>
      {components.map((name, i) => (
        <div>
          <input
            type="checkbox"
            name="component"
            value={name}
            id={`${where}-${i}`}
            checked={chosen.includes(name)}
          />{' '}
          <label for={`${where}-${i}`} dir="auto">
            {oneLine(name)}
          </label>
        </div>
      ))}
    </fieldset>
  );
}

/** A heading and a sentence. `names`: of words. */
export function plainPage(
  look: FormLook,
  heading: string,
  text: string,
  secret: string | null = null,
): string {
  const words = mailWords(look.language);
  return documentOf(
    look,
    words(heading),
    words,
    <>
      <p role="status">{words(text)}</p>
      {secret !== null && (
        <>
          <p>{words('page.secret')}</p>
          <p>
            <code>{secret}</code>
          </p>
        </>
      )}
    </>,
  );
}

/** A button, for what no program that merely follows links may do. It is sent to where the page is. */
export function buttonPage(look: FormLook, heading: string, text: string, button: string): string {
  const words = mailWords(look.language);
  return documentOf(
    look,
    words(heading),
    words,
    <>
      <p>{words(text)}</p>
      <form method="post">
        <button type="submit">{words(button)}</button>
      </form>
    </>,
  );
}

/** What somebody has chosen. @param unsubscribe where to leave */
export function managePage(
  look: FormLook,
  of: { address: string; components: readonly string[]; offered: readonly string[] },
  unsubscribe: string,
  saved: boolean,
): string {
  const words = mailWords(look.language);
  // What is chosen and gone from the page stays visible, or it could not be taken back.
  const all = [...new Set([...of.offered, ...of.components])];
  return documentOf(
    look,
    words('page.manage'),
    words,
    <>
      {saved && <p role="status">{words('page.saved')}</p>}
      <p dir="ltr">{of.address}</p>
      <form method="post">
        {choice(words, all, of.components, 'mine')}
        <p>
          <button type="submit">{words('page.save')}</button>
        </p>
      </form>
      <p>
        <a href={unsubscribe}>{words('page.unsubscribe')}</a>
      </p>
    </>,
  );
}

// `strict-origin`, and not `no-referrer`, under which a form says nothing of where it comes from.
const documentOf = (look: FormLook, heading: string, words: Words, body: ComponentChildren): string =>
  `<!DOCTYPE html>${renderToString(
    <html lang={look.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="strict-origin" />
        <meta name="robots" content="noindex" />
        <title>{`${heading} – ${oneLine(look.title)}`}</title>
        <link rel="stylesheet" href={`${look.home}style.css`} />
      </head>
      <body>
        <main>
          <h1>{heading}</h1>
          {body}
          <p>
            <a href={`${look.home}index.html`}>{words('page.back')}</a>
          </p>
        </main>
      </body>
    </html>,
  )}`;
