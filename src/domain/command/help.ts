import { VERBS, type Verb, type VerbName, verbNamed } from './verbs.js';

/** An example of each verb, from one night. */
const EXAMPLES: Record<VerbName, string> = {
  open: 'open sev2 API answers 401 --component "Payments API" --at 01:41',
  note: 'note 01:42 routing put back',
  log: 'log 01:39 routing moved\n01:41 requests start to fail',
  status: 'status identified 01:43 the keys do not match',
  resolve: 'resolve 02:02 all nodes answer again',
  reopen: 'reopen requests fail again',
  sev: 'sev sev1 all regions are affected',
  lead: 'lead @ana',
  role: 'role scribe @bo',
  invite: 'invite @ana @bo',
  uninvite: 'uninvite @bo',
  title: 'title API answers 401 for some nodes',
  mark: 'mark started 01:41',
  component: 'component add Payments API',
  impact: 'impact --failed 19 --total 4210 --from 01:41 --to 01:44',
  cause: 'cause The gateway used keys that the service did not know.',
  action: 'action rotate the keys automatically @ana',
  actions: 'actions',
  done: 'done 1',
  publish: 'publish monitoring Requests succeed again; we keep watching.',
  run: 'run key-sync from=tts-old to=tts-new --plan',
  runs: 'runs',
  approve: 'approve RUN-3',
  reject: 'reject RUN-3 not during the release',
  cancel: 'cancel RUN-3 the wrong store',
  retry: 'retry RUN-3',
  skip: 'skip RUN-3 done by hand',
  answer: 'answer RUN-3 yes',
  timeline: 'timeline Europe/Berlin',
  edit: 'edit 12 requests fail on two nodes',
  time: 'time 12 01:41',
  strike: 'strike 12 wrong incident',
  undo: 'undo',
  export: 'export md Europe/Berlin',
  postmortem: 'postmortem',
  list: 'list',
  show: 'show',
  catchup: 'catchup',
  help: 'help note',
};

const TIMES = [
  '*Times* stand before the text: `14:32`, `1:07pm`, `-12m`, `~14:30` for about, `01:41-01:44`, `yesterday 23:50`, `2024-11-10 01:41 UTC`.',
  'Without a zone they are in your own. A bare `--` keeps what follows as text.',
];

/**
 * Set for Slack, with `code` and *bold*; `unmarked` makes plain text of it.
 * @param name a verb; null, or a word that is no verb: all of them, one short line each, which fits a phone
 * @param command how the command is called here
 */
export function helpText(name: string | null, command = '/incident'): string {
  const verb = name === null ? null : verbNamed(name);
  return verb
    ? helpFor(verb, command)
    : helpForAll(command, ({ name, help }) => `\`${command} ${name}\` ${help}`);
}

/**
 * The same for a terminal.
 * @param but verbs that are left out of the list: something else has their name here
 */
export function plainHelp(name: string | null, command: string, but: readonly string[]): string {
  if (name !== null && verbNamed(name)) return unmarked(helpText(name, command));
  const line = ({ name, help }: Verb) => (but.includes(name) ? null : `  ${name.padEnd(12)}${help}`);
  return unmarked(helpForAll(command, line));
}

/** @returns our own sentences as plain text: for where nobody makes code and bold of Slack's marks. */
export function unmarked(ours: string): string {
  return ours
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/(?<![\p{L}\p{N}*])\*([^*\n]+)\*(?![\p{L}\p{N}*])/gu, '$1');
}

function helpForAll(command: string, line: (verb: Verb) => string | null): string {
  return [
    ...VERBS.flatMap((verb) => line(verb) ?? []),
    '',
    ...TIMES,
    `Outside an incident's channel name it behind the verb: \`${command} note INC-7 …\`. \`${command} help VERB\` tells more.`,
  ].join('\n');
}

function helpFor(verb: Verb, command: string): string {
  const timed = verb.timed || verb.flags.some((flag) => flag.value === 'TIME');
  return [
    `\`${command} ${verb.form}\``,
    `${verb.help[0]?.toUpperCase()}${verb.help.slice(1)}.`,
    `For example: \`${command} ${EXAMPLES[verb.name]}\``,
    ...(verb.aliases.length ? [`Also: ${verb.aliases.map((alias) => `\`${alias}\``).join(', ')}`] : []),
    ...(timed ? TIMES : []),
  ].join('\n');
}
