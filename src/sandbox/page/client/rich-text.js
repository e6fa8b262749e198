import { emoji } from './emoji.js';
import { el, link } from './html.js';
import { mrkdwn } from './mrkdwn.js';

/** A rich_text block, as Slack's clients keep what people type; its characters are not encoded. */
export function richText(block, names) {
  return (block.elements ?? []).map((part) => {
    const content = () => (part.elements ?? []).map((it) => item(it, names));
    if (part.type === 'rich_text_preformatted') return el('span', { class: 'pre' }, content());
    if (part.type === 'rich_text_quote') return el('span', { class: 'quote' }, content());
    if (part.type === 'rich_text_list') {
      const tag = part.style === 'ordered' ? 'ol' : 'ul';
      return el(
        tag,
        {},
        (part.elements ?? []).map((it) =>
          el(
            'li',
            {},
            (it.elements ?? []).map((inner) => item(inner, names)),
          ),
        ),
      );
    }
    return el('div', {}, content());
  });
}

function item(it, names) {
  switch (it.type) {
    case 'text':
      return styled(it.style, it.style ? [it.text] : mrkdwn(encoded(it.text), names));
    case 'link':
      return link(it.url, it.text ?? it.url);
    case 'emoji':
      return emoji(it.name);
    case 'user':
      return el('span', { class: 'mention' }, `@${names.user(it.user_id) ?? it.user_id}`);
    case 'channel':
      return el('span', { class: 'mention' }, `#${names.channel(it.channel_id) ?? 'private channel'}`);
    case 'usergroup':
      return el('span', { class: 'mention' }, `@${it.usergroup_id}`);
    case 'broadcast':
      return el('span', { class: 'mention' }, `@${it.range}`);
    default:
      return it.text ?? it.fallback ?? '';
  }
}

// Emphasis and emoji are shown; what looks like a link, a mention or an entity stays the characters that it is.
const encoded = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function styled(style, nodes) {
  let inner = nodes;
  for (const [key, tag] of [
    ['code', 'code'],
    ['bold', 'b'],
    ['italic', 'i'],
    ['strike', 's'],
  ]) {
    if (style?.[key]) inner = [el(tag, {}, inner)];
  }
  return el('span', {}, inner);
}
