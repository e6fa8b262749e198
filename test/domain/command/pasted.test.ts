import { describe, expect, test } from '@jest/globals';
import { linesInMessage, readPasted } from '#domain/command/pasted.js';
import type { TimeContext } from '#domain/command/time/time.js';
import { intended, NOW, refused, typed } from './support.js';

/** What a paste comes to, a line for each entry: `2024-11-10T01:41:00Z | text`; wrong ones as `3! why`. */
function read(paste: string | string[], ctx: Partial<TimeContext> & { at?: string } = {}): string[] {
  const { at, ...more } = ctx;
  const now = at === undefined ? NOW : new Date(at);
  const text = Array.isArray(paste) ? paste.join('\n') : paste;
  const { lines, wrong } = readPasted(text, { now, zone: 'UTC', zoneKnown: true, ...more });
  return [
    ...lines.map(({ moment, text }) => `${moment.at}${moment.until ? `/${moment.until}` : ''} | ${text}`),
    ...wrong.map(({ line, why }) => `${line}! ${why}`),
  ];
}

const day = (time: string, text = 'x') => `2024-11-10T${time}Z | ${text}`;

describe('a line, as people keep it', () => {
  // NOW is 2024-11-10 14:32:10 UTC.
  test.each([
    ...[
      '- 14:30 x',
      '* 14:30 x',
      '• 14:30 x',
      '•14:30 x',
      '-14:30 x',
      '– 14:30 x',
      '1. 14:30 x',
      '12) 14:30 x',
    ],
    ...['  - 14:30 x', '> 14:30 x', '- [ ] 14:30 x', '- [x] 14:30 x', '> • 14:30 x', '# 14:30 x'],
    ...[
      '[14:30] x',
      '(14:30) x',
      '*14:30* x',
      '**14:30** x',
      '`14:30` x',
      '_14:30_ x',
      '[14:30]x',
      '- *14:30* x',
    ],
    ...['14:30 - x', '14:30 – x', '14:30 — x', '14:30: x', '14:30, x', '14:30; x', '14:30 | x', '14:30 -> x'],
    ...[
      '14:30\tx',
      '14:30 → x',
      '[14:30] - x',
      '**14:30**: x',
      '[14:30]: x',
      '• [14:30 UTC] – x',
      '14:30 UTC: x',
    ],
    ...[
      '2024-11-10 14:30 UTC — x',
      '2024-11-10 14:30 - x',
      '[2024-11-10 14:30] x',
      '2:30 PM - x',
      '2:30pm: x',
    ],
    ...['15:30 +01:00 - x', '[15:30 Europe/Berlin] x', '-2m x', '- 14:30 -- x', '``` 14:30 x'],
  ])('%j', (line) => expect(read(line)[0]?.replace('14:30:10', '14:30:00')).toBe(day('14:30:00')));

  test.each([
    ['14:30:05 - x', day('14:30:05')],
    ['[14:30:05] x', day('14:30:05')],
    ['2024-11-10T01:41:00Z x', day('01:41:00')],
    ['2024-11-10T01:41:00.123456Z x', day('01:41:00')],
    ['2024-11-10T01:41:00+01:00 host app: x', day('00:41:00', 'host app: x')],
    ['2024-11-10 01:41:00,123 ERROR x', day('01:41:00', 'ERROR x')],
    ['2024-11-10 01:41:00 +0000 x', day('01:41:00')],
    ['[2024-11-10T01:41:00Z] [ERROR] x', day('01:41:00', '[ERROR] x')],
    ['Nov 10 01:41:00 web-1 app[17]: x', day('01:41:00', 'web-1 app[17]: x')],
    ['<34>Nov 10 01:41:00 web-1 x', day('01:41:00', 'web-1 x')],
    ['<165>1 2024-11-10T01:41:00.003Z web-1 app - x', day('01:41:00', 'web-1 app - x')],
    ['Dec  1 01:41:00 web-1 x', '2023-12-01T01:41:00Z | web-1 x'],
    ['time="2024-11-10T01:41:00Z" level=error msg=x', day('01:41:00', 'level=error msg=x')],
    ['ts=2024-11-10T01:41:00Z level=error', day('01:41:00', 'level=error')],
    ['[10/Nov/2024:01:41:00 +0000] "GET / HTTP/1.1" 500', day('01:41:00', '"GET / HTTP/1.1" 500')],
    ['14:00-14:05 x', '2024-11-10T14:00:00Z/2024-11-10T14:05:00Z | x'],
    ['14:00 - 14:05 x', '2024-11-10T14:00:00Z/2024-11-10T14:05:00Z | x'],
    ['~14:30 x', day('14:30:00')],
    ['14:30 - 5 nodes', day('14:30:00', '5 nodes')],
    ['14:30 -- - 5 nodes', day('14:30:00', '- 5 nodes')],
    ['14:30 a - b: c', day('14:30:00', 'a - b: c')],
    ['14:30  two blanks ', day('14:30:00', ' two blanks ')],
  ])('%j', (line, said) => expect(read(line)).toEqual([said]));

  test.each([
    ['requests fail at 14:30', '“requests fail at 14:30” does not start with a time.'],
    ['- and so on', '“- and so on” does not start with a time.'],
    ['14:30', 'there is a time (14:30) but no text.'],
    ['[25:99] x', '“25:99” is not a time that can be known.'],
    ['- 14:30 MST x', 'America/Denver'],
    ['23:50 2024-11-10 x', 'is not a time that can be known'],
    ['13:41 UTC - 13:44 UTC x', 'is not a time that can be known'],
    ['2024-11-11 01:41 x', 'has not happened yet'],
    ['password: Tr0ub4dor&3x9 leaked', 'secret removed'],
  ])('%j is wrong', (line, why) => expect(read(line).join()).toContain(why));
});

