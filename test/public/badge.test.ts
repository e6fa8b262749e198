import { describe, expect, test } from '@jest/globals';
import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { DOMParser } from 'linkedom';
import type { Overall } from '#domain/status/page.js';
import { type BadgeWords, badgeFile } from '#public/files/badge.js';
import { shownLine } from '#public/plain.js';
import { entered } from '../render/texts.js';
import { effort } from '../support/effort.js';
import { LOOK, pageOf } from './made-page.js';

const OVERALLS: Overall[] = [
  { kind: 'operational', indicator: 'none' },
  { kind: 'incident', indicator: 'minor' },
  { kind: 'maintenance', indicator: 'maintenance' },
  { kind: 'degraded', indicator: 'minor' },
  { kind: 'partial', indicator: 'major' },
  { kind: 'major', indicator: 'critical' },
];
const words: BadgeWords = { label: 'status', overall: ({ kind }) => `It is ${kind}` };

function badge(overall: Overall, said: BadgeWords = words, title = LOOK.title): string {
  const [path, svg] = badgeFile(pageOf({ overall }), { ...LOOK, title }, said);
  expect(path).toBe('badge.svg');
  return svg;
}

const read = (svg: string) => new DOMParser().parseFromString(svg, 'image/svg+xml');

/** How bright a colour is, and what two of them differ by: WCAG 2.2, 1.4.3. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Pixels as greys: what somebody sees who sees no colours. */
function greys(svg: string): string {
  const { pixels, width, height } = new Resvg(svg, {
    font: { loadSystemFonts: false },
    fitTo: { mode: 'zoom', value: 2 },
  }).render();
  expect(height).toBe(40);
  expect(width).toBeGreaterThan(80);
  const bright = (i: number) =>
    0.299 * (pixels[i] ?? 0) + 0.587 * (pixels[i + 1] ?? 0) + 0.114 * (pixels[i + 2] ?? 0);
  return Array.from({ length: pixels.length / 4 }, (_, i) => (bright(4 * i) > 200 ? '#' : '.')).join('');
}

describe('the badge', () => {
  test.each(OVERALLS)('says $kind as text, and to a screen reader with whose it is', (overall) => {
    const document = read(badge(overall));
    const svg = document.documentElement;
    expect(svg.getAttribute('role')).toBe('img');
    expect(svg.getAttribute('aria-label')).toBe(`Sonora status: It is ${overall.kind}`);
    expect(document.querySelector('title')?.textContent).toBe(`Sonora status: It is ${overall.kind}`);
    expect([...document.querySelectorAll('text')].map(({ textContent }) => textContent)).toEqual([
      'status',
      `It is ${overall.kind}`,
    ]);
  });

  test('each state has a shape of its own: nobody needs to see colours, or to read', () => {
    // Without fonts nothing but the shapes is drawn.
    const same: BadgeWords = { label: 'status', overall: () => 'the same' };
    const drawn = OVERALLS.map((overall) => greys(badge(overall, same)));
    expect(new Set(drawn).size).toBe(OVERALLS.length);
    for (const picture of drawn) expect(picture).toContain('#');
  });

  test('words are read on their ground', () => {
    for (const overall of OVERALLS) {
      const grounds = [...read(badge(overall)).querySelectorAll('svg > [fill^="#"]:not(g)')].map(
        (each) => each.getAttribute('fill') ?? '',
      );
      expect(grounds).toHaveLength(2);
      for (const ground of grounds) expect(1.05 / (luminance(ground) + 0.05)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('the same page gives the same bytes later', () => {
    const at = (time: string) => badgeFile(pageOf({ at: time }), LOOK, words);
    expect(at('2030-01-01T00:00:00Z')).toEqual(at('2024-11-15T12:00:00Z'));
  });

  test('it is as wide as its words, in any script, and never wider than a line', () => {
    const width = (text: string) =>
      Number(
        read(
          badge({ kind: 'major', indicator: 'critical' }, { label: 's', overall: () => text }),
        ).documentElement.getAttribute('width'),
      );
    expect(width('WWWW')).toBeGreaterThan(width('iiii'));
    expect(width('システム障害')).toBeGreaterThan(width('Ausfall'));
    expect(width('long '.repeat(10_000))).toBeLessThan(800);
  });

  test('any text is text in it, and it stays a drawing without script or link', () => {
    fc.assert(
      fc.property(entered, entered, entered, (label, state, title) => {
        const svg = badge({ kind: 'partial', indicator: 'major' }, { label, overall: () => state }, title);
        const document = read(svg);
        const known = new Set(['svg', 'title', 'rect', 'g', 'path', 'text']);
        for (const { tagName, attributes } of document.querySelectorAll('*')) {
          expect(known).toContain(tagName);
          for (const { name } of attributes) expect(name).not.toMatch(/^on|^id$|href|style/i);
        }
        const cut = (text: string) => ([...text].length <= 60 ? text : `${[...text].slice(0, 59).join('')}…`);
        expect(svg).not.toMatch(/[^\P{Cc}\n]|[\ufffe\uffff\u202a-\u202e\u2066-\u2069]/u);
        expect([...document.querySelectorAll('text')].map(({ textContent }) => textContent)).toEqual([
          cut(shownLine(label)),
          cut(shownLine(state)),
        ]);
        // Whatever an XML parser refuses, this one refuses.
        new Resvg(svg, { font: { loadSystemFonts: false } }).render();
      }),
      { numRuns: effort(100) },
    );
  });
});
