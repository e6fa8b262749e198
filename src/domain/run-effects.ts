import type { Effect } from './effect.js';
import type { Fact } from './fact.js';
import type { RunFactBody } from './run-fact.js';

/** A step's log of more characters than this is sent as a file; the message shows its end anyway. */
export const LOG_IN_MESSAGE = 600;

/** What the bot records of a run by itself; whatever a person says must wake the run's worker. */
const OWN = 'tocsin';

/**
 * What the world is owed because of something that happened in a run. While a worker takes a run along, its own facts
 * need not wake it: the row that woke it stays open until the run rests.
 */
export function runEffectsOf(fact: Fact & RunFactBody, entry: () => Effect): Effect[] {
  const { run } = fact.data;
  const show: Effect = { kind: 'run.show', payload: { run } };
  const byPerson = fact.by.id !== OWN;
  const advance: Effect[] = byPerson ? [{ kind: 'run.advance', payload: { run } }] : [];
  switch (fact.type) {
    case 'RunProposed':
      // Of what is scheduled the bot itself is the asker.
      return [show, { kind: 'run.advance', payload: { run } }];
    case 'RunApproved':
      // Loud on purpose: everybody in the channel sees that the glass was broken, in a line of its own.
      return [
        ...(fact.data.breakGlass
          ? [entry(), { kind: 'run.alarm', payload: { run, seq: fact.seq } } as const]
          : []),
        show,
        ...advance,
      ];
    case 'RunShown':
    case 'StepTaken':
      return [];
    case 'StepFinished':
      return [
        show,
        ...((fact.texts.log ?? '').length > LOG_IN_MESSAGE
          ? [{ kind: 'run.log', payload: { run, step: fact.data.step, seq: fact.seq } } as const]
          : []),
        ...(fact.data.posts > 0
          ? [{ kind: 'run.post', payload: { run, seq: fact.seq, posts: fact.data.posts } } as const]
          : []),
        ...advance,
      ];
    default:
      return [show, ...advance];
  }
}
