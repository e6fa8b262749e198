import { VERBS, type Verb, type VerbName, verbNamed } from './verbs.js';

/** An example of each verb, all of one incident. */
const EXAMPLES: Record<VerbName, string> = {
  open: 'open sev2 API answers 401 --component "Payments API" --at 01:41',
  note: 'note 01:42 routing put back',
  log: 'log 01:39 routing moved\n01:41 requests start to fail',
  status: 'status identified 01:43 the keys do not match',
  resolve: 'resolve 02:02 all nodes answer again',
  reopen: 'reopen requests fail again',
  dismiss: 'dismiss a test of the alerts',
  next: 'next 30m',
  snooze: 'snooze 30m',
  sev: 'sev sev1 all regions are affected',
  lead: 'lead @ana',
  role: 'role scribe @bo',
  invite: 'invite @ana @bo',
  uninvite: 'uninvite @bo',
  page: 'page sre all regions answer 401',
  ack: 'ack',
  title: 'title API answers 401 for some nodes',
  mark: 'mark started 01:41',
  component: 'component add Payments API',
  impact: 'impact --failed 19 --total 4210 --from 01:41 --to 01:44',
  cause: 'cause The gateway used keys that the service did not know.',
  action: 'action rotate the keys automatically @ana --due friday',
  actions: 'actions --mine',
  done: 'done 1',
  publish: 'publish monitoring Requests succeed again; we keep watching. --state degraded --next 30m',
  maintenance:
    'maintenance Database upgrade --from "2026-12-01 22:00 UTC" --to "2026-12-01 23:00 UTC" --component API',
  run: 'run key-sync from=tts-old to=tts-new --plan',
  runs: 'runs',
  approve: 'approve RUN-3',
  reject: 'reject RUN-3 not during the release',
  cancel: 'cancel RUN-3 the wrong store',
  retry: 'retry RUN-3',
  skip: 'skip RUN-3 done by hand',
  answer: 'answer RUN-3 yes',
  watch: 'watch 30m --probe api --query errors',
  attach: 'attach service=tts INC-7',
  split: 'split service=tts',
  mute: 'mute service=tts 2h',
  link: 'link INC-7 INC-9 both began with the same deploy',
  merge: 'merge INC-8 into INC-7 the same outage',
  bridge: 'bridge https://meet.example/api-is-down',
  timeline: 'timeline Europe/Berlin',
  history: 'history 12',
  edit: 'edit 12 requests fail on two nodes',
  time: 'time 12 01:41',
  strike: 'strike 12 wrong incident',
  undo: 'undo',
  export: 'export md Europe/Berlin',
  postmortem: 'postmortem',
  list: 'list --status resolved --component API --since 7d',
  search: 'search redis timeout',
  show: 'show',
  catchup: 'catchup',
  help: 'help note',
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
 * @param name a verb; null, or a word that is no verb: all of them, one short line each, which fits a phone
 * @param command how the command is called here
 */
export function helpText(name: string | null, command = '/incident'): string {
  const verb = name === null ? null : verbNamed(name);
  return verb
    ? helpFor(verb, inSlack(command))
    : helpForAll(inSlack(command), ({ name, help }) => `\`${command} ${name}\` ${help}`);
}

/**
 * The same for a terminal.
 * @param but verbs that are left out of the list: something else has their name here
 */
export function plainHelp(name: string | null, command: string, but: readonly string[]): string {
  const verb = name === null ? null : verbNamed(name);
  if (verb) return unmarked(helpFor(verb, onTerminal(command)));
  const line = ({ name, help }: Verb) => (but.includes(name) ? null : `  ${name.padEnd(12)}${help}`);
  return unmarked(helpForAll(onTerminal(command), line));
}

/** @returns our own sentences as plain text: for where nobody makes code and bold of Slack's marks. */
export function unmarked(ours: string): string {
  return ours
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/(?<![\p{L}\p{N}*])\*([^*\n]+)\*(?![\p{L}\p{N}*])/gu, '$1');
}

function helpForAll(place: Place, line: (verb: Verb) => string | null): string {
  const { command, named } = place;
  return [
    ...VERBS.flatMap((verb) => line(verb) ?? []),
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
  const [example, ...more] = `${place.command} ${EXAMPLES[verb.name]}`
    .split('\n')
    .map((line) => `\`${line}\``);
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
