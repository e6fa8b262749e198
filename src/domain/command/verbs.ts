import { distance } from 'fastest-levenshtein';
import { type FlagSpec, plainFlag } from './flags.js';

export interface Verb {
  readonly name: VerbName;
  readonly aliases: readonly string[];
  /** How it is typed, after the command. */
  readonly form: string;
  /** What it does, in a few words. */
  readonly help: string;
  readonly flags: readonly FlagSpec[];
  /** It is about one incident, which may be named behind the verb. */
  readonly incident: boolean;
  /** It takes a time. */
  readonly timed: boolean;
  /** It only looks, and takes no text: an incident may be named even in the channel of another. */
  readonly looks: boolean;
  /** No text of a person's own belongs to it: the incident may stand anywhere in the line. */
  readonly textless: boolean;
}

const VERB_NAMES = [
  'open',
  'note',
  'log',
  'status',
  'resolve',
  'reopen',
  'sev',
  'lead',
  'role',
  'invite',
  'uninvite',
  'title',
  'mark',
  'component',
  'impact',
  'cause',
  'action',
  'actions',
  'done',
  'publish',
  'run',
  'runs',
  'approve',
  'reject',
  'cancel',
  'retry',
  'skip',
  'answer',
  'timeline',
  'edit',
  'time',
  'strike',
  'undo',
  'export',
  'postmortem',
  'list',
  'show',
  'catchup',
  'help',
] as const;
export type VerbName = (typeof VERB_NAMES)[number];

interface More {
  aliases?: string[];
  flags?: FlagSpec[];
  /** No incident is meant. */
  none?: boolean;
  timed?: boolean;
  looks?: boolean;
  textless?: boolean;
}

const COMPONENT: FlagSpec = { name: 'component', value: 'NAME', many: true };

const TABLE: Record<VerbName, readonly [form: string, help: string, more?: More]> = {
  open: [
    'open [sev1…sev4] TITLE [--component NAME]… [--private] [--drill] [--at TIME]',
    'open an incident and its channel',
    {
      aliases: ['declare', 'new', 'start', 'create'],
      flags: [COMPONENT, { name: 'private' }, { name: 'drill' }, { name: 'at', value: 'TIME' }],
      none: true,
    },
  ],
  note: ['note [TIME] TEXT', 'record what happened', { timed: true }],
  log: ['log TIME TEXT, one a line', 'record many lines at once, or none', { timed: true }],
  status: [
    'status investigating|identified|monitoring|resolved [TIME] [TEXT]',
    'change the status',
    { timed: true },
  ],
  resolve: ['resolve [TIME] [TEXT]', 'the same as status resolved', { aliases: ['close'], timed: true }],
  reopen: ['reopen REASON', 'go on with a resolved incident'],
  sev: ['sev sev1|sev2|sev3|sev4 [REASON]', 'change the severity', { aliases: ['severity'] }],
  lead: ['lead @NAME', 'name the incident lead', { textless: true }],
  role: ['role ROLE @NAME', 'give somebody a role', { textless: true }],
  invite: ['invite @NAME…', 'bring people in', { textless: true }],
  uninvite: ['uninvite @NAME…', 'take people out', { textless: true }],
  title: ['title TEXT', 'change the title', { aliases: ['rename'] }],
  mark: [
    'mark started|detected|mitigated|resolved TIME',
    'set a milestone; the status stays as it is',
    { timed: true, textless: true },
  ],
  component: ['component add|remove NAME', 'say what is affected'],
  impact: [
    'impact TEXT [--failed N] [--total N] [--from TIME] [--to TIME] [--component NAME]…',
    'record the damage, in words or numbers',
    {
      flags: [
        { name: 'failed', value: 'N' },
        { name: 'total', value: 'N' },
        { name: 'from', value: 'TIME' },
        { name: 'to', value: 'TIME' },
        COMPONENT,
      ],
    },
  ],
  cause: ['cause TEXT', 'record the root cause'],
  action: ['action TEXT [@OWNER]', 'add an action item', { aliases: ['task', 'todo'] }],
  actions: ['actions', 'list the action items', { looks: true }],
  done: ['done N', 'tick off action item N', { textless: true }],
  publish: [
    'publish [investigating|identified|monitoring|resolved|postmortem] [TIME] TEXT [--yes]',
    'record a public status post; it is sent nowhere',
    { flags: [{ name: 'yes' }], timed: true },
  ],
  run: ['run RUNBOOK [key=value]… [--plan]', 'run a runbook, or only plan it', { flags: [{ name: 'plan' }] }],
  runs: ['runs', 'show how the runs stand', { looks: true }],
  approve: [
    'approve RUN [HASH] [--break-glass REASON]',
    'agree to the plan of a run',
    { flags: [{ name: 'break-glass', value: 'REASON' }] },
  ],
  reject: ['reject RUN [REASON]', 'refuse the plan of a run'],
  cancel: ['cancel RUN [REASON]', 'stop a run where it stands'],
  retry: ['retry RUN', 'do the step that failed once more', { textless: true }],
  skip: ['skip RUN REASON', 'go on without the step that failed'],
  answer: ['answer RUN CHOICE', 'answer what a run asks'],
  timeline: ['timeline [ZONE]', 'show what happened, in order', { looks: true }],
  edit: ['edit N TEXT', 'correct the words of entry N'],
  time: ['time N TIME', 'correct the time of entry N', { timed: true, textless: true }],
  strike: ['strike N REASON', 'strike entry N out; it stays readable'],
  undo: ['undo [RUN]', 'strike your own last entry, or undo a run', { textless: true }],
  export: ['export md|json|csv|html|facts [ZONE]', 'get the incident as a file', { looks: true }],
  postmortem: ['postmortem', 'draft the postmortem now', { aliases: ['pm'], looks: true }],
  list: ['list', 'show the open incidents', { aliases: ['ls'], none: true }],
  show: ['show', 'show the incident as it stands', { aliases: ['info'], looks: true }],
  catchup: ['catchup', 'what happened while you were away', { aliases: ['catch-up'], looks: true }],
  help: ['help [VERB]', 'this list, or one verb', { aliases: ['?'], none: true }],
};

