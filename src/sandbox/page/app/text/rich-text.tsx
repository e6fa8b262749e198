import { type ComponentChildren, Fragment } from 'preact';
import { type Fields, isFields, listOf, textOf } from '../../../fields.js';
import type { Names } from '../place.js';
import { Broadcast, Channel, DateTime, Emoji, Group, Link, type Open, Preformatted, User } from './pieces.js';

interface Shown {
  names: Names;
  open?: Open;
}

/** A `rich_text` block. */
export function RichText({ block, ...shown }: Shown & { block: Fields }) {
  const parts = listOf(block.elements);
  return (
    <div class="rich">
      {grouped(parts).map((group, index) =>
        Array.isArray(group) ? (
          <List key={index} level={nest(group)} depth={0} {...shown} />
        ) : (
          <Part key={index} part={group} jumbo={parts.length === 1} {...shown} />
        ),
      )}
    </div>
  );
}

function Part({ part, jumbo, ...shown }: Shown & { part: Fields; jumbo: boolean }) {
  const elements = listOf(part.elements);
  const inside = <Elements elements={elements} {...shown} />;
  const edge = part.border ? ' bordered' : '';
  switch (part.type) {
    case 'rich_text_section':
      return <div class={jumbo && isJumbo(elements) ? 'section-text jumbo' : 'section-text'}>{inside}</div>;
    case 'rich_text_preformatted':
      return (
        <div class={`pre-frame${edge}`}>
          <Preformatted language={textOf(part.language)}>{inside}</Preformatted>
        </div>
      );
    case 'rich_text_quote':
      return <blockquote class="quote">{inside}</blockquote>;
    default:
      return <div class="unknown">{`(${String(part.type)})`}</div>;
  }
}

/** A message of a few emoji and nothing else shows them large. */
function isJumbo(elements: readonly Fields[]): boolean {
  const filled = elements.filter((it) => it.type !== 'text' || String(it.text).trim() !== '');
  return filled.length > 0 && filled.length <= 23 && filled.every((it) => it.type === 'emoji');
}

interface Item {
  readonly section: Fields;
  /** Number of an item of an ordered list. */
  readonly value: number;
  under: Level[];
}

interface Level {
  readonly ordered: boolean;
  readonly border: boolean;
  readonly indent: number;
  readonly items: Item[];
}

/** Lists that follow each other belong together; everything else stands alone. */
function grouped(parts: readonly Fields[]): Array<Fields | Fields[]> {
  const groups: Array<Fields | Fields[]> = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (part.type !== 'rich_text_list') groups.push(part);
    else if (Array.isArray(last)) last.push(part);
    else groups.push([part]);
  }
  return groups;
}

/** Slack writes nested lists one after another with a depth each; here they stand inside the item above them. */
function nest(lists: readonly Fields[]): Level[] {
  const roots: Level[] = [];
  const path: Level[] = [];
  for (const list of lists) {
    const indent = Number(list.indent ?? 0);
    while ((path.at(-1)?.indent ?? -1) > indent) path.pop();
    const offset = Number(list.offset ?? 0);
    const items = listOf(list.elements).map((section, index) => ({
      section,
      value: offset + index + 1,
      under: [],
    }));
    const level = { ordered: list.style === 'ordered', border: Boolean(list.border), indent, items };
    const last = path.at(-1);
    if (last?.indent === indent && last.ordered === level.ordered && last.border === level.border) {
      last.items.push(...items);
      continue;
    }
    if (last?.indent === indent) path.pop();
    const above = path.at(-1)?.items.at(-1);
    (above?.under ?? roots).push(level);
    path.push(level);
  }
  return roots;
}

function List({ level, depth, ...shown }: Shown & { level: readonly Level[]; depth: number }) {
  return (
    <>
      {level.map((list, index) => {
        const items = list.items.map((item, at) => (
          <li key={at} value={list.ordered ? item.value : undefined}>
            <Elements elements={listOf(item.section.elements)} {...shown} />
            <List level={item.under} depth={depth + 1} {...shown} />
          </li>
        ));
        // A list that begins deep stands as deep as it says.
        const look = `list mark-${list.indent % 3} deep-${Math.min(list.indent - depth, 8)}${list.border ? ' bordered' : ''}`;
        return list.ordered ? (
          <ol key={index} class={look}>
            {items}
          </ol>
        ) : (
          <ul key={index} class={look}>
            {items}
          </ul>
        );
      })}
    </>
  );
}

function Elements({ elements, ...shown }: Shown & { elements: readonly Fields[] }) {
  return (
    <>
      {elements.map((element, index) => (
        <Fragment key={index}>
          <Styled style={element.style}>
            <Element element={element} {...shown} />
          </Styled>
        </Fragment>
      ))}
    </>
  );
}

function Styled({ style, children }: { style: unknown; children: ComponentChildren }) {
  let inside = children;
  if (!isFields(style)) return <>{inside}</>;
  if (style.code) inside = <code class="code">{inside}</code>;
  if (style.bold) inside = <b>{inside}</b>;
  if (style.italic) inside = <i>{inside}</i>;
  if (style.strike) inside = <s>{inside}</s>;
  if (style.underline) inside = <u>{inside}</u>;
  if (style.highlight || style.client_highlight) inside = <mark>{inside}</mark>;
  return <>{inside}</>;
}

function Element({ element, names, open }: Shown & { element: Fields }) {
  const text = textOf(element.text) ?? '';
  switch (element.type) {
    case 'text':
      return <>{text}</>;
    case 'link':
      return (
        <Link href={String(element.url)}>{text || String(element.url).replace(/^(mailto|tel):/, '')}</Link>
      );
    case 'emoji': {
      const tone = element.skin_tone === undefined ? '' : `::skin-tone-${String(element.skin_tone)}`;
      return (
        <Emoji name={`${String(element.name)}${tone}`} unicode={textOf(element.unicode)} names={names} />
      );
    }
    case 'user':
      return <User id={String(element.user_id)} names={names} open={open} />;
    case 'channel':
      return <Channel id={String(element.channel_id)} names={names} open={open} />;
    case 'usergroup':
      return <Group id={String(element.usergroup_id)} names={names} />;
    case 'team':
      return <span class="mention">{`@${String(element.team_id)}`}</span>;
    case 'broadcast':
      return <Broadcast range={String(element.range)} />;
    case 'color': {
      const value = String(element.value);
      return (
        <span class="colour">
          <span class="swatch" aria-hidden="true" style={{ background: value }} />
          {value}
        </span>
      );
    }
    case 'date':
      return (
        <DateTime
          timestamp={Number(element.timestamp)}
          format={textOf(element.format) ?? ''}
          url={textOf(element.url)}
          fallback={textOf(element.fallback) ?? ''}
          names={names}
        />
      );
    default:
      return <span class="unknown">{`(${String(element.type)})`}</span>;
  }
}
