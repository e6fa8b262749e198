import type { Fact } from '../fact.js';
import type { Decision, Found, IntentOf } from '../intent.js';
import { compareTs } from '../message.js';

/**
 * What follows when Slack says that a recorded message changed. Events come late, twice and in any order, so each is put where
 * its own time belongs. Nobody is told *no*: there is nobody to be told.
 */
export const FOLLOWING = {
  /** Its author's new words. What a person corrected here stays as they corrected it. */
  NoteMessageEdited: (
    _state: unknown,
    { edit }: IntentOf<'NoteMessageEdited'>,
    _asking: unknown,
    { entry, history = [] }: Found,
  ): Decision => {
    // What was erased is not to come back in other words.
    if (!entry || entry.erased) return [];
    const { versions, captured, deleted, corrected } = pastOf(history);
    // Words that it had before anybody recorded it are nobody's business.
    if (captured === null || compareTs(edit.ts, captured) <= 0) return [];
    if (versions.some(({ ts }) => ts === edit.ts)) return [];
    const newest = versions.reduce((a, b) => (compareTs(a.ts, b.ts) < 0 ? b : a));
    const later = compareTs(edit.ts, newest.ts) > 0;
    if (later && newest.text === edit.text) return [];
    const { ts, text, secrets = [], channel } = edit;
    const data = {
      ...{ entry: entry.n, ts, shown: later && !corrected && !deleted },
      ...(secrets.length > 0 && { secrets: [...secrets], recorder: entry.by.id, channel }),
    };
    return [{ type: 'MessageEdited', data, texts: { text } }];
  },

  /** The entry stays: that something was said there, by whom and when, belongs to what happened. Words of a person of ours stay too. */
  NoteMessageDeleted: (
    _state: unknown,
    { ts, hides }: IntentOf<'NoteMessageDeleted'>,
    _asking: unknown,
    { entry, history = [] }: Found,
  ): Decision => {
    const { deleted, corrected } = pastOf(history);
    if (!entry || deleted) return [];
    const is = true as const;
    const data = {
      ...{ entry: entry.n, ts },
      ...(hides && { hidden: is }),
      ...(corrected && { corrected: is }),
    };
    return [{ type: 'MessageDeleted', data, texts: {} }];
  },

  /** Once for each message, however often its images were fetched. */
  NoteFilesKept: (
    _state: unknown,
    { entry: n, kept }: IntentOf<'NoteFilesKept'>,
    _asking: unknown,
    { entry }: Found,
  ): Decision => {
    if (!entry || entry.n !== n || entry.erased || kept.length === 0) return [];
    if (entry.detail.kept || entry.detail.deleted) return [];
    const files = kept.map(({ id, type, size }) => ({ id, type, size }));
    const digests = kept.map(({ digest }, i) => [`image.${i}`, digest]);
    return [{ type: 'FilesKept', data: { entry: n, files }, texts: Object.fromEntries(digests) }];
  },
};

/** What the facts about one recorded message say. `captured`: up to when its words were known when it was recorded. */
function pastOf(history: readonly Fact[]) {
  const versions: Array<{ ts: string; text: string | null }> = [];
  let captured: string | null = null;
  for (const fact of history) {
    if (fact.type === 'MessageCaptured') captured = fact.data.edited ?? fact.data.ts;
    if (fact.type === 'MessageCaptured' && captured !== null)
      versions.push({ ts: captured, text: fact.texts.text ?? null });
    if (fact.type === 'MessageEdited') versions.push({ ts: fact.data.ts, text: fact.texts.text ?? null });
  }
  const has = (type: Fact['type']) => history.some((fact) => fact.type === type);
  return { versions, captured, deleted: has('MessageDeleted'), corrected: has('EntryEdited') };
}
