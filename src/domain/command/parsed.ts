import type { TypedIntent } from '../intent.js';
import type { Moment } from '../moment.js';
import type { Mention } from './entered.js';
import type { ReadTime, TimeContext } from './time.js';
import type { Verb } from './verbs.js';

export interface CommandContext extends TimeContext {
  /** Typed where the incident is implied: in its channel. */
  readonly implied: boolean;
  /** The roles that the config knows; others are taken too, with a remark. */
  readonly roles: readonly string[];
  /** How the command is called here, for forms and examples: `/incident`. */
  readonly command: string;
}

export const EXPORT_FORMATS = ['md', 'json', 'csv', 'html', 'facts'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Something to look at. `zone` as luxon's setZone takes it; null: the asker's. */
export type Ask =
  | { type: 'timeline'; zone: string | null }
  | { type: 'export'; format: ExportFormat; zone: string | null }
  | { type: 'postmortem' }
  | { type: 'list' }
  | { type: 'show' }
  | { type: 'catchup' }
  | { type: 'actions' }
  | { type: 'runs' }
  | { type: 'help'; verb: string | null };

/** The time that was typed, for the receipt. */
export interface Timing {
  readonly moment: Moment;
  readonly typed: string;
  readonly zone: string;
  readonly zoneAssumed: boolean;
  readonly dated: boolean;
}

export type Said =
  | { kind: 'intent'; intent: TypedIntent }
  | { kind: 'ask'; ask: Ask }
  /** A runbook by its name, the inputs as typed: the shelf makes an intent of it. */
  | { kind: 'run'; runbook: string; inputs: Record<string, string>; planOnly: boolean }
  | { kind: 'form'; form: 'open' | 'note' | 'log' };

/** A command, understood. `ref`: the incident it names; `notes`: remarks for the receipt, whole sentences. */
export type Parsed = Said & {
  readonly verb: Verb['name'];
  readonly ref: number | null;
  readonly notes: string[];
  readonly timing: Timing | null;
};

/** What a verb's parser makes of its line. */
export type Outcome = Said & {
  notes: string[];
  timing: Timing | null;
  /** The incident, where the parser came upon it behind its own words. */
  ref?: number | null;
};

/** A line on its way through the grammar: `at` stands behind the verb and the incident, before the white space. */
export interface Line {
  readonly text: string;
  readonly mentions: readonly Mention[];
  readonly at: number;
  /** The incident has been named, or need not be: what looks like one is part of the text. */
  readonly named: boolean;
  readonly verb: Verb;
  /** The verb's form, with the command in front. */
  readonly form: string;
  readonly ctx: CommandContext;
}

export function intent(intent: TypedIntent, timing: ReadTime | null = null, notes: string[] = []): Outcome {
  if (!timing) return { kind: 'intent', intent, notes, timing: null };
  const { moment, typed, zone, zoneAssumed, dated } = timing;
  return {
    kind: 'intent',
    intent,
    notes: [...notes, ...zoneRemark(timing)],
    timing: { moment, typed, zone, zoneAssumed, dated },
  };
}

export function ask(ask: Ask): Outcome {
  return { kind: 'ask', ask, notes: [], timing: null };
}

/** What nobody said must be named: in which zone a time was read. */
export function zoneRemark(time: ReadTime): string[] {
  if (!time.zoneAssumed) return [];
  return [
    `${time.typed} was read in ${time.zone}, because your time zone is not known; write a zone behind the time to choose another.`,
  ];
}
