import { helpText } from '#domain/command/help.js';
import type { Ask } from '#domain/command/parse.js';
import type { ListAsked, SearchAsked } from '#domain/command/verbs.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Asking } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { isInSlack, refOf, STANDING } from '#domain/words.js';
import { notRead, type Recorded } from '#handle/handle.js';
import type { Read } from '#read/read.js';
import { dayIn } from '#render/clock.js';
import { actionItems, type Dossier } from '#render/document.js';
import type { Format } from '#render/exports.js';
import {
  actionsText,
  catchupText,
  foundText,
  historyText,
  listPageText,
  listText,
  ownActionsText,
  relatedText,
  showText,
  timelineText,
} from '#render/lists.js';
import { runsText } from '#render/runs.js';
import type { Undelivered } from '#render/undelivered.js';
import { Unavailable } from '#store/pools.js';

/** What a question comes to. `ours`: all of it is our own words, with marks for `code` and *bold*. */
export type Said =
  | { kind: 'text'; text: string; ours?: boolean }
  | { kind: 'refused'; refusal: Refusal }
  | ({ kind: 'export' } & Wanted);

export const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const;

/** A question that cannot be answered now gets a plain *no*; anything else is a bug, and is thrown. */
export async function lookedUp<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unavailable) return notRead(error);
    throw error;
  }
}

/** An export that somebody asked for: who sends it where is the front's affair. */
export interface Wanted {
  incident: number;
  format: Format;
  zone: string;
}

/**
 * Answers a question. Nothing is written.
 * @param incident null where the question is about none
 * @param zone of the asker, in which times are shown unless the question names another
 * @param command how it is called here, for `help`
 * @param known components of the settings
 */
export async function answerAsk(
  read: Read,
  ask: Exclude<Ask, { type: 'mutes' | 'history' | 'here' }>,
  incident: number | null,
  asking: Asking,
  zone: string,
  command: string,
  known: readonly string[] = [],
): Promise<Said> {
  if (ask.type === 'help') return { kind: 'text', text: helpText(ask.verb, command), ours: true };
  if (ask.type === 'list') return answerList(read, ask.asked, asking, known);
  if (ask.type === 'search') return answerSearch(read, ask.asked, asking);
  if (ask.type === 'mine') {
    if (!isInSlack((asking.owner ?? asking.by).id)) return refused(refuse('MINE_UNKNOWN', {}));
    const own = await read.ownActions(asking, asking.now, incident);
    return { kind: 'text', text: ownActionsText(own, dayIn(asking.now, zone)) };
  }
  const number = incident ?? 0;
  if (ask.type === 'export' || ask.type === 'postmortem') {
    const state = await read.incident(asking, number);
    if (isRefusal(state)) return refused(state);
    return ask.type === 'postmortem'
      ? { kind: 'export', incident: number, format: 'postmortem.md', zone: 'UTC' }
      : { kind: 'export', incident: number, format: ask.format, zone: ask.zone ?? 'UTC' };
  }
  if (ask.type === 'runs') {
    const runs = await read.runs(asking, number);
    if (isRefusal(runs)) return refused(runs);
    return { kind: 'text', text: runsText(refOf(number), runs, asking.now) };
  }
  const says = ask.type === 'show' || ask.type === 'catchup';
  const undelivered = says ? await read.refused(asking.team, number) : [];
  const text = await read.dossier(asking, number, (dossier) =>
    wordsOn(ask, dossier, undelivered, asking, zone),
  );
  return isRefusal(text) ? refused(text) : { kind: 'text', text };
}

/** @param words whoever asks may read what it said before: what its author took back is for those who may correct it */
export async function answerHistory(
  read: Read,
  entry: number,
  incident: number,
  asking: Asking,
  zone: string,
  words: boolean,
): Promise<Said> {
  const facts = await lookedUp(() => read.history(asking, incident, entry));
  if (isRefusal(facts)) return refused(facts);
  const ref = refOf(incident);
  const text = historyText(facts, { ref, entry, zone, words });
  return text === null ? refused(refuse('NO_SUCH_ENTRY', { ref, entry })) : { kind: 'text', text };
}

type AboutOne = Exclude<
  Ask,
  {
    type:
      | 'help'
      | 'here'
      | 'mutes'
      | 'history'
      | 'list'
      | 'search'
      | 'mine'
      | 'export'
      | 'postmortem'
      | 'runs';
  }
>;

async function wordsOn(
  ask: AboutOne,
  dossier: Dossier,
  undelivered: Undelivered[],
  asking: Asking,
  zone: string,
): Promise<string> {
  switch (ask.type) {
    case 'show':
      return showText(dossier.state, zone, undelivered, asking.now);
    case 'timeline':
      return timelineText(dossier.entries(), { ref: refOf(dossier.state.number), zone: ask.zone ?? zone });
    case 'catchup':
      return catchupText(dossier.state, await since(dossier, asking.by.id), zone, undelivered, asking.now);
    case 'actions':
      return actionsText(
        refOf(dossier.state.number),
        await actionItems(dossier.entries({ kinds: ['action'] })),
        dayIn(asking.now, zone),
      );
  }
}

/** What was recorded after the asker last recorded something here; everything, for somebody who has not yet. */
async function since(dossier: Dossier, asker: string): Promise<AsyncIterable<Entry>> {
  let last = 0;
  for await (const entry of dossier.entries()) if (entry.by.id === asker) last = Math.max(last, entry.n);
  return (async function* () {
    for await (const entry of dossier.entries()) if (entry.n > last) yield entry;
  })();
}

/** @param asked absent: what is open. @param known components of the settings */
async function answerList(
  read: Pick<Read, 'open' | 'list' | 'refused'>,
  asked: ListAsked | undefined,
  asking: Asking,
  known: readonly string[],
): Promise<Said> {
  if (!asked) {
    const [open, undelivered] = await Promise.all([read.open(asking), read.refused(asking.team)]);
    return { kind: 'text', text: listText(open, undelivered) };
  }
  const [page, undelivered] = await Promise.all([read.list(asking, asked, known), read.refused(asking.team)]);
  if (isRefusal(page)) return refused(page);
  const { typed } = asked;
  return { kind: 'text', text: listPageText({ ...page, typed }, undelivered, typed === '') };
}

async function answerSearch(read: Pick<Read, 'search'>, asked: SearchAsked, asking: Asking): Promise<Said> {
  const found = await read.search(asking, asked);
  if (isRefusal(found)) return refused(found);
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
