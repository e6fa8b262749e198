import { describe, expect, jest, test } from '@jest/globals';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { renderExport } from '#render/exports.js';
import { mdText } from '#render/md.js';
import { effort } from '../support/effort.js';
import { collected, dossierOf, note, opened, when } from './incident.js';
import { elements, page, readers, textOf, undone } from './parsed.js';
import { entered } from './texts.js';

const LINK = 'https://acme.slack.com/archives/C7/p1?a=b&c=d';

/** The text as a note, struck, as a message with a link, as title, component, cause, action, impact and status text. */
const everywhere = (text: string) =>
  dossierOf([
    opened(text, [text]),
    note(2, '01:50', text),
    note(3, '01:51', text),
    { type: 'EntryStruck', data: { entry: 3, restored: null }, texts: { reason: text } },
    {
      type: 'MessageCaptured',
      data: { ...when(4, '01:52'), channel: 'C7', ts: '1.2', author: 'U2', link: LINK },
      texts: { text, author: text },
    },
    { type: 'CauseRecorded', data: when(5, '01:53'), texts: { text } },
    {
      type: 'ActionAdded',
      data: { ...when(6, '01:54'), action: 1, owner: 'U2' },
      texts: { text, owner: text },
    },
    {
      type: 'ImpactRecorded',
      data: { ...when(7, '01:55'), failed: 1, total: 2, from: null, to: null, components: 1 },
      texts: { text, 'component.0': text },
    },
    {
      type: 'StatusChanged',
      data: { ...when(8, '01:56'), status: 'resolved', reopened: false },
      texts: { text },
    },
    {
      type: 'AlertFired',
      data: {
        ...{ ...when(9, '01:57'), alert: 'a1', group: 'g1', source: 'prometheus', rule: null },
      },
      texts: { title: text, key: text, text, values: JSON.stringify({ [text]: text }), link: LINK },
    },
    { type: 'IncidentLinked', data: { ...when(10, '01:58'), other: 9 }, texts: { text } },
  ]);

/** What ends the directions of writing that a text left open: looked for by leaving out what is closed. */
function ends(text: string): string {
  let marks = text.replace(/[^\u202A-\u202E\u2066-\u2069]/gu, '');
  // Pairs of embeddings first; an isolate ends with all that is open in it; ends of nothing end nothing.
  for (let before = ''; before !== marks; ) {
    before = marks;
    marks = marks
      .replace(/[\u202A\u202B\u202D\u202E]\u202C/gu, '')
      .replace(/[\u2066-\u2068][^\u2066-\u2069]*\u2069/gu, '')
      .replace(/(^|[\u2066-\u2068])\u202C/gu, '$1')
      .replace(/^([^\u2066-\u2068]*)\u2069/gu, '$1');
  }
  return [...marks]
    .reverse()
    .map((mark) => (mark >= '\u2066' ? '\u2069' : '\u202C'))
    .join('');
}

jest.setTimeout(120_000);
const runs = { numRuns: effort(40) };
/** Found by chance: a reader took all between the two apostrophes, the link's end among it, for a part of the address. */
const QUOTED = "https://ab.example/caf%C3%A9'=1+1";

