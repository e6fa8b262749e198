import type { TypedIntent } from '../incident/intent.js';
import { type Refusal, refuse } from '../refusal.js';
import { LIMITS } from '../text.js';
import { type Moment, numberOf, type PersonRef, type Severity, type Status } from '../words.js';
import { checkText, type Mention, wordAt } from './entered.js';
import { type FlagSpec, plainFlag, unquoted } from './flags.js';
import {
  type ReadTime,
  readTime,
  readTimeAhead,
  readTimeAlone,
  type TimeContext,
  timeNow,
} from './time/time.js';

/** What else there is to say of a verb. */
interface More {
  readonly aliases: readonly string[];
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

/** A verb that is about an incident and takes a text, without flags or a time. */
const USUAL: More = { aliases: [], flags: [], incident: true, timed: false, looks: false, textless: false };

/** `more`: what differs from a usual verb. */
type Row = readonly [form: string, help: string, more?: Partial<More>];

const COMPONENT: FlagSpec = { name: 'component', value: 'NAME', many: true };

/** How each verb is typed, what it does in a few words, and what else there is to know of it, in the order in which people are shown them. */
const TABLE = {
  open: [
    'open [sev1…sev4] TITLE [--component NAME]… [--private] [--drill] [--at TIME]',
    'open an incident and its channel',
    {
      aliases: ['declare', 'new', 'start', 'create'],
      flags: [COMPONENT, { name: 'private' }, { name: 'drill' }, { name: 'at', value: 'TIME' }],
      incident: false,
    },
  ],
  note: ['note [TIME] TEXT', 'record what happened', { timed: true }],
  log: [
    'log TIME TEXT, one a line | log #N',
    'record many lines at once: all of them, or none',
    { timed: true },
  ],
  status: [
    'status investigating|identified|monitoring|resolved [TIME] [TEXT]',
    'change the status',
    { timed: true },
  ],
  resolve: ['resolve [TIME] [TEXT]', 'the same as status resolved', { aliases: ['close'], timed: true }],
  reopen: ['reopen REASON', 'go on with a resolved incident'],
  dismiss: ['dismiss [REASON]', 'not an incident: resolve it as a false alarm'],
  next: ['next 30m|14:30|off', 'promise the next update; whoever leads is reminded', { textless: true }],
  snooze: ['snooze [30m|14:30|off]', 'be reminded of nothing for a while', { textless: true }],
  sev: ['sev sev1|sev2|sev3|sev4 [REASON]', 'change the severity', { aliases: ['severity'] }],
  lead: ['lead @NAME', 'name the incident lead', { textless: true }],
  role: ['role ROLE @NAME', 'give somebody a role', { textless: true }],
  invite: ['invite @NAME…', 'bring people in', { textless: true }],
  uninvite: ['uninvite @NAME…', 'take people out', { textless: true }],
  page: [
    'page POLICY|@NAME… [REASON] [--again]',
    'call for help: page people until somebody acknowledges',
    { flags: [{ name: 'again' }] },
  ],
  ack: ['ack [N]', 'acknowledge a page: you come', { aliases: ['acknowledge'], textless: true }],
  title: ['title TEXT', 'change the title', { aliases: ['rename'] }],
  mark: [
    'mark started|detected|mitigated|resolved TIME',
    'set a milestone; the status stays as it is',
    { timed: true, textless: true },
  ],
  component: [
    'component add|remove NAME | component state NAME operational|degraded|partial|major|maintenance [TIME]',
    'say what is affected, and how it is shown',
    { timed: true },
  ],
  impact: [
    'impact TEXT [--failed N] [--total N] [--from TIME] [--to TIME] [--component NAME]… [--unaffected NAME]… | impact measure [--from TIME] [--to TIME] [--component NAME]…',
    'record the damage, or have it measured',
    {
      flags: [
        { name: 'failed', value: 'N' },
        { name: 'total', value: 'N' },
        { name: 'from', value: 'TIME' },
        { name: 'to', value: 'TIME' },
        COMPONENT,
        { name: 'unaffected', value: 'NAME', many: true },
      ],
    },
  ],
  cause: ['cause TEXT', 'record the root cause'],
  action: [
    'action TEXT [@OWNER] [--due DAY] | action N [@OWNER] [--due DAY|none] [--unassign]',
    'add an action item, or change one',
    { aliases: ['task', 'todo'], flags: [{ name: 'due', value: 'DAY' }, { name: 'unassign' }] },
  ],
  actions: [
    'actions [--mine]',
    'list the action items, or all of yours',
    { looks: true, flags: [{ name: 'mine' }] },
  ],
  done: ['done N', 'tick off action item N', { textless: true }],
  publish: [
    'publish [investigating|identified|monitoring|resolved|postmortem] [TIME] TEXT [--title TEXT] [--state STATE|NAME=STATE]… [--component NAME]… [--next 30m] [--template NAME] [--yes] [--anyway WHY] | publish --correct N [TIME] TEXT | publish --withdraw N REASON',
    'tell the public; you see it first as they will',
    {
      flags: [
        { name: 'yes' },
        { name: 'title', value: 'TEXT' },
        { name: 'state', value: 'STATE', many: true },
        COMPONENT,
        { name: 'next', value: 'TIME' },
        { name: 'template', value: 'NAME' },
        { name: 'correct', value: 'N' },
        { name: 'withdraw', value: 'N' },
        { name: 'anyway', value: 'WHY' },
      ],
      timed: true,
    },
  ],
  maintenance: [
    'maintenance TITLE --from TIME --to TIME [--component NAME]… [--text TEXT | --template NAME] | maintenance MNT-1 begin|end|cancel|post [TEXT] | maintenance MNT-1 move --from TIME --to TIME',
    'plan work that the public is told of',
    {
      flags: [
        { name: 'from', value: 'TIME' },
        { name: 'to', value: 'TIME' },
        COMPONENT,
        { name: 'text', value: 'TEXT' },
        { name: 'template', value: 'NAME' },
        { name: 'anyway', value: 'WHY' },
      ],
      incident: false,
    },
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
  watch: [
    'watch [30m|stop] [--probe NAME]… [--query NAME]…',
    'keep looking for a while at what is over',
    {
      flags: [
        { name: 'probe', value: 'NAME', many: true },
        { name: 'query', value: 'NAME', many: true },
      ],
      textless: true,
    },
  ],
  attach: ['attach KEY INC-7', 'move the alerts of a key to another incident'],
  split: ['split KEY', 'move the alerts of a key to an incident of their own'],
  mute: [
    'mute [KEY 30m|2h|1d|off]',
    'let the alerts of a key open no incident for a while',
    { incident: false },
  ],
  link: ['link INC-7 INC-9 REASON', 'say that two incidents have to do with each other'],
  merge: [
    'merge INC-8 into INC-7 [REASON] [--leave-public]',
    'go on in another incident, which is the same',
    { flags: [{ name: 'leave-public' }] },
  ],
  bridge: [
    'bridge [https://…]',
    'open a call, and show its link in the channel',
    { aliases: ['call'], textless: true },
  ],
  timeline: ['timeline [ZONE]', 'show what happened, in order', { looks: true }],
  history: ['history N', 'show what entry N said before, and who changed it', { looks: true }],
  edit: ['edit N TEXT', 'correct the words of entry N'],
  time: ['time N TIME', 'correct the time of entry N', { timed: true, textless: true }],
  strike: ['strike N REASON', 'strike entry N out; it stays readable'],
  undo: ['undo [RUN]', 'strike your own last entry, or undo a run', { textless: true }],
  export: ['export md|json|csv|html|facts [ZONE]', 'get the incident as a file', { looks: true }],
  postmortem: [
    'postmortem | postmortem --publish [TEXT] [--yes]',
    'draft the postmortem, or publish one',
    {
      aliases: ['pm'],
      flags: [{ name: 'publish' }, { name: 'yes' }, { name: 'anyway', value: 'WHY' }],
      looks: true,
      textless: false,
    },
  ],
  list: [
    'list [--status STATUS|all]… [--severity SEV]… [--component NAME]… [--since TIME] [--until TIME] [--mine] [--lead @NAME] [--drills] [--page N]',
    'show the open incidents, or those that you choose',
    {
      aliases: ['ls'],
      flags: [
        { name: 'status', value: 'STATUS', many: true },
        { name: 'severity', value: 'SEV', many: true },
        COMPONENT,
        { name: 'since', value: 'TIME' },
        { name: 'until', value: 'TIME' },
        { name: 'mine' },
        { name: 'lead', value: '@NAME' },
        { name: 'drills' },
        { name: 'page', value: 'N' },
      ],
      incident: false,
    },
  ],
  search: [
    'search WORDS… [--limit N] [--page N]',
    'find incidents by their titles, entries and causes',
    {
      aliases: ['find'],
      flags: [
        { name: 'limit', value: 'N' },
        { name: 'page', value: 'N' },
      ],
      incident: false,
    },
  ],
  show: ['show', 'show the incident as it stands', { aliases: ['info'], looks: true }],
  catchup: ['catchup', 'what happened while you were away', { aliases: ['catch-up'], looks: true }],
  here: ['here', 'where you are, what waits for you, and what is likely next', { looks: true }],
  help: ['help [VERB|GROUP|all]', 'what can be typed, or one verb', { aliases: ['?'], incident: false }],
} satisfies Record<string, Row>;

export type VerbName = keyof typeof TABLE;

export interface Verb extends More {
  readonly name: VerbName;
  /** How it is typed, after the command. */
  readonly form: string;
  /** What it does, in a few words. */
  readonly help: string;
}

export const VERBS: readonly Verb[] = Object.entries<Row>(TABLE).map(([name, [form, help, more = {}]]) => {
  // What takes no text of a person's own, because it only looks, need not be said twice.
  const textless = more.looks ?? false;
  return { name: name as VerbName, form, help, ...USUAL, textless, ...more };
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

export interface CommandContext extends TimeContext {
  /** Typed where the incident is implied: in its channel. */
  readonly implied: boolean;
  /** The roles that the config knows; others are taken too, with a remark. */
  readonly roles: readonly string[];
  /** How the command is called here, for forms and examples: `/incident`. */
  readonly command: string;
  /** What else may be typed there: the verbs of the machine. */
  readonly beside?: readonly string[];
  /** Whom `me` means. Absent or null: nobody, as where a program speaks. */
  readonly me?: PersonRef | null;
}

export const EXPORT_FORMATS = ['md', 'json', 'csv', 'html', 'facts'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Something to look at. `zone` as luxon's setZone takes it; null: the asker's. */
export type Ask =
  | { type: 'timeline'; zone: string | null }
  | { type: 'export'; format: ExportFormat; zone: string | null }
  | { type: 'postmortem' }
  /** Absent: those that are open. */
  | { type: 'list'; asked?: ListAsked }
  | { type: 'search'; asked: SearchAsked }
  | { type: 'history'; entry: number }
  | { type: 'show' }
  | { type: 'catchup' }
  | { type: 'actions' }
  /** Those of whoever asks, of all incidents. */
  | { type: 'mine' }
  | { type: 'runs' }
  | { type: 'mutes' }
  /** Where somebody is: in an incident, or (the line names none, and was typed in no incident's channel) outside of all. */
  | { type: 'here' }
  | { type: 'help'; verb: string | null };

/** Which incidents a list is to show. Of several kinds of filters all must hold, of one kind any of its values. */
export interface ListAsked {
  /** Empty: those that are open; but all where a time is named. */
  readonly statuses: ReadonlyArray<Status | 'open'>;
  readonly all: boolean;
  readonly severities: readonly Severity[];
  /** As typed: in any case. */
  readonly components: readonly string[];
  /** When they were opened. */
  readonly since: Moment | null;
  readonly until: Moment | null;
  readonly mine: boolean;
  readonly lead: PersonRef | null;
  /** Only drills. */
  readonly drills: boolean;
  /** From 1. */
  readonly page: number;
  /** The line without its page, to be typed for the next one. */
  readonly typed: string;
}

/** Words that are looked for, as typed. */
export interface SearchAsked {
  readonly words: string;
  /** How many incidents a page holds. */
  readonly limit: number;
  readonly page: number;
}

type Said =
  | { kind: 'intent'; intent: TypedIntent }
  | { kind: 'ask'; ask: Ask }
  /** A runbook by its name, the inputs as typed: the shelf makes an intent of it. */
  | { kind: 'run'; runbook: string; inputs: Record<string, string>; planOnly: boolean }
  /** Names as typed, and for how long; null: as tocsin.yml says. */
  | ({ kind: 'watch' } & WatchAsked)
  /** `until` null: not muted any more. */
  | { kind: 'mute'; key: string; until: Date | null }
  | { kind: 'form'; form: FormName };

/** Verbs that open a form in Slack where nothing is typed behind them. */
export type FormName =
  | 'open'
  | 'note'
  | 'log'
  | 'status'
  | 'sev'
  | 'lead'
  | 'action'
  | 'publish'
  | 'run'
  | 'export';

/** A watch as it was typed. */
export interface WatchAsked {
  forMs: number | null;
  probes: string[];
  queries: string[];
}

/** A command, understood. `ref`: the incident it names; `notes`: remarks for the receipt, whole sentences. */
export type Parsed = Said & {
  readonly verb: Verb['name'];
  readonly ref: number | null;
  readonly notes: string[];
};

/** What a verb's parser makes of its line. */
export type Outcome = Said & {
  notes: string[];
  /** The incident, where the parser came upon it behind its own words. */
  ref?: number | null;
};

/** The parsers of verbs, by name. */
export type Parsers = { readonly [V in VerbName]?: (line: Line) => Outcome | Refusal };

/** @param time that was typed, for a remark on its zone */
export function intent(intent: TypedIntent, time: ReadTime | null = null, notes: string[] = []): Outcome {
  return { kind: 'intent', intent, notes: time ? [...notes, ...zoneRemark(time)] : notes };
}

export function form(form: FormName): Outcome {
  return { kind: 'form', form, notes: [] };
}

export function ask(ask: Ask): Outcome {
  return { kind: 'ask', ask, notes: [] };
}

/** A remark that names the zone in which a time was read, if nobody said which. */
export function zoneRemark(time: ReadTime): string[] {
  if (!time.zoneAssumed) return [];
  return [
    `${time.typed} was read in ${time.zone}, because your time zone is not known; write a zone behind the time to choose another.`,
  ];
}

// The pieces that lines are made of: words, numbers, times and texts. Every `text` begins before its white space.

export interface Word {
  readonly word: string;
  /** What stands behind it, its white space included. */
  readonly rest: string;
}

/** @returns the first word; an empty one when there is none. */
export function firstWord(text: string): Word {
  const match = /^\s*(\S*)/.exec(text);
  return { word: match?.[1] ?? '', rest: text.slice(match?.[0].length ?? 0) };
}

/** Takes off the one white space that parts the words; every further character is the person's own. */
export function exact(text: string): string {
  return text.replace(/^(?:\r\n|\s)/, '');
}

export function blank(text: string): boolean {
  return text.trim() === '';
}

/** @returns what stands behind a bare `--` at the start, or null when there is none. */
export function behindDashes(text: string): string | null {
  const match = /^\s*--(?=\s|$)/.exec(text);
  return match ? exact(text.slice(match[0].length)) : null;
}

export interface Timed {
  readonly time: ReadTime | null;
  readonly text: string;
  /** A bare `--` stood before the text: no flags follow. */
  readonly ended: boolean;
}

const REF = /(?<!\S)inc-(?:0|[1-9][0-9]{0,8})(?!\S)/i;

/** @returns the first incident that is named in a text without words of a person's own, and the text with blanks for it. */
export function refAmong(text: string): { ref: number | null; text: string } {
  const match = REF.exec(text);
  if (!match) return { ref: null, text };
  const [word] = match;
  const blanked =
    text.slice(0, match.index) + ' '.repeat(word.length) + text.slice(match.index + word.length);
  return { ref: numberOf(word), text: blanked };
}

/** What is longer is not typed again from a sentence. */
const SHOWN = 160;

/** @returns a line as a sentence can show it in `code`; the rest of a long one is its writer's to put back. */
export function shownLine(said: string): string {
  const line = said.trim();
  const end = line.search(/[`\r\n\u2028\u2029]/);
  const shown = [...(end < 0 ? line : line.slice(0, end))];
  return end < 0 && shown.length <= SHOWN ? line : `${shown.slice(0, SHOWN).join('').trimEnd()} …`;
}

/** A line on its way through the grammar: what a verb's parser reads, the pieces that it reads, and the ways to refuse one. */
export class Line {
  /** What stands behind the verb and the incident, white space first. */
  readonly said: string;
  /** The verb's form, with the command in front. */
  readonly form: string;

  /**
   * @param at the index behind the verb and the incident
   * @param named the incident has been named, or need not be: what looks like one is part of the text
   */
  constructor(
    readonly text: string,
    readonly mentions: readonly Mention[],
    readonly at: number,
    readonly named: boolean,
    readonly verb: Verb,
    readonly ctx: CommandContext,
  ) {
    this.said = text.slice(at);
    this.form = `${ctx.command} ${verb.form}`;
  }

  /** Reads `[TIME] [--] TEXT`. */
  timed(text: string): Timed | Refusal {
    const kept = behindDashes(text);
    if (kept !== null) return { time: null, text: kept, ended: true };
    const time = readTime(text, this.ctx);
    if (time && 'refused' in time) return time;
    if (!time) return { time: null, text: exact(text), ended: false };
    const after = behindDashes(time.rest);
    return { time, text: after ?? time.rest, ended: after !== null };
  }

  /** Reads the value of a flag that must be a time to come. */
  ahead(flag: string, value: string, ctx: TimeContext = this.ctx): ReadTime | Refusal {
    const time = readTimeAhead(value, ctx);
    if (time && 'refused' in time) return time;
    return time ?? this.badFlag(flag, `needs a time to come, such as 30m, 14:30 or "2026-12-01 22:00 UTC"`);
  }

  /** Reads a text that must be a time and nothing else. `range`: whether `A-B` will do. */
  onlyTime(text: string, range: boolean): ReadTime | Refusal {
    if (/^\s*now\s*$/i.test(text)) return timeNow(this.ctx);
    const time = readTimeAlone(text, this.ctx);
    if (time && 'refused' in time) return time;
    if (!time || !blank(time.rest)) return this.bad('a time', text);
    return time.moment.until !== null && !range ? this.bad('a single time', text) : time;
  }

  /** Checks a text that must be there. `what` as in “`note` needs a text”. */
  needed(text: string, limit: number, what: string): Refusal | null {
    return blank(text) ? this.missing(what) : checkText(text, limit);
  }

  /** Reads the number of an entry or an action item: `5` or `#5`. @param where what shows the numbers: whoever has none looks there */
  number(text: string, what: string, where: string): { n: number; rest: string } | Refusal {
    const { word, rest } = firstWord(text);
    if (!word) return this.missing(`the number of ${what}: ${where}`);
    const match = /^#?([1-9]\d{0,8})$/.exec(word);
    return match ? { n: Number(match[1]), rest } : this.bad(`the number of ${what}: ${where}`, word);
  }

  /** Refuses any text behind a verb that takes nothing more. @param meant as for `missing` */
  nothingMore(text: string, meant: string | null = null): Refusal | null {
    return blank(text) ? null : this.bad(`part of \`${this.verb.name}\``, text, meant);
  }

  /** Reads the name of a component or the like: one line, the quotes around it taken off. */
  nameOf(text: string, what: string, limit: number = LIMITS.component): string | Refusal {
    const name = unquoted(text);
    if (!name) return this.missing(what);
    if (/[\r\n\u2028\u2029]/.test(name)) return this.bad(`${what} on one line`, name);
    return checkText(name, limit, 'The name') ?? name;
  }

  /** Checks the title of an incident: one line. */
  titleProblem(title: string): Refusal | null {
    if (blank(title)) return this.missing('a title');
    if (/[\r\n\u2028\u2029]/.test(title)) return this.bad('a title of one line', title);
    return checkText(title, LIMITS.title, 'The title');
  }

  /**
   * Looks for the incident where a verb's text begins: alone there, it is the one that is meant. With words behind it, it
   * may as well be the first of them, and only the person knows.
   */
  refBehind(text: string, named = this.named): { ref: number | null; text: string } | Refusal {
    const { word, rest } = firstWord(text);
    const ref = named ? null : numberOf(word);
    if (ref === null || blank(rest)) return { ref, text: ref === null ? text : rest };
    return refuse('BAD_ARGUMENT', {
      what: 'plainly the incident here: it may be the first word of the text',
      got: word,
      form: `${this.ctx.command} ${this.verb.name} ${word} …`,
    });
  }

  /** Looks for the incident before and behind a name, where words of a person's own would make no sense. */
  refAround(text: string): { ref: number | null; text: string } {
    if (this.named) return { ref: null, text };
    const first = firstWord(text);
    const last = /\S+\s*$/.exec(text);
    const ref = numberOf(first.word);
    if (ref !== null) return { ref, text: first.rest };
    const behind = numberOf(last?.[0].trim() ?? '');
    return { ref: behind, text: behind === null ? text : text.slice(0, last?.index) };
  }

  /** @param meant what is to stand behind the verb, where that is known; else the form is shown */
  missing(what: string, meant: string | null = null): Refusal {
    return refuse('MISSING_ARGUMENT', { verb: this.verb.name, what, form: this.instead(meant) });
  }

  /** @param meant as for `missing`: the line that whoever typed this wants, ready to be typed. @param verb of that line */
  bad(what: string, got: string, meant: string | null = null, verb: VerbName = this.verb.name): Refusal {
    const quoted = wordAt(got.trim(), 0, 6).replace(/\s+/g, ' ');
    return refuse('BAD_ARGUMENT', { what, got: quoted, form: this.instead(meant, verb) });
  }

  /** The incident stays where it was typed. */
  private instead(meant: string | null, verb: VerbName = this.verb.name): string {
    if (meant === null) return this.form;
    const before = this.text.slice(0, this.at).trim().split(/\s+/);
    const words = before.map((word) => (verbNamed(word) === this.verb ? verb : word));
    return `${this.ctx.command} ${words.join(' ')} ${shownLine(meant)}`.trimEnd();
  }

  /** @param why in words that follow the flag: `takes no value`. @param meant as for `missing` */
  badFlag(name: string, why: string, meant: string | null = null): Refusal {
    return refuse('BAD_FLAG', { flag: `--${name}`, why, form: this.instead(meant) });
  }

  withoutText(time: ReadTime): Refusal {
    const verb = `${this.ctx.command} ${this.verb.name}`;
    return refuse('TIME_WITHOUT_TEXT', { verb, time: time.typed });
  }
}
