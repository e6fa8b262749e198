import { z } from 'zod';
import { richText } from './rich-text.js';
import {
  address,
  confirm,
  dispatchConfig,
  linkOption,
  option,
  optionGroup,
  plainText,
  tickOption,
} from './text-object.js';

const actionId = z.string().min(1).max(255).optional();
const common = { action_id: actionId, confirm: confirm.optional(), focus_on_load: z.boolean().optional() };
const select = { ...common, placeholder: plainText(150).optional() };
const many = { ...select, max_selected_items: z.number().int().min(1).optional() };
const choices = {
  options: z.array(option).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
};
const filter = z
  .strictObject({
    include: z
      .array(z.enum(['im', 'mpim', 'private', 'public']))
      .min(1)
      .optional(),
    exclude_external_shared_channels: z.boolean().optional(),
    exclude_bot_users: z.boolean().optional(),
  })
  .optional();
const conversation = { default_to_current_conversation: z.boolean().optional(), filter };
const entry = {
  action_id: actionId,
  placeholder: plainText(150).optional(),
  dispatch_action_config: dispatchConfig.optional(),
  focus_on_load: z.boolean().optional(),
};
const typed = { ...entry, initial_value: z.string().max(3000).optional() };
const numeral = z.string().regex(/^-?\d+(\.\d+)?$/);
const looks = {
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: z.string().max(75).optional(),
  confirm: confirm.optional(),
};

/** A button, which stands in `actions`, beside a section and on cards. */
export const button = z.strictObject({
  type: z.literal('button'),
  action_id: actionId,
  text: plainText(75),
  value: z.string().max(2000).optional(),
  url: address.optional(),
  ...looks,
});

const workflowButton = z.strictObject({
  type: z.literal('workflow_button'),
  action_id: actionId,
  text: plainText(75),
  workflow: z.strictObject({
    trigger: z.strictObject({
      url: address,
      customizable_input_parameters: z
        .array(z.strictObject({ name: z.string().min(1), value: z.string() }))
        .optional(),
    }),
  }),
  ...looks,
});

const tickable = [
  z.strictObject({
    type: z.literal('checkboxes'),
    ...common,
    options: z.array(tickOption).min(1).max(10),
    initial_options: z.array(tickOption).min(1).max(10).optional(),
  }),
  z.strictObject({
    type: z.literal('radio_buttons'),
    ...common,
    options: z.array(tickOption).min(1).max(10),
    initial_option: tickOption.optional(),
  }),
] as const;

const selects = [
  z.strictObject({
    type: z.literal('static_select'),
    ...select,
    ...choices,
    initial_option: option.optional(),
  }),
  z.strictObject({
    type: z.literal('external_select'),
    ...select,
    min_query_length: z.number().int().min(0).optional(),
    initial_option: option.optional(),
  }),
  z.strictObject({ type: z.literal('users_select'), ...select, initial_user: z.string().optional() }),
  z.strictObject({
    type: z.literal('conversations_select'),
    ...select,
    ...conversation,
    initial_conversation: z.string().optional(),
    response_url_enabled: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('channels_select'),
    ...select,
    initial_channel: z.string().optional(),
    response_url_enabled: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('multi_static_select'),
    ...many,
    ...choices,
    initial_options: z.array(option).max(100).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_external_select'),
    ...many,
    min_query_length: z.number().int().min(0).optional(),
    initial_options: z.array(option).max(100).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_users_select'),
    ...many,
    initial_users: z.array(z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_conversations_select'),
    ...many,
    ...conversation,
    initial_conversations: z.array(z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal('multi_channels_select'),
    ...many,
    initial_channels: z.array(z.string()).optional(),
  }),
] as const;

const times = [
  z.strictObject({ type: z.literal('datepicker'), ...select, initial_date: z.iso.date().optional() }),
  z.strictObject({
    type: z.literal('timepicker'),
    ...select,
    initial_time: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .optional(),
    timezone: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('datetimepicker'),
    ...common,
    initial_date_time: z.number().int().min(1_000_000_000).max(9_999_999_999).optional(),
  }),
] as const;

const overflow = z.strictObject({
  type: z.literal('overflow'),
  action_id: actionId,
  options: z.array(linkOption).min(1).max(5),
  confirm: confirm.optional(),
});

const lines = z.number().int().min(1).max(100).optional();
const richInput = z.strictObject({
  type: z.literal('rich_text_input'),
  ...entry,
  initial_value: richText.optional(),
  min_lines: lines,
  max_lines: lines,
});

const texts = [
  z.strictObject({
    type: z.literal('plain_text_input'),
    ...typed,
    multiline: z.boolean().optional(),
    min_length: z.number().int().min(0).max(3000).optional(),
    max_length: z.number().int().min(1).max(3000).optional(),
  }),
  z.strictObject({ type: z.literal('email_text_input'), ...typed }),
  z.strictObject({ type: z.literal('url_text_input'), ...typed }),
  z.strictObject({
    type: z.literal('number_input'),
    ...entry,
    initial_value: numeral.optional(),
    is_decimal_allowed: z.boolean(),
    min_value: numeral.optional(),
    max_value: numeral.optional(),
  }),
  richInput,
] as const;

const fileInput = z.strictObject({
  type: z.literal('file_input'),
  action_id: actionId,
  filetypes: z.array(z.string().min(1)).min(1).optional(),
  max_files: z.number().int().min(1).max(10).optional(),
});

const feedback = z.strictObject({
  text: plainText(75),
  value: z.string().max(2000),
  accessibility_label: z.string().max(75).optional(),
});

/** What may stand in an `actions` block. */
export const actionElement = z.discriminatedUnion('type', [
  button,
  workflowButton,
  overflow,
  ...tickable,
  ...selects,
  ...times,
  richInput,
]);

/** What may stand in an `input` block. */
export const inputElement = z.discriminatedUnion('type', [
  ...texts,
  ...tickable,
  ...selects,
  ...times,
  fileInput,
]);

/** What may stand beside a section, apart from images. */
export const accessories = [button, workflowButton, overflow, ...tickable, ...selects, ...times] as const;

/** What may stand in a `context_actions` block. */
export const contextAction = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('feedback_buttons'),
    action_id: actionId,
    positive_button: feedback,
    negative_button: feedback,
  }),
  z.strictObject({
    type: z.literal('icon_button'),
    action_id: actionId,
    icon: z.string().min(1),
    text: plainText(75),
    accessibility_label: z.string().max(75).optional(),
    value: z.string().max(2000).optional(),
    visible_to_user_ids: z.array(z.string()).max(10).optional(),
    confirm: confirm.optional(),
  }),
]);

/** What an app answers when a person types into an external menu: options or groups of them, 100 at most. */
export const offered = z.strictObject({
  options: z.array(option).max(100).optional(),
  option_groups: z.array(optionGroup).max(100).optional(),
});
