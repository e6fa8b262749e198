import { type Fields, isFields, listOf, textOf } from '../../../fields.js';
import type { Place } from '../place.js';
import { Mrkdwn } from '../text/mrkdwn.js';
import { DateTime, Link } from '../text/pieces.js';
import { Plain } from '../text/plain.js';
import { Blocks } from './blocks.js';
import { Picture } from './picture.js';

/** The attachments of a message. */
export function Attachments({ attachments, place }: { attachments: readonly Fields[]; place: Place }) {
  return (
    <div class="attachments">
      {attachments.map((attachment, index) => (
        <Attachment key={textOf(attachment.id) ?? index} it={attachment} place={place} />
      ))}
    </div>
  );
}

const COLOURS: Readonly<Record<string, string>> = {
  good: 'var(--bar-good)',
  warning: 'var(--bar-warning)',
  danger: 'var(--bar-danger)',
};

/** The colour of the bar: one of Slack's three words, or hexadecimal with or without `#`. */
export function barColour(colour: unknown): string | undefined {
  const word = textOf(colour) ?? '';
  if (COLOURS[word]) return COLOURS[word];
  const hex = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(word)?.[1];
  return hex === undefined ? undefined : `#${hex}`;
}

function Attachment({ it, place }: { it: Fields; place: Place }) {
  const { names, open } = place;
  const blocks = listOf(it.blocks);
  const legacy = blocks.length === 0 && it.entity === undefined;
  const markup = (member: string) => {
    const text = textOf(it[member]);
    if (!text) return null;
    // Slack reads markup in these members unless `mrkdwn_in` leaves them out.
    const off = Array.isArray(it.mrkdwn_in) && it.mrkdwn_in.length > 0 && !it.mrkdwn_in.includes(member);
    return off ? (
      <Plain text={text} names={names} />
    ) : (
      <Mrkdwn text={text} names={names} open={open} autolink />
    );
  };
  const title = textOf(it.title);
  const empty = legacy && !title && !it.text && !it.image_url && listOf(it.fields).length === 0;
  return (
    <div class="attachment-place">
      {it.pretext !== undefined && <div class="pretext plain">{markup('pretext')}</div>}
      <div class="attachment" style={{ borderLeftColor: barColour(it.color) }}>
        <div class="attachment-body">
          {it.author_name !== undefined && <Author it={it} />}
          {title && (
            <div class="card-title plain">
              {it.title_link === undefined ? (
                <Plain text={title} names={names} />
              ) : (
                <Link href={String(it.title_link)}>
                  <Plain text={title} names={names} />
                </Link>
              )}
            </div>
          )}
          {legacy && it.text !== undefined && <div class="plain">{markup('text')}</div>}
          {empty && it.fallback !== undefined && <div class="plain">{textOf(it.fallback)}</div>}
          {listOf(it.fields).length > 0 && (
            <div class="attachment-fields">
              {listOf(it.fields).map((field, index) => (
                <div key={index} class={field.short === true ? 'short' : 'long'}>
                  <b>
                    <Plain text={textOf(field.title) ?? ''} names={names} />
                  </b>
                  <div class="plain">
                    <Mrkdwn text={String(field.value ?? '')} names={names} open={open} autolink />
                  </div>
                </div>
              ))}
            </div>
          )}
          {blocks.length > 0 && <Blocks blocks={blocks} place={place} />}
          {isFields(it.entity) && <Entity entity={it.entity} place={place} />}
          {it.image_url !== undefined && (
            <Picture image={{ image_url: it.image_url, alt_text: it.fallback ?? title }} size="large" />
          )}
          <LegacyActions it={it} />
          <Footer it={it} place={place} />
        </div>
        {it.thumb_url !== undefined && (
          <Picture image={{ image_url: it.thumb_url, alt_text: title ?? it.fallback }} size="thumb" />
        )}
      </div>
    </div>
  );
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** A thing of an app's own under a link to it, which Slack calls a work object. Its texts are shown as they are. */
function Entity({ entity, place }: { entity: Fields; place: Place }) {
  const { attributes, fields } = fieldsOf(entity.entity_payload);
  const { title, display_id: id, display_type: kind, product_name: product } = fieldsOf(attributes);
  const words = textOf(fieldsOf(title).text) ?? '';
  const head = [product, kind, id].flatMap((it) => textOf(it) ?? []).join(' · ');
  return (
    <div class="entity">
      <small class="muted">{head}</small>
      <div class="card-title plain">
        {entity.url === undefined ? words : <Link href={String(entity.url)}>{words}</Link>}
      </div>
      <div class="attachment-fields">
        {Object.entries(fieldsOf(fields)).map(([name, field]) => (
          <div key={name} class="short">
            <b>{`${name[0]?.toUpperCase()}${name.slice(1).replaceAll('_', ' ')}`}</b>
            <div class="plain">
              <EntityValue name={name} field={fieldsOf(field)} place={place} />
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

function EntityValue({ name, field, place: { names } }: { name: string; field: Fields; place: Place }) {
  const person = textOf(fieldsOf(field.user).user_id);
  if (person !== undefined) return `@${names.user(person) ?? person}`;
  const seconds = name.startsWith('date_') ? Number(field.value) : Number.NaN;
  if (!Number.isSafeInteger(seconds)) return String(field.value ?? '');
  const format = '{date_short_pretty} at {time}';
  return <DateTime timestamp={seconds} format={format} fallback={String(seconds)} names={names} />;
}

function Author({ it }: { it: Fields }) {
  const name = String(it.author_name);
  return (
    <div class="author">
      {it.author_icon !== undefined && (
        <Picture image={{ image_url: it.author_icon, alt_text: `${name}'s icon` }} size="small" />
      )}
      {it.author_link === undefined ? name : <Link href={String(it.author_link)}>{name}</Link>}
      {it.author_subname !== undefined && <span class="muted">{textOf(it.author_subname)}</span>}
    </div>
  );
}

/** Buttons and menus from before blocks are shown only: the payload that they send is not made here. */
function LegacyActions({ it }: { it: Fields }) {
  const actions = listOf(it.actions);
  if (actions.length === 0) return null;
  return (
    <div class="actions" title="Buttons of attachments are shown, but do nothing here.">
      {actions.map((action, index) => (
        <button
          key={index}
          type="button"
          class={`button ${action.style === 'primary' || action.style === 'danger' ? action.style : ''}`}
          disabled
        >
          {textOf(action.text)}
          {action.type === 'select' && ' ▾'}
        </button>
      ))}
    </div>
  );
}

function Footer({ it, place }: { it: Fields; place: Place }) {
  const seconds = Math.floor(Number(it.ts));
  if (it.footer === undefined && it.ts === undefined) return null;
  return (
    <div class="attachment-footer">
      {it.footer_icon !== undefined && (
        <Picture image={{ image_url: it.footer_icon, alt_text: '' }} size="small" />
      )}
      {it.footer !== undefined && <Plain text={String(it.footer)} names={place.names} />}
      {it.footer !== undefined && it.ts !== undefined && ' | '}
      {it.ts !== undefined && (
        <DateTime
          timestamp={seconds}
          format="{date_short_pretty} at {time}"
          fallback={String(it.ts)}
          names={place.names}
        />
      )}
    </div>
  );
}
