import { createHash } from 'node:crypto';
import { LIMITS, printable } from '../text.js';
import type { Severity } from '../words.js';
import { groupId, type Signal } from './signal.js';

/** `alerts.rules` of tocsin.yml, checked. The first that matches wins; where none does, a signal opens nothing. */
export interface Rule {
  readonly name: string;
  readonly match: Match;
  readonly does: { readonly open: Opening } | { readonly attach: true } | { readonly ignore: true };
  /** Labels whose values make the group's key; empty: the rule's name is the key. */
  readonly groupBy: readonly string[];
  /** It opens when it has fired for so long; null: at once. */
  readonly forMs: number | null;
  /** It opens when so many of its group have begun to fire within `withinMs`; null: one is enough. */
  readonly count: { readonly times: number; readonly withinMs: number } | null;
  /** In these hours of the day it opens nothing; what still fires at their end does. `from`, `to`: minutes after midnight. */
  readonly quiet: { readonly from: number; readonly to: number; readonly zone: string } | null;
  /** What is done when no alert of the incident fires any more. */
  readonly resolve: 'suggest' | 'auto';
}

/**
 * All that is given must hold. A pattern is a text in which `*` stands for any characters, none included; a label that a
 * signal does not have is an empty text.
 */
interface Match {
  readonly sources: readonly string[];
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

export interface Opening {
  /** With `{{ title }}`, `{{ source }}`, `{{ key }}`, `{{ labels.NAME }}`. */
  readonly title: string;
  readonly severity: {
    readonly label: string | null;
    readonly map: Readonly<Record<string, Severity>>;
    readonly otherwise: Severity | null;
  };
  readonly components: readonly string[];
  readonly private: boolean;
  readonly people: readonly string[];
  readonly groups: readonly string[];
  /** The runbook that is offered; its inputs come from here alone. */
  readonly runbook: { readonly name: string; readonly inputs: Readonly<Record<string, string>> } | null;
}

/** Where a signal belongs, by the rules. */
export interface Filed {
  /** The first rule that matches; null: none does. */
  readonly rule: Rule | null;
  /** What people call the group: the values of its labels, as `service=tts,region=eu`, `private service=tts`. */
  readonly key: string;
  /** Its `groupId`. The same key is the same group, whichever rule or source it came by. */
  readonly group: string;
}

/** @returns where the first rule that matches files the signal */
export function file(rules: readonly Rule[], source: string, signal: Pick<Signal, 'labels'>): Filed {
  const rule = rules.find(({ match }) => matches(match, source, signal.labels)) ?? null;
  const key = rule === null ? '' : keyOf(rule, signal.labels);
  return { rule, key, group: groupId(key) };
}

function matches({ sources, labels }: Match, source: string, has: Signal['labels']): boolean {
  if (sources.length > 0 && !sources.some((pattern) => matchesPattern(pattern, source))) return false;
  return Object.entries(labels).every(([name, patterns]) => {
    const value = labelOf(has, name);
    return patterns.some((pattern) => matchesPattern(pattern, value));
  });
}

/**
 * Does the pattern describe all of the text? Its parts are looked for one behind the other, each where it comes first, and
 * none is looked for a second time: no text makes this slow.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function labelOf(labels: Signal['labels'], name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

const PRIVATE = 'private ';

/** Is it a key of a rule that opens private incidents, whether there is one yet or not? */
export function isPrivateKey(key: string): boolean {
  return key.startsWith(PRIVATE);
}

/**
 * Keys of different labels differ, whatever a sender puts into them; and what opens private incidents shares its key with
 * nothing that opens others: it would be told in the channel of an incident that everybody reads.
 */
function keyOf({ name, groupBy, does }: Rule, labels: Signal['labels']): string {
  const values = groupBy.map((one) => `${one}=${labelOf(labels, one).replace(/[\\,]/g, '\\$&')}`);
  const said = groupBy.length === 0 ? name : values.join(',');
  const key = 'open' in does && does.open.private ? PRIVATE + said : said;
  const line = oneLine(key);
  const letters = [...line];
  if (letters.length <= LIMITS.alertKey) return line;
  // So that two that are cut stay different.
  const mark = `…${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
  return letters.slice(0, LIMITS.alertKey - mark.length).join('') + mark;
}

function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

/** What stands in braces; whatever is in them is looked at by `filledIn`. */
const FIELD = /\{\{([^{}]*)\}\}/g;
const LABEL = 'labels.';

/**
 * @returns the title of an incident that this signal opens: on one line, never empty. What a sender says is put in as it
 *   is, and not read for fields again.
 */
export function titleOf(
  opening: Pick<Opening, 'title'>,
  source: string,
  key: string,
  signal: Pick<Signal, 'title' | 'labels'>,
): string {
  const said = (template: string) =>
    oneLine(
      template.replace(FIELD, (_, field: string) => {
        const name = field.trim();
        if (name.startsWith(LABEL)) return labelOf(signal.labels, name.slice(LABEL.length).trim());
        return name === 'title' ? signal.title : name === 'source' ? source : name === 'key' ? key : '';
      }),
    );
  const title = said(opening.title) || oneLine(signal.title) || oneLine(key) || 'Alert';
  const letters = [...title];
  return letters.length <= LIMITS.title ? title : `${letters.slice(0, LIMITS.title - 1).join('')}…`;
}

/** @returns what is wrong with the template of a title, to stand behind its place; null: nothing */
export function wrongInTitle(template: string): string | null {
  const fields = 'write {{ title }}, {{ source }}, {{ key }} or {{ labels.NAME }}';
  if (template.trim() === '') return `is empty; ${fields}`;
  for (const [whole, field = ''] of template.matchAll(FIELD)) {
    const name = field.trim();
    const known = ['title', 'source', 'key'].includes(name);
    const label = name.startsWith(LABEL) && name.length > LABEL.length;
    if (!known && !label) return `holds “${whole}”, which is nothing that is known; ${fields}`;
  }
  if (/\{\{|\}\}/.test(template.replace(FIELD, ''))) return `has braces that are not closed; ${fields}`;
  return null;
}

/** @returns how severe an incident is that this signal opens; null: the rule does not say */
export function severityOf({ severity }: Opening, signal: Pick<Signal, 'labels'>): Severity | null {
  const { label, map, otherwise } = severity;
  const value = label === null ? '' : labelOf(signal.labels, label);
  return Object.hasOwn(map, value) ? (map[value] ?? otherwise) : otherwise;
}
