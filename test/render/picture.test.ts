import { describe, expect, test } from '@jest/globals';
import { clockIn } from '#render/clock.js';
import { pictureOf, pngOf } from '#render/picture/picture.js';
import { dossierOf, measured, opened, type Recorded, when } from './incident.js';

const marked = (n: number, milestone: string, time: string, precision: 'minute' | 'date' = 'minute') =>
  ({ type: 'MilestoneMarked', data: { ...when(n, time, precision), milestone }, texts: {} }) as Recorded;

async function drawn(zone = 'UTC', of: object = {}, texts: Record<string, string> = {}, marks?: Recorded[]) {
  const dossier = dossierOf([
    opened('x'),
    ...(marks ?? [
      marked(2, 'started', '01:41'),
      marked(3, 'detected', '01:43'),
      marked(4, 'mitigated', '2024-11-10T01:44:10Z'),
      // Outside of the window.
      marked(6, 'resolved', '02:02'),
    ]),
    measured(5, of, texts),
  ]);
  const entry = dossier.entryList.find((one) => one.n === 5);
  if (!entry) throw new Error('nothing was measured');
  const picture = await pictureOf(entry, dossier.state.milestones, clockIn(zone));
  if (!picture) throw new Error('no picture');
  return picture;
}

/** How light a colour is, from 0 to 255: what is left of it in grey. */
const grey = (hex: string) => {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return 0.299 * (r ?? 0) + 0.587 * (g ?? 0) + 0.114 * (b ?? 0);
};

describe('the picture of what was measured', () => {
  test('says what it shows, in words and as a table', async () => {
    const { svg, alt, head, rows } = await drawn();
    expect(alt).toBe(
      '19 of 1124 requests failed, 2024-11-10 01:41:00 to 01:44:30 (UTC). Most failed from 01:41:45 to 01:42:00: 6. Milestones: started 01:41:00, detected 01:43:00, mitigated 01:44:10.',
    );
    expect(svg).toContain(`<desc id="picture-5-alt">${alt}</desc>`);
    expect(svg).toContain('aria-labelledby="picture-5-title picture-5-alt"');
    expect(head).toEqual(['from (UTC)', 'to', 'failed', 'all']);
    expect(rows).toHaveLength(14);
    expect(rows[3]).toEqual(['01:41:45', '01:42:00', '6', '83']);
  });

  test('has the milestones of its window in it, at their place', async () => {
    const { svg } = await drawn();
    for (const label of ['started 01:41:00', 'detected 01:43:00', 'mitigated 01:44:10'])
      expect(svg).toContain(`>${label}</text>`);
    expect(svg).not.toContain('resolved');
    const places = [
      ...svg.matchAll(/<line x1="([\d.]+)" x2="\1" y1="\d+" y2="\d+" stroke="#1c1e21" stroke-width/g),
    ];
    expect(places.map(([, x]) => Number(x))).toEqual([64, 477.71, 719.05]);
  });

  test('a milestone that is a bare date has no place in it', async () => {
    const { alt } = await drawn('UTC', {}, {}, [marked(2, 'started', '2024-11-10T01:43:00Z', 'date')]);
    expect(alt).not.toContain('Milestones');
  });

  test('needs nothing that a page would not let in, and nothing from elsewhere', async () => {
    const { svg } = await drawn('Europe/Berlin', {}, { 'component.0': '"><script>alert(1)</script>' });
    expect(svg).not.toMatch(
      /<script|<style|style=|class=|href|url\(|<image|<foreignObject|on\w+=|javascript:/i,
    );
    expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
    // None of the names or queries, which are of others' making, is in it.
    expect(svg).not.toMatch(/alert|tts_requests|Internal/);
  });

  test('is told apart in grey: one fill is dark, the other light with a dashed outline', async () => {
    const { svg } = await drawn();
    const [failed, all] = [...svg.matchAll(/<g [^>]*fill="(#\w{6})"[^>]*aria-label="rect"/g)].map(
      ([, fill = '']) => fill,
    );
    expect(grey(all ?? '') - grey(failed ?? '')).toBeGreaterThan(120);
    expect(svg).toMatch(/stroke-dasharray="4 2"/);
    expect(svg).toContain('>failed, every 15 s</text>');
    expect(svg).toContain('>all, every 15 s</text>');
  });

  test('is the same bytes each time, and another zone moves no point', async () => {
    const [once, again, berlin] = await Promise.all([drawn(), drawn(), drawn('Europe/Berlin')]);
    expect(again).toEqual(once);
    const points = (svg: string) => svg.match(/<rect height[^>]*>/g);
    expect(points(berlin.svg)).toEqual(points(once.svg));
    expect(berlin.svg).toContain('>02:42:00</text>');
  });

  test.each<[string, object]>([
    ['none failed', { failed: 0, failedIn: Array.from({ length: 14 }, () => 0) }],
    ['nothing came', { failed: 0, total: 0, failedIn: [0], totalIn: [0], bucketMs: 210_000 }],
    ['a million millions', { totalIn: Array.from({ length: 14 }, () => 1_000_000_000_000) }],
    [
      'a week',
      {
        from: '2024-11-03T01:44:30Z',
        at: '2024-11-03T01:44:30Z',
        bucketMs: 5_055_000,
        totalIn: Array.from({ length: 120 }, (_, i) => i),
      },
    ],
  ])('is drawn where %s', async (_, of) => {
    const { svg } = await drawn('UTC', of);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect([...svg.matchAll(/>([\d:]{5,8})<\/text>/g)].length).toBeGreaterThan(2);
  });

  test('as PNG it is written in the font that comes along', async () => {
    const { svg } = await drawn();
    const png = Buffer.from(await pngOf(svg));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1_640);
    // Without its words it is another picture: they were drawn.
    const silent = await pngOf(svg.replace(/<text[^>]*>[^<]*<\/text>/g, ''));
    expect(png.length).toBeGreaterThan(1.5 * silent.length);
  });
});
