import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { knownSecrets } from '#compose/runbooks.js';
import { plain } from '#domain/command/entered.js';
import { plainFlag, quoted } from '#domain/command/flags.js';
import { isHelpGroup, plainHelp, unmarked } from '#domain/command/help.js';
import { parseCommand } from '#domain/command/parse.js';
import { closestVerbs } from '#domain/command/slips.js';
import { takesValue, verbNamed } from '#domain/command/verbs.js';
import { isRefusal, refuse } from '#domain/refusal.js';
import { numberOf } from '#domain/words.js';
import { Told } from '#told.js';
import { alerts } from './alerts.js';
import { type Io, refused, Usage, type Verb, withCore } from './core.js';
import { drill } from './drill/drill.js';
import { exportVerb, writeExport } from './export.js';
import { deliveries, erase, health, migrateVerb, rebuild, restored, sandbox, verify } from './machine.js';
import { askingHere, configWithSecret } from './runbook/asked.js';
import { printPlan, runbook } from './runbook/runbook.js';
import { STATUS_WORDS, statusVerb } from './status.js';
import { subscribers } from './subscribers.js';
import { token } from './token.js';

/** @returns the exit code */
export async function cli(argv: string[], io: Io): Promise<number> {
  const { team, rest } = withoutTeam(argv);
  const [verb = isInstalled(io) ? 'here' : 'help', ...args] = rest;
  const own = ownVerb(verb, args[0]);
  // A terminal makes no code of what stands in backticks.
  const plain: Io = { ...io, err: (text) => io.err(unmarked(text)) };
  const at: Io = team === undefined ? plain : { ...plain, team };
  try {
    if (team === '') throw new Usage('`--team` needs the workspace, such as T0123ABCD');
    // `tocsin open --help` asks; it opens nothing.
    const last = args.at(-1) ?? '';
    const asks =
      args.length === 1 || (args.length === 2 && own !== undefined && own === VERBS_OF_TWO[verb]?.verb);
    if (asks && !own?.ownHelp && /^(--help|-h)$/.test(last))
      return (await help.run([verb, ...args.slice(0, -1)], at)) ?? 0;
    return (await (own ? own.run(args, at) : runIncidentVerb(verb, args, at))) ?? 0;
  } catch (error) {
    const unread = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    const told = unread ? new Usage((error as Error).message) : (fileTold(error) ?? error);
    if (!(told instanceof Told)) throw error;
    plain.err(`${told.message}\n${told instanceof Usage ? `Usage: tocsin ${own?.form ?? verb}\n` : ''}`);
    return told.exitCode;
  }
}

/** Is there a database to ask? `tocsin` alone says how things stand; where nothing does yet, what can be typed. */
function isInstalled({ env }: Io): boolean {
  return Boolean(env.DATABASE_URL) || existsSync(resolve(env.TOCSIN_DATA || '.tocsin'));
}

/**
 * `--team T…` stands before the verb or directly behind it; with verbs that take no text of somebody's, also anywhere
 * else. The words of a note are never looked through for it.
 */
function withoutTeam(argv: readonly string[]): { team: string | undefined; rest: string[] } {
  const rest: string[] = [];
  let team: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    const [verb] = rest;
    const open = verb === undefined || rest.length === 1 || takesNoText(verb, rest[1]);
    const given = /^--team(?:=(.*))?$/s.exec(arg);
    if (arg === '--') return { team, rest: [...rest, ...argv.slice(i)] };
    if (!given || !open || team !== undefined) {
      rest.push(arg);
      continue;
    }
    team = given[1] ?? argv[i + 1] ?? '';
    if (given[1] === undefined) i++;
  }
  return { team, rest };
}

/** A verb of the machine, or one of an incident that only looks. */
function takesNoText(verb: string, next: string | undefined): boolean {
  const incident = verbNamed(verb);
  return ownVerb(verb, next) !== undefined || incident?.looks === true || incident?.name === 'list';
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'what leads there is a file and no folder',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
};

/** @returns `(CODE): why` a file cannot be had; in the system's own words where we have none */
export function whyNoFile({ code = 'unknown', errno }: NodeJS.ErrnoException): string {
  const [, words = code] = (errno !== undefined && getSystemErrorMap().get(errno)) || [];
  return `(${code}): ${WHY[code] ?? words}`;
}

/** A file that somebody named on the command line, and that cannot be had. @returns null: it is no such thing */
function fileTold(error: unknown): Told | null {
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  // What a socket says has no path, and other words than these.
  const ofFile =
    /^E[A-Z0-9]+$/.test(code) && (typeof path === 'string' || /^(read|write)$/.test(syscall ?? ''));
  if (!ofFile || syscall === undefined) return null;
  return new Told(`${path ?? 'That file'} cannot be used ${whyNoFile(error as NodeJS.ErrnoException)}.`);
}

