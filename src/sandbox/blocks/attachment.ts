import { z } from 'zod';
import { messageBlocks } from './block.js';

const words = z.string().optional();
const choice = z.looseObject({ text: z.string(), value: z.string(), description: words });

/** Buttons and menus from before there were blocks. */
const action = z.looseObject({
  type: z.enum(['button', 'select']),
  text: z.string(),
  name: words,
  value: words,
  url: words,
  style: z.enum(['default', 'primary', 'danger']).optional(),
  data_source: z.enum(['static', 'channels', 'conversations', 'users', 'external']).optional(),
  options: z.array(choice).max(100).optional(),
});

/** The members of an attachment that Slack knows. It takes others without a word, so they are taken here. */
const attachment = z.looseObject({
  blocks: messageBlocks.optional(),
  fallback: words,
  color: words,
  pretext: words,
  author_name: words,
  author_link: words,
  author_icon: words,
  title: words,
  title_link: words,
  text: words,
  fields: z
    .array(
      z.looseObject({
        title: words,
        value: z.union([z.string(), z.number()]).optional(),
        short: z.boolean().optional(),
      }),
    )
    .optional(),
  image_url: words,
  thumb_url: words,
  footer: z.string().max(300).optional(),
  footer_icon: words,
  ts: z.union([z.string(), z.number()]).optional(),
  actions: z.array(action).max(5).optional(),
  callback_id: words,
  mrkdwn_in: z.array(z.enum(['pretext', 'text', 'fields'])).optional(),
});

export const attachmentList = z.array(attachment);