describe('which day a bare time is of', () => {
  const night = ['23:50 a', '23:58 b', '00:03 c', '00:10 d'];
  const ofNight = (first: string, second: string) => [
    ...[`${first}T23:50:00Z | a`, `${first}T23:58:00Z | b`],
    ...[`${second}T00:03:00Z | c`, `${second}T00:10:00Z | d`],
  ];

  test.each(['2024-11-10T00:30:00Z', '2024-11-10T14:32:00Z', '2024-11-10T23:55:00Z', '2024-11-10T23:59:59Z'])(
    'a night that is pasted at %s is one night',
    (at) => expect(read(night, { at })).toEqual(ofNight('2024-11-09', '2024-11-10')),
  );

  test.each<[string, string[], string[]]>([
    [
      'a dated line says it for those below',
      ['2024-11-01 23:50 a', ...night.slice(1)],
      ofNight('2024-11-01', '2024-11-02'),
    ],
    ...[
      '2024-11-01',
      '— 2024-11-01 —',
      '## 2024-11-01',
      '*2024-11-01*',
      '2024-11-01:',
      'Fri 2024-11-01',
      '1 November 2024',
      'Friday, November 1st, 2024',
    ].map((line): [string, string[], string[]] => [
      `so does ${line}`,
      [line, ...night],
      ofNight('2024-11-01', '2024-11-02'),
    ]),
    [
      'lines out of order stay on their day',
      ['2024-11-01', '01:41 a', '01:39 b', '01:43 c'],
      [...['2024-11-01T01:41:00Z | a', '2024-11-01T01:39:00Z | b', '2024-11-01T01:43:00Z | c']],
    ],
    [
      'also beside midnight',
      ['2024-11-01', '23:50 a', '00:03 b', '23:58 c', '00:10 d'],
      [
        ...[
          '2024-11-01T23:50:00Z | a',
          '2024-11-02T00:03:00Z | b',
          '2024-11-01T23:58:00Z | c',
          '2024-11-02T00:10:00Z | d',
        ],
      ],
    ],
    ['a long day goes forward', ['08:00 a', '14:00 b'], [day('08:00:00', 'a'), day('14:00:00', 'b')]],
    [
      'a list of two days ends today',
      ['09:00 a', '20:00 b', '02:00 c', '10:00 d'],
      [
        ...[
          '2024-11-09T09:00:00Z | a',
          '2024-11-09T20:00:00Z | b',
          day('02:00:00', 'c'),
          day('10:00:00', 'd'),
        ],
      ],
    ],
    ['what is said from now is of now', ['-12m a', '14:25 b'], [day('14:20:10', 'a'), day('14:25:00', 'b')]],
    [
      'a zone on one line does not bind the next',
      ['2024-11-01 23:50 UTC a', '01:00 +01:00 b', '00:05 c'],
      [...['2024-11-01T23:50:00Z | a', '2024-11-02T00:00:00Z | b', '2024-11-02T00:05:00Z | c']],
    ],
  ])('%s', (_, paste, said) => expect(read(paste)).toEqual(said));

  test.each([
    ['hours back', ['2024-11-01 14:00 a', '05:00 b'], '05:00 may be of 2024-11-01 or of 2024-11-02'],
    [
      'nearly a day forward',
      ['2024-11-01 00:03 a', '23:50 b'],
      '23:50 may be of 2024-10-31 or of 2024-11-01',
    ],
    ['no date above the first date', ['23:50 a', '2024-11-01 00:03 b'], 'has no date, and line 2 has one'],
    [
      'the next day has not come',
      ['2024-11-10 14:00 a', '01:00 b'],
      '2024-11-11 01:00 (UTC) has not happened yet',
    ],
  ])('%s: refused, with what to write', (_, paste, why) => expect(read(paste).join()).toContain(why));

  test('a heading names the zone, as our own timeline does', () => {
    const said = [day('01:41:00', '#4 x')];
    for (const head of [
      'Timeline of INC-7, times in UTC',
      'All times UTC',
      '(all times are UTC)',
      'Times: UTC.',
    ])
      expect(read([head, '— 2024-11-10 —', '01:41 #4 x'], { zone: 'Europe/Berlin' })).toEqual(said);
    expect(read(['times in nowhere', '01:41 x']).join()).toContain('1! “times in nowhere”');
  });
});

