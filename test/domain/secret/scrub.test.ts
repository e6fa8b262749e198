import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { secretsIn } from '#domain/secret/find.js';
import { SECRET_KINDS, type SecretKind } from '#domain/secret/kind.js';
import { markerOf, scrubAll, scrubLines, scrubSecrets } from '#domain/secret/scrub.js';
import { plainReading } from '#domain/status/reading.js';
import { effort } from '../../support/effort.js';
import { linesOf, madeOut } from './corpus.js';

// Texts whose made-out parts are others each time: what is found must not hang on a lucky digit.
const SEEDS = [0, 1_000];
const notes = SEEDS.flatMap((seed) => linesOf('corpus-notes.txt').map((line, i) => madeOut(line, i + seed)));
const secrets = SEEDS.flatMap((seed) =>
  linesOf('corpus-secrets.txt').map((line, i) => {
    const [, kind = '', raw = ''] = /^([^|]+) \| (.*)$/s.exec(line) ?? [];
    const named = SECRET_KINDS.find((one) => one === kind);
    if (!named) throw new Error(`no kind: ${line}`);
    const text = madeOut(raw, i + seed);
    const [value = ''] = /(?<=‹)[^›]*(?=›)/.exec(text) ?? [];
    return {
      kind: named,
      value,
      text: text.replace(/[‹›]/g, ''),
      wanted: text.replace(/‹[^›]*›/g, markerOf(named)),
    };
  }),
);
const scrubbed = (text: string) => scrubSecrets(text).text;

describe('notes as people write them', () => {
  // Of 561 notes 2 were cut at the first try (0.4 %), and none since the rule for a word alone was made for them. Whoever wrote
  // the rules wrote the notes, so that those of others will do worse: of 260,000 lines of documents, programs and tests of this
  // repository and of the packages that it uses, 72 were cut, 6 of them (lines of programs) without a secret or an example of one.
  test('are left as they are', () => {
    expect(linesOf('corpus-notes.txt').length).toBeGreaterThanOrEqual(500);
    const cut = notes.filter((text) => scrubSecrets(text).removed.length > 0);
    expect(cut.map((text) => [text, scrubbed(text)])).toEqual([]);
    expect(notes.filter((text) => scrubbed(text) !== text)).toEqual([]);
  });
});