describe.each(Object.entries(readers))('Markdown read by %s', (_, read) => {
  test('holds every text exactly as it was entered', async () => {
    await fc.assert(
      fc.asyncProperty(entered, async (text) => {
        const blocks = read(await collected(renderExport('md', everywhere(text), 'UTC')));
        expect(blocks).toContainEqual(expect.stringMatching(/^01:50 \[#2\] /));
        const line = (n: number) =>
          blocks.find((block) => block.includes(` [#${n}] `) || block.includes(`~~[#${n}] `));
        const ended = text + ends(text);
        expect(line(2)).toBe(`01:50 [#2] ${ended} — Ana`);
        expect(line(3)?.replaceAll('~~', '')).toBe(
          `01:51 [#3] ${ended} — Ana (struck: ${ended})`.replaceAll('~~', ''),
        );
        expect(line(4)).toBe(`01:52 [#4] ${ended} — ${ended} (recorded by Ana)`);
        expect(line(5)).toBe(`01:53 [#5] cause ${ended} — Ana`);
        expect(line(6)).toBe(`01:54 [#6] action #1 ${text} (owner ${text})${ends(text + text)} — Ana`);
        expect(line(7)).toBe(`01:55 [#7] impact ${ended} — Ana`);
        expect(line(8)).toBe(`01:56 [#8] status resolved: ${ended} — Ana`);
        expect(line(9)).toBe(`01:57 [#9] alert ${text}: firing${ends(text)} — Ana`);
        expect(line(10)).toBe(`01:58 [#10] link linked with INC-9: ${ended} — Ana`);
        expect(blocks.length).toBeLessThan(34);
        // The rest of the page, where texts stand at the ends of lines and in headings. There, readers drop a vertical
        // tab, and there is no reference for it that all of them know.
        if (text.endsWith('\v')) return;
        expect(blocks[0]).toBe(`INC-7: ${text}`);
        expect(blocks).toContain(`Components: ${text}`);
        expect(blocks).toContain(`[#5] ${text}`);
        expect(blocks).toContain(`[#7] ${ended} — 1 of 2 requests failed (50.0 %), ${text}`);
      }),
      { ...runs, examples: [[QUOTED]] },
    );
  });
});

test('Markdown gives the text back when only backslashes and references are undone', () => {
  fc.assert(
    fc.property(entered, (text) => {
      expect(undone(mdText(text))).toBe(text);
      expect(mdText(text)).not.toMatch(/[\n\r\t]/);
    }),
    { numRuns: effort(500) },
  );
});

test('a link wraps its text and goes where it went', async () => {
  const html = page(await collected(renderExport('html', everywhere('see [this](x)'), 'UTC')));
  const [link] = elements(html, 'text').flatMap((text) => text.childNodes.filter((c) => c.nodeName === 'a'));
  expect(link && 'attrs' in link && link.attrs.find((a) => a.name === 'href')?.value).toBe(LINK);
  expect(await collected(renderExport('md', everywhere('x'), 'UTC'))).toContain(`[#4] [x](${LINK}) —`);
});

test('HTML holds every text exactly as it was entered', async () => {
  await fc.assert(
    fc.asyncProperty(entered, async (text) => {
      const html = page(await collected(renderExport('html', everywhere(text), 'UTC')));
      const texts = elements(html, 'text').map(textOf);
      expect(texts).toEqual([
        text,
        text,
        text,
        text,
        text,
        `#1 ${text} (owner ${text})`,
        text,
        `resolved: ${text}`,
        `${text}: firing`,
        `linked with INC-9: ${text}`,
      ]);
      expect(elements(html, 'h1').map(textOf)).toEqual([`INC-7: ${text}`]);
      expect(elements(html, 'dd').map(textOf)).toContain(text);
      expect(elements(html, 'script')).toEqual([]);
      expect(elements(html, 's').map(textOf)).toEqual([text]);
    }),
    runs,
  );
});

test('CSV holds every text exactly, and no cell begins like a formula', async () => {
  await fc.assert(
    fc.asyncProperty(entered, async (text) => {
      const csv = await collected(renderExport('csv', everywhere(text), 'UTC'));
      expect(csv.startsWith('\uFEFFn,at,until,precision,kind,text,by,source,link,struck,author\r\n')).toBe(
        true,
      );
      // Outside of quotes there is no line end but CRLF.
      expect(csv.replace(/"(?:[^"]|"")*"/g, '').replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      const rows = parseCsv(csv, { bom: true, record_delimiter: '\r\n' });
      expect(rows.every((row) => row.every((cell) => !/^[=+\-@＝＋－＠\t\r\n]/.test(cell)))).toBe(true);
      const plain = rows.map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@＝＋－＠\t\r\n])/, '')));
      expect(plain.slice(1, 3).map((row) => row[5])).toEqual([
        text.replace(/^'(?=[=+\-@＝＋－＠\t\r\n])/, ''),
        text.replace(/^'(?=[=+\-@＝＋－＠\t\r\n])/, ''),
      ]);
      expect(rows.every((row) => row.length === 11)).toBe(true);
    }),
    runs,
  );
});

test('JSON holds every text exactly', async () => {
  await fc.assert(
    fc.asyncProperty(entered, async (text) => {
      const dossier = everywhere(text);
      const json = JSON.parse(await collected(renderExport('json', dossier)));
      expect(json.incident.title).toBe(text);
      expect(json.timeline.slice(0, 5).map((entry: { text: string }) => entry.text)).toEqual(
        Array(5).fill(text),
      );
      expect(json.timeline[8].alert).toMatchObject({
        title: text,
        key: text,
        text,
        values: { [text]: text },
      });
      expect(json.causes).toEqual([{ text }]);
      expect(json.actions).toEqual([{ n: 1, text, owner: { id: 'U2', name: text }, done: false }]);
    }),
    runs,
  );
});
