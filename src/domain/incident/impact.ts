import type { Noted } from './fact.js';

// What is said of damage, typed or counted: figures, components, and what has to be known of a measurement.

/** What was counted of one component, or of one group of labels. */
export interface Counted {
  name: string;
  failed: number;
  total: number;
}

/** How an impact was measured, and what beside its figures came of it. */
export interface Measurement {
  looked: string;
  stepMs: number;
  failedQuery: string;
  totalQuery: string;
  components: Counted[];
  limited?: true;
  groups: Counted[];
  noted: Noted;
  bucketMs: number;
  failedIn: number[];
  totalIn: number[];
}

/** Numbers of an impact; a missing member is not known. */
interface ImpactNumbers {
  text: string | null;
  failed?: number | null;
  total?: number | null;
  components?: string[];
  unaffected?: string[];
}

/** The same without anybody's words, and with its window. */
type ImpactFigures = Omit<ImpactNumbers, 'text'> & { from?: string | null; to?: string | null };

/** @returns the text that was entered, and a phrase made of the numbers and components: `19 of 400 requests failed`. */
export function impactText(impact: ImpactNumbers): string {
  const numbers = impactNumbers(impact);
  const components = impact.components?.join(', ') ?? '';
  const spared = unaffectedText(impact.unaffected);
  const behind = spared === null ? '' : `; ${spared}`;
  if (impact.text !== null)
    return (
      [impact.text, [numbers, components].filter(Boolean).join(', ')].filter(Boolean).join(' — ') + behind
    );
  if (numbers === null) return components === '' ? (spared ?? '') : `affects ${components}${behind}`;
  return (components === '' ? numbers : `${numbers} (${components})`) + behind;
}

/** @returns `not affected: Dashboard, Internal API`; null: nobody said so of any */
export function unaffectedText(names: readonly string[] = []): string | null {
  return names.length === 0 ? null : `not affected: ${names.join(', ')}`;
}

/** What was counted, with all that it rests on: figures, window, queries, and what has to be known of them. */
export function measuredText(impact: ImpactFigures, measured: Measurement): string {
  const { from = null, to = null } = impact;
  const day = (at: string | null) => (at ?? '').slice(0, 10);
  const time = (at: string | null) => (at ?? '').slice(11, 19);
  const until = day(from) === day(to) ? time(to) : `${day(to)} ${time(to)}`;
  const how = `measured from ${day(from)} ${time(from)} to ${until} UTC, ${queriesText(measured)}`;
  return countedText(impact, measured, how);
}

/** What was counted, and what has to be known of it. @param how it was found out */
export function countedText(impact: ImpactFigures, { noted }: Measurement, how: string): string {
  return [impactText({ ...impact, text: null }), how, ...notedSentences(noted)].join('; ');
}

/** @returns `every 15 s: failed requests_total{status!="200"}, total requests_total` */
export function queriesText({ stepMs, failedQuery, totalQuery }: Measurement): string {
  return `every ${stepMs / 1000} s: failed ${failedQuery}, total ${totalQuery}`;
}

/** @returns what a reader must know of a measurement before they rely on it, each without its full stop */
export function notedSentences(noted: Noted): string[] {
  const { resets = 0, begun = 0, gone = 0, gaps = 0, before = 0, after = 0, more = 0 } = noted;
  const many = (n: number, one: string, several: string) =>
    n === 1 ? `1 ${one}` : `${n.toLocaleString('en')} ${several}`;
  return [
    ...(resets > 0
      ? [
          `${many(resets, 'counter began', 'times a counter began')} anew: what it had counted since it was last read is not in it`,
        ]
      : []),
    ...(begun > 0
      ? [`${many(begun, 'counter', 'counters')} began in the measured window, and counted from 0`]
      : []),
    ...(gone > 0
      ? [`${many(gone, 'counter was', 'counters were')} gone before the measured window ended`]
      : []),
    ...(gaps > 0
      ? [`${many(gaps, 'counter was', 'counters were')} not read for a while; nothing is lost by that`]
      : []),
    ...(before > 0
      ? [
          `${before.toLocaleString('en')} of the failed may have been just before the measured window: they were first read in it`,
        ]
      : []),
    ...(after > 0
      ? [
          `up to ${after.toLocaleString('en')} more may belong to the measured window: they were first read after it`,
        ]
      : []),
    ...(noted.absent
      ? ['there is no counter of failures at all: none failed yet, or the query is wrong']
      : []),
    ...(noted.partial ? ['Prometheus says that its answer may lack something'] : []),
    ...(noted.open ? ['the last samples were not in yet: measure again'] : []),
    ...(more > 0 ? [`${more.toLocaleString('en')} more groups are not listed`] : []),
  ];
}

/**
 * Where somebody typed figures, and others were counted: both stand, with what lies between.
 * @returns `typed 20 failed, measured 19: 1 more was typed`; null: they agree, or one of them does not say
 */
export function differenceText(
  typed: Pick<ImpactNumbers, 'failed' | 'total'>,
  measured: { failed: number; total: number },
): string | null {
  const parts = (['failed', 'total'] as const).flatMap((figure) => {
    const said = typed[figure] ?? null;
    const by = said === null ? 0 : said - measured[figure];
    if (said === null || by === 0) return [];
    const [a, b, between] = [said, measured[figure], Math.abs(by)].map((n) => n.toLocaleString('en'));
    const what = figure === 'failed' ? 'failed' : 'in all';
    return [`typed ${a} ${what}, measured ${b}: ${between} ${by > 0 ? 'more' : 'fewer'} typed than measured`];
  });
  return parts.length === 0 ? null : parts.join('; ');
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