/**
 * Joins what the shell took apart into the one line that the grammar reads. The shell has removed the quotes of
 * flag values, so those with blanks get them back; text stays exactly as it came.
 */
export function lineOf(verb: string, args: string[]): string {
  let value = false;
  let ended = false;
  const words = args.map((arg) => {
    const isValue = value && !ended;
    ended ||= arg === '--';
    value = !isValue && !ended && takesValue(verb, arg);
    // Of `run NAME key="a b"` the shell leaves `key=a b`.
    const input = verb === 'run' ? /^([A-Za-z][\w-]*=)(.*)$/s.exec(arg) : null;
    if (input) return `${input[1]}${quoted(input[2] ?? '')}`;
    return isValue ? quoted(arg) : arg;
  });
  return [verb, ...words].join(' ');
}

// Among people's words, which are shown as they are, these lines are our own.
const OURS =
  /^(?:To correct: |`--[\w-]+` is not a flag here: |“[^”\n]+” was kept as part of the title; |… \d+ earlier: |`done (?:N|INC-\d+ \d+)` ticks|No action item of an incident |No incident is open\. |Next: |… and \d+ more: |• and \d+ more: |• The (?:public|channel) (?:is|was) promised |INC-\d+ was taken: |There is no incident yet\. |INC-\d+ has no action items\. |The timeline of INC-\d+ is empty\. ).*$/gm;

/** @returns an answer for a terminal, where nobody makes code of what stands in backticks. */
export function plainly(answer: string): string {
  return answer.replace(OURS, unmarked);
}

/**
 * Takes `--owner @ana` off what the shell handed in: whose word this is, said to the command line and not to the verb.
 * It stands before or behind a text and not within one, as other flags do.
 * @throws Usage where it cannot be told
 */
export function takeOwner(verb: string, args: string[]): { owner: string | null; rest: string[] } {
  const end = args.indexOf('--');
  const head = end < 0 ? args : args.slice(0, end);
  const found = head.flatMap((arg, i) => (isOwner(arg) && !takesValue(verb, head[i - 1] ?? '') ? [i] : []));
  const [at] = found;
  if (at === undefined) return { owner: null, rest: args };
  if (found.length > 1) throw new Usage('`--owner` stands there twice');
  const [, stuck] = /^[^=]*=(.*)$/s.exec(args[at] ?? '') ?? [];
  const value = stuck ?? head[at + 1];
  if (!value?.trim() || /^(?:--|—|–)/.test(value))
    throw new Usage('`--owner` needs a person: `--owner @ana`');
  const before = args.slice(0, at);
  const after = args.slice(at + (stuck === undefined ? 2 : 1));
  const inText = onlyFlags(verb, before) === false && onlyFlags(verb, after) === false;
  if (verb !== 'run' && inText) {
    throw new Usage('`--owner` stands in the middle of the text; write it before or behind it');
  }
  return { owner: value, rest: [...before, ...after] };
}

const isOwner = (arg: string) => /^(?:--|—|–)owner(?:=|$)/i.test(arg);

/** Is there nothing but the incident, flags and their values? Behind a bare `--` all is text. */
function onlyFlags(verb: string, args: string[]): boolean {
  return args.every((arg, i) => {
    if (i === 0 && numberOf(arg) !== null) return true;
    return (plainFlag(arg) !== null && arg !== '--') || takesValue(verb, args[i - 1] ?? '');
  });
}

/** What may be typed here beside the verbs of an incident. */
const ofMachine = () => ['start', ...Object.keys(VERBS)].filter((name) => !name.startsWith('-'));

/** What can be said without a database, so that a slip of the pen opens none. @returns null: there is such a verb */
function unknownVerb(line: string, io: Io): string | null {
  const context = {
    now: new Date(),
    zone: 'UTC',
    zoneKnown: false,
    implied: false,
    roles: [],
    command: 'tocsin',
    beside: ofMachine(),
  };
  const said = parseCommand(plain(line), context);
  if (!isRefusal(said) || said.code !== 'UNKNOWN_VERB') return null;
  return knownSecrets(io.env).text(`${unmarked(`${said.sentence} ${said.next}`)}\n`);
}

