import { stringify } from 'csv-stringify/sync';
import type { Entry } from '#domain/entry.js';
import { entryText } from '#domain/entry-text.js';
import type { Precision } from '#domain/moment.js';
import { personLabel } from '#domain/person.js';
import type { Clock } from './clock.js';
import type { Dossier } from './dossier.js';

/** Rows that are handed to the CSV writer together. */
const BATCH = 500;

/**
 * The `csv` export: RFC 4180, UTF-8 with BOM, CRLF. Times carry the zone's offset; a bare date stays a date.
 */
export async function* renderCsv(dossier: Dossier, clock: Clock): AsyncGenerator<string, void, undefined> {
  yield '\uFEFFn,at,until,precision,kind,text,by,source,link,struck\r\n';
  let rows: string[][] = [];
  for await (const entry of dossier.entries()) {
    rows.push(rowOf(entry, clock));
    if (rows.length < BATCH) continue;
    yield written(rows);
    rows = [];
  }
  if (rows.length > 0) yield written(rows);
}

function rowOf(entry: Entry, clock: Clock): string[] {
  return [
    String(entry.n),
    timeCell(entry.at, entry.precision, clock),
    entry.until === null ? '' : timeCell(entry.until, entry.precision, clock),
    entry.precision,
    entry.kind,
    inert(entryText(entry)),
    inert(personLabel(entry.by)),
    entry.source,
    inert(entry.link ?? ''),
    String(entry.struck),
  ];
}

function timeCell(at: string, precision: Precision, clock: Clock): string {
  if (precision === 'date') return at.slice(0, 10);
  const { date, time, offset } = clock.read(at);
  return `${date}T${time}${offset}`;
}

/**
 * A spreadsheet runs a cell that begins like a formula; an apostrophe before it makes it text.
 * Not csv-stringify's `escape_formulas`: that also marks full-width signs, which the format does not promise to undo.
 */
function inert(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function written(rows: string[][]): string {
  // The library quotes for its own record delimiter, CRLF; a lone CR or LF ends a record for many readers too.
  return stringify(rows, { record_delimiter: '\r\n', quoted_match: /[\r\n]|^\s|\s$/ });
}
