import { describe, expect, test } from '@jest/globals';
import { abbreviationOf } from '#domain/command/time/abbreviations.js';
import { readTime } from '#domain/command/time/time.js';
import { ABBREVIATIONS, AREAS } from '#domain/command/time/zone-data.js';
import { isRefusal } from '#domain/refusal.js';
import { intended, NOW, refused, timeOf } from './support.js';

const ALL = [
  ...[...ABBREVIATIONS.matchAll(/(?<=^|[;\n]\s*)(\p{Lu}+) /gu)].map(([, name = '']) => name),
  'UT',
];
const SHOUTED = new Set(['MOST', 'MUST']);
/** Their small letters are words of English, French, German …, or of computing. */
const WORDS = new Set(
  `act aft amt anat art at bot cast cat cct chat ckt cost cot dust east eat ect et fet fkt galt gest get gilt haa hac hap
  har hast hat ht ict iot kart kost krat lint malt mart met mist most mot must mut nft nt nut orat pest pet phot pkt pmt
  pont ret rott sbt sdt srt tft tkt tmt tost tot ut vet vost wart wast wat west wet wgt wit`.split(/\s+/),
);

test('the list is that of the zone database and of CLDR', () => {
  const names = new Set(ALL);
  for (const name of 'PST PDT PT MST MT CST CT EST ET AKST AKT HST AST ADT NST NDT BRT ART CLT COT PET VET UYT GMT BST IST WET WEST CET CEST MEZ MESZ EET EEST MSK SAST CAT EAT WAT IDT GST PKT NPT BDT ICT WIB WITA WIT SGT MYT PHT HKT KST JST AWST ACST ACDT AEST AEDT AET NZST NZDT NZT CHAST SST PHST HKST KDT YST'.split(
    ' ',
  ))
    if (name !== 'GMT') expect([name, names.has(name)]).toEqual([name, true]);
  expect(names.size).toBeGreaterThan(300);
  expect(AREAS).toContain('Calcutta');
});

test.each(ALL.filter((name) => !SHOUTED.has(name)))(
  '%s after a time is refused, with a way to write it that is then read',
  (name) => {
    for (const typed of [
      `07:05 ${name} x`,
      `07:05 ${name}`,
      `2024-11-09 07:05 [${name}] x`,
      `07:05-07:10 ${name} x`,
      `07:05 *${name}*`,
      `07:05 \`${name}\` x`,
      `07:05 “${name}” x`,
      `07:05:09 ${name} - x`,
      `2024-11-09 ${name} x`,
    ]) {
      const read = readTime(typed, { now: NOW, zone: 'Asia/Tokyo', zoneKnown: true });
      if (!isRefusal(read)) throw new Error(`${typed} was read`);
      const offered = [...read.next.matchAll(/`((?:2024|07:05)[^`]* [^`]+)`/g)].map(
        (match) => match[1] ?? '',
      );
      expect(offered.length).toBeGreaterThanOrEqual(1);
      for (const example of offered) expect(timeOf(`${example} x`)).toMatch(/^\d{4}-.* \| x$/);
    }
    const small = name.toLowerCase();
    // The dotted capital of Turkish has no small letter of its own.
    if (small.length !== name.length) return;
    const text = `2024-11-10T07:05:00Z minute | ${small} x`;
    expect(timeOf(`07:05 ${small} x`)).toBe(WORDS.has(small) ? text : 'TIME_ZONE_AMBIGUOUS');
    expect(timeOf(`${name} 07:05 x`)).toBe('TIME_UNKNOWN');
  },
);

