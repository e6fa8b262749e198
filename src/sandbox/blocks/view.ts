import { z } from 'zod';
import { homeBlocks, modalBlocks } from './block.js';
import { plainText } from './text-object.js';

const common = {
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
  ...common,
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
});

const home = z.strictObject({ type: z.literal('home'), blocks: homeBlocks, ...common });

export const viewSchema = z.discriminatedUnion('type', [modal, home]);
