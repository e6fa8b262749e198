import { z } from 'zod';

/** A `plain_text` object of at most `max` characters. Empty text is refused. */
export function plainText(max: number) {
  return z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
}

function mrkdwn(max: number) {
  return z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
}

/** Either kind of text object. */
export function anyText(max: number) {
  return z.discriminatedUnion('type', [plainText(max), mrkdwn(max)]);
}

export const contextText = [plainText(3000), mrkdwn(3000)] as const;

/** An address that Slack opens or fetches. */
export const address = z.string().min(1).max(3000);

export const blockId = z.string().min(1).max(255).optional();

export const confirm = z.strictObject({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
  style: z.enum(['primary', 'danger']).optional(),
});

/** An option of a menu: plain text only. */
export const option = z.strictObject({
  text: plainText(75),
  value: z.string().min(1).max(150),
  description: plainText(75).optional(),
});

/** An option of an overflow menu, which may lead to a page. */
export const linkOption = option.extend({ url: address.optional() });

/** An option to tick, which may have markup. */
export const tickOption = z.strictObject({
  text: anyText(75),
  value: z.string().min(1).max(150),
  description: anyText(75).optional(),
});

export const optionGroup = z.strictObject({ label: plainText(75), options: z.array(option).min(1).max(100) });

export const dispatchConfig = z.strictObject({
  trigger_actions_on: z.array(z.enum(['on_enter_pressed', 'on_character_entered'])).min(1),
});

/** A picture in words and by address or file; that it is exactly one of the two is a rule of its own. */
export const image = z.strictObject({
  type: z.literal('image'),
  image_url: address.optional(),
  slack_file: z
    .strictObject({ id: z.string().min(1).optional(), url: z.string().min(1).optional() })
    .optional(),
  alt_text: z.string().max(2000),
});
