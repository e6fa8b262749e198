import type { types } from '@slack/bolt';
import { type Block, cut, plain } from './text.js';

/** Ids under which Slack tells us what was clicked. */
export const ACTIONS = { publish: 'publish', cancel: 'cancel', choose: /^choose:/ } as const;

/** Shown to one person before a public status post is recorded, because its words cannot be edited afterwards. `value` is what the button brings back. */
export function publishQuestion(state: string, text: string, value: string): Block[] {
  return [
    {
      type: 'section',
      text: plain(`This would be kept as a public status post, ${state}. It is sent to no public page.`),
    },
    { type: 'section', text: plain(cut(text, 2_900, '… (cut here, not in what is kept)') || '…') },
    {
      type: 'actions',
      elements: [
        button(ACTIONS.publish, 'Record it', value, 'primary'),
        button(ACTIONS.cancel, 'Cancel', 'cancel'),
      ],
    },
  ];
}

export interface Choice {
  ref: string;
  title: string;
  /** What the button brings back. */
  value: string;
}

/** Buttons for the open incidents, when it was not said which one is meant; at most 25 fit. */
export function whichIncident(choices: readonly Choice[]): Block[] {
  return [
    { type: 'section', text: plain('Which incident?') },
    {
      type: 'actions',
      elements: choices
        .slice(0, 25)
        .map(({ ref, title, value }) => button(`choose:${ref}`, cut(`${ref} ${title}`, 75), value)),
    },
  ];
}

function button(actionId: string, label: string, value: string, style?: 'primary'): types.Button {
  return { type: 'button', action_id: actionId, text: plain(label), value, ...(style && { style }) };
}
