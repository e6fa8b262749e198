import { Fragment } from 'preact';
import type { Names } from '../place.js';
import { type Inline, parseMrkdwn } from './mrkdwn-tree.js';
import { Broadcast, Channel, DateTime, Emoji, Group, Link, type Open, Preformatted, User } from './pieces.js';

interface Shown {
  names: Names;
  open?: Open;
}

/**
 * Slack's own markup as nodes; line breaks are kept by the style sheet.
 * @param autolink bare web addresses become links, as in the text objects of blocks
 */
export function Mrkdwn({ text, autolink, ...shown }: Shown & { text: string; autolink?: boolean }) {
  const { names } = shown;
  const parts = parseMrkdwn(text, { autolink, known: (name) => names.emoji(name) !== undefined });
  return (
    <>
      {parts.map((part, index) => {
        if (part.kind === 'pre') return <Preformatted key={index}>{part.text}</Preformatted>;
        const inside = <Inlines inside={part.inside} {...shown} />;
        return part.kind === 'quote' ? (
          <blockquote key={index} class="quote">
            {inside}
          </blockquote>
        ) : (
          <span key={index} class="lines">
            {inside}
          </span>
        );
      })}
    </>
  );
}

function Inlines({ inside, ...shown }: Shown & { inside: readonly Inline[] }) {
  return (
    <>
      {inside.map((it, index) => (
        <Fragment key={index}>
          <One it={it} {...shown} />
        </Fragment>
      ))}
    </>
  );
}

function One({ it, ...shown }: Shown & { it: Inline }) {
  switch (it.kind) {
    case 'text':
      return <>{it.text}</>;
    case 'bold':
      return (
        <b>
          <Inlines inside={it.inside} {...shown} />
        </b>
      );
    case 'italic':
      return (
        <i>
          <Inlines inside={it.inside} {...shown} />
        </i>
      );
    case 'strike':
      return (
        <s>
          <Inlines inside={it.inside} {...shown} />
        </s>
      );
    case 'code':
      return <code class="code">{it.text}</code>;
    case 'emoji':
      return <Emoji name={it.name} names={shown.names} />;
    default:
      return <ControlNode it={it} {...shown} />;
  }
}

type ControlKind = Extract<Inline, { kind: 'link' | 'user' | 'channel' | 'group' | 'broadcast' | 'date' }>;

/** A link, a mention or a date. */
export function ControlNode({ it, ...shown }: Shown & { it: ControlKind }) {
  switch (it.kind) {
    case 'link':
      return <Link href={it.url}>{it.label || it.url.replace(/^(mailto|tel):/, '')}</Link>;
    case 'user':
      return <User id={it.id} label={it.label?.replace(/^@/, '')} {...shown} />;
    case 'channel':
      return <Channel id={it.id} {...shown} />;
    case 'group':
      return <Group id={it.id} label={it.label} {...shown} />;
    case 'broadcast':
      return <Broadcast range={it.range} />;
    case 'date':
      return <DateTime {...it} names={shown.names} />;
    default: {
      const never: never = it;
      return never;
    }
  }
}
