import { element } from './elements.js';
import { el, link } from './html.js';
import { mrkdwn, plain } from './mrkdwn.js';
import { richText } from './rich-text.js';

/**
 * The blocks of a message or view.
 * `context`: names, people, `use(block, element, value)`, `state` (values typed before), `errors` by block id.
 */
export function blocks(list, context) {
  return (list ?? []).map((block) => one(block, context));
}

const textNodes = (object, { names }) =>
  object?.type === 'mrkdwn'
    ? mrkdwn(object.text, names)
    : [plain(object?.text ?? '', object?.emoji !== false)];

function one(block, context) {
  const use = (it, value) => context.use(block, it, value);
  const put = (it) => element(it, use, context.people, context.state?.[block.block_id]?.[it.action_id]);
  switch (block.type) {
    case 'header':
      return el('div', { class: 'block header' }, textNodes(block.text, context));
    case 'divider':
      return el('div', { class: 'block divider' });
    case 'section':
      return el(
        'div',
        { class: 'block section' },
        el(
          'div',
          {},
          block.text && el('div', {}, textNodes(block.text, context)),
          block.fields &&
            el(
              'div',
              { class: 'fields' },
              block.fields.map((field) => el('div', {}, textNodes(field, context))),
            ),
        ),
        block.accessory &&
          (block.accessory.type === 'image'
            ? el('small', {}, block.accessory.alt_text)
            : put(block.accessory)),
      );
    case 'context':
      return el(
        'div',
        { class: 'block context' },
        block.elements.map((it) =>
          el('span', {}, it.type === 'image' ? it.alt_text : textNodes(it, context)),
        ),
      );
    case 'actions':
      return el('div', { class: 'block actions' }, block.elements.map(put));
    case 'input':
      return input(block, put(block.element), context);
    case 'image':
      return el('div', { class: 'block' }, link(block.image_url ?? '', `🖼 ${block.alt_text}`));
    case 'rich_text':
      return el('div', { class: 'block' }, richText(block, context.names));
    case 'markdown':
      return el('div', { class: 'block pre' }, block.text);
    case 'table':
      return el(
        'table',
        { class: 'block' },
        block.rows.map((row) =>
          el(
            'tr',
            {},
            row.map((cell) => el('td', {}, cell.text ?? '')),
          ),
        ),
      );
    default:
      return el('div', { class: 'block context' }, `(${block.type})`);
  }
}

function input(block, control, context) {
  const wrong = context.errors?.[block.block_id];
  return el(
    'div',
    { class: 'input' },
    el(
      'label',
      {},
      plain(block.label.text),
      block.optional && el('span', { class: 'optional' }, ' (optional)'),
    ),
    control,
    block.hint && el('small', {}, plain(block.hint.text)),
    wrong && el('div', { class: 'wrong' }, wrong),
  );
}
