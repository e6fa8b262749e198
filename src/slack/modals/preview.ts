import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { PostPreview } from '#domain/status/publish.js';
import { refOf } from '#domain/words.js';
import { METADATA, packed, unpacked } from '../blocks/buttons.js';
import {
  findingsOf,
  mustAnswer,
  POST_VALUE,
  PUBLISH_ACTIONS,
  previewBlocks,
  warningBlocks,
} from '../blocks/publish.js';
import { type Block, cut, escaped, plain, section } from '../blocks/text.js';
import { input, modal, type Values } from './form.js';

/** A post that a form asks about before it is public. `replaces`: its receipt takes the place of the message of `reply`. */
const PREVIEWED = POST_VALUE.extend({
  channel: z.string().nullable(),
  reply: z.string().nullable(),
  replaces: z.boolean(),
});
export type Previewed = z.infer<typeof PREVIEWED>;

export function previewedIn(view: { private_metadata: string }): Previewed | null {
  return unpacked(PREVIEWED, view.private_metadata);
}

/**
 * Asks whether to publish, and for a reason for each thing that the public perhaps should not read.
 * @param preview null: it could not be made anew; then it is asked for again
 * @param more what went wrong with the last try, and the reasons that were given in it
 * @returns null: Slack cannot carry so much
 */
export function previewModal(
  preview: PostPreview | null,
  previewed: Previewed,
  { problem = null, values = null }: { problem?: string | null; values?: Values | null } = {},
): types.ModalView | null {
  const { intent, incident } = previewed;
  const from = packed(previewed, METADATA);
  if (from === null) return null;
  const edit = { type: 'button' as const, action_id: PUBLISH_ACTIONS.edit, text: plain('Change') };
  return modal({
    callbackId: 'publish_preview',
    title: intent.type === 'CorrectPost' ? `Correct #${intent.entry}?` : `Publish for ${refOf(incident)}?`,
    submit: preview === null ? 'Try again' : 'Publish',
    from,
    blocks: [
      ...(problem === null ? [] : [section(`:x: ${cut(escaped(problem), 1_000)}`)]),
      ...(preview === null ? words(intent.text) : previewBlocks(preview, refOf(incident))),
      ...(preview === null ? [] : asked(preview, previewed, values)),
      { type: 'actions', elements: [edit] },
    ],
  });
}

const words = (text: string): Block[] => [{ type: 'section', text: plain(cut(text, 2_900) || '…') }];

function asked(preview: PostPreview, { intent }: Previewed, values: Values | null): Block[] {
  if (!mustAnswer(preview)) return warningBlocks(preview);
  const findings = findingsOf(preview);
  return findings.map(({ id, what, warning }) => {
    const given = values?.text(id) || intent.anyway || '';
    const initial = given === '' ? {} : { initial_value: cut(given, REASON) };
    return input(
      id,
      `The public may read ${what}? Say why.`,
      { type: 'plain_text_input', max_length: REASON, ...initial },
      { hint: warning },
    );
  });
}

/** With what they answer, all reasons fit where a reason is kept. */
const REASON = 150;

/**
 * @returns the reasons with what each answers; null: something has none yet. Empty: nothing needs one.
 */
export function reasonsIn(preview: PostPreview, values: Values): string | null {
  const given = findingsOf(preview).map(({ id, what }) => ({ what, why: values.text(id).trim() }));
  if (given.some(({ why }) => why === '')) return null;
  return given.map(({ what, why }) => `${what}: ${why}`).join('; ');
}
