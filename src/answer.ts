import type { Entered } from '#domain/command/entered.js';
import { type CommandContext, parseCommand } from '#domain/command/parse.js';
import { remarksOn } from '#domain/components.js';
import type { Asking, TypedIntent } from '#domain/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { PersonRunIntent } from '#domain/run-intent.js';
import { type Handle, notRead, type Recorded } from '#handle.js';
import type { Read } from '#read.js';
import { Unavailable } from '#store/outcome.js';
import { look, type Wanted } from './answer/look.js';
import { whichIncident } from './answer/which.js';

/** One command line as somebody typed it. */
export interface Typed {
  entered: Entered;
  /** The incident of the channel that it was typed in, or null. */
  implied: number | null;
  asking: Asking;
  /** Zone in which bare times are meant (IANA); `zoneKnown`: it is the typist's own, not a default. */
  zone: string;
  zoneKnown: boolean;
}

export type Answer =
  | { kind: 'recorded'; text: string; recorded: Recorded }
  | { kind: 'refused'; refusal: Refusal; intent?: TypedIntent; incident?: number }
  | { kind: 'text'; text: string }
  | { kind: 'form'; form: 'open' | 'note' | 'log'; incident: number | null }
  | ({ kind: 'export' } & Wanted);

/** The same line gets the same answer from every front; fronts only decode it, and dress the answer. */
export type Answerer = (typed: Typed) => Promise<Answer>;

/** A runbook that somebody asked for: its name, and its inputs as typed. */
export interface RunAsked {
  runbook: string;
  inputs: Record<string, string>;
  planOnly: boolean;
}

export interface AnswerPorts {
  handle: Handle;
  read: Read;
  /** Roles that the organisation has. */
  roles: readonly string[];
  /** Components that the organisation knows; others are taken too, with a remark. */
  components: readonly string[];
  /** How the command is called, for forms and examples. */
  command: string;
  /**
   * Makes an intent of a runbook that was asked for; absent: there is no shelf here, so no runbook either.
   * @returns remarks for the receipt with it, whole sentences
   */
  propose?(
    asking: Asking,
    incident: number,
    asked: RunAsked,
  ): Promise<{ intent: PersonRunIntent; notes: string[] } | Refusal>;
}

export function createAnswer(ports: AnswerPorts): Answerer {
  return async (typed) => {
    const { implied, zone, zoneKnown } = typed;
    const context: CommandContext = {
      now: typed.asking.now,
      zone,
      zoneKnown,
      implied: implied !== null,
      roles: ports.roles,
      command: ports.command,
    };
    const said = parseCommand(typed.entered, context);
    if (isRefusal(said)) return { kind: 'refused', refusal: said };
    // Whoever can type in an incident's channel is in it, and so may see that incident, private or not.
    const at = (incident: number | null): Asking =>
      incident !== null && incident === implied ? { ...typed.asking, seesPrivate: true } : typed.asking;
    if (said.kind === 'form' && said.form === 'open') return { kind: 'form', form: 'open', incident: null };
    const incident = await lookedUp(() => whichIncident(ports.read, said, typed));
    if (isRefusal(incident)) return { kind: 'refused', refusal: incident };
    const asking = at(incident);
    switch (said.kind) {
      case 'form':
        return { kind: 'form', form: said.form, incident };
      case 'ask': {
        const seen = await lookedUp(() => look(ports.read, said.ask, incident, asking, zone, ports.command));
        return isRefusal(seen) ? { kind: 'refused', refusal: seen } : seen;
      }
      case 'intent': {
        const notes = [...said.notes, ...unknownComponents(said.intent, ports.components)];
        return record(ports, said.intent, incident, asking, notes);
      }
      case 'run': {
        const { runbook, inputs, planOnly } = said;
        const proposed = await lookedUp(async () =>
          ports.propose
            ? ports.propose(asking, incident ?? 0, { runbook, inputs, planOnly })
            : refuse('NO_SUCH_RUNBOOK', { runbook, closest: [] }),
        );
        if (isRefusal(proposed)) return { kind: 'refused', refusal: proposed };
        return record(ports, proposed.intent, incident, asking, [...said.notes, ...proposed.notes]);
      }
    }
  };
}

async function record(
  ports: AnswerPorts,
  intent: TypedIntent,
  incident: number | null,
  asking: Asking,
  notes: string[],
): Promise<Answer> {
  const outcome = await ports.handle(intent, incident, asking, notes);
  if (!isRefusal(outcome)) return { kind: 'recorded', text: outcome.receipt, recorded: outcome };
  return { kind: 'refused', refusal: outcome, intent, incident: incident ?? undefined };
}

/** A question that cannot be answered now gets a plain *no*; anything else is a bug, and is thrown. */
async function lookedUp<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unavailable) return notRead(error);
    throw error;
  }
}

/** Remarks on the components that an intent names. */
function unknownComponents(intent: TypedIntent, known: readonly string[]): string[] {
  const named =
    intent.type === 'AddComponent'
      ? [intent.component]
      : intent.type === 'OpenIncident' || intent.type === 'RecordImpact'
        ? intent.components
        : [];
  return remarksOn(named, known);
}
