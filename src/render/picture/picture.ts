import { fileURLToPath } from 'node:url';
import type { Entry } from '#domain/incident/entry.js';
import { impactNumbers, type Measurement } from '#domain/incident/impact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { MARKS } from '#domain/words.js';
import { type Clock, durationInWords } from '../clock.js';

/**
 * A measured impact, drawn: failed above, all requests below, the milestones through both. Made of facts alone, so the same
 * facts in the same zone are the same bytes. It holds no script and fetches nothing, says in words what it shows, and stays
 * readable in grey: fills and outlines differ, not only colours.
 */
export interface Picture {
  svg: string;
  /** What it shows, for those who do not see it. */
  alt: string;
  /** The same as a table. */
  head: string[];
  rows: string[][];
}

const WIDTH = 820;
const LEFT = 64;
const RIGHT = 32;
const LABEL = 15;
const FAILED = { height: 150, title: 'failed', fill: '#9b1c1c', outline: '#9b1c1c' };
const TOTAL = { height: 110, title: 'all', fill: '#e3e5e8', outline: '#5c6370' };
const INK = '#1c1e21';
const FONT = 'Inter, system-ui, sans-serif';

/** They take a moment to load: only who draws waits for them. */
const libraries = async () => {
  const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  return { plot, parseHTML };
};
type Libraries = Awaited<ReturnType<typeof libraries>>;
type Page = ReturnType<Libraries['parseHTML']>['document'];

interface Bucket {
  from: number;
  to: number;
  failed: number;
  total: number;
}

/** @returns null: nothing was measured in that entry */
export async function pictureOf(
  { n, detail }: Pick<Entry, 'n' | 'detail'>,
  milestones: IncidentState['milestones'],
  clock: Clock,
): Promise<Picture | null> {
  const { measured, from, to } = detail;
  if (!measured || !from || !to) return null;
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const buckets = bucketsOf(measured, begin, end);
  const time = (at: number) => clock.read(new Date(at).toISOString()).time;
  const marks = MARKS.flatMap((name) => {
    const milestone = milestones[name];
    const at = milestone && milestone.precision !== 'date' ? Date.parse(milestone.at) : Number.NaN;
    return at >= begin && at <= end ? [{ at, label: `${name} ${time(at)}` }] : [];
  }).sort((a, b) => a.at - b.at);
  const { plot, parseHTML } = await libraries();
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const ticks = timesIn(begin, end);
  const panel = (style: typeof FAILED, of: (bucket: Bucket) => number, axis: boolean) =>
    panelOf(plot, document, { buckets, of, style, marks, ticks, begin, end, time, axis });

  const each = durationInWords(measured.bucketMs / 1_000);
  const top = 46 + marks.length * LABEL;
  const below = top + FAILED.height + 24;
  const height = below + TOTAL.height + 24;
  const { date } = clock.read(from);
  const title = `${impactNumbers({ failed: detail.failed, total: detail.total }) ?? ''}, ${date} ${time(begin)} to ${time(end)} (${clock.zone})`;
  const alt = `${title}. ${peakIn(buckets, time)}${marks.length > 0 ? ` Milestones: ${marks.map(({ label }) => label).join(', ')}.` : ''}`;
  const x = (at: number) => LEFT + ((at - begin) / (end - begin)) * (WIDTH - LEFT - RIGHT);
  const labels = marks.map(({ at, label }, i) => {
    const y = 40 + i * LABEL;
    const late = x(at) > WIDTH / 2;
    const line = `<line x1="${x(at)}" x2="${x(at)}" y1="${y - 10}" y2="${below + 6}" stroke="${INK}" stroke-width="1"/>`;
    return `${line}<text x="${x(at) + (late ? -4 : 4)}" y="${y}" text-anchor="${late ? 'end' : 'start'}">${label}</text>`;
  });
  const heading = (y: number, { title, fill, outline }: typeof FAILED) =>
    `<rect x="${LEFT + 6}" y="${y - 9}" width="10" height="10" fill="${fill}" stroke="${outline}"/><text x="${LEFT + 21}" y="${y}" stroke="#fff" stroke-width="4" paint-order="stroke">${title}, every ${each}</text>`;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img" aria-labelledby="picture-${n}-title picture-${n}-alt" font-family="${FONT}" font-size="12" fill="${INK}">`,
    `<title id="picture-${n}-title">${title}</title><desc id="picture-${n}-alt">${alt}</desc>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${title}</text>`,
    ...labels,
    heading(top - 4, FAILED),
    `<g transform="translate(0,${top})">${panel(FAILED, ({ failed }) => failed, false)}</g>`,
    heading(below - 4, TOTAL),
    `<g transform="translate(0,${below})">${panel(TOTAL, ({ total }) => total, true)}</g>`,
    '</svg>',
  ].join('');
  return {
    svg: svg.replace(/-?\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100)),
    alt,
    head: [`from (${clock.zone})`, 'to', 'failed', 'all'],
    rows: buckets.map((one) => [
      time(one.from),
      time(one.to),
      ...[one.failed, one.total].map((count) => count.toLocaleString('en')),
    ]),
  };
}

