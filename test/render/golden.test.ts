import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { FORMATS, fileNameOf, renderExport } from '#render/exports.js';
import { collected, dossierOf, richIncident } from './incident.js';

// `.golden`, so that no formatter takes them for its own. `RECORD=1` writes the files anew; read the difference before committing it: exports stay the same for ever.
const record = process.env.RECORD === '1';
const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
  test.each(FORMATS)(`the %s export in ${zone} is, byte for byte, what it always was`, async (format) => {
    const text = await collected(renderExport(format, dossierOf(richIncident()), zone));
    const path = golden(`${zone.split('/').at(-1)}-${fileNameOf(7, format)}.golden`);
    if (record) writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, 'utf8'));
  });
}

test('the same dossier gives the same bytes again', async () => {
  const dossier = dossierOf(richIncident());
  for (const format of FORMATS) {
    const once = await collected(renderExport(format, dossier, 'Europe/Berlin'));
    expect(await collected(renderExport(format, dossier, 'Europe/Berlin'))).toBe(once);
  }
});

test('a zone that does not exist is refused at once', () => {
  for (const zone of ['Mars/Olympus', '', '+25:00', '+0200']) {
    expect(() => renderExport('csv', dossierOf(richIncident()), zone)).toThrow(RangeError);
  }
});