/** @returns 0 when it was recorded or answered, 2 when there is no such verb. @throws Told when it was refused */
async function runIncidentVerb(verb: string, given: string[], io: Io): Promise<number> {
  const { owner: typed, rest: args } = takeOwner(verb, given);
  const unknown = unknownVerb(lineOf(verb, args), io);
  if (unknown !== null) {
    io.err(unknown);
    return 2;
  }
  // `tocsin log INC-7 < lines`: many lines come from a pipe.
  const piped = verb === 'log' && args.length <= 1 ? `\n${await io.stdin()}` : '';
  const line = lineOf(verb, args) + piped;
  // Made here, a plan has fingerprints in it: whether they can be a bot's is found out before anything is recorded.
  const plans = verb === 'run' && line.split(/\s+/).some((word) => plainFlag(word) === 'plan');
  if (plans) configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const asking = await askingHere(core, null, typed);
    const zone = core.config.org.zone ?? 'UTC';
    const answer = await core.answer({ entered: plain(line), implied: null, asking, zone, zoneKnown: false });
    switch (answer.kind) {
      case 'recorded': {
        io.out(`${plainly(answer.text)}\n${answer.remark ? `${unmarked(answer.remark)}\n` : ''}`);
        const { incident, facts } = answer.recorded;
        const run = facts[0]?.type === 'RunProposed' && facts[0].data.planOnly ? facts[0].data.run : null;
        return run === null || !plans ? 0 : printPlan(core, io, { incident, run });
      }
      case 'text':
        io.out(`${answer.ours ? unmarked(answer.text) : plainly(answer.text)}\n`);
        return 0;
      case 'export':
        await writeExport(core, asking, { ...answer, out: null }, io);
        return 0;
      case 'form':
        throw new Told(
          `Say it on one line: a command line has no forms. tocsin help ${answer.form} shows how.`,
        );
      case 'refused':
        throw refused(answer.refusal);
    }
  });
}

/** Begun in src/main.ts, and no verb of this one. */
const START: Pick<Verb, 'form' | 'help'> = { form: 'start [--role all|web|worker]', help: 'the bot' };

/** `tocsin help [VERB|GROUP]`: the machine's verbs and the incident's. */
const help: Verb = {
  form: 'help [VERB|GROUP]',
  help: 'this list, one verb, or one group of an incident’s verbs, such as record',
  async run([verb, next], io) {
    const own = verb === undefined ? undefined : verb === 'start' ? START : ownVerb(verb, next);
    const shown = (one: Pick<Verb, 'form' | 'help'>) =>
      `${`tocsin ${one.form}`.replace(/\n +/g, '\n')}\n  ${unmarked(one.help)}\n`;
    if (own) return io.out(shown(own));
    if (verb !== undefined) {
      // Of two verbs with one name both are told of.
      const { verb: other } = (Object.hasOwn(VERBS_OF_TWO, verb) && VERBS_OF_TWO[verb]) || {};
      if (verbNamed(verb) || isHelpGroup(verb))
        return io.out(`${plainHelp(verb, 'tocsin', [])}\n${other?.form ? `\n${shown(other)}` : ''}`);
      throw refused(
        refuse('UNKNOWN_VERB', { verb: verb.slice(0, 40), closest: closestVerbs(verb, ofMachine()) }),
      );
    }
    // `--help` is `help` under another name.
    const two = Object.values(VERBS_OF_TWO).map(({ verb }) => verb);
    const mine = [START, ...new Set(Object.values(VERBS)), ...two].map(
      (one) => `  ${one.form}\n      ${unmarked(one.help)}`,
    );
    io.out(`tocsin VERB …\n\n${mine.join('\n')}\n\n`);
    io.out(
      `The verbs of an incident, as in Slack; name the incident after the verb, and whose word it is with --owner @ana:\n\n${plainHelp(null, 'tocsin', Object.keys(VERBS))}\n\n` +
        '--team T… before a verb names the workspace, where the database holds several.\n',
    );
  },
};

const doctor: Verb = {
  form: 'doctor',
  help: 'check configuration, database, queue, clock, Slack, deliveries, runbooks, sources of alerts and the status page; says the fix',
  // It looks into everything there is, which takes its time to load; no other verb waits for that.
  run: async (args, io) => (await import('./doctor/doctor.js')).doctor(args, io),
};

/** Verbs of the machine. Every other word is a verb of an incident, read by the grammar that Slack's commands share. */
export const VERBS: Readonly<Record<string, Verb>> = {
  export: exportVerb,
  verify,
  alerts,
  subscribers,
  token,
  doctor,
  health,
  deliveries,
  drill,
  migrate: migrateVerb,
  rebuild,
  restored,
  runbook,
  erase,
  sandbox,
  help,
  '--help': help,
  '-h': help,
};

/**
 * Verbs of the machine that an incident has as well: they are meant only where one of these words stands behind.
 * So `status build` is the page’s, and `status identified` says how an incident stands.
 */
export const VERBS_OF_TWO: Readonly<Record<string, { words: readonly string[]; verb: Verb }>> = {
  status: { words: STATUS_WORDS, verb: statusVerb },
};

/**
 * A word such as `constructor` is no verb, although every object has a member of that name.
 * @param next the word behind it
 */
function ownVerb(word: string, next: string | undefined): Verb | undefined {
  if (Object.hasOwn(VERBS, word)) return VERBS[word];
  const two = Object.hasOwn(VERBS_OF_TWO, word) ? VERBS_OF_TWO[word] : undefined;
  return two && next !== undefined && two.words.includes(next) ? two.verb : undefined;
}
