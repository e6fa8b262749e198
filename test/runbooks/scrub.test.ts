import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints, Secret } from '#runbooks/secret.js';
import { effort } from '../support/effort.js';

const fingerprint = fingerprints('a pepper of the tests');
const marker = (value: string) => `[secret ${fingerprint(new Secret(value))}]`;
function knowing(...secrets: string[]): Scrub {
  const scrub = new Scrub(fingerprint);
  for (const secret of secrets) scrub.learn(secret);
  return scrub;
}

/** Ways in which programs write a secret into something, and what of it must not be found afterwards. */
const base64At = (offset: number, letters: 'base64' | 'base64url') => (secret: string) => {
  const bytes = Buffer.from(secret);
  const whole = Buffer.concat([Buffer.alloc(offset, 'u'), bytes, Buffer.from('tail')]).toString(letters);
  return {
    text: whole,
    core: whole.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + bytes.length)) / 6)),
  };
};
const same = (text: string) => ({ text, core: text });
const ENCODINGS: Record<string, (secret: string) => { text: string; core: string }> = {
  'as it is': same,
  'base64 at 0': base64At(0, 'base64'),
  'base64 at 1': base64At(1, 'base64'),
  'base64 at 2': base64At(2, 'base64'),
  'base64 at 31': base64At(31, 'base64'),
  'base64url at 0': base64At(0, 'base64url'),
  'base64url at 1': base64At(1, 'base64url'),
  'base64url at 2': base64At(2, 'base64url'),
  'in base64 alone': (s) => {
    const text = Buffer.from(s).toString('base64');
    return { text, core: text.slice(0, Math.floor((8 * Buffer.byteLength(s)) / 6)) };
  },
  hex: (s) => same(Buffer.from(s).toString('hex')),
  HEX: (s) => same(Buffer.from(s).toString('hex').toUpperCase()),
  encodeURIComponent: (s) => same(encodeURIComponent(s)),
  'encodeURIComponent, small': (s) => same(encodeURIComponent(s).replace(/%../g, (c) => c.toLowerCase())),
  encodeURI: (s) => same(encodeURI(s)),
  'a form': (s) => same(new URLSearchParams({ s }).toString().slice(2)),
  'every byte by percent': (s) => same(Buffer.from(s).toString('hex').replace(/../g, '%$&')),
  JSON: (s) => same(JSON.stringify(s).slice(1, -1)),
  'JSON in JSON': (s) => same(JSON.stringify(JSON.stringify(s)).slice(3, -3)),
  'JSON with \\/': (s) => same(JSON.stringify(s).slice(1, -1).replaceAll('/', '\\/')),
  'JSON in ASCII': (s) =>
    same(
      JSON.stringify(s)
        .slice(1, -1)
        .replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ),
};

const secret = fc
  .oneof(
    fc.string({ minLength: 6, maxLength: 60 }),
    fc.string({ unit: 'grapheme', minLength: 6, maxLength: 20 }),
    fc.base64String({ minLength: 12, maxLength: 90 }),
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 6, maxLength: 12 }),
  )
  .filter((s) => s.length >= 6 && !/\p{Surrogate}/u.test(s) && !marker(s).includes(s));
const around = fc.string({
  unit: fc.constantFrom('a', 'b', 'Z', '0', ' ', '\n', '"', '%', '+', '\\', 'n'),
  maxLength: 30,
});
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });

function streamed(scrub: Scrub, text: string, at: number[]): string {
  const stream = scrub.stream();
  const places = [0, ...at.filter((place) => place < text.length).sort((a, b) => a - b), text.length];
  const written = places.slice(1).map((place, i) => stream.write(text.slice(places[i], place)));
  return written.join('') + stream.end();
}

test('Slack keeps the emoji of a message by their names: a secret is known by these too', () => {
  const scrub = knowing('pass-🔑-👍🏽-word');
  for (const kept of [
    'pass-:key:-:+1::skin-tone-4:-word',
    'pass-:key:-:thumbsup::skin-tone-4:-word',
    'pass-🔑-👍🏽-word',
  ])
    expect(scrub.text(`it is ${kept}!`)).toBe(`it is ${marker('pass-🔑-👍🏽-word')}!`);
});

