import { stringify } from 'csv-stringify/sync';
import { type Entry, entryText } from '#domain/incident/entry.js';
import { type Precision, personLabel } from '#domain/words.js';
import type { Clock } from './clock.js';
import type { Dossier } from './document.js';

/** Rows that are handed to the CSV writer together. */
const BATCH = 500;

/**
 * The `csv` export: RFC 4180, UTF-8 with BOM, CRLF. Times carry the zone's offset; a bare date stays a date.
 */
export async function* renderCsv(dossier: Dossier, clock: Clock): AsyncIterable<string> {
  yield '\uFEFFn,at,until,precision,kind,text,by,source,link,struck,author\r\n';
  let rows: string[][] = [];
  for await (const entry of dossier.entries()) {
    rows.push(rowOf(entry, clock));
    if (rows.length < BATCH) continue;
    yield writtenRows(rows);
    rows = [];
  }
  if (rows.length > 0) yield writtenRows(rows);
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
    // `by` recorded it; who wrote it is somebody else where a message was recorded.
    inert(entry.detail.author ? personLabel(entry.detail.author) : ''),
  ];
}

function timeCell(at: string, precision: Precision, clock: Clock): string {
  if (precision === 'date') return at.slice(0, 10);
  const { date, time, offset } = clock.read(at);
  return `${date}T${time}${offset}`;
}

/**
 * A spreadsheet runs a cell that begins like a formula; an apostrophe before it makes it text.
 * Excel takes the full-width signs for their plain ones. Not csv-stringify's `escape_formulas`, which leaves out the line feed.
 */
export function inert(text: string): string {
  return /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
}

export function writtenRows(rows: string[][]): string {
  // The library quotes for its own record delimiter, CRLF; a lone CR or LF ends a record for many readers too.
  return stringify(rows, { record_delimiter: '\r\n', quoted_match: /[\r\n]|^\s|\s$/ });
}
