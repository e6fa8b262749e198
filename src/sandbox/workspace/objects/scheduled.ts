import type { Fields } from '../../fields.js';
import type { Draft } from './message.js';

/** A message that waits for its time. */
export interface Scheduled {
  /** `Q…` */
  readonly id: string;
  readonly channel: string;
  /** Seconds since the epoch. */
  readonly postAt: number;
  readonly created: number;
  readonly draft: Draft;
  /** Whether links in it are shown with what is behind them. */
  readonly unfurl: boolean;
}

/** As `chat.scheduledMessages.list` shows it. */
export function renderScheduled({ id, channel, postAt, created, draft }: Scheduled): Fields {
  return { id, channel_id: channel, post_at: postAt, date_created: created, text: draft.text };
}