describe('scrub', () => {
  test.each(Object.entries(ENCODINGS))('any secret, %s, is not found in the output', (_, encode) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const { text, core } = encode(value);
        fc.pre(core.length >= 6 && !marker(value).includes(core));
        const scrubbed = knowing(value).text(`${before}${text}${after}`);
        expect(scrubbed).not.toContain(core);
        expect(scrubbed).toContain(marker(value));
      }),
      { numRuns: effort(100) },
    );
  });

  test('a stream gives what the whole text would, wherever it is cut', () => {
    const piece = fc.oneof(
      around,
      fc.tuple(fc.nat(2), fc.constantFrom(...Object.values(ENCODINGS))).map(([i, encode]) => ({ i, encode })),
    );
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 3, maxLength: 3 }),
        fc.array(piece, { maxLength: 6 }),
        cuts,
        fc.boolean(),
        (secrets, pieces, at, wrapped) => {
          const parts = pieces.map((p) => (typeof p === 'string' ? p : p.encode(secrets[p.i]!).text));
          const text = parts.join('').replace(/.{19}/g, wrapped ? '$&\r\n  ' : '$&');
          const scrub = knowing(...secrets);
          expect(streamed(scrub, text, at)).toBe(scrub.text(text));
        },
      ),
      { numRuns: effort(500) },
    );
  });

  test('cut at every single place', () => {
    const value = 'sk_live_4eC39HqLyj"WDarjtT1';
    const scrub = knowing(value, 'sk_live_4eC39HqLyj"WDarjtT1zdp7dc');
    for (const encode of Object.values(ENCODINGS)) {
      const text = `key=${encode(value).text}; ${value}zdp7d ${value}zdp7dc.`;
      for (let i = 0; i <= text.length; i++) expect(streamed(scrub, text, [i])).toBe(scrub.text(text));
      expect(
        streamed(
          scrub,
          text,
          [...text].map((_, i) => i),
        ),
      ).toBe(scrub.text(text));
    }
  });

  test('text without a secret is the same, byte for byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('q', 'w', 'e'), minLength: 6, maxLength: 30 }), {
          maxLength: 8,
        }),
        fc.string({
          unit: fc.constantFrom('q', 'w', '\n', '\r', '\0', ' ', '\ud800', '🔑', '\\n', '%', '='),
          maxLength: 300,
        }),
        cuts,
        (secrets, text, at) => {
          fc.pre(!secrets.some((s) => text.includes(s)));
          const scrub = knowing(...secrets);
          expect(scrub.text(text)).toBe(text);
          expect(streamed(scrub, text, at)).toBe(text);
        },
      ),
      { numRuns: effort(300) },
    );
  });

  test('base64 and hex broken into lines, indented, or inside JSON', () => {
    const value = 'a-long-secret-of-some-sixty-characters-so-that-it-is-broken-up';
    const scrub = knowing(value);
    const long = Buffer.from(`user:${value}:more of it`).toString('base64');
    const hex = Buffer.from(value).toString('hex');
    for (const text of [long, hex])
      for (const width of [5, 16, 64, 76])
        for (const line of ['\n', '\r\n', '\n    ', '\\n', '\\r\\n']) {
          const broken = text.replace(new RegExp(`.{${width}}(?=.)`, 'g'), `$&${line}`);
          expect(scrub.text(broken)).toContain(marker(value));
          expect(scrub.text(broken).length).toBeLessThan(100);
          expect(streamed(scrub, broken, [40, 41, 77, 78, 79])).toBe(scrub.text(broken));
        }
  });

  test('the longest counts; those that overlap leave nothing; those side by side are told apart', () => {
    const scrub = knowing('secret-one', 'secret-one-and-more', 'one-and-more-and-more');
    expect(scrub.text('x secret-one y')).toBe(`x ${marker('secret-one')} y`);
    expect(scrub.text('x secret-one-and-more y')).toBe(`x ${marker('secret-one-and-more')} y`);
    expect(scrub.text('x secret-one-and-more-and-more y')).toBe(`x ${marker('secret-one-and-more')} y`);
    expect(scrub.text('secret-onesecret-one')).toBe(marker('secret-one').repeat(2));
  });

  test('a stream holds back no more than may become a secret', () => {
    const scrub = knowing('s3cret-value', '!'.repeat(5_000));
    const stream = scrub.stream();
    expect(stream.write('a line of output\n')).toBe('a line of output\n');
    expect(stream.write('with s3cret')).toBe('with ');
    expect(stream.write('ly no secret.\n')).toBe('s3cretly no secret.\n');
    expect(stream.write('and s3cret-val')).toBe('and ');
    expect(stream.write('ue\n')).toBe(`${marker('s3cret-value')}\n`);
    expect(stream.write('it ends: s3cr')).toBe('it ends: ');
    expect(stream.end()).toBe('s3cr');
  });

  test('one that has no end does not fill the memory, and none of it is given out', () => {
    const scrub = knowing('aaaaaaaa');
    const stream = scrub.stream();
    let out = '';
    for (let i = 0; i < 200; i++) out += stream.write('a'.repeat(1_000));
    expect(out + stream.end()).toBe(marker('aaaaaaaa'));
  });

  test('the lines of a private key are taken out alone, too', () => {
    const body = Array.from({ length: 4 }, (_, i) =>
      Buffer.alloc(48, `${i}bytes of a key`).toString('base64'),
    );
    const key = ['-----BEGIN PRIVATE KEY-----', ...body, '-----END PRIVATE KEY-----', ''].join('\n');
    const scrub = knowing(key);
    expect(scrub.text(`it said: ${body[2]}!`)).toBe(`it said: ${marker(key)}!`);
    expect(scrub.text('-----BEGIN PRIVATE KEY-----')).toBe('-----BEGIN PRIVATE KEY-----');
    expect(scrub.text(key)).toBe(marker(key));
  });

  test('JSON values: texts at any depth, names of members, numbers', () => {
    const scrub = knowing('s3cret-value', '12345678');
    expect(
      scrub.json({
        a: ['x s3cret-value', 1, null, true],
        's3cret-value': { n: 12345678 },
        s: new Secret('s3cret'),
      }),
    ).toEqual({
      a: [`x ${marker('s3cret-value')}`, 1, null, true],
      [marker('s3cret-value')]: { n: marker('12345678') },
      s: '[secret]',
    });
  });

  test('values shorter than six characters are left, and Secrets are taken as well as texts', () => {
    const scrub = knowing('12345');
    expect(scrub.text('port 12345')).toBe('port 12345');
    scrub.learn(new Secret('123456'));
    scrub.learn('123456');
    expect(scrub.text('port 123456')).toBe(`port ${marker('123456')}`);
  });

  // Not by the clock: a scrub whose work grows with secrets × text would not end within the guard of the tests.
  test('a thousand secrets and ten million characters', () => {
    const secrets = Array.from(
      { length: 1_000 },
      (_, i) => `sk_live_${Buffer.from(`secret ${i} ${i * 7919}`).toString('base64url')}`,
    );
    const scrub = knowing(...secrets);
    const line = 'GET /v1/clips?key=sk_live_nothing HTTP/1.1 200 in 12 ms, kept 0123456789abcdef\n';
    const text = line.repeat(10_000_000 / line.length) + secrets[500];
    expect(scrub.text(text)).toBe(text.slice(0, -secrets[500]!.length) + marker(secrets[500]!));
  });
});

describe('JSON in a text', () => {
  const value = 'a-key-of-some-length-4711';
  const inside = (offset: number) =>
    Buffer.concat([Buffer.alloc(offset, 'u'), Buffer.from(value)])
      .toString('base64')
      .replace(/=+$/, '');

  test('stays JSON where a secret stands beside an escape, or is a number', () => {
    const scrub = knowing(value, '47114711');
    for (const offset of [0, 1, 2]) {
      // Cut off before the group: the letter before the secret is the end of an escape.
      const text = inside(offset).slice(offset === 0 ? 0 : Math.ceil((8 * offset) / 6));
      for (const escaped of ['\n', '\t', '\u0001']) {
        const said = scrub.json(JSON.stringify({ echo: `${escaped}${text}`, n: 47114711 }));
        expect(JSON.parse(said)).toEqual({
          echo: expect.stringContaining(marker(value)),
          n: marker('47114711'),
        });
      }
    }
  });

  test('what somebody laid out for reading keeps its lines', () => {
    const text = JSON.stringify({ key: value, other: 1 }, null, 2);
    expect(knowing(value).json(text)).toBe(text.replace(value, marker(value)));
  });
});
