import { VERBS, type Verb, type VerbName, verbNamed } from './verbs.js';

/** What belongs together, in the order in which an incident goes. `name`: what to type behind `help`. */
const GROUPS: ReadonlyArray<{ name: string; title: string; verbs: readonly VerbName[] }> = [
  { name: 'look', title: 'Declare, look', verbs: ['open', 'here', 'list', 'search', 'show', 'catchup'] },
  {
    name: 'record',
    title: 'Record',
    verbs: [
      ...(['note', 'log', 'mark', 'impact', 'cause', 'timeline'] as const),
      ...(['edit', 'time', 'strike', 'undo', 'history'] as const),
    ],
  },
  {
    name: 'steer',
    title: 'Steer',
    verbs: [
      ...([
        'status',
        'next',
        'snooze',
        'sev',
        'lead',
        'role',
        'page',
        'ack',
        'invite',
        'uninvite',
        'title',
      ] as const),
      ...(['component', 'bridge', 'action', 'actions', 'done', 'link', 'merge'] as const),
    ],
  },
  { name: 'public', title: 'Tell the public', verbs: ['publish', 'maintenance'] },
  {
    name: 'runbooks',
    title: 'Runbooks',
    verbs: ['run', 'runs', 'approve', 'reject', 'answer', 'retry', 'skip', 'cancel'],
  },
  { name: 'alerts', title: 'Alerts', verbs: ['dismiss', 'attach', 'split', 'mute'] },
  { name: 'after', title: 'After', verbs: ['resolve', 'watch', 'export', 'postmortem', 'reopen'] },
];

/** @returns whether `help` knows a word that is no verb: one of the groups, or `all`. */
export function isHelpGroup(word: string): boolean {
  return word === 'all' || GROUPS.some(({ name }) => name === word);
}

/** Examples of each verb, all of one incident; several where its forms differ. */
const EXAMPLES: Record<VerbName, string | readonly string[]> = {
  open: [
    'open sev2 API answers 401 --component "Payments API" --at 01:41',
    'open Somebody reads our mail --private',
    'open sev4 restore the backup --drill',
  ],
  note: ['note 01:42 routing put back', 'note -10m restarted the pods', 'note the vendor sees it too'],
  log: 'log 01:39 routing moved\n01:41 requests start to fail',
  status: ['status identified 01:43 the keys do not match', 'status monitoring'],
  resolve: 'resolve 02:02 all nodes answer again',
  reopen: 'reopen requests fail again',
  dismiss: 'dismiss a test of the alerts',
  next: 'next 30m',
  snooze: 'snooze 30m',
  sev: ['sev sev1 all regions are affected', 'sev P2'],
  lead: ['lead me', 'lead @ana'],
  role: ['role scribe @bo', 'role scribe me'],
  invite: ['invite @ana @bo', 'invite @sre'],
  uninvite: 'uninvite @bo',
  page: ['page sre all regions answer 401', 'page @ana'],
  ack: 'ack',
  title: 'title API answers 401 for some nodes',
  mark: ['mark started 01:41', 'mark mitigated now'],
  component: ['component add Payments API', 'component state Payments API degraded'],
  impact: [
    'impact --failed 19 --total 4210 --from 01:41 --to 01:44',
    'impact Logins fail for everybody in Europe',
    'impact measure',
  ],
  cause: 'cause The gateway used keys that the service did not know.',
  action: ['action rotate the keys automatically @ana --due friday', 'action 1 --due 2w'],
  actions: ['actions', 'actions --mine'],
  done: 'done 1',
  publish: [
    'publish monitoring Requests succeed again; we keep watching. --state degraded --next 30m',
    'publish --correct 12 Requests succeed again.',
    'publish --withdraw 12 posted by mistake',
  ],
  maintenance: [
    'maintenance Database upgrade --from "2026-12-01 22:00 UTC" --to "2026-12-01 23:00 UTC" --component API',
    'maintenance MNT-1 begin',
  ],
  run: ['run key-sync from=tts-old to=tts-new --plan', 'run rollback'],
  runs: 'runs',
  approve: ['approve RUN-3', 'approve RUN-3 --break-glass nobody else is awake'],
  reject: 'reject RUN-3 not during the release',
  cancel: 'cancel RUN-3 the wrong store',
  retry: 'retry RUN-3',
  skip: 'skip RUN-3 done by hand',
  answer: 'answer RUN-3 yes',
  watch: ['watch 30m --probe api --query errors', 'watch stop'],
  attach: 'attach service=tts INC-7',
  split: 'split service=tts',
  mute: ['mute service=tts 2h', 'mute service=tts off', 'mute'],
  link: 'link INC-7 INC-9 both began with the same deploy',
  merge: 'merge INC-8 into INC-7 the same outage',
  bridge: ['bridge', 'bridge https://meet.example/api-is-down'],
  timeline: ['timeline', 'timeline Europe/Berlin'],
  history: 'history 12',
  edit: 'edit 12 requests fail on two nodes',
  time: 'time 12 01:41',
  strike: 'strike 12 wrong incident',
  undo: ['undo', 'undo RUN-3'],
  export: ['export md', 'export html Europe/Berlin'],
  postmortem: ['postmortem', 'postmortem --publish'],
  list: ['list', 'list --mine', 'list --status resolved --component API --since 7d'],
  search: 'search redis timeout',
  show: 'show',
  catchup: 'catchup',
  here: 'here',
  help: ['help note', 'help record'],
};

