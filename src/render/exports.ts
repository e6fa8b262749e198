import { WITHHELD } from '#domain/incident/bridge.js';
import { factLine, type SealedFact } from '#domain/incident/chain.js';
import { refOf } from '#domain/words.js';
import { type Clock, clockIn } from './clock.js';
import { renderCsv } from './csv.js';
import { type Dossier, incidentDocument } from './document.js';
import { writeHtml } from './html.js';
import { renderJson } from './json.js';
import { writeMarkdown } from './md.js';
import { postmortemDocument } from './postmortem.js';

const MARKDOWN = 'text/markdown; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

/** Everything that can be exported, in the order in which it is offered: with which media type it is served, and how it is written. */
const EXPORTS = {
  md: { type: MARKDOWN, write: (of, clock) => writeMarkdown(incidentDocument(of, clock)) },
  json: { type: 'application/json', write: renderJson },
  csv: { type: 'text/csv; charset=utf-8', write: renderCsv },
  html: {
    type: HTML,
    write: (of, clock) => writeHtml(incidentDocument(of, clock), of.state.images ? of.image : undefined),
  },
  facts: { type: 'application/jsonl; charset=utf-8', write: renderFacts },
  'postmortem.md': { type: MARKDOWN, write: (of, clock) => writeMarkdown(postmortemDocument(of, clock)) },
  'postmortem.html': { type: HTML, write: (of, clock) => writeHtml(postmortemDocument(of, clock)) },
} as const satisfies Record<string, Export>;

interface Export {
  type: string;
  write(dossier: Dossier, clock: Clock): AsyncIterable<string>;
}

export type Format = keyof typeof EXPORTS;
export const FORMATS = Object.keys(EXPORTS) as Format[];

/** @returns the media type to serve a format with */
export function mediaTypeOf(format: Format): string {
  return EXPORTS[format].type;
}

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
  return inPieces(EXPORTS[format].write(dossier, clockIn(zone)));
}

/** The `facts` export: one line per fact, each ended by LF. `verify` checks it offline. */
async function* renderFacts(dossier: Dossier): AsyncIterable<string> {
  for await (const sealed of dossier.factLines()) yield `${factLine(withheld(sealed))}\n`;
}

/** What lets people into a call is for the channel: an export shows it as it shows what was erased. */
function withheld(sealed: SealedFact): SealedFact {
  const type = Object.keys(WITHHELD).find((one) => sealed.body.includes(`"type":"${one}"`));
  if (type === undefined || JSON.parse(sealed.body).type !== type) return sealed;
  const texts = sealed.texts.map((text) =>
    WITHHELD[type]?.includes(text.field) ? { ...text, salt: null, text: null } : text,
  );
  return { ...sealed, texts };
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
