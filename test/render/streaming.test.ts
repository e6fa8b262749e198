import { expect, test } from '@jest/globals';
import type { Dossier } from '#render/document.js';
import { FORMATS, renderExport } from '#render/exports.js';
import { collected, dossierOf, note, opened, richIncident } from './incident.js';

const MANY = 20_000;

/** A long incident, made as it is read; `read` counts how far a reader has come. */
function long(): { dossier: Dossier; read: { entries: number; facts: number } } {
  const base = dossierOf([opened('x'), note(2, '02:00', 'something happened')]);
  const [, entry] = base.entryList;
  const [, fact] = base.sealed;
  const read = { entries: 0, facts: 0 };
  if (!entry || !fact) throw new Error('nothing to repeat');
  const dossier: Dossier = {
    ...base,
    entries: async function* (only) {
      if (only?.kinds && !only.kinds.includes('note')) return;
      for (let n = 2; n < MANY; n++) {
        read.entries++;
        yield { ...entry, n };
      }
    },
    runs: async () => [],
    factLines: async function* () {
      for (let n = 2; n < MANY; n++) {
        read.facts++;
        yield fact;
      }
    },
  };
  return { dossier, read };
}

test.each(FORMATS)('%s begins before the end is read, and in small pieces', async (format) => {
  const { dossier, read } = long();
  let pieces = 0;
  let largest = 0;
  let readAtFirstPage = 0;
  let size = 0;
  for await (const piece of renderExport(format, dossier)) {
    pieces++;
    size += piece.length;
    largest = Math.max(largest, piece.length);
    if (readAtFirstPage === 0 && size > 10_000) readAtFirstPage = read.entries + read.facts;
  }
  expect(read.entries + read.facts).toBe(MANY - 2);
  expect(readAtFirstPage).toBeLessThan(1_100);
  expect(largest).toBeLessThan(100_000);
  expect(pieces).toBeGreaterThan(30);
});

test('a store that does not choose by kind is slower, not wrong', async () => {
  const dossier = dossierOf(richIncident());
  const all: Dossier = { ...dossier, entries: () => dossier.entries() };
  for (const format of FORMATS) {
    expect(await collected(renderExport(format, all))).toBe(await collected(renderExport(format, dossier)));
  }
});
