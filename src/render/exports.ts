import { factLine } from '#domain/incident/chain.js';
import { refOf } from '#domain/words.js';
import { type Clock, clockIn } from './clock.js';
import { renderCsv } from './csv.js';
import { type Dossier, incidentDocument } from './document.js';
import { writeHtml } from './html.js';
import { renderJson } from './json.js';
import { writeMarkdown } from './md.js';
import { postmortemDocument } from './postmortem.js';

/** Everything that can be exported, in the order in which it is offered. */
export const FORMATS = ['md', 'json', 'csv', 'html', 'facts', 'postmortem.md', 'postmortem.html'] as const;
export type Format = (typeof FORMATS)[number];

/** The media type to serve a format with. */
export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  md: 'text/markdown; charset=utf-8',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  html: 'text/html; charset=utf-8',
  facts: 'application/jsonl; charset=utf-8',
  'postmortem.md': 'text/markdown; charset=utf-8',
  'postmortem.html': 'text/html; charset=utf-8',
};

/** @returns `INC-7.md`, `INC-7.facts.jsonl`, `INC-7-postmortem.md` */
export function fileNameOf(incident: number, format: Format): string {
  if (format === 'facts') return `${refOf(incident)}.facts.jsonl`;
  const [first, last] = format.split('.');
  return last === undefined ? `${refOf(incident)}.${first}` : `${refOf(incident)}-${first}.${last}`;
}

/**
 * The one way to make an export: web, Slack and the command line all give these bytes (chunks of UTF-8 text).
 * @param zone IANA name, `UTC` or an offset; `json` and `facts` are always in UTC
 * @throws RangeError at once when there is no such zone
 */
export function renderExport(format: Format, dossier: Dossier, zone = 'UTC'): AsyncIterable<string> {
  return inPieces(rendered(format, dossier, clockIn(zone)));
}

function rendered(format: Format, dossier: Dossier, clock: Clock): AsyncIterable<string> {
  switch (format) {
    case 'md':
      return writeMarkdown(incidentDocument(dossier, clock));
    case 'html':
      return writeHtml(incidentDocument(dossier, clock));
    case 'postmortem.md':
      return writeMarkdown(postmortemDocument(dossier, clock));
    case 'postmortem.html':
      return writeHtml(postmortemDocument(dossier, clock));
    case 'json':
      return renderJson(dossier);
    case 'csv':
      return renderCsv(dossier, clock);
    case 'facts':
      return renderFacts(dossier);
    default: {
      const unknown: never = format;
      throw new Error(`a format that is not known: ${JSON.stringify(unknown)}`);
    }
  }
}

/** The `facts` export: one line per fact, each ended by LF. `verify` checks it offline. */
async function* renderFacts(dossier: Dossier): AsyncIterable<string> {
  for await (const sealed of dossier.factLines()) yield `${factLine(sealed)}\n`;
}

/** Characters that are handed on together: few enough for memory, enough not to write to a socket for every line. */
const PIECE = 16_384;

/** Gathers small pieces of text into larger ones; the text stays the same. */
async function* inPieces(texts: AsyncIterable<string>): AsyncIterable<string> {
  let held: string[] = [];
  let size = 0;
  for await (const text of texts) {
    held.push(text);
    size += text.length;
    if (size < PIECE) continue;
    yield held.join('');
    held = [];
    size = 0;
  }
  if (size > 0) yield held.join('');
}