/** Every verb, in the order in which people are shown them. */
export const VERBS: readonly Verb[] = VERB_NAMES.map((name) => {
  const [form, help, more = {}] = TABLE[name];
  return {
    name,
    form,
    help,
    aliases: more.aliases ?? [],
    flags: more.flags ?? [],
    incident: !more.none,
    timed: more.timed ?? false,
    looks: more.looks ?? false,
    textless: more.textless ?? more.looks ?? false,
  };
});

const BY_WORD = new Map(VERBS.flatMap((verb) => [verb.name, ...verb.aliases].map((word) => [word, verb])));

/** @returns the verb of that name or alias, in any case; null: there is none. */
export function verbNamed(word: string): Verb | null {
  return BY_WORD.get(word.toLowerCase()) ?? null;
}

/** @returns whether `word` is a flag of that verb which is followed by a value (`--component`). */
export function takesValue(verb: string, word: string): boolean {
  const name = plainFlag(word);
  return verbNamed(verb)?.flags.some((flag) => flag.name === name && flag.value !== undefined) ?? false;
}

/** @returns the three verbs that somebody may have meant, the likeliest first. */
export function closestVerbs(word: string): string[] {
  const typed = word.toLowerCase().slice(0, 40);
  return VERBS.map((verb) => ({
    name: verb.name,
    far: Math.min(...[verb.name, ...verb.aliases].map((name) => howFar(typed, name))),
  }))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Letters to change; a word cut short (`stat`), or a verb with more behind it (`notes`, `sev1`), is nearer than its length says. */
function howFar(typed: string, name: string): number {
  const cut = typed.length > 1 && (name.startsWith(typed) || typed.startsWith(name));
  if (cut) return 0.5 + Math.abs(name.length - typed.length) / 100;
  return Math.min(
    distance(typed, name),
    0.9 + Math.min(...swaps(typed).map((turned) => distance(turned, name))),
  );
}

/** Two letters in the wrong order are one slip, not two. */
function swaps(typed: string): string[] {
  return [...typed.slice(1)].map(
    (_, i) => `${typed.slice(0, i)}${typed[i + 1]}${typed[i]}${typed.slice(i + 2)}`,
  );
}
