import { z } from 'zod';
import { accessories, actionElement, inputElement } from './elements.js';
import { anyText, contextText, image, plainText } from './text-object.js';

const blockId = z.string().min(1).max(255).optional();

const section = z.strictObject({
  type: z.literal('section'),
  block_id: blockId,
  text: anyText(3000).optional(),
  fields: z.array(anyText(2000)).min(1).max(10).optional(),
  accessory: z.discriminatedUnion('type', [image, ...accessories]).optional(),
  expand: z.boolean().optional(),
});

const header = z.strictObject({
  type: z.literal('header'),
  block_id: blockId,
  text: plainText(150),
  level: z.number().optional(),
});
const divider = z.strictObject({ type: z.literal('divider'), block_id: blockId });
const context = z.strictObject({
  type: z.literal('context'),
  block_id: blockId,
  elements: z
    .array(z.discriminatedUnion('type', [image, ...contextText]))
    .min(1)
    .max(10),
});
const actions = z.strictObject({
  type: z.literal('actions'),
  block_id: blockId,
  elements: z.array(actionElement).min(1).max(25),
});
const input = z.strictObject({
  type: z.literal('input'),
  block_id: blockId,
  label: plainText(2000),
  hint: plainText(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
  element: inputElement,
});
const picture = z.strictObject({
  ...image.shape,
  block_id: blockId,
  title: plainText(2000).optional(),
});
const richText = z.strictObject({
  type: z.literal('rich_text'),
  block_id: blockId,
  elements: z.array(
    z.looseObject({
      type: z.enum(['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote']),
      elements: z.array(z.looseObject({ type: z.string() })),
    }),
  ),
});
const markdown = z.strictObject({
  type: z.literal('markdown'),
  block_id: blockId,
  text: z.string().min(1).max(12_000),
});
const table = z.strictObject({
  type: z.literal('table'),
  block_id: blockId,
  rows: z
    .array(z.array(z.looseObject({ type: z.enum(['raw_text', 'rich_text', 'raw_number']) })).max(20))
    .min(1)
    .max(100),
  column_settings: z
    .array(
      z
        .strictObject({
          align: z.enum(['left', 'center', 'right']).optional(),
          is_wrapped: z.boolean().optional(),
        })
        .nullable(),
    )
    .max(20)
    .optional(),
});

const everywhere = [section, header, divider, context, actions, input, picture, richText] as const;

export const messageBlocks = z.array(z.discriminatedUnion('type', [...everywhere, markdown, table])).max(50);

const viewBlocks = z
  .array(z.discriminatedUnion('type', [...everywhere]))
  .min(1)
  .max(100);

const modal = z.strictObject({
  type: z.literal('modal'),
  title: plainText(24),
  submit: plainText(24).optional(),
  close: plainText(24).optional(),
  blocks: viewBlocks,
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
});

const home = z.strictObject({
  type: z.literal('home'),
  blocks: viewBlocks,
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
});

export const viewSchema = z.discriminatedUnion('type', [modal, home]);
