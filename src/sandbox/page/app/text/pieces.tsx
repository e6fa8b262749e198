import type { ComponentChildren } from 'preact';
import type { Names, Place } from '../place.js';
import { ownPicture, safeHref } from './addresses.js';
import { formatDate, fullDate } from './dates.js';
import { fromUnicode } from './emoji.js';
import { Icon } from './icon.js';

export type Open = Place['open'];

/** A link to the web, to mail or to a telephone; any other address is shown as plain text. */
export function Link({ href, children }: { href: string; children: ComponentChildren }) {
  const safe = safeHref(href);
  if (safe === undefined) return <span class="not-a-link">{children}</span>;
  return (
    <a class="link" href={safe} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** An emoji by its name; a name nobody knows stays as it was written. */
export function Emoji({ name, unicode, names }: { name: string; unicode?: string; names: Names }) {
  const found = names.emoji(name);
  const char = found && 'char' in found ? found.char : unicode ? fromUnicode(unicode) : undefined;
  if (char !== undefined) {
    return (
      <span
        class="emoji"
        role="img"
        aria-label={name.replace(/::.*$/, '').replaceAll('_', ' ')}
        title={`:${name}:`}
      >
        {char}
      </span>
    );
  }
  const picture = found && 'url' in found ? ownPicture(found.url) : undefined;
  if (picture === undefined) return <>{`:${name}:`}</>;
  return <img class="emoji" src={picture} alt={`:${name}:`} title={`:${name}:`} />;
}

function Mention({ label, mine, go }: { label: string; mine?: boolean; go?: () => void }) {
  const look = mine ? 'mention mine' : 'mention';
  if (!go) return <span class={look}>{label}</span>;
  return (
    <button type="button" class={look} onClick={go}>
      {label}
    </button>
  );
}

interface Mentioned {
  id: string;
  names: Names;
  open?: Open;
  label?: string;
}

/** A person's name as it is now. */
export function User({ id, names, open, label }: Mentioned) {
  const name = names.user(id);
  const go = open && name !== undefined ? () => open({ user: id }) : undefined;
  return <Mention label={`@${name ?? label ?? id}`} mine={names.me === id} go={go} />;
}

/** A channel's name as it is now; a channel that the reader cannot see keeps its name to itself. */
export function Channel({ id, names, open }: Mentioned) {
  const name = names.channel(id);
  if (name === undefined) {
    return (
      <span class="mention hidden-channel">
        <Icon name="lock" /> private channel
      </span>
    );
  }
  return <Mention label={`#${name}`} go={open ? () => open({ channel: id }) : undefined} />;
}

/** A user group's handle. */
export function Group({ id, names, label }: Mentioned) {
  return <Mention label={`@${(names.group(id) ?? label ?? id).replace(/^@/, '')}`} />;
}

/** `@here`, `@channel` or `@everyone`. */
export function Broadcast({ range }: { range: string }) {
  return <Mention label={`@${range}`} mine />;
}

interface Dated {
  timestamp: number;
  format: string;
  url?: string;
  fallback: string;
  names: Names;
}

/** A time in the reader's zone and in the words of its format. */
export function DateTime({ timestamp, format, url, fallback, names }: Dated) {
  const text = formatDate(timestamp, format, names);
  if (text === undefined) return <>{fallback}</>;
  const time = (
    <time dateTime={new Date(timestamp * 1000).toISOString()} title={fullDate(timestamp, names)}>
      {text}
    </time>
  );
  return url ? <Link href={url}>{time}</Link> : time;
}

/** A block of code. */
export function Preformatted({ language, children }: { language?: string; children: ComponentChildren }) {
  return (
    <pre class="pre" data-language={language}>
      <code>{children}</code>
    </pre>
  );
}

/** A frame for what may be wider than its place; the keyboard can scroll it. */
export function Scrolled({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, only a mouse could scroll
    <figure class="table-frame" aria-label={label} tabIndex={0}>
      {children}
    </figure>
  );
}
