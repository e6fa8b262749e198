import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { Fragment } from 'preact';
import type { Names } from '../place.js';
import { Icon } from './icon.js';
import { ControlNode } from './mrkdwn.js';
import { parseControl } from './mrkdwn-tree.js';
import { Link, type Open, Preformatted, Scrolled } from './pieces.js';
import { Plain } from './plain.js';

type Content = ReturnType<typeof fromMarkdown>['children'][number];
type Table = Extract<Content, { type: 'table' }>;
type TableCell = Extract<Content, { type: 'tableCell' }>;

interface Shown {
  names: Names;
  open?: Open;
}

/** Standard Markdown as in a `markdown` block: CommonMark with tables, task lists and strikethrough; HTML stays text. */
export function Markdown({ text, ...shown }: Shown & { text: string }) {
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  return (
    <div class="markdown">
      <Children of={tree.children} {...shown} />
    </div>
  );
}

function Children({ of, ...shown }: Shown & { of: readonly Content[] }) {
  return (
    <>
      {of.map((node, index) => (
        <Fragment key={index}>
          <Node node={node} {...shown} />
        </Fragment>
      ))}
    </>
  );
}

function Node({ node, ...shown }: Shown & { node: Content }) {
  switch (node.type) {
    case 'text':
    case 'html':
      return <Words text={node.value} {...shown} />;
    case 'paragraph':
      return (
        <p>
          <Children of={node.children} {...shown} />
        </p>
      );
    case 'heading':
      // All of one level for those who do not see their sizes: a text may begin with any of them.
      return (
        <h3 class={`heading heading-${node.depth}`}>
          <Children of={node.children} {...shown} />
        </h3>
      );
    case 'strong':
      return (
        <b>
          <Children of={node.children} {...shown} />
        </b>
      );
    case 'emphasis':
      return (
        <i>
          <Children of={node.children} {...shown} />
        </i>
      );
    case 'delete':
      return (
        <s>
          <Children of={node.children} {...shown} />
        </s>
      );
    case 'inlineCode':
      return <code class="code">{node.value}</code>;
    case 'code':
      return <Preformatted language={node.lang ?? undefined}>{node.value}</Preformatted>;
    case 'blockquote':
      return (
        <blockquote class="quote">
          <Children of={node.children} {...shown} />
        </blockquote>
      );
    case 'link':
      return (
        <Link href={node.url}>
          <Children of={node.children} {...shown} />
        </Link>
      );
    case 'image':
      return (
        <Link href={node.url}>
          <Icon name="picture" /> {node.alt || node.url}
        </Link>
      );
    case 'list': {
      const items = <Children of={node.children} {...shown} />;
      return node.ordered ? (
        <ol class="list" start={node.start ?? 1}>
          {items}
        </ol>
      ) : (
        <ul class="list">{items}</ul>
      );
    }
    case 'listItem':
      return (
        <li class={typeof node.checked === 'boolean' ? 'task' : undefined}>
          {typeof node.checked === 'boolean' && (
            <span role="img" aria-label={node.checked ? 'done' : 'to do'} class="tick">
              {node.checked ? '☑' : '☐'}
            </span>
          )}
          <Children of={node.children} {...shown} />
        </li>
      );
    case 'thematicBreak':
      return <hr />;
    case 'break':
      return <br />;
    case 'table':
      return <MarkdownTable table={node} {...shown} />;
    case 'linkReference':
    case 'footnoteDefinition':
      return <Children of={node.children} {...shown} />;
    case 'imageReference':
      return <>{node.alt ?? ''}</>;
    case 'footnoteReference':
      return <sup>{node.identifier}</sup>;
    default:
      return null;
  }
}

function MarkdownTable({ table, ...shown }: Shown & { table: Table }) {
  const [head, ...body] = table.children;
  const cells = (row: readonly TableCell[], Cell: 'th' | 'td') =>
    row.map((cell, index) => (
      <Cell key={index} class={`align-${table.align?.[index] ?? 'left'}`}>
        <Children of={cell.children} {...shown} />
      </Cell>
    ));
  return (
    <Scrolled label="Table">
      <table class="table">
        <thead>
          <tr>{cells(head?.children ?? [], 'th')}</tr>
        </thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index}>{cells(row.children, 'td')}</tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

const CONTROL = /<((?:[@#][A-Z0-9]|!)[^<>\n]*)>/;

/** Slack's mentions and emoji work in Markdown too. */
function Words({ text, names, open }: Shown & { text: string }) {
  return (
    <>
      {text.split(CONTROL).map((piece, index) => {
        if (index % 2 === 0) return <Plain key={index} text={piece} names={names} />;
        const control = /^!-|^!\[/.test(piece) ? undefined : parseControl(piece);
        return control ? (
          <ControlNode key={index} it={control} names={names} open={open} />
        ) : (
          <Fragment key={index}>{`<${piece}>`}</Fragment>
        );
      })}
    </>
  );
}