describe('log', () => {
  test('takes a whole paste, a block of code with its marks too', () => {
    const lines = [
      { moment: { at: '2024-11-10T01:41:00Z', until: null, precision: 'minute' }, text: 'a' },
      { moment: { at: '2024-11-10T01:42:00Z', until: null, precision: 'minute' }, text: 'b' },
    ];
    for (const paste of ['01:41 a\n01:42 b', '\n```\n01:41 a\n\n01:42 b\n```', '```01:41 a\n01:42 b```'])
      expect(intended(`log ${paste}`)).toEqual({ type: 'RecordLog', lines });
  });

  test('names a zone that nobody has said once, and refuses headings alone', () => {
    expect(typed('log 01:41 a\n01:42 b', { zoneKnown: false })).toMatchObject({
      notes: [expect.any(String)],
    });
    expect(refused('log 2024-11-10\nall times UTC')).toBe('MISSING_ARGUMENT');
  });

  test('takes the lines of an entry by its number', () => {
    expect(intended('log #4')).toEqual({ type: 'TakeInLines', of: { entry: 4 } });
    expect(refused('log #4 x')).toBe('BAD_LOG_LINES');
    expect(refused('log 4')).toBe('BAD_LOG_LINES');
  });
});

describe('a message of many timed lines', () => {
  const ctx = { now: NOW, zone: 'UTC', zoneKnown: true };
  const lines = (text: string) =>
    linesInMessage(text, ctx)?.lines.map(({ moment, text }) => `${moment.at} | ${text}`);

  test('has a title, and lines that go on', () => {
    expect(lines('What we know:\n• 01:41 a\n   more of a\n\n• 01:42 b\nthat is all')).toEqual([
      '2024-11-10T01:41:00Z | a\n   more of a',
      '2024-11-10T01:42:00Z | b\nthat is all',
    ]);
  });

  test('holds two of them at least; a time that cannot be known is said', () => {
    expect(lines('01:41 a\nb\nc')).toBeUndefined();
    expect(lines('no times\nat all')).toBeUndefined();
    expect(linesInMessage('01:41 a\n01:42 b\n25:99 c', ctx)?.wrong).toMatchObject([{ line: 3 }]);
  });
});
