// Writes src/domain/command/time/zone-data.ts: what zones, their abbreviations and the days and months are called.
//
//   npm pack moment-timezone@0.5.0 && tar xzf moment-timezone-0.5.0.tgz
//   node scripts/zone-data.mjs package/data/packed/latest.json
//
// Three sources, all public:
// - the time zone database as this machine has it in /usr/share/zoneinfo (compiled files, and tzdata.zi for the names);
// - the same of 2015, packed by moment-timezone 0.5.0: in 2017 the database dropped the abbreviations that it had made up
//   itself (SGT, BRT, ART …), but people go on writing them. Its populations choose the example of a place;
// - CLDR, through the ICU of this Node, in the languages and countries below.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const INFO = '/usr/share/zoneinfo';
const OUT = 'src/domain/command/time/zone-data.ts';
const NOW = Date.now();
/** Abbreviations that no clock has shown since are history: the database promises nothing of the years before. */
const SINCE = Date.UTC(1970, 0, 1);
/** Where clocks have shown one since, what it meant before is left out. */
const LATELY = Date.UTC(2000, 0, 1);
/** Places that people know, before the most populous one. */
const KNOWN =
  `Asia/Kolkata America/New_York America/Chicago America/Denver America/Los_Angeles America/Anchorage Pacific/Honolulu America/Halifax
  America/St_Johns America/Adak Europe/London Europe/Dublin Europe/Berlin Europe/Lisbon Europe/Helsinki Europe/Athens Europe/Moscow
  Asia/Jerusalem Asia/Shanghai Asia/Tokyo Asia/Seoul Asia/Dubai Asia/Dhaka Australia/Sydney Australia/Brisbane
  Australia/Adelaide Australia/Darwin Australia/Perth Pacific/Auckland Africa/Nairobi Africa/Lagos Africa/Cairo
  Africa/Johannesburg Africa/Maputo Europe/Brussels America/Sao_Paulo America/Manaus America/Havana Asia/Yekaterinburg Asia/Manila`.split(
    /\s+/,
  );
const LANGUAGES = 'en de fr es pt it nl sv da nb fi pl cs sk hu ro tr ru uk id vi ja ko ms af sw hi'.split(
  ' ',
);
const COUNTRIES = 'AU CA NZ GB IE IN ZA SG MY PH HK KE NG GH IL US AE PK BD ZW UG JM FJ GU PW MH VU'.split(
  ' ',
);
const OTHERS =
  'pt-BR pt-PT fr-CA fr-GF es-AR es-CL es-MX es-CO es-PE es-VE es-UY es-US de-AT de-CH nl-SR'.split(' ');
/** Canadian French has the hours `HE`, `HP` and `HR`: nobody writes them alone, and everybody speaks of HR and HA. */
const TOO_SHORT = new Set(['HA', 'HC', 'HE', 'HP', 'HR']);
const CALENDAR = 'de fr es pt it nl sv da nb fi pl cs ro hu tr ru uk id'.split(' ');

const names = readFileSync(join(INFO, 'tzdata.zi'), 'utf8')
  .split('\n')
  .flatMap((line) =>
    line.startsWith('L ') ? line.split(' ')[2] : line.startsWith('Z ') ? line.split(' ')[1] : [],
  )
  .filter((name) => name.includes('/'))
  .sort();