describe('secrets in the ways in which they are pasted', () => {
  test('every kind is there, and each is taken out, exactly', () => {
    expect(linesOf('corpus-secrets.txt').length).toBeGreaterThanOrEqual(60);
    expect(SECRET_KINDS.filter((kind) => !secrets.some((one) => one.kind === kind))).toEqual([]);
    expect(secrets.map(({ text }) => [text, scrubbed(text)])).toEqual(
      secrets.map(({ text, wanted }) => [text, wanted]),
    );
  });

  const wrapped: ReadonlyArray<[name: string, wrap: (text: string) => string]> = [
    ['in a sentence', (it) => `We found ${it}\nand more of it.`],
    ['in a fence', (it) => `look:\n\`\`\`\n${it}\n\`\`\`\nthat is all`],
    [
      'in Slack’s encoding',
      (it) => it.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    ],
    ['as a link of Slack’s', (it) => it.replace(/https?:\/\/\S+/g, (link) => `<${link}>`)],
    [
      'as a link of Slack’s with a label',
      (it) => it.replace(/https?:\/\/\S+/g, (link) => `<${link}|the page>`),
    ],
    ['behind a time', (it) => `01:41 ${it}`],
    ['with letters that nobody sees', (it) => it.replace(/([A-Za-z0-9]{4})([A-Za-z0-9]{4})/, '$1\u200b$2')],
  ];
  test.each(wrapped)('%s', (_, wrap) => {
    const left = secrets.flatMap(({ kind, text, value }) => {
      const { text: clean, removed } = scrubSecrets(wrap(text));
      const told = removed.includes(kind) ? [] : [`${kind} not found: ${wrap(text)}`];
      return [...told, ...partsOf(value).filter((part) => clean.includes(part))];
    });
    expect(left).toEqual([]);
  });

  test('a key that is spread over the lines of a paste', () => {
    const of = secrets.filter(({ value }) => value.startsWith('-----BEGIN') && value.includes('\n'));
    expect(of.length).toBeGreaterThan(10);
    for (const { value } of of) {
      const lines = ['10:00 we look', ...value.split('\n').map((line) => `10:01 ${line}`), '10:02 gone'];
      const { lines: clean, removed } = scrubLines(lines);
      expect(removed).toContain('private key');
      expect(clean).toHaveLength(lines.length);
      expect([clean[0], clean.at(-1)]).toEqual(['10:00 we look', '10:02 gone']);
      expect(partsOf(value).filter((part) => clean.join('\n').includes(part))).toEqual([]);
    }
  });

  test('several in one text, and one of them kept', () => {
    const text = madeOut('password: hunter2 and ghp_{alnum36}, password=Winter2024', 7);
    expect(scrubSecrets(text)).toEqual({
      text: 'password: [secret removed: password] and [secret removed: GitHub token], password=[secret removed: password]',
      removed: ['password', 'GitHub token'],
    });
    const keep = new Set<SecretKind>(['password']);
    expect(scrubSecrets(text, keep)).toEqual({
      text: 'password: hunter2 and [secret removed: GitHub token], password=Winter2024',
      removed: ['GitHub token'],
    });
  });

  test('a mark that somebody typed hides nothing', () => {
    const key = madeOut('AKIA{UPPER16}', 3);
    expect(scrubbed(`[secret removed: ${key}] [secret removed: password] [secret fp:${key}]`)).not.toContain(
      key,
    );
    expect(scrubbed('password: [secret removed: password]')).toBe('password: [secret removed: password]');
    expect(scrubbed('password=[secret fp:0123456789ab]')).toBe('password=[secret fp:0123456789ab]');
  });

  test('every text in a value, and nothing else of it', () => {
    const value = { type: 'RecordNote', moment: null, n: 7, list: ['password: hunter2', { at: 'fine' }] };
    expect(scrubAll(value)).toEqual({
      value: { ...value, list: ['password: [secret removed: password]', { at: 'fine' }] },
      removed: ['password'],
    });
  });
});

