import type { ListAsked, SearchAsked } from '#domain/command/verbs.js';
import type { Asking } from '#domain/incident/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { STANDING } from '#domain/words.js';
import type { Recorded } from '#handle/handle.js';
import type { Read } from '#read/read.js';
import { foundText, listPageText, listText, relatedText } from '#render/lists.js';

type Said = { kind: 'text'; text: string } | { kind: 'refused'; refusal: Refusal };

/** @param asked absent: what is open. @param known components of the settings */
export async function answerList(
  read: Pick<Read, 'open' | 'list' | 'refused'>,
  asked: ListAsked | undefined,
  asking: Asking,
  known: readonly string[],
): Promise<Said> {
  if (!asked) {
    const [open, refused] = await Promise.all([read.open(asking), read.refused(asking.team)]);
    return { kind: 'text', text: listText(open, refused) };
  }
  const [page, refused] = await Promise.all([read.list(asking, asked, known), read.refused(asking.team)]);
  if (isRefusal(page)) return { kind: 'refused', refusal: page };
  const { typed } = asked;
  return { kind: 'text', text: listPageText({ ...page, typed }, refused, typed === '') };
}

export async function answerSearch(
  read: Pick<Read, 'search'>,
  asked: SearchAsked,
  asking: Asking,
): Promise<Said> {
  const found = await read.search(asking, asked);
  if (isRefusal(found)) return { kind: 'refused', refusal: found };
  const { meant, words, ...page } = found;
  return { kind: 'text', text: foundText({ ...page, typed: asked.words }, words, meant !== null) };
}

/**
 * What may be the same as an incident that somebody has just opened. It is no part of the receipt, which is kept: what others are
 * called may change, or be erased. It is recorded, whatever becomes of this question.
 */
export async function remarkOnRelated(
  read: Pick<Read, 'related'>,
  { facts, state, ref }: Recorded,
  asking: Asking,
): Promise<string | null> {
  if (facts[0]?.type !== 'IncidentOpened' || state.number === STANDING) return null;
  const others = await read.related(asking, state, asking.now).catch(() => []);
  return relatedText(ref, others);
}
