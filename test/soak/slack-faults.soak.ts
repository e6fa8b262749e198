import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Stage, startStage } from './slack-stage.js';
import { STORIES, type Story } from './slack-stories.js';

// Every method of Slack's that the bot calls fails in every way that it can, one at a time, while somebody does what calls it:
// what they saw is docs/slack-faults.md. `RECORD=1` writes that page anew; `ONLY=views.open,upload` does only
// what holds one of these names.

const PAGE = fileURLToPath(new URL('../../docs/slack-faults.md', import.meta.url));
/** So many workspaces at a time: most of it is waiting for what Slack said to wait for. */
const AT_ONCE = 4;
const only = (process.env.ONLY ?? '').split(',');

interface Fault {
  name: string;
  order: { kind: string; value?: string | number };
}
const error = (value: string): Fault => ({ name: `\`${value}\``, order: { kind: 'error', value } });
/** Which every method can meet. */
const ALWAYS: readonly Fault[] = [
  { name: '429', order: { kind: 'ratelimit', value: 1 } },
  { name: '500', order: { kind: 'http500' } },
  { name: 'cut off', order: { kind: 'cut' } },
  { name: 'done, answer lost', order: { kind: 'drop' } },
  { name: 'no answer', order: { kind: 'hang' } },
  ...['internal_error', 'fatal_error', 'missing_scope', 'token_revoked'].map(error),
];
/** Those that have this among their own. */
const OWN = [
  ...['channel_not_found', 'not_in_channel', 'is_archived', 'restricted_action', 'name_taken'],
  ...['user_not_found', 'invalid_blocks', 'msg_too_long', 'expired_trigger_id'],
];
/** No methods, and Slack has no codes for them. */
const ADDRESSES = ['upload', 'response_url'];
const documented = JSON.parse(
  readFileSync(new URL('../sandbox/reference.json', import.meta.url), 'utf8'),
) as Record<string, { errors?: string; bot?: string[] }>;

function faultsOf(method: string): Fault[] {
  const { errors = '', bot = [] } = documented[method] ?? {};
  const own = errors.split(' ');
  return [
    ...ALWAYS.filter(({ name, order }) => {
      if (name === '`missing_scope`') return bot.length > 0;
      return order.kind !== 'error' || !ADDRESSES.includes(method);
    }),
    ...OWN.filter((code) => own.includes(code)).map(error),
  ];
}

/** Where something is missing and nobody is told, and why that is right. */
const QUIET: Record<string, string> = {
  'reactions.add': 'the entry in the channel says that it is recorded',
  'pins.add': 'the headline is the first message of its channel',
  'conversations.setTopic': 'the headline says the same, and is kept up',
  'calls.add': 'a plain link stands there instead of Slack’s card',
  'calls.end': 'the message says that the call is over; Slack’s card ends by itself',
  'canvases.edit': 'the timeline is sent as a file when the incident is resolved; `doctor` says it',
  'canvases.access.set': 'as before: a canvas in which others could write would lose what they write',
  'conversations.canvases.create': 'as before',
  'chat.unfurl': 'a link stays a link',
  'conversations.members': 'a link stays a link where it is not known who reads it',
  'chat.postMessage after views.publish missing_scope':
    'Slack takes neither the tab nor a direct message; the item is done in the channel’s timeline',
  'views.publish': 'there is nowhere else to say it; it is made anew when it is opened again',
};

/** Whether it came a bot cannot look up, so it may come twice. */
const UNSEEN = /^to \w+ (?:alone|directly): /;

interface Row {
  method: string;
  story: string;
  fault: string;
  saw: string;
  wrong: string[];
}

let stages: Stage[] = [];
beforeAll(async () => {
  stages = await Promise.all(Array.from({ length: AT_ONCE }, startStage));
});
afterAll(() => Promise.all(stages.map((stage) => stage.end())));

let count = 0;
const fresh = () => `w${(count++).toString(36)}${Math.random().toString(36).slice(2, 8)}x`;

/** Does it, with these failures, and tells what is new then. @param usual what is new without any */
async function plays(stage: Stage, story: Story, faults: Array<{ kind?: string }>, usual: string[] | null) {
  const word = fresh();
  await stage.forget();
  const before = await stage.seen();
  for (const fault of faults) await stage.walk.control('fault', fault);
  const failed = await Promise.resolve(story.act(stage, word)).then(
    () => [],
    (thrown: unknown) => [String(thrown)],
  );
  const hangs = faults.some(({ kind }) => kind === 'hang');
  // What comes instead of an answer that never comes, comes late.
  const due = usual && !(story.beside && hangs) && JSON.stringify(usual);
  await stage.settled(
    async () => typeof due === 'string' && JSON.stringify(await stage.news(before, word)) === due,
    {
      looks: story.beside ? (hangs ? 130 : 30) : 4,
      begun: async () =>
        usual === null
          ? story.recorded === null || (await stage.recorded(word))
          : (await stage.unmet()).length === 0,
    },
  );
  return {
    ...{ lines: await stage.news(before, word), recorded: await stage.recorded(word), failed },
    ...{ unmet: await stage.unmet(), doubles: await stage.doubles() },
  };
}

