import { z } from 'zod';
import { accessories, actionElement, button, contextAction, inputElement } from './elements.js';
import { richText } from './rich-text.js';
import { dataTable, dataVisualization, table } from './tables.js';
import { address, anyText, blockId, contextText, image, plainText } from './text-object.js';

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
  level: z.number().int().min(1).max(4).optional(),
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
const markdown = z.strictObject({
  type: z.literal('markdown'),
  block_id: blockId,
  text: z.string().min(1).max(12_000),
});
const video = z.strictObject({
  type: z.literal('video'),
  block_id: blockId,
  title: plainText(199),
  title_url: address.startsWith('https://').optional(),
  video_url: address.startsWith('https://'),
  thumbnail_url: address,
  alt_text: z.string().min(1).max(2000),
  author_name: z.string().max(49).optional(),
  provider_name: z.string().optional(),
  provider_icon_url: address.optional(),
  description: plainText(200).optional(),
});

const alert = z.strictObject({
  type: z.literal('alert'),
  block_id: blockId,
  text: anyText(200),
  level: z.enum(['default', 'info', 'warning', 'error', 'success']).optional(),
});
const card = z.strictObject({
  type: z.literal('card'),
  block_id: blockId,
  hero_image: image.optional(),
  icon: image.optional(),
  slack_icon: z.strictObject({ type: z.literal('icon'), name: z.string().min(1) }).optional(),
  title: anyText(150).optional(),
  subtitle: anyText(150).optional(),
  body: anyText(200).optional(),
  subtext: anyText(200).optional(),
  actions: z.array(button).min(1).max(3).optional(),
});
const carousel = z.strictObject({
  type: z.literal('carousel'),
  block_id: blockId,
  elements: z
    .array(z.discriminatedUnion('type', [card]))
    .min(1)
    .max(10),
});
const contextActions = z.strictObject({
  type: z.literal('context_actions'),
  block_id: blockId,
  elements: z.array(contextAction).min(1).max(5),
});

const task = {
  task_id: z.string().min(1),
  title: z.string().min(1),
  status: z.enum(['pending', 'in_progress', 'complete', 'error']),
  details: richText.optional(),
  output: richText.optional(),
  sources: z
    .array(z.strictObject({ type: z.literal('url'), url: address, text: z.string().min(1) }))
    .optional(),
};
const taskCard = z.strictObject({ type: z.literal('task_card'), block_id: blockId, ...task });
const plan = z.strictObject({
  type: z.literal('plan'),
  block_id: blockId,
  title: z.string().min(1),
  tasks: z
    .array(z.strictObject({ type: z.literal('task_card').optional(), block_id: blockId, ...task }))
    .optional(),
});

/** A call of another service, which the app told Slack of before. */
const call = z.strictObject({ type: z.literal('call'), block_id: blockId, call_id: z.string().min(1) });

const everywhere = [section, header, divider, context, actions, input, picture, richText, video] as const;

const container = z.strictObject({
  type: z.literal('container'),
  block_id: blockId,
  title: plainText(150).optional(),
  rich_text_title: richText.optional(),
  subtitle: anyText(150).optional(),
  icon: image.optional(),
  child_blocks: z
    .array(z.discriminatedUnion('type', [...everywhere, table]))
    .min(1)
    .max(10),
  width: z.enum(['narrow', 'standard', 'wide', 'full']).optional(),
  is_collapsible: z.boolean().optional(),
  default_collapsed: z.boolean().optional(),
  has_header_divider: z.boolean().optional(),
});

const posted = z.discriminatedUnion('type', [
  ...everywhere,
  markdown,
  table,
  dataTable,
  dataVisualization,
  alert,
  card,
  carousel,
  container,
  contextActions,
  taskCard,
  plan,
  call,
]);
const onHome = z.discriminatedUnion('type', [...everywhere]);
// Alerts were made for modals.
const inModal = z.discriminatedUnion('type', [...everywhere, alert]);

/** What may stand in a message. A `file` block is only ever read: Slack makes it for remote files. */
export const messageBlocks = z.array(posted).max(50);

/** What may stand on a Home tab. */
export const homeBlocks = z.array(onHome).min(1).max(100);

/** What may stand in a modal. */
export const modalBlocks = z.array(inModal).min(1).max(100);

/** The types of blocks by the surface that takes them, and of elements by the block. */
export const supportedTypes: Readonly<Record<string, readonly string[]>> = {
  message: typesOf(posted),
  modal: typesOf(inModal),
  home: typesOf(onHome),
  'elements of actions': typesOf(actionElement),
  'elements of input': typesOf(inputElement),
  'elements of section': ['image', ...accessories.map(({ shape }) => shape.type.value)],
  'elements of context_actions': typesOf(contextAction),
};

function typesOf(union: { options: ReadonlyArray<{ shape: { type: { value: string } } }> }): string[] {
  return union.options.map(({ shape }) => shape.type.value);
}

const viewMembers = {
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};

const modal = z.strictObject({
  type: z.literal('modal'),
  title: plainText(24),
  submit: plainText(24).optional(),
  close: plainText(24).optional(),
  blocks: modalBlocks,
  ...viewMembers,
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
});

const home = z.strictObject({ type: z.literal('home'), blocks: homeBlocks, ...viewMembers });

export const viewSchema = z.discriminatedUnion('type', [modal, home]);
