import { OUTCOMES, type Outcome, type OutcomeCount } from '#domain/alert/settle.js';
import { inert, writtenRows } from './csv.js';
import { mdText } from './md.js';

/** A source and a rule, with a number for each outcome. */
interface Row {
  source: string;
  rule: string | null;
  shadow: boolean;
  numbers: Map<Column, number>;
}

type Column = Outcome | 'waiting' | 'dismissed';

/** `dismissed` beside `opened`, of which it is a part. */
const COLUMNS: readonly Column[] = ['opened', 'dismissed', ...OUTCOMES.slice(1), 'waiting'];

/** @returns what came of signals since then, as `tocsin alerts report` shows it: in shadow, what would have */
export function alertReport(counts: readonly OutcomeCount[], since: Date, format: 'md' | 'csv'): string {
  const rows = rowsOf(counts);
  if (format === 'csv') {
    const head = ['source', 'rule', 'mode', ...COLUMNS];
    return `\uFEFF${writtenRows([head, ...rows.map((row) => [inert(row.source), inert(row.rule ?? ''), modeOf(row), ...cells(row, '0')])])}`;
  }
  const from = `${since.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (rows.length === 0) return `# Alerts since ${from}\n\nNo source has sent anything.\n`;
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return [
    `# Alerts since ${from}`,
    '',
    line(['source', 'rule', 'mode', ...COLUMNS]),
    line(['---', '---', '---', ...COLUMNS.map(() => '---:')]),
    ...rows.map((row) =>
      line([
        mdText(row.source),
        row.rule === null ? '*(none)*' : mdText(row.rule),
        modeOf(row),
        ...cells(row, ''),
      ]),
    ),
    '',
    ...sentences(rows),
    '',
  ].join('\n');
}

const modeOf = ({ shadow }: Row) => (shadow ? 'shadow' : 'live');

function cells({ numbers }: Row, none: string): string[] {
  return COLUMNS.map((column) => String(numbers.get(column) ?? none));
}

function rowsOf(counts: readonly OutcomeCount[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { source, rule, shadow, outcome, signals, dismissed } of counts) {
    const name = JSON.stringify([source, rule, shadow]);
    const row = rows.get(name) ?? { source, rule, shadow, numbers: new Map() };
    rows.set(name, row);
    const add = (column: Column, n: number) => {
      if (n > 0) row.numbers.set(column, (row.numbers.get(column) ?? 0) + n);
    };
    add(outcome ?? 'waiting', signals);
    add('dismissed', dismissed);
  }
  return [...rows.values()];
}

function sentences(rows: readonly Row[]): string[] {
  const sum = (shadow: boolean, column: Column) =>
    rows
      .filter((row) => row.shadow === shadow)
      .reduce((total, { numbers }) => total + (numbers.get(column) ?? 0), 0);
  const [opened, dismissed, would] = [sum(false, 'opened'), sum(false, 'dismissed'), sum(true, 'opened')];
  const share = opened > 0 ? ` (${Math.round((100 * dismissed) / opened)} %)` : '';
  return [
    `${incidents(opened)} opened, of which ${dismissed === 1 ? '1 was' : `${dismissed} were`} dismissed as no incident${share}.`,
    ...(rows.some(({ shadow }) => shadow) ? [`In shadow ${incidents(would)} would have been opened.`] : []),
  ];
}

const incidents = (n: number) => (n === 1 ? '1 incident' : `${n} incidents`);
