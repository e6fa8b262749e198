import type { Entry } from './entry.js';
import { personLabel } from './person.js';
import { runText } from './run-entry.js';

/** What stands where a text was erased. */
export const ERASED = '[erased]';

/**
 * The sentence of an entry, as every export and answer shows it. A note, message, cause or title is the person's text,
 * character for character; a change is worded from its detail, followed by the text that a person gave with it.
 */
export function entryText(entry: Entry): string {
  const { kind, detail } = entry;
  const given = entry.erased ? ERASED : entry.text;
  switch (kind) {
    case 'opened':
    case 'title':
    case 'note':
    case 'message':
    case 'cause':
    case 'alert':
      return given ?? '';
    case 'run':
    case 'step':
      return runText(detail, given);
    case 'status':
      return said(`${detail.status ?? ''}${detail.reopened ? ' (reopened)' : ''}`, given);
    case 'severity':
      return said(detail.severity ?? '', given);
    case 'post':
      return said(detail.state ?? '', given);
    case 'role':
      return said(detail.role ?? '', detail.person ? personLabel(detail.person) : given);
    case 'milestone':
      return detail.milestone ?? '';
    case 'component':
      return `${detail.change ?? 'added'} ${given ?? ''}`;
    case 'impact':
      return given ?? impactText({ ...detail, text: null });
    case 'action':
      return actionText(entry, given);
    default: {
      const unknown: never = kind;
      throw new Error(`an entry of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

/**
 * The sentence of an entry with all that was recorded in it: for answers and the channel, where nothing else tells the
 * numbers of an impact. Exports have them in a place of their own.
 */
export function toldText(entry: Entry): string {
  if (entry.kind !== 'impact' || entry.text === null || entry.erased) return entryText(entry);
  return impactText({ ...entry.detail, text: entry.text });
}

/** Numbers of an impact; a missing member is not known. */
export interface ImpactNumbers {
  text: string | null;
  failed?: number | null;
  total?: number | null;
  components?: string[];
}

/** @returns the text that was entered, and a phrase made of the numbers and components: `19 of 400 requests failed`. */
export function impactText(impact: ImpactNumbers): string {
  const numbers = impactNumbers(impact);
  const components = impact.components?.join(', ') ?? '';
  if (impact.text !== null)
    return [impact.text, [numbers, components].filter(Boolean).join(', ')].filter(Boolean).join(' — ');
  if (numbers === null) return components === '' ? '' : `affects ${components}`;
  return components === '' ? numbers : `${numbers} (${components})`;
}

/** @returns `19 of 400 requests failed`, `1 request failed`, `400 requests in all`, or null when no number is known. */
export function impactNumbers(impact: Pick<ImpactNumbers, 'failed' | 'total'>): string | null {
  const failed = impact.failed ?? null;
  const total = impact.total ?? null;
  const requests = (count: number) => (count === 1 ? 'request' : 'requests');
  if (failed !== null && total !== null) return `${failed} of ${total} ${requests(total)} failed`;
  if (failed !== null) return `${failed} ${requests(failed)} failed`;
  if (total !== null) return `${total} ${requests(total)} in all`;
  return null;
}

function said(what: string, text: string | null): string {
  return text === null ? what : `${what}: ${text}`;
}

function actionText({ detail }: Entry, given: string | null): string {
  const name = `#${detail.action ?? 0}`;
  if (detail.done) return `${name} done`;
  const owner = detail.owner ? ` (owner ${personLabel(detail.owner)})` : '';
  return `${name} ${given ?? ''}${owner}`;
}
