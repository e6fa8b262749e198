import { z } from 'zod';
import { richText } from './rich-text.js';
import { blockId } from './text-object.js';

const rawText = z.strictObject({ type: z.literal('raw_text'), text: z.string().min(1) });
const rawNumber = z.strictObject({
  type: z.literal('raw_number'),
  value: z.number(),
  text: z.string().min(1),
});
const cell = z.discriminatedUnion('type', [rawText, rawNumber, richText]);

export const table = z.strictObject({
  type: z.literal('table'),
  block_id: blockId,
  rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
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

export const dataTable = z.strictObject({
  type: z.literal('data_table'),
  block_id: blockId,
  caption: z.string().min(1),
  rows: z.array(z.array(cell).min(1).max(20)).min(2).max(101),
  page_size: z.number().int().min(1).max(100).optional(),
  row_header_column_index: z.number().int().min(0).optional(),
});

const label = z.string().min(1).max(20);
const point = z.strictObject({ label, value: z.number() });
const axes = {
  series: z
    .array(z.strictObject({ name: label, data: z.array(point).min(1).max(20) }))
    .min(1)
    .max(12),
  axis_config: z.strictObject({
    categories: z.array(label).min(1).max(20),
    x_label: z.string().max(50).optional(),
    y_label: z.string().max(50).optional(),
  }),
};

export const dataVisualization = z.strictObject({
  type: z.literal('data_visualization'),
  block_id: blockId,
  title: z.string().min(1).max(50),
  chart: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('line'), ...axes }),
    z.strictObject({ type: z.literal('bar'), ...axes }),
    z.strictObject({ type: z.literal('area'), ...axes }),
    z.strictObject({
      type: z.literal('pie'),
      segments: z
        .array(z.strictObject({ label, value: z.number().gt(0) }))
        .min(1)
        .max(12),
    }),
  ]),
});