/** Names without a slash have the place that they point to; Debian's `MET` is none of its own any more since 2024. */
const links = new Map([
  ['MET', 'Europe/Brussels'],
  ...readFileSync(join(INFO, 'tzdata.zi'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('L '))
    .map((line) => line.split(' ').slice(1).reverse()),
]);
const version = /version (\S+)/.exec(readFileSync(join(INFO, 'tzdata.zi'), 'utf8'))[1];
const packed = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const people = new Map();

const isAbbreviation = (text) =>
  /^(?:(?=\p{Lu})\p{Script=Latin}){2,6}$/u.test(text) &&
  !['LMT', 'GMT', 'UTC'].includes(text) &&
  !TOO_SHORT.has(text);

/** Abbreviation → offset in minutes → places, each with the moment until which it was used. */
const found = new Map();
function add(abbreviation, offset, name, until) {
  const place = names.includes(name) ? name : links.get(name);
  if (!isAbbreviation(abbreviation) || !names.includes(place)) return;
  const offsets = found.get(abbreviation) ?? new Map();
  const places = offsets.get(offset) ?? new Map();
  places.set(place, Math.max(until, places.get(place) ?? 0));
  found.set(abbreviation, offsets.set(offset, places));
}

// -- the database of 2015 --
const digit = (c) => {
  const n = c.charCodeAt(0);
  return n > 96 ? n - 87 : n > 64 ? n - 29 : n - 48;
};
function base60(text) {
  const [, sign, whole, part = ''] = /^(-?)([^.]*)\.?(.*)$/.exec(text);
  const value =
    [...whole].reduce((sum, c) => sum * 60 + digit(c), 0) +
    [...part].reduce((sum, c, i) => sum + digit(c) / 60 ** (i + 1), 0);
  return sign ? -value : value;
}
for (const zone of packed.zones) {
  const [name, abbreviations, offsets, indices, untils, population] = zone.split('|');
  people.set(name, Number(population ?? 0));
  let end = 0;
  const diffs = untils ? untils.split(' ') : [];
  for (const [at, index] of [...indices].entries()) {
    end = at < diffs.length ? end + base60(diffs[at]) * 60_000 : Number.POSITIVE_INFINITY;
    if (end <= SINCE) continue;
    const offset = -Math.round(base60(offsets.split(' ')[digit(index)]));
    add(abbreviations.split(' ')[digit(index)], offset, name, Math.min(end, Date.UTC(2015)));
  }
}

// -- the database of today --
for (const name of names) {
  const file = readFileSync(join(INFO, name));
  // Version 2: the first block, with 32 bits, is passed over.
  const counts = (at) => [0, 1, 2, 3, 4, 5].map((i) => file.readUInt32BE(at + 20 + i * 4));
  const [gmt1, std1, leap1, time1, type1, char1] = counts(0);
  const head = 44 + time1 * 5 + type1 * 6 + char1 + leap1 * 8 + std1 + gmt1;
  const [, , , times, types] = counts(head);
  const at = head + 44;
  const typeAt = (i) => at + times * 9 + i * 6;
  const abbreviationOf = (i) => {
    const from = typeAt(types) + file[typeAt(i) + 5];
    return file.toString('latin1', from, file.indexOf(0, from));
  };
  for (let i = -1; i < times; i++) {
    const end =
      i + 1 < times ? Number(file.readBigInt64BE(at + (i + 1) * 8)) * 1000 : Number.POSITIVE_INFINITY;
    if (end <= SINCE) continue;
    const type = i < 0 ? 0 : file[at + times * 8 + i];
    add(abbreviationOf(type), file.readInt32BE(typeAt(type)) / 60, name, Math.min(end, NOW));
  }
}

// -- CLDR --
const generic = new Map();
const seasons = [Date.UTC(2026, 0, 15), Date.UTC(2026, 6, 15)];
const partOf = (locale, timeZone, timeZoneName, at) =>
  new Intl.DateTimeFormat(locale, { timeZone, timeZoneName })
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName').value;
const offsetOf = (zone, at) => {
  const [, sign, h = '0', m = '0'] =
    /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(partOf('en', zone, 'longOffset', at)) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(h) * 60 + Number(m));
};
const long = new Set();
for (const zone of Intl.supportedValuesOf('timeZone')) {
  for (const locale of [...LANGUAGES, ...COUNTRIES.map((country) => `en-${country}`), ...OTHERS]) {
    for (const at of seasons) {
      const short = partOf(locale, zone, 'short', at);
      if (short.length > 2 && isAbbreviation(short)) add(short, offsetOf(zone, at), zone, NOW);
    }
    const short = partOf(locale, zone, 'shortGeneric', seasons[0]);
    if (isAbbreviation(short)) generic.set(short, [...(generic.get(short) ?? []), zone]);
  }
  for (const style of ['long', 'longGeneric'])
    for (const at of seasons) {
      const name = partOf('en', zone, style, at);
      if (/ Time$/.test(name) && !/^GMT|UTC|\p{N}/u.test(name)) long.add(name);
    }
}

