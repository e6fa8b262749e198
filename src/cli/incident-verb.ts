import { knownSecrets } from '#compose/known-secrets.js';
import { plain } from '#domain/command/entered.js';
import { plainFlag } from '#domain/command/flags.js';
import { unmarked } from '#domain/command/help.js';
import { parseCommand } from '#domain/command/parse.js';
import { quoted } from '#domain/command/quotes.js';
import { takesValue } from '#domain/command/verbs.js';
import { isRefusal } from '#domain/refusal.js';
import { numberOf } from '#domain/state.js';
import { writeExport } from './export.js';
import { askingHere, configWithSecret, refusalText } from './runbook-asked.js';
import { printPlan } from './runbook-plan-only.js';
import { type Io, Usage } from './verb.js';
import { withCore } from './with-core.js';

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
  /^(?:To correct: |`--[\w-]+` is not a flag here: |“[^”\n]+” was kept as part of the title; |… \d+ earlier: |`done N` ticks|No incident is open\. |There is no incident yet\. |INC-\d+ has no action items\. |The timeline of INC-\d+ is empty\. ).*$/gm;

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
  const within = onlyFlags(verb, before) === false && onlyFlags(verb, after) === false;
  if (verb !== 'run' && within) {
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

/** What can be said without a database, so that a slip of the pen opens none. @returns null: there is such a verb */
function unknownVerb(line: string, io: Io): string | null {
  const context = {
    now: new Date(),
    zone: 'UTC',
    zoneKnown: false,
    implied: false,
    roles: [],
    command: 'tocsin',
  };
  const said = parseCommand(plain(line), context);
  if (!isRefusal(said) || said.code !== 'UNKNOWN_VERB') return null;
  return knownSecrets(io.env).text(`${unmarked(`${said.sentence} ${said.next}`)}\n`);
}

/** @returns 0 when it was recorded or answered, 1 when it was refused, 2 when there is no such verb */
export async function runIncidentVerb(verb: string, given: string[], io: Io): Promise<number> {
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
  const config = plans ? configWithSecret(io, 'database') : null;
  return withCore(io, async (core) => {
    const asking = await askingHere(core, null, typed);
    if (isRefusal(asking)) {
      io.err(refusalText(asking));
      return 1;
    }
    const zone = core.config.org.zone ?? 'UTC';
    const answer = await core.answer({ entered: plain(line), implied: null, asking, zone, zoneKnown: false });
    switch (answer.kind) {
      case 'recorded': {
        io.out(`${plainly(answer.text)}\n${answer.remark ? `${unmarked(answer.remark)}\n` : ''}`);
        const { incident, facts } = answer.recorded;
        const run = facts[0]?.type === 'RunProposed' && facts[0].data.planOnly ? facts[0].data.run : null;
        return run === null || !config ? 0 : printPlan(core, config, io, { incident, run });
      }
      case 'text':
        io.out(`${answer.ours ? unmarked(answer.text) : plainly(answer.text)}\n`);
        return 0;
      case 'export':
        return writeExport(core, asking, { ...answer, out: null }, io);
      case 'form':
        io.err(`Say it on one line: a command line has no forms. tocsin help ${answer.form} shows how.\n`);
        return 1;
      case 'refused':
        io.err(`${answer.refusal.sentence} ${answer.refusal.next}\n`);
        return 1;
    }
  });
}
