import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { isFields, listOf, textOf } from '../../../fields.js';
import { Element } from '../elements/element.js';
import { Icon, type IconName } from '../text/icon.js';
import { Link, Scrolled } from '../text/pieces.js';
import { TextObject, wordsOf } from '../text/plain.js';
import { RichText } from '../text/rich-text.js';
import { Picture } from './picture.js';
import type { BlockProps } from './plain-blocks.js';

const LEVELS: Readonly<Record<string, readonly [icon: IconName, words: string]>> = {
  info: ['info', 'Information'],
  warning: ['warning', 'Warning'],
  error: ['error', 'Error'],
  success: ['success', 'Success'],
};

/** A notice in the colour of its level. */
export function Alert({ block, form }: BlockProps) {
  const level = textOf(block.level) ?? 'default';
  const [icon, words] = LEVELS[level] ?? ['note', 'Note'];
  return (
    <div class={`alert level-${level}`}>
      <Icon name={icon} words={words} />
      <div class="plain">
        <TextObject text={block.text} names={form.place.names} open={form.place.open} />
      </div>
    </div>
  );
}

/** A card: picture, title, text and buttons. */
export function Card({ block, form }: BlockProps) {
  const id = useId();
  const { names, open } = form.place;
  const { hero_image: hero, icon, slack_icon: slackIcon } = block;
  const text = (member: string, look: string) =>
    block[member] !== undefined && (
      <div class={`${look} plain`}>
        <TextObject text={block[member]} names={names} open={open} />
      </div>
    );
  return (
    <div class="card">
      {isFields(hero) && <Picture image={hero} size="large" />}
      <div class="card-head">
        {isFields(icon) && <Picture image={icon} size="small" />}
        {isFields(slackIcon) && (
          <span class="slack-icon" role="img" aria-label={String(slackIcon.name)}>
            ◆
          </span>
        )}
        <div>
          {text('title', 'card-title')}
          {text('subtitle', 'card-subtitle')}
        </div>
      </div>
      {text('body', 'card-body')}
      {text('subtext', 'card-subtitle')}
      {listOf(block.actions).length > 0 && (
        <div class="actions">
          {listOf(block.actions).map((element, index) => (
            <Element
              key={textOf(element.action_id) ?? index}
              form={form}
              block={block}
              element={element}
              naming={{ id: `${id}-${index}` }}
            />
          ))}
        </div>
      )}
    </div>
  );
}

/** A call of another service, with where to join it while it lasts. */
export function CallCard({ block }: BlockProps) {
  const given = isFields(block.call) && isFields(block.call.v1) ? block.call.v1 : undefined;
  const name = textOf(given?.name) || textOf(given?.display_id) || 'Call';
  const over = given?.has_ended === true;
  return (
    <div class="card">
      <div class="card-title plain">{name}</div>
      <div class="card-subtitle plain">{over ? 'The call has ended.' : 'Call'}</div>
      {!over && given?.join_url !== undefined && (
        <div class="actions">
          <Link href={String(given.join_url)}>Join</Link>
        </div>
      )}
    </div>
  );
}

/** Cards side by side. */
export function Carousel({ block, form }: BlockProps) {
  const cards = listOf(block.elements);
  return (
    <Scrolled label={`${cards.length} cards`}>
      <ul class="carousel">
        {cards.map((card, index) => (
          <li key={index}>
            {/* Buttons of a card belong to the carousel, which is the block of the message. */}
            <Card block={{ ...card, block_id: card.block_id ?? block.block_id }} form={form} />
          </li>
        ))}
      </ul>
    </Scrolled>
  );
}

/** A video as a card: it is not played, since nothing is fetched from outside. */
export function Video({ block, form }: BlockProps) {
  const title = <TextObject text={block.title} names={form.place.names} />;
  const from = [textOf(block.provider_name), textOf(block.author_name)].filter(Boolean).join(' · ');
  const alt = textOf(block.alt_text) ?? '';
  return (
    <div class="card video">
      {from && <div class="card-subtitle">{from}</div>}
      <div class="card-title plain">
        {block.title_url === undefined ? title : <Link href={String(block.title_url)}>{title}</Link>}
      </div>
      {wordsOf(block.description) !== undefined && (
        <div class="card-body plain">
          <TextObject text={block.description} names={form.place.names} />
        </div>
      )}
      <div class="video-frame">
        <Picture image={{ image_url: block.thumbnail_url, alt_text: alt }} size="large" />
        <span class="play" aria-hidden="true">
          <Icon name="play" />
        </span>
      </div>
      <Link href={String(block.video_url)}>Open the video</Link>
    </div>
  );
}

/** A file that stands elsewhere. */
export function RemoteFile({ block }: Pick<BlockProps, 'block'>) {
  return (
    <div class="card file-block">
      <Icon name="file" /> Remote file <code class="code">{String(block.external_id)}</code>
    </div>
  );
}

/** A frame for other blocks, which may be folded away. */
export function Container({ block, form, children }: BlockProps & { children: ComponentChildren }) {
  const { names } = form.place;
  const { icon, rich_text_title: rich } = block;
  const head = (
    <>
      {isFields(icon) && <Picture image={icon} size="small" />}
      <span class="container-words">
        <span class="card-title plain">
          {isFields(rich) ? (
            <RichText block={rich} names={names} />
          ) : (
            <TextObject text={block.title} names={names} />
          )}
        </span>
        {block.subtitle !== undefined && (
          <span class="card-subtitle plain">
            <TextObject text={block.subtitle} names={names} />
          </span>
        )}
      </span>
    </>
  );
  const look = `container width-${textOf(block.width) ?? 'standard'}`;
  if (block.is_collapsible === true) {
    return (
      <details class={look} open={block.default_collapsed !== true}>
        <summary>{head}</summary>
        <div class="container-body">{children}</div>
      </details>
    );
  }
  return (
    <div class={look}>
      <div class={block.has_header_divider === true ? 'container-head divided' : 'container-head'}>
        {head}
      </div>
      <div class="container-body">{children}</div>
    </div>
  );
}