const chosen = (places) => {
  const best = (name) => {
    const known = KNOWN.indexOf(name);
    return known >= 0 ? 1e12 - known : (people.get(name) ?? 0);
  };
  return [...places].sort((a, b) => best(b) - best(a) || (a < b ? -1 : 1))[0];
};
const clock = (minutes) => {
  const size = Math.abs(minutes);
  const two = (n) => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
};
const lines = [...new Set([...found.keys(), ...generic.keys()])].sort().map((abbreviation) => {
  const all = [...(found.get(abbreviation) ?? [])];
  const lately = all
    .map(([offset, places]) => [offset, new Map([...places].filter(([, until]) => until > LATELY))])
    .filter(([, places]) => places.size > 0);
  const meanings = (lately.length ? lately : all)
    .map(([offset, places]) => {
      const last = Math.max(...places.values());
      // Where a clock shows that offset today the place is a good example; else where one showed it last.
      const today = [...places.keys()].filter((place) =>
        seasons.some((at) => offsetOf(place, at) === offset),
      );
      const place = chosen(
        today.length ? today : [...places].filter(([, until]) => until === last).map(([n]) => n),
      );
      return { offset, place, last: today.length ? last : 0, known: KNOWN.indexOf(place) };
    })
    .sort(
      (a, b) =>
        b.last - a.last ||
        (a.known < 0 ? 99 : a.known) - (b.known < 0 ? 99 : b.known) ||
        (people.get(b.place) ?? 0) - (people.get(a.place) ?? 0) ||
        a.offset - b.offset,
    )
    .slice(0, 3)
    .map(({ offset, place }) => `${clock(offset)} ${place}`);
  const area = meanings.length ? [] : [chosen(generic.get(abbreviation))];
  return `${abbreviation} ${[...meanings, ...area].join(', ')}`;
});

// -- the calendar --
const months = new Set();
const weekdays = new Set();
const days = new Set();
for (const locale of CALENDAR) {
  for (let month = 0; month < 12; month++)
    for (const options of [{ month: 'long' }, { month: 'long', day: 'numeric' }]) {
      const date = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
      const name = date
        .formatToParts(Date.UTC(2026, month, 10))
        .find(({ type }) => type === 'month')
        .value.toLowerCase();
      if (/^[\p{L}\p{M}]+$/u.test(name)) months.add(name);
    }
  for (let day = 4; day < 11; day++)
    for (const weekday of ['long', 'short']) {
      const date = new Intl.DateTimeFormat(locale, { weekday, timeZone: 'UTC' });
      const name = date
        .format(Date.UTC(2026, 0, day))
        .toLowerCase()
        .replace(/\.$/, '');
      if (/^[\p{L}\p{M}-]{2,}$/u.test(name)) weekdays.add(name);
    }
  for (const day of [-2, -1, 0, 1]) {
    const name = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(day, 'day').toLowerCase();
    if (/^[\p{L}\p{M}]+$/u.test(name)) days.add(name);
  }
}
const areas = new Map();
for (const name of names) {
  const [area, ...rest] = name.split('/');
  areas.set(area, [...(areas.get(area) ?? []), rest.join('/')]);
}

/** Words in lines as long as the house allows. */
function wrapped(words, between = ' ', indent = '') {
  const out = [];
  let line = indent;
  for (const word of words) {
    if (line !== indent && line.length + between.length + word.length > 108) {
      out.push(line.trimEnd() + between.trimEnd());
      line = indent;
    }
    line += (line === indent ? '' : between) + word;
  }
  return [...out, line].join('\n');
}
const constant = (comment, name, body) => `/** ${comment} */\nexport const ${name} = \`\n${body}\n\`;\n`;

writeFileSync(
  OUT,
  [
    `// Written by scripts/zone-data.mjs from the time zone databases ${version} and ${packed.version} and CLDR ${process.versions.cldr}; not by hand.\n`,
    constant(
      'Abbreviations, each with offsets and a place that has them; no offset: of both seasons.',
      'ABBREVIATIONS',
      wrapped(lines, '; '),
    ),
    constant(
      'The full names of CLDR, without `Time` at their end.',
      'LONG_NAMES',
      wrapped(
        [...long].sort().map((n) => n.replace(/ Time$/, '')),
        '; ',
      ),
    ),
    constant(
      'Every name of the zone database that has a slash, its own links included, by area.',
      'AREAS',
      [...areas].map(([area, cities]) => wrapped([`${area}:`, ...cities])).join('\n\n'),
    ),
    constant(`Months, in ${CALENDAR.join(', ')}.`, 'MONTHS', wrapped([...months].sort())),
    constant(`Days of the week, in ${CALENDAR.join(', ')}.`, 'WEEKDAYS', wrapped([...weekdays].sort())),
    constant(
      `The days from the one before yesterday to tomorrow, in the same.`,
      'DAYS',
      wrapped([...days].sort()),
    ),
  ].join('\n'),
);
execFileSync('node', ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', OUT], {
  stdio: 'inherit',
});