function bucketsOf({ bucketMs, failedIn, totalIn }: Measurement, begin: number, end: number): Bucket[] {
  return totalIn.map((total, i) => ({
    from: begin + i * bucketMs,
    to: Math.min(end, begin + (i + 1) * bucketMs),
    failed: failedIn[i] ?? 0,
    total,
  }));
}

function peakIn(buckets: Bucket[], time: (at: number) => string): string {
  const worst = buckets.reduce<Bucket | null>((a, b) => (a && a.failed >= b.failed ? a : b), null);
  if (!worst || worst.failed === 0) return 'None failed.';
  return `Most failed from ${time(worst.from)} to ${time(worst.to)}: ${worst.failed.toLocaleString('en')}.`;
}

interface Panel {
  buckets: Bucket[];
  of: (bucket: Bucket) => number;
  style: typeof FAILED;
  marks: Array<{ at: number }>;
  ticks: number[];
  begin: number;
  end: number;
  time: (at: number) => string;
  axis: boolean;
}

/** @returns what is drawn, without the style sheet around it: a page lets in none but its own */
function panelOf(plot: Libraries['plot'], document: Page, panel: Panel): string {
  const { buckets, of, style, marks, ticks, begin, end, time, axis } = panel;
  const counts = countsTo(Math.max(1, ...buckets.map(of)));
  const outline = buckets.flatMap((one) => [
    { x: one.from, y: of(one) },
    { x: one.to, y: of(one) },
  ]);
  const seconds = ticks.some((at) => at % 60_000 !== 0);
  const drawn = plot.plot({
    document,
    width: WIDTH,
    height: style.height + (axis ? 24 : 0),
    ...{ marginLeft: LEFT, marginRight: RIGHT, marginTop: 6, marginBottom: axis ? 24 : 0 },
    x: {
      ...{ type: 'linear', domain: [begin, end], ticks: axis ? ticks : [], label: null },
      tickFormat: (at: number) => time(at).slice(0, seconds ? 8 : 5),
    },
    y: {
      ...{ domain: [0, counts.at(-1)], ticks: counts, grid: true, label: null },
      tickFormat: (count: number) => count.toLocaleString('en'),
    },
    marks: [
      plot.rectY(buckets, { x1: 'from', x2: 'to', y: of, fill: style.fill, inset: 0 }),
      plot.lineY(outline, { x: 'x', y: 'y', stroke: style.outline, ...(axis && { strokeDasharray: '4 2' }) }),
      plot.ruleX(marks, { x: 'at', stroke: INK }),
      plot.ruleY([0], { stroke: INK }),
    ],
  });
  drawn.querySelector('style')?.remove();
  return `<g text-anchor="middle">${drawn.innerHTML.replaceAll('currentColor', INK)}</g>`;
}

/** Whole numbers that are easy to read, up to one that is not less. */
function countsTo(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? 10 * power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

/** Not more than eight, on round times. */
function timesIn(begin: number, end: number): number[] {
  const step = 1_000 * (STEPS_S.find((one) => (end - begin) / (one * 1_000) <= 8) ?? 86_400);
  const first = Math.ceil(begin / step) * step;
  return Array.from({ length: Math.floor((end - first) / step) + 1 }, (_, i) => first + i * step);
}

/** Inter, under the SIL Open Font License, which lies beside it: what is drawn here looks the same on every machine. */
const FONT_FILE = fileURLToPath(new URL('./Inter-Regular.ttf', import.meta.url));

/** @returns the picture as PNG, twice as wide as it is drawn */
export async function pngOf(svg: string): Promise<Uint8Array<ArrayBuffer>> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = { fontFiles: [FONT_FILE], loadSystemFonts: false, defaultFontFamily: 'Inter' };
  // It has a width of its own, where a page gives it one otherwise.
  const sized = svg.replace('width="100%"', `width="${WIDTH}"`);
  return new Uint8Array(
    new Resvg(sized, { font, fitTo: { mode: 'width', value: 2 * WIDTH } }).render().asPng(),
  );
}