const TIMES =
  '`14:32`, `1:07pm`, `-12m`, `~14:30` for about, `01:41-01:44`, `yesterday 23:50`, `2024-11-10 01:41 UTC`.';
const ZONES = 'A zone is `UTC`, `+02:00` or `Europe/Berlin`, and stands behind the time;';

/** What differs between the places where help is asked for. */
interface Place {
  readonly command: string;
  /** The zone of times without one. */
  readonly zone: string;
  /** Where an incident must be named, and how. */
  readonly named: string;
}
const inSlack = (command: string): Place => ({
  command,
  zone: 'without one it is in yours.',
  named: "Outside an incident's channel name the incident behind the verb",
});
const onTerminal = (command: string): Place => ({
  command,
  zone: 'without one it is in that of `zone:` in tocsin.yml, else in UTC.',
  named: 'Name the incident behind the verb',
});

/**
 * Set for Slack, with `code` and *bold*; `unmarked` makes plain text of it.
 * @param name a verb, or a group of them with a line for each; null: all by their names, which fits a phone
 * @param command how the command is called here
 */
export function helpText(name: string | null, command = '/incident'): string {
  const verb = name === null ? null : verbNamed(name);
  if (name !== null && isHelpGroup(name))
    return helpForGroups(name, inSlack(command), (one) => `\`${command} ${one.name}\` ${one.help}`);
  return verb ? helpFor(verb, inSlack(command)) : helpForAll(command);
}

/**
 * The same for a terminal, which has room for a line for each.
 * @param but verbs that are left out of the list: something else has their name here
 */
export function plainHelp(name: string | null, command: string, but: readonly string[]): string {
  const verb = name === null || isHelpGroup(name) ? null : verbNamed(name);
  if (verb) return unmarked(helpFor(verb, onTerminal(command)));
  const line = (one: Verb) => (but.includes(one.name) ? null : `  ${one.name.padEnd(12)}${one.help}`);
  return unmarked(helpForGroups(name ?? 'all', onTerminal(command), line));
}

/** @returns our own sentences as plain text: for where nobody makes code and bold of Slack's marks. */
export function unmarked(ours: string): string {
  return ours
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/(?<![\p{L}\p{N}*])\*([^*\n]+)\*(?![\p{L}\p{N}*])/gu, '$1');
}

/** What fits a phone: names, under what they are for, and the three lines that are typed most. */
function helpForAll(command: string): string {
  return [
    ...GROUPS.map(({ title, verbs }) => `*${title}*: ${verbs.map((verb) => `\`${verb}\``).join(' ')}`),
    '',
    `\`${command} open sev2 TITLE\``,
    `\`${command} note 14:32 TEXT\` (or \`-10m\`)`,
    `\`${command} status identified TEXT\``,
    `\`${command}\` alone says where you are. \`help note\` has examples; \`help record\` says more of a group: ${GROUPS.map(({ name }) => `\`${name}\``).join(', ')}, \`all\`.`,
  ].join('\n');
}

/** @param name of a group, or `all`. @param line of a verb; null: it is left out */
function helpForGroups(name: string, place: Place, line: (verb: Verb) => string | null): string {
  const { command, named } = place;
  const chosen = GROUPS.filter((group) => name === 'all' || group.name === name);
  const lines = chosen.flatMap(({ title, verbs }) => {
    const shown = VERBS.filter((verb) => verbs.includes(verb.name))
      .sort((a, b) => verbs.indexOf(a.name) - verbs.indexOf(b.name))
      .flatMap((verb) => line(verb) ?? []);
    return shown.length > 0 ? [`*${title}*`, ...shown] : [];
  });
  const help = VERBS.filter((verb) => verb.name === 'help' && name === 'all').flatMap(
    (verb) => line(verb) ?? [],
  );
  return [
    ...lines,
    ...help,
    '',
    ...timesBefore(place),
    `${named}: \`${command} note INC-7 …\`. \`${command} help VERB\` tells more.`,
  ].join('\n');
}

function helpFor(verb: Verb, place: Place): string {
  const flag = verb.flags.find(({ value }) => value === 'TIME');
  const alone = [`*TIME* is one such as ${TIMES}`, `${ZONES} ${place.zone}`];
  const quotes = flag
    ? [`One of several words stands in quotes: \`--${flag.name} "2024-11-10 01:41 UTC"\`.`]
    : [];
  const times = verb.textless || flag ? [...alone, ...quotes] : timesBefore(place);
  const [example, ...more] = [EXAMPLES[verb.name]]
    .flat()
    .flatMap((one) => `${place.command} ${one}`.split('\n').map((line) => `\`${line}\``));
  return [
    `\`${place.command} ${verb.form}\``,
    `${verb.help[0]?.toUpperCase()}${verb.help.slice(1)}.`,
    `For example: ${example}`,
    ...more,
    ...(verb.aliases.length ? [`Also: ${verb.aliases.map((alias) => `\`${alias}\``).join(', ')}`] : []),
    ...(verb.timed || flag ? times : []),
  ].join('\n');
}

/** How times are written before a text. */
function timesBefore({ zone }: Place): string[] {
  return [
    `*Times* stand before the text: ${TIMES}`,
    `${ZONES} ${zone} A bare \`--\` keeps what follows as text.`,
  ];
}