function minus(some: string[], others: string[]): string[] {
  const left = [...others];
  return some.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const short = (line: string, most: number) => {
  const words = line.replaceAll('|', '\\|');
  return words.length > most ? `${words.slice(0, most).trimEnd()} …` : words;
};

function inWords(missing: string[], more: string[]): string {
  if (missing.length + more.length === 0) return 'as ever';
  return [
    ...(missing.length > 0 ? [`without: ${missing.map((one) => short(one, 60)).join('; ')}`] : []),
    ...more.map((one) => `**${short(one, 300)}**`),
  ].join('<br>');
}

/** One story with each of the failures that this method can have. */
async function whatPeopleSaw(stage: Stage, story: Story, of: string): Promise<Row[]> {
  const [method = '', first, how] = of.split(/ after | (?=\w+$)/);
  await stage.moves();
  await plays(stage, story, [], null);
  const usual = (await plays(stage, story, [], null)).lines;
  const rows: Row[] = [];
  for (const fault of faultsOf(method)) {
    if (story.apart) await stage.moves();
    const orders = story.orders?.(stage) ?? {};
    const order = (name: string, how: Fault['order']) => ({ method: name, ...how, ...orders[name] });
    const before = first && order(first, how === 'drop' ? { kind: how } : { kind: 'error', value: how });
    const faults = [...(before ? [before] : []), order(method, fault.order)];
    const played = await plays(stage, story, faults, usual);
    const { lines, doubles, recorded, unmet, failed } = played;
    const [missing, more] = [minus(usual, lines), minus(lines, usual)];
    const lost = missing.length > 0 && more.length === 0 && (QUIET[of] ?? QUIET[method]) === undefined;
    const kept = recorded || story.recorded === null || more.some((one) => /not kept|Nothing was/.test(one));
    rows.push({
      ...{ method: of, story: story.what, fault: fault.name, saw: inWords(missing, more) },
      wrong: [
        ...failed,
        ...unmet.map((one) => `${one} was not called`),
        ...(kept ? [] : ['is not in the record']),
        ...(lost ? [`nobody hears that it lacks ${missing.join('; ')}`] : []),
        ...doubles.map((one) => `stands twice: ${one}`),
        ...more.filter((one) => usual.includes(one) && !UNSEEN.test(one)).map((one) => `came twice: ${one}`),
      ],
    });
    const { saw, wrong } = rows.at(-1) as Row;
    process.stderr.write(`CASE ${of} | ${fault.name} | ${saw.slice(0, 700)} | ${wrong.join('; ')}\n`);
  }
  return rows;
}

/** The page: its groups of lines that these rows are about made anew, the others as they stand there. */
function pageOf(rows: readonly Row[], before: string): string {
  const [intro = ''] = before.split(/^\| method/m);
  const groups = new Map<string, string[]>();
  let group: string[] = [];
  for (const line of before.slice(intro.length).split('\n').slice(2)) {
    const [key] = /^\| `.*? \| .*? \|/.exec(line) ?? [];
    if (key) {
      group = [];
      groups.set(key, group);
    }
    if (line !== '') group.push(line);
  }
  const table = STORIES.flatMap(({ what, methods }) =>
    methods.flatMap((method) => {
      const [own = '', first, how] = method.split(/ after | (?=\w+$)/);
      const after = first ? `, after \`${first}\` (${how === 'drop' ? 'answer lost' : how})` : '';
      const key = `| \`${own}\`${after} | ${what} |`;
      const bySight = new Map<string, string[]>();
      for (const { fault, saw, ...row } of rows)
        if (row.method === method && row.story === what)
          bySight.set(saw, [...(bySight.get(saw) ?? []), fault]);
      if (bySight.size === 0) return groups.get(key) ?? [];
      return [...bySight].map(([saw, faults], i) => {
        const quiet = saw.startsWith('without') && !saw.includes('**') && (QUIET[method] ?? QUIET[own]);
        const why = quiet ? `<br>Nobody is told: ${quiet}` : '';
        return `${i === 0 ? key : '| | |'} ${faults.join(', ')} | ${saw}${why} |`;
      });
    }),
  );
  return `${intro}| method | while | fails so | what people saw |\n|---|---|---|---|\n${table.join('\n')}\n`;
}

test('whatever fails in Slack, the record is whole, nothing stands twice, and who waits is told', async () => {
  const work = STORIES.flatMap((story) => story.methods.map((method) => ({ story, method }))).filter(
    ({ method, story }) => only.some((one) => `${method} ${story.what}`.includes(one)),
  );
  const rows: Row[] = [];
  await Promise.all(
    stages.map(async (stage) => {
      for (let next = work.shift(); next; next = work.shift())
        rows.push(...(await whatPeopleSaw(stage, next.story, next.method)));
    }),
  );
  const page = readFileSync(PAGE, 'utf8');
  const anew = pageOf(rows, page);
  if (process.env.RECORD) writeFileSync(PAGE, anew);
  expect(rows.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  if (!process.env.RECORD) expect(anew).toBe(page);
}, 1_400_000);