describe('right behind a time, in every way in which one is written', () => {
  test.each([
    'PST',
    'pst',
    'Pst',
    'P.S.T.',
    'p.s.t',
    '(PST)',
    '[pst]',
    '"PST"',
    'ＰＳＴ',
    'PST/PDT',
    'PST/UTC-8',
    'US/PST',
    'PT/ET',
    'PST - 07:10 PST',
    'PST UTC',
    '_PST_',
    'PST->',
    'in PST',
    'in CET time',
    'PST-8',
    'PST-08:00',
    'EAT-3',
    'UT',
    'pht',
    'yekt',
    'trt',
    '(pst)',
    '(JST):',
    '（PST）',
    'WEST - 07:10 WEST',
  ])('07:05 %s x', (zone) => expect(timeOf(`07:05 ${zone} x`)).toBe('TIME_ZONE_AMBIGUOUS'));
  test.each(['PST:', 'pst,', 'PST.', 'PST)', 'PST+1', 'EAT:', 'WAT,', 'MET;', 'sast:'])(
    '07:05 %s x',
    (zone) => expect(timeOf(`07:05 ${zone} x`)).toBe('TIME_ZONE_UNKNOWN'),
  );
  test.each(['07:05PST x', '7:05pt x', '07:05 pm PT x', '07.05 CET x', '07:05 PT-07:10 PT x'])('%s', (text) =>
    expect(timeOf(text)).toMatch(/^TIME_ZONE_AMBIGUOUS$/),
  );
});

describe('the same letters as a word', () => {
  test.each([
    'GET /v1/clips fails',
    'GET https://api.example.com/v1 fails',
    'GET requests time out',
    'BOT restarted',
    'BOT is silent',
    'BOT: restarted',
    'IOT devices offline',
    'ICT team informed',
    'SAST scan blocks the build',
    'SAST: 3 findings',
    'UT fails on main',
    'UT: 3 fail',
    '`GET` requests fail',
    '*BOT* restarted',
    'COST spike in us-east-1',
    'MOST users see errors',
    'sbt build fails',
    'cast to int fails',
    'pest in the dc',
    'ART-15 deployed',
    '+49 30 1234567 called',
    'AST parser crashes',
    'CT logs are late',
    'NT servers are down',
    'MSK cluster lags',
    'EAST region down',
    'WEST coast users',
    'CHAT service down',
    'LINT job failed',
    'ACT NOW: FAIL OVER TO B',
    'ACT QUICKLY AND FAIL OVER',
    'SAST is red',
    'pSt x',
    '+1 555 123 4567 called',
    'MUST be rolled back',
    'ART-123 deployed',
    'CST-42 is open',
    'PST-based clients',
    'PSTN lines fail',
    'ist wieder da',
    'est tombé en panne',
    'est. 5 minutes to go',
    'Zulu JDK crashed',
  ])('07:05 %s', (text) => expect(timeOf(`07:05 ${text}`)).toBe(`2024-11-10T07:05:00Z minute | ${text}`));

  test('it is told apart by what follows', () => {
    expect(abbreviationOf('GET', '/v1')).toBeNull();
    expect(abbreviationOf('GET', 'x')).toBe('GET');
    expect(abbreviationOf('EST', 'tombé')).toBeNull();
    expect(abbreviationOf('pStT', '')).toBeNull();
  });

  test('behind so long ago there is no zone: it is text', () => {
    expect(timeOf('-12m PST lines fail')).toBe('2024-11-10T14:20:10Z minute | PST lines fail');
  });

  test('behind dashes it is text', () => {
    expect(intended('note 07:05 -- PST lines fail')).toMatchObject({ text: 'PST lines fail' });
  });
});

test.each([
  ['note 7:05 PT x', 'TIME_ZONE_AMBIGUOUS'],
  ['status identified 7:05 JST x', 'TIME_ZONE_AMBIGUOUS'],
  ['resolve 7:05 SGT', 'TIME_ZONE_AMBIGUOUS'],
  ['publish identified 7:05 pst x', 'TIME_ZONE_AMBIGUOUS'],
  ['mark started 7:05 ET', 'TIME_ZONE_AMBIGUOUS'],
  ['time 3 7:05 NZDT', 'TIME_ZONE_AMBIGUOUS'],
  ['impact --from "7:05 MSK" x', 'TIME_ZONE_AMBIGUOUS'],
  ['open --at "7:05 PT" x', 'TIME_ZONE_AMBIGUOUS'],
  ['open --at 7:05 PT x', 'BAD_FLAG'],
  ['log 7:05 PT x', 'BAD_LOG_LINES'],
  ['timeline PT', 'TIME_ZONE_AMBIGUOUS'],
  ['export csv NST', 'TIME_ZONE_AMBIGUOUS'],
  ['timeline AST', 'TIME_ZONE_AMBIGUOUS'],
  ['timeline US/Pacfic', 'TIME_ZONE_UNKNOWN'],
])('%s', (line, code) => expect(refused(line)).toBe(code));
