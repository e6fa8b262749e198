import { readBridgeUrl } from '../../incident/bridge.js';
import type { Refusal } from '../../refusal.js';
import { COMPONENT_STATES } from '../../status/page.js';
import { LIMITS } from '../../text.js';
import { MARKS } from '../../words.js';
import { checkText } from '../entered.js';
import { quotedAt } from '../flags.js';
import { readSeverity } from '../severity.js';
import { componentStateMeant, markMeant, severityMeant } from '../slips.js';
import { blank, exact, firstWord, form, intent, type Line, type Outcome, type Parsers } from '../verbs.js';

/** Verbs that change what is known of an incident, or correct its timeline. */
export const CHANGES = {
  sev(line) {
    const { said } = line;
    if (blank(said)) return form('sev');
    const read = readSeverity(said, true);
    if (!read || 'unknown' in read) {
      const { word, rest } = firstWord(said);
      const meant = severityMeant(read?.unknown ?? word);
      const behind = read ? said.trimStart().slice(read.unknown.length) : rest;
      return line.bad('a severity (sev1 to sev4, sev1 the worst)', word, meant && `${meant}${behind}`);
    }
    const { severity } = read;
    const behind = line.refBehind(read.rest);
    if ('refused' in behind) return behind;
    const reason = exact(behind.text);
    const refusal = checkText(reason, LIMITS.reason, 'The reason');
    if (refusal) return refusal;
    const { ref } = behind;
    return { ...intent({ type: 'ChangeSeverity', severity, reason: blank(reason) ? null : reason }), ref };
  },

  title(line) {
    const title = exact(line.said);
    return line.titleProblem(title) ?? intent({ type: 'ChangeTitle', title });
  },

  mark(line) {
    const { word, rest } = firstWord(line.said);
    if (!word) return line.missing('a milestone and a time');
    const milestone = MARKS.find((name) => name === word.toLowerCase());
    if (!milestone) return line.bad(`a milestone (${MARKS.join(', ')})`, word, markInstead(word, rest));
    if (blank(rest)) return line.missing('a time, or `now`', `${milestone} now`);
    const time = line.onlyTime(rest, false);
    return 'refused' in time ? time : intent({ type: 'MarkMilestone', milestone, moment: time.moment }, time);
  },

  component(line) {
    const { word, rest } = firstWord(line.said);
    if (!word) return line.missing('`add`, `remove` or `state`, and a name');
    const how = word.toLowerCase();
    if (how === 'state') return componentState(line, rest);
    if (how !== 'add' && how !== 'remove')
      return line.bad('`add`, `remove` or `state`', word, componentInstead(line.said));
    const { ref, text } = line.refAround(rest);
    const component = line.nameOf(text, 'the name of a component');
    if (typeof component !== 'string') return component;
    return { ...intent({ type: how === 'add' ? 'AddComponent' : 'RemoveComponent', component }), ref };
  },

  bridge(line) {
    const { word, rest } = firstWord(line.said);
    // Slack's clients, and people, leave out how an address begins.
    const bare = /^[a-z0-9-]+(\.[a-z0-9-]+)+(\/\S*)?$/i.test(word);
    const url = word === '' ? null : readBridgeUrl(bare ? `https://${word}` : word);
    if (word !== '' && url === null) return line.bad('the address of a call (https only)', word);
    return line.nothingMore(rest) ?? intent({ type: 'OpenBridge', url });
  },

  done(line) {
    const read = line.number(line.said, 'an action item', '`actions` shows the numbers');
    if ('refused' in read) return read;
    return line.nothingMore(read.rest) ?? intent({ type: 'CompleteAction', action: read.n });
  },

  edit(line) {
    const read = entryAndText(line, LIMITS.text, 'the new text');
    return 'refused' in read ? read : intent({ type: 'EditEntry', entry: read.n, text: read.text });
  },

  time(line) {
    const read = line.number(line.said, 'an entry', NUMBERS);
    if ('refused' in read) return read;
    if (blank(read.rest)) return line.missing('the new time');
    const time = line.onlyTime(read.rest, true);
    return 'refused' in time
      ? time
      : intent({ type: 'RetimeEntry', entry: read.n, moment: time.moment }, time);
  },

  strike(line) {
    const read = entryAndText(line, LIMITS.reason, 'a reason');
    return 'refused' in read ? read : intent({ type: 'StrikeEntry', entry: read.n, reason: read.text });
  },
} satisfies Parsers;

