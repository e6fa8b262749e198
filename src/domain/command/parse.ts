import { type Refusal, refuse } from '../refusal.js';
import { numberOf } from '../words.js';
import { checkText, type Entered, wordAt } from './entered.js';
import { closestVerbs, linesMeant } from './slips.js';
import { ALERTS } from './verb/alerts.js';
import { ASKS } from './verb/asks.js';
import { CHANGES } from './verb/changes.js';
import { FINDS } from './verb/finds.js';
import { LINKS } from './verb/links.js';
import { OPEN } from './verb/open.js';
import { PAGES } from './verb/pages.js';
import { PEOPLE } from './verb/people.js';
import { PUBLISHES } from './verb/publish.js';
import { RECORDS } from './verb/records.js';
import { REMINDERS } from './verb/reminders.js';
import { RUNS } from './verb/run.js';
import { WATCHES } from './verb/watch.js';
import {
  ask,
  blank,
  type CommandContext,
  firstWord,
  Line,
  type Parsed,
  type Parsers,
  refAmong,
  type Verb,
  verbNamed,
} from './verbs.js';

export type { Ask, CommandContext, Parsed } from './verbs.js';

const PARSERS: Required<Parsers> = {
  ...OPEN,
  ...RECORDS,
  ...PUBLISHES,
  ...CHANGES,
  ...PEOPLE,
  ...RUNS,
  ...WATCHES,
  ...REMINDERS,
  ...ALERTS,
  ...ASKS,
  ...FINDS,
  ...LINKS,
  ...PAGES,
};

/**
 * Understands one command, as every front hands it in: the verb and what follows, without the command's own name.
 * Pure: the clock is `ctx.now`. Never throws.
 */
export function parseCommand(entered: Entered, ctx: CommandContext): Parsed | Refusal {
  const { text, mentions } = entered;
  const unfit = checkText(text, Number.POSITIVE_INFINITY);
  if (unfit) return unfit;
  const first = firstWord(text);
  // `INC-7 note …`: a reference before the verb cannot be part of a text.
  const turned = numberOf(first.word) === null ? null : verbNamed(firstWord(first.rest).word);
  const leads = turned?.incident && (turned.looks || !ctx.implied);
  const { word, rest } = leads ? firstWord(first.rest) : first;
  if (!word) return { ...ask({ type: 'here' }), verb: 'here', ref: null };
  const verb = verbNamed(word);
  if (!verb) {
    // A reference alone asks how that one stands.
    const alone = blank(rest) ? numberOf(word) : null;
    if (alone !== null) return { ...ask({ type: 'here' }), verb: 'here', ref: alone };
    const closest = closestVerbs(word, ctx.beside);
    return refuse('UNKNOWN_VERB', { verb: wordAt(word, 0), closest, lines: linesMeant(text, ctx) });
  }

  // In an incident's channel INC-8 is what the text speaks of; a verb without a text can only mean the incident.
  const may = verb.incident && (verb.looks || !ctx.implied);
  const found = leads ? { ref: numberOf(first.word), text, at: text.length - rest.length } : null;
  const { ref, ...from } = found ?? whereNamed(text, text.length - rest.length, may ? verb : null);
  const named = !may || ref !== null;
  const outcome = PARSERS[verb.name](new Line(from.text, mentions, from.at, named, verb, ctx));
  return 'refused' in outcome ? outcome : { ...outcome, verb: verb.name, ref: ref ?? outcome.ref ?? null };
}

/**
 * Looks for the incident: right behind the verb, or anywhere where there is no text that it could be a part of.
 * @param verb null: none is to be named
 * @returns where the verb's own words begin; a reference among them is blanked, so that every index stays
 */
function whereNamed(
  text: string,
  at: number,
  verb: Verb | null,
): { ref: number | null; text: string; at: number } {
  if (!verb) return { ref: null, text, at };
  const { word, rest } = firstWord(text.slice(at));
  const ref = numberOf(word);
  if (ref !== null || !verb.textless) return { ref, text, at: ref === null ? at : text.length - rest.length };
  const read = refAmong(text.slice(at));
  return { ref: read.ref, text: text.slice(0, at) + read.text, at };
}
