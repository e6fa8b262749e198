import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { LookSettings } from '../settings.js';
import { mailWords, oneLine, type Words } from './words.js';

/** What a form shows. */
export interface FormLook extends Pick<LookSettings, 'title' | 'language' | 'logo'> {
  /** The way to the folder of the page, with a slash at the end: `''`, `'../'`, `'https://status.example.org/'`. */
  home: string;
}

/** What can be subscribed to, and how. */
export interface Offer {
  email: boolean;
  webhooks: boolean;
  components: readonly string[];
}

/** What somebody has sent, and why it was not taken. */
export interface Sent {
  kind: 'email' | 'webhook';
  address: string;
  components: readonly string[];
  /** Of words. */
  wrong: string;
}

/** A form to subscribe with. @param action where it is sent, as the browser sees it */
export function subscribePage(
  look: FormLook,
  offer: Offer,
  action: string,
  sent: Sent | null = null,
): string {
  const words = mailWords(look.language);
  const heading = words('page.subscribe');
  const kinds = (['email', 'webhook'] as const).filter((kind) =>
    kind === 'email' ? offer.email : offer.webhooks,
  );
  return documentOf(
    look,
    // Who hears only the title is to know too.
    sent ? `${words('page.wrong')}: ${heading}` : heading,
    words,
    kinds.map((kind) => (
      <Subscribing
        {...{ words, kind, action }}
        names={offer.components}
        sent={sent?.kind === kind ? sent : null}
      />
    )),
    heading,
  );
}

interface Subscribes {
  words: Words;
  kind: 'email' | 'webhook';
  action: string;
  names: readonly string[];
  sent: Sent | null;
}

function Subscribing({ words, kind, action, names, sent }: Subscribes) {
  const wrong = sent && `${kind}-wrong`;
  const said = {
    'aria-invalid': sent ? ('true' as const) : undefined,
    'aria-describedby': wrong ?? undefined,
    // What was wrong is what somebody wants to mend.
    autofocus: sent !== null,
  };
  const field = {
    id: kind,
    name: 'address',
    required: true,
    value: sent?.address,
    dir: 'ltr' as const,
    ...said,
  };
  return (
    <section class="sheet" aria-labelledby={`${kind}-heading`}>
      <h2 id={`${kind}-heading`}>{words(`page.by.${kind}`)}</h2>
      <form method="post" action={action} class="form">
        <input type="hidden" name="kind" value={kind} />
        <div class="field">
          <label for={kind}>{words(`page.${kind}`)}</label>
          {kind === 'email' ? (
            <input {...field} type="email" autocomplete="email" maxlength={254} />
          ) : (
            <input {...field} type="url" autocomplete="off" maxlength={2000} placeholder="https://" />
          )}
          {sent && wrong && (
            <p class="wrong" id={wrong} role="alert">
              {words(sent.wrong)}
            </p>
          )}
        </div>
        {names.length > 0 && (
          <details class="choice" open={(sent?.components.length ?? 0) > 0}>
            <summary>{words('page.components')}</summary>
            <Choice {...{ words, names }} chosen={sent?.components ?? []} where={kind} />
          </details>
        )}
        <div hidden>
          <label for={`${kind}-name`}>{words('page.leave')}</label>
          <input id={`${kind}-name`} name="name" type="text" tabindex={-1} autocomplete="off" />
        </div>
        <button type="submit" class="button">
          {words('page.submit')}
        </button>
      </form>
    </section>
  );
}

interface Choices {
  words: Words;
  names: readonly string[];
  chosen: readonly string[];
  /** What the ids of its fields begin with. */
  where: string;
  /** Whether it says itself what it is. */
  headed?: boolean;
}

function Choice({ words, names, chosen, where, headed = false }: Choices) {
  if (names.length === 0) return null;
  return (
    <fieldset>
      <legend class={headed ? undefined : 'unseen'}>{words('page.components')}</legend>
      {names.map((name, i) => (
        <div class="pick">
          <input
            type="checkbox"
            name="component"
            value={name}
            id={`${where}-${i}`}
            checked={chosen.includes(name)}
          />
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
    <div class="sheet">
      <p role="status">{words(text)}</p>
      {secret !== null && (
        <>
          <p>{words('page.secret')}</p>
          <p>
            <code class="secret">{secret}</code>
          </p>
        </>
      )}
    </div>,
  );
}

/** A button, for what no program that merely follows links may do. It is sent to where the page is. */
export function buttonPage(look: FormLook, heading: string, text: string, button: string): string {
  const words = mailWords(look.language);
  return documentOf(
    look,
    words(heading),
    words,
    <div class="sheet">
      <p>{words(text)}</p>
      <form method="post" class="form">
        <button type="submit" class="button">
          {words(button)}
        </button>
      </form>
    </div>,
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
    <div class="sheet">
      {saved && (
        <p class="saved" role="status">
          {words('page.saved')}
        </p>
      )}
      <p class="address" dir="ltr">
        {of.address}
      </p>
      {all.length > 0 && (
        <form method="post" class="form">
          <Choice {...{ words, headed: true }} names={all} chosen={of.components} where="mine" />
          <button type="submit" class="button">
            {words('page.save')}
          </button>
        </form>
      )}
      <p>
        <a href={unsubscribe}>{words('page.unsubscribe')}</a>
      </p>
    </div>,
  );
}

// `strict-origin`, and not `no-referrer`, under which a form says nothing of where it comes from.
const documentOf = (
  look: FormLook,
  title: string,
  words: Words,
  body: ComponentChildren,
  heading = title,
): string => {
  const site = oneLine(look.title);
  const html = renderToString(
    <html lang={look.language} dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="strict-origin" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} – ${site}`}</title>
        <link rel="stylesheet" href={`${look.home}style.css`} />
      </head>
      <body>
        <header class="top">
          <p class="site">
            <a class="brand" href={`${look.home}index.html`}>
              {look.logo && (
                <img src={look.home + encodeURIComponent(look.logo.file)} alt={look.logo.alt} height={40} />
              )}
              <span dir="auto">{site}</span>
            </a>
          </p>
        </header>
        <main>
          <h1>{heading}</h1>
          {body}
          <p class="back">
            <a href={`${look.home}index.html`}>{words('page.back')}</a>
          </p>
        </main>
      </body>
    </html>,
  );
  return `<!DOCTYPE html>${html}`;
};
