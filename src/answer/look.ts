import { helpText } from '#domain/command/help.js';
import type { Ask } from '#domain/command/parse.js';
import type { Entry } from '#domain/entry.js';
import type { Asking } from '#domain/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import type { Read } from '#read.js';
import { actionItems } from '#render/actions.js';
import type { Dossier } from '#render/dossier.js';
import type { Format } from '#render/exports.js';
import { actionsText, catchupText, listText, showText } from '#render/lists.js';
import { runsText } from '#render/runs.js';
import { timelineText } from '#render/timeline-text.js';
import type { Undelivered } from '#render/undelivered.js';

/** An export that somebody asked for: who sends it where is the front's affair. */
export interface Wanted {
  incident: number;
  format: Format;
  zone: string;
}

export type Seen =
  /** `ours`: all of it is our own words, with marks for `code` and *bold*; else people's words are in it, literally. */
  | { kind: 'text'; text: string; ours?: boolean }
  | { kind: 'refused'; refusal: Refusal }
  | ({ kind: 'export' } & Wanted);

/**
 * Answers a question. Nothing is written.
 * @param incident null where the question is about none
 * @param zone of the asker, in which times are shown unless the question names another
 * @param command how it is called here, for `help`
 */
export async function look(
  read: Read,
  ask: Ask,
  incident: number | null,
  asking: Asking,
  zone: string,
  command: string,
): Promise<Seen> {
  if (ask.type === 'help') return { kind: 'text', text: helpText(ask.verb, command), ours: true };
  if (ask.type === 'list') {
    const [open, refused] = await Promise.all([read.open(asking), read.refused(asking.team)]);
    return { kind: 'text', text: listText(open, refused) };
  }
  const number = incident ?? 0;
  if (ask.type === 'export' || ask.type === 'postmortem') {
    const state = await read.incident(asking, number);
    if (isRefusal(state)) return { kind: 'refused', refusal: state };
    return ask.type === 'postmortem'
      ? { kind: 'export', incident: number, format: 'postmortem.md', zone: 'UTC' }
      : { kind: 'export', incident: number, format: ask.format, zone: ask.zone ?? 'UTC' };
  }
  if (ask.type === 'runs') {
    const runs = await read.runs(asking, number);
    if (isRefusal(runs)) return { kind: 'refused', refusal: runs };
    return { kind: 'text', text: runsText(refOf(number), runs, asking.now) };
  }
  const says = ask.type === 'show' || ask.type === 'catchup';
  const refused = says ? await read.refused(asking.team, number) : [];
  const text = await read.dossier(asking, number, (dossier) => wordsOn(ask, dossier, refused, asking, zone));
  return isRefusal(text) ? { kind: 'refused', refusal: text } : { kind: 'text', text };
}

type AboutOne = Exclude<Ask, { type: 'help' | 'list' | 'export' | 'postmortem' | 'runs' }>;

async function wordsOn(
  ask: AboutOne,
  dossier: Dossier,
  refused: Undelivered[],
  asking: Asking,
  zone: string,
): Promise<string> {
  switch (ask.type) {
    case 'show':
      return showText(dossier.state, zone, refused);
    case 'timeline':
      return timelineText(dossier.entries(), { ref: refOf(dossier.state.number), zone: ask.zone ?? zone });
    case 'catchup':
      return catchupText(dossier.state, await since(dossier, asking.by.id), zone, refused);
    case 'actions':
      return actionsText(
        refOf(dossier.state.number),
        await actionItems(dossier.entries({ kinds: ['action'] })),
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