/**
 * `NAME STATE [TIME]`. Of a name in quotes the end is plain; of a bare one it is where the last word stands that is a state, and
 * that only a time follows.
 */
function componentState(line: Line, said: string): Outcome | Refusal {
  const { ref, text } = line.refAround(said);
  const trimmed = text.trim();
  if (trimmed === '') return line.missing('the name of a component, and a state');
  const inQuotes = quotedAt(trimmed, 0);
  if (inQuotes && 'unclosed' in inQuotes) return line.bad('a name', trimmed);
  const states = [
    ...trimmed.matchAll(/(?<!\S)(operational|degraded|partial|major|maintenance)(?!\S)/gi),
  ].filter(({ index }) => index > 0 && (inQuotes === null || index >= inQuotes.end));
  for (const found of states.reverse()) {
    const state = COMPONENT_STATES.find((one) => one === found[0].toLowerCase());
    const behind = trimmed.slice(found.index + found[0].length).trim();
    const time = behind === '' ? null : line.onlyTime(behind, false);
    if (state === undefined || (time && 'refused' in time && states.length > 1)) continue;
    if (time && 'refused' in time) return time;
    const component = line.nameOf(trimmed.slice(0, found.index), 'the name of a component');
    if (typeof component !== 'string') return component;
    return {
      ...intent({ type: 'SetComponentState', component, state, moment: time?.moment ?? null }, time),
      ref,
    };
  }
  const meant = nameAndState(trimmed);
  return line.bad(
    `a component and a state (${COMPONENT_STATES.join(', ')})`,
    trimmed,
    meant && `state ${meant}`,
  );
}

/** `mark 14:30 mitigated`, `mark fixed 14:30`: in our words and order. */
function markInstead(word: string, rest: string): string | null {
  const behind = firstWord(rest);
  const meant = markMeant(word);
  if (meant) return `${meant}${blank(rest) ? ' now' : rest}`;
  const last = markMeant(behind.word);
  return last && blank(behind.rest) ? `${last} ${word}` : null;
}

/** `API degraded`: how it is; `API` alone: it is affected. */
function componentInstead(said: string): string {
  const meant = nameAndState(said.trim());
  return meant === null ? `add ${said.trim()}` : `state ${meant}`;
}

/** @returns a component with a state of ours, of what ends or begins with a word that means one */
function nameAndState(said: string): string | null {
  const words = said.split(/\s+/);
  const [first = '', last = ''] = [words[0], words.at(-1)];
  if (words.length < 2) return null;
  const behind = componentStateMeant(last);
  if (behind)
    return `${words
      .slice(0, -1)
      .join(' ')
      .replace(/ (?:is|are)$/i, '')} ${behind}`;
  const before = componentStateMeant(first);
  return before && `${words.slice(1).join(' ')} ${before}`;
}

const NUMBERS = '`timeline` shows the numbers';

/** Reads `N TEXT`; the incident may be alone in the text's place. */
function entryAndText(line: Line, limit: number, what: string): { n: number; text: string } | Refusal {
  const read = line.number(line.said, 'an entry', NUMBERS);
  if ('refused' in read) return read;
  const behind = line.refBehind(read.rest);
  if ('refused' in behind) return behind;
  const text = exact(behind.text);
  return line.needed(text, limit, what) ?? { n: read.n, text };
}
