import { signal } from '@preact/signals';
import type { Outcome } from './server.js';

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const SHOWN_MS = 7000;
/** Spoken lines are kept for those who go back to them. */
const SPOKEN = 100;

/** What failed, in words like those of Slack's clients where they are known, else the code itself. */
const WORDS: Record<string, string> = {
  operation_timeout:
    'This app did not respond in time. Slack waits three seconds for an answer (operation_timeout).',
  dispatch_failed: 'This app could not be reached (dispatch_failed). Is it running?',
  unreachable: 'The local Slack does not answer. Is it still running?',
  name_taken: 'That name is already taken by another channel, username, or user group.',
  invalid_name_specials: 'Channel names can’t contain spaces, capitals or most punctuation.',
  invalid_name_maxlength: 'Channel names can’t be longer than 80 characters.',
  invalid_name_required: 'Don’t forget to name your channel.',
  invalid_name_punctuation: 'Channel names can’t be only punctuation.',
  cant_update_message: 'Only who wrote a message can edit it.',
  is_archived: 'This channel is archived.',
};

/** Short sentences at the edge of the page, and what screen readers are told. */
export class Notices {
  readonly shown = signal<readonly Notice[]>([]);
  readonly spoken = signal<ReadonlyArray<{ id: number; text: string }>>([]);
  #count = 0;

  /** Shows a sentence for a while. */
  show(text: string, bad = false): void {
    this.#count += 1;
    const notice = { id: this.#count, text, bad };
    this.shown.value = [...this.shown.peek(), notice].slice(-3);
    setTimeout(() => this.hide(notice.id), SHOWN_MS);
  }

  hide(id: number): void {
    this.shown.value = this.shown.peek().filter((it) => it.id !== id);
  }

  /** Says what went wrong, if anything did. @returns whether all was well */
  judge(outcome: Outcome): boolean {
    if (outcome.ok) return true;
    this.show(wordsFor(outcome.error), true);
    return false;
  }

  /** One line for screen readers. */
  say(text: string): void {
    this.#count += 1;
    this.spoken.value = [...this.spoken.peek(), { id: this.#count, text }].slice(-SPOKEN);
  }
}

/** A sentence for an error code of the control API. */
export function wordsFor(error: string | undefined): string {
  const code = (error ?? 'unknown').split(':')[0] ?? '';
  return WORDS[code] ?? `That did not work: ${error ?? 'unknown'}`;
}