/** What must not be left of a secret: any twelve of its letters, or all of a short one. */
function partsOf(value: string): string[] {
  if (value.length < 16) return [value];
  const parts: string[] = [];
  for (const line of value.split(/\\?[\r\n]+/).filter((one) => one.length > 15 && !one.includes('-----')))
    for (let at = 0; at + 12 <= line.length; at += 4) parts.push(line.slice(at, at + 12));
  return parts;
}

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...[
      'password',
      'token',
      'secret',
      'api_key',
      'Authorization',
      'Bearer ',
      'Basic ',
      'AKIA',
      'eyJ',
      'ghp_',
      'xoxb-',
    ],
    ...[
      ': ',
      '=',
      '="',
      '"',
      "'",
      '\\"',
      '`',
      '&',
      '?',
      '://',
      '@',
      '.',
      ',',
      ';',
      ' ',
      '\n',
      '\\n',
      '[',
      ']',
      '<',
      '>',
      '|',
    ],
    ...[
      '-----BEGIN PRIVATE KEY-----',
      '-----END PRIVATE KEY-----',
      '[secret removed: password]',
      '[secret removed: ',
    ],
    ...[
      'hunter2',
      'aB3xQ9kLm2ZpR7tYv4WcN8dFg5HjS6aB3xQ9kLm2ZpR7',
      '0123456789abcdef0123456789abcdef',
      'db-prod-3',
    ],
    ...[
      'curl -u ops:',
      'mysql -p',
      'the password is ',
      'routing_key: ',
      '\u200b',
      'パスワード',
      'é',
      '\ud800',
      '👩‍👩‍👧',
    ],
  );
  const anything = fc.oneof(
    fc
      .array(fc.oneof(pieces, fc.string({ unit: 'grapheme', maxLength: 5 })), { maxLength: 40 })
      .map((all) => all.join('')),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.tuple(fc.constantFrom(...secrets), fc.constantFrom(...secrets)).map(([a, b]) => `${a.text}${b.text}`),
  );

  test('is scrubbed once and for all; what has nothing in it is what it was', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const once = scrubSecrets(text);
        expect(scrubSecrets(once.text)).toEqual({ text: once.text, removed: [] });
        expect(once.text === text).toBe(once.removed.length === 0);
        for (const kind of once.removed) expect(once.text).toContain(markerOf(kind));
      }),
      { numRuns: effort(1_500) },
    );
  });

  test('what is found lies in the text, and what is secret of it lies in what was found', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const plain = plainReading(text).text;
        for (const { start, end, from, to } of secretsIn(plain)) {
          expect([start <= from, from <= to, to <= end, end <= plain.length]).toEqual([
            true,
            true,
            true,
            true,
          ]);
        }
      }),
      { numRuns: effort(800), examples: [['-----BEGIN PRIVATE KEY----------BEGIN PRIVATE KEY-----']] },
    );
  });

  test('lines of a paste stay as many as they were', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (lines) => {
        const once = scrubLines(lines);
        expect(once.lines).toHaveLength(lines.length);
        expect(scrubLines(once.lines).lines).toEqual(once.lines);
      }),
      { numRuns: effort(300) },
    );
  });
});

// What took the square of its length would never come to its end: a message has 40,000 characters at most.
describe('a text that was made to take long', () => {
  const shapes = [
    ...[
      'a',
      'a.',
      '-',
      'a-',
      ' ',
      '\n',
      ':',
      '://',
      'a://',
      '=',
      '"',
      '\\',
      '\\"',
      '@',
      'http://a:',
      'http://a:b',
      '[secret removed: ',
    ],
    ...[
      'password',
      'password ',
      'password:',
      'password=',
      'password="',
      'password is ',
      'token=a',
      'secret',
      'pass',
      'token: eyJ',
    ],
    ...[
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\n-----END',
      '-----BEGIN PRIVATE KEY-----\nabcdefghijklmnopqrst',
    ],
    ...[
      'Authorization: ',
      'Authorization: Bearer ',
      'bearer ',
      'basic ',
      'eyJ',
      'eyJaaaaaaaaaa.',
      'AKIA',
      'aB3',
      'aB3/',
      '0f',
    ],
    ...[
      'curl ',
      'curl -u a:',
      'mysql ',
      'mysql -p',
      'sshpass ',
      'redis-cli -a ',
      'routing key ',
      '?sig=',
      '&sig=a1b2',
      'SG.',
      'sk-',
    ],
    ...['\u200b', '障害', 'é', '\ud800', 'パスワード:', 'user: a\npassword: b\n'],
    madeOut('AKIA{UPPER16} ', 1),
    madeOut('{b64_40} ', 1),
    'password=hunter2x ',
  ];
  test.each(shapes.map((shape) => [JSON.stringify(shape).slice(0, 40), shape]))('%s', (_, shape) => {
    const of = (length: number) => {
      const text = shape.repeat(Math.ceil(length / shape.length));
      const found = secretsIn(text);
      return found.reduce((sum, { start, end }) => sum + 1 + end - start, text.length);
    };
    // Twice the text is twice what is found in it, at most; of the last piece a little more.
    expect(of(40_000)).toBeLessThanOrEqual(2.1 * of(20_000) + 2_000);
    expect(scrubbed(shape.repeat(Math.ceil(100_000 / shape.length))).length).toBeGreaterThan(0);
  });
});
