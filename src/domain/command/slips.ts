import { distance } from 'fastest-levenshtein';
import type { COMPONENT_STATES, ComponentState } from '../status/page.js';
import {
  type MARKS,
  type Mark,
  numberOf,
  refOf,
  type Severity,
  type STATUSES,
  type Status,
} from '../words.js';
import { matchAt, skipSpace } from './entered.js';
import { readSeverity } from './severity.js';
import { readTime } from './time/time.js';
import { type CommandContext, firstWord, shownLine, VERBS, verbNamed } from './verbs.js';

// What people type instead of our words. Nothing here is taken for granted: whoever typed it is shown the line, and types it.

/**
 * @param beside verbs of the place where it was typed, which hide aliases of their name
 * @returns the three verbs that somebody may have meant, the likeliest first
 */
export function closestVerbs(word: string, beside: readonly string[] = []): string[] {
  return ranked(word, beside)
    .slice(0, 3)
    .map(({ name }) => name);
}

function ranked(word: string, beside: readonly string[]): Array<{ name: string; far: number }> {
  const typed = word.toLowerCase().slice(0, 40);
  const others = beside.filter((name) => !VERBS.some((verb) => verb.name === name));
  const own = VERBS.map(({ name, aliases }) => [name, ...aliases.filter((alias) => !beside.includes(alias))]);
  return [...others.map((name) => [name]), ...own]
    .map((names) => ({
      name: names[0] as string,
      far: Math.min(...names.map((name) => howFar(typed, name))),
    }))
    .sort((a, b) => a.far - b.far);
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

/** Words that mean one of ours, as a table of ours with the others behind it. */
function meanings<T extends string>(table: Readonly<Record<T, string>>): (word: string) => T | null {
  const names = Object.keys(table) as T[];
  const by = new Map(names.flatMap((name) => table[name].split(' ').map((word) => [word, name] as const)));
  return (word) => {
    const typed = word.toLowerCase().replace(/[.,:;!?]+$/, '');
    const known = names.find((name) => name === typed) ?? by.get(typed);
    if (known) return known;
    // A beginning, or a slip of the pen in a word that is long enough to be known by the rest.
    if (typed.length < 5) return null;
    return names.find((name) => name.startsWith(typed) || distance(name, typed) <= 2) ?? null;
  };
}

/** @returns the status that a word such as `fixed` stands for; null: nobody knows. */
export const statusMeant: (word: string) => Status | null = meanings<(typeof STATUSES)[number]>({
  investigating:
    'open opened ongoing active started triage triaging new looking acknowledged acked debugging',
  identified: 'found known diagnosed confirmed fixing',
  monitoring:
    'watching watch observing mitigated stable stabilised stabilized recovering contained verifying',
  resolved:
    'fixed done closed close over solved ok okay complete completed finished green restored end ended recovered resolve back healthy up',
});

/** The same of milestones. */
export const markMeant: (word: string) => Mark | null = meanings<(typeof MARKS)[number]>({
  started: 'start begin began begun onset broke failing',
  detected: 'detect found noticed noted seen alerted alert reported discovered',
  mitigated: 'mitigate stable stabilised stabilized contained stopped',
  resolved: 'resolve fixed fix done closed close over solved ended end recovered restored',
});

/** The same of how a component is. */
export const componentStateMeant: (word: string) => ComponentState | null = meanings<
  (typeof COMPONENT_STATES)[number]
>({
  operational: 'ok okay up fine green good healthy working normal back recovered restored resolved',
  maintenance: 'planned upgrade upgrading',
  degraded: 'degrade slow yellow impaired latency performance',
  partial: 'partially partial_outage some intermittent orange',
  major: 'down outage offline dead red broken failing failed major_outage full critical',
});

const WORST = /^(?:[ps]?-?0|sev-?0|blocker|blocking|urgent|emergency|outage|down|highest|worst)$/i;
const LEAST = /^(?:(?:[ps]|sev)?-?[5-9]|lowest|cosmetic|info|informational|none|negligible|normal)$/i;

/** @returns the severity that comes nearest to a word that is none of ours: `P0`, `blocker`, `sev5`. */
export function severityMeant(word: string): Severity | null {
  const typed = word.replace(/[\s:]+/g, '').replace(/^(?:severity|priority|prio)/i, 'sev');
  if (WORST.test(typed)) return 'sev1';
  return LEAST.test(typed) ? 'sev4' : null;
}

/** @returns the reference that `7`, `#7`, `INC7`, `INC 7` or `incident 7` means; null: it is none of these. */
export function refMeant(text: string): string | null {
  const match = /^\s*(?:(?:inc|incident)[\s_#:-]*|#)?([1-9]\d{0,8})\s*$/i.exec(text);
  return match ? refOf(Number(match[1])) : null;
}

/** @returns the run that `RUN3`, `RUN 3` or `#3` means at the start of a text, and what stands behind it. */
export function runMeant(text: string): { run: string; rest: string } | null {
  const match = /^\s*(?:run[\s_#:-]*|#)([1-9]\d{0,5})(?!\S)/i.exec(text);
  return match ? { run: `RUN-${match[1]}`, rest: text.slice(match[0].length) } : null;
}

/** What other tools call what a verb of ours does. `…` is what stands behind it; behind a bar, what to type where nothing does. */
const CALLED: ReadonlyArray<readonly [words: string, line: string]> = [
  ['update comment add record say write entry msg message remark jot', 'note …|note TEXT'],
  ['assign commander ic owner own take claim takeover', 'lead …|lead me'],
  ['kick remove', 'uninvite …|uninvite @NAME'],
  ['summon', 'invite …|invite @NAME'],
  ['escalate upgrade', 'sev sev1 …|sev sev1'],
  ['downgrade deescalate de-escalate', 'sev sev3 …|sev sev3'],
  ['incidents active ongoing all', 'list'],
  ['who view details overview', 'show'],
  ['where whereami me now', 'here'],
  ['report retro retrospective review pir', 'postmortem'],
  ['rca root', 'cause …|cause TEXT'],
  ['summary summarize summarise recap tldr', 'catchup'],
  ['rollback roll-back', 'run rollback'],
  ['execute exec trigger', 'run …|run RUNBOOK'],
  ['finish finished', 'resolve …|resolve'],
  ['announce broadcast statuspage', 'publish …|publish TEXT'],
  ['download dump save', 'export md'],
  ['events', 'timeline'],
  ['followup follow-up', 'action …|action TEXT'],
  ['delete rm', 'strike N REASON'],
  ['outage sos emergency broken down', 'open …|open TITLE'],
  ['hello hi hey commands man usage -h --help --usage -help what how why can', 'help'],
];
const BY_WORD = new Map(CALLED.flatMap(([words, line]) => words.split(' ').map((word) => [word, line])));
/** These are how an incident stands, and are typed as if they were verbs. */
const STANDS =
  /^(?:investigat|identif|monitor|resolv|mitigat|stable|fixed$|solved|closed$|over$|ended$|end$|found$)/i;

/**
 * @param text a line whose first word is no verb
 * @returns lines that may have been meant, the likeliest first, each with the command in front; none where nobody knows
 */
export function linesMeant(text: string, ctx: CommandContext): string[] {
  const { word, rest } = firstWord(text);
  // What was pasted together with the command's own name is the line behind it.
  const own = ctx.command.replace(/^\//, '').toLowerCase();
  const isOwn = word.toLowerCase().replace(/^\//, '') === own && rest.trim() !== '';
  const lines = isOwn ? [shownLine(rest)] : meant(text, word, rest.trim(), ctx);
  return lines.map((line) => `${ctx.command} ${line}`);
}

function meant(text: string, word: string, said: string, ctx: CommandContext): string[] {
  const bare = word.replace(/[.,:;!?…]+$/, '').toLowerCase();
  const behind = said === '' ? '' : ` ${shownLine(said)}`;
  const verb = bare === word.toLowerCase() ? null : verbNamed(bare);
  if (verb) return [`${verb.name}${behind}`];
  const about = aboutOne(word, text, said);
  if (about) return about;
  if (/^@\S/.test(word)) return [`lead ${shownLine(text)}`, `invite ${shownLine(text)}`];
  const time = readTime(text, ctx);
  if (time && !('refused' in time)) return [`note ${shownLine(text)}`];
  const severity = /^(?:sev|p\d|s\d|critical$|major$)/i.test(word) ? readSeverity(text, true) : null;
  if (severity && 'severity' in severity) {
    const { severity: sev, rest } = severity;
    const line = `${sev} ${shownLine(rest)}`.trim();
    return rest.trim() === '' || ctx.implied ? [`sev ${line}`] : [`open ${line}`];
  }
  if (/^i(?:['’]?m|['’]ll)?$/.test(bare) && /\blead/i.test(said)) return ['lead me'];
  const status = STANDS.test(bare) ? statusMeant(bare) : null;
  if (status) return [`status ${status}${behind}`];
  const called = BY_WORD.get(bare);
  if (called !== undefined) return [filled(called, bare, said, text)];
  // Whoever writes a sentence has forgotten the verb; a slip in a verb is nearer to it than that.
  const [near] = ranked(bare, ctx.beside ?? []);
  if (said !== '' && (near?.far ?? 9) > 1.5) return [`${ctx.implied ? 'note' : 'open'} ${shownLine(text)}`];
  return [];
}

function filled(called: string, word: string, said: string, text: string): string {
  const [full = '', short = full] = called.split('|');
  if (/^(?:add|update)$/.test(word) && /^@\S+(?:\s+@\S+)*$/.test(said)) return `invite ${shownLine(said)}`;
  // Of a title the word is a part.
  const rest = full.startsWith('open') ? text : said;
  return said === '' ? short : full.replace('…', () => shownLine(rest));
}

/** `INC7`, `#7` or `7` alone, or in front of a verb; `INC-7` in front of something that is no verb. */
function aboutOne(word: string, text: string, said: string): string[] | null {
  const whole = refMeant(text);
  if (whole !== null) return [`here ${whole}`];
  const ref = numberOf(word) === null ? refMeant(word) : word.toUpperCase();
  const verb = ref === null ? null : verbNamed(firstWord(said).word);
  if (ref === null || !verb) return null;
  const rest = said.slice(skipSpace(said, firstWord(said).word.length));
  return [`${verb.name} ${ref} ${shownLine(rest)}`.trim()];
}

const SEVERITY_FLAG =
  /(?<!\S)(?:--|—|–)(?:(?:severity|sev|priority|prio|level|urgency)(?:=|\s+)["“”']?([\w-]+)["“”']?|(sev-?\d|p\d))(?!\S)/iu;
const TITLE_FLAG = /(?<!\S)(?:--|—|–)(?:title|name|summary|subject)(?:=|\s+)/iu;
const COMPONENT_FLAG = /(?<!\S)((?:--|—|–)(?:components|comp|service|services|system|affects))(?:=|\s+)\S/iu;

/**
 * Flags of other tools behind `open`, before a bare `--`: kept as part of the title, they would be read by everybody in it.
 * @returns the flag, why it is none, and what to type behind the verb; null: there is none
 */
export function openFlagMeant(said: string): { flag: string; why: string; line: string } | null {
  const first = flagMeant(said);
  // Whoever has one of them often has two, and the line to type is to have none.
  const second = first && flagMeant(first.line);
  return first && { ...first, line: (second && flagMeant(second.line)?.line) ?? second?.line ?? first.line };
}

function flagMeant(said: string): { flag: string; why: string; line: string } | null {
  const end = /(?<!\S)--(?!\S)/.exec(said)?.index ?? said.length;
  const head = said.slice(0, end);
  const without = (match: RegExpExecArray) =>
    `${said.slice(0, match.index)} ${said.slice(match.index + match[0].length)}`.replace(/\s+/g, ' ').trim();
  const severity = SEVERITY_FLAG.exec(head);
  const word = severity?.[1] ?? severity?.[2];
  if (severity && word !== undefined) {
    const read = readSeverity(word, true);
    const meant = read && 'severity' in read ? read.severity : severityMeant(word);
    if (meant)
      return {
        flag: flagIn(severity[0]),
        why: 'is no flag: the severity stands in front of the title',
        line: `${meant} ${unwrapped(without(severity))}`,
      };
  }
  const title = TITLE_FLAG.exec(head);
  if (title)
    return {
      flag: flagIn(title[0]),
      why: 'is no flag: the title needs none',
      line: unwrapped(without(title)),
    };
  const component = COMPONENT_FLAG.exec(head);
  if (!component) return null;
  const flag = component[1] ?? '';
  const at = component.index + flag.length;
  return {
    flag: flagIn(flag),
    why: 'is called `--component`',
    line: `${said.slice(0, component.index)}--component ${said.slice(at).replace(/^=/, '').trimStart()}`,
  };
}

const NAME = /[A-Za-z][\w-]*/y;
const flagIn = (typed: string) => matchAt(NAME, typed, typed.search(/[A-Za-z]/))?.[0] ?? '';

/** A title in quotes, with nothing behind it, is what they hold. */
function unwrapped(line: string): string {
  return line.replace(/^((?:sev[1-4] )?)["“]([^"“”]+)["”]$/u, '$1$2');
}
