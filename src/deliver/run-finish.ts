import { ActionFailed, type StepResult } from '#runbooks/action.js';
import { type At, messageOf, type StepDesk } from './run-desk.js';

/** The ways in which a step ends, as facts. Each may throw Moved or NotKept. */
export type Finisher = ReturnType<typeof finisher>;

export function finisher(desk: StepDesk, at: At) {
  const { tell, lease } = desk;
  const nothing = { output: null, summary: null, error: null, log: null, posts: [] };
  const base = { type: 'FinishStep' as const, ...at, fence: lease.hold.fence, ...nothing };
  // Read at the end, not at the beginning: the start of the first attempt is recorded in between.
  const startedAt = () => desk.view.steps.get(at.step)?.[at.phase]?.startedAt ?? null;
  return {
    done: ({ output, summary }: Extract<StepResult, { kind: 'done' }>, log: string | null, posts: string[]) =>
      tell({
        ...base,
        outcome: 'done',
        startedAt: startedAt(),
        output: JSON.stringify(output),
        summary,
        log,
        posts,
      }),
    /** Its check says that it had happened. */
    adopted: () =>
      tell({ ...base, outcome: 'done', startedAt: startedAt(), summary: 'found done by its check' }),
    skipped: (summary: string) => tell({ ...base, outcome: 'skipped', startedAt: null, summary }),
    neverBegan: (error: string) => tell({ ...base, outcome: 'failed', startedAt: null, error }),
    failed: (log: string | null, error: unknown) =>
      tell({
        ...base,
        outcome: 'failed',
        startedAt: startedAt(),
        output: error instanceof ActionFailed ? JSON.stringify(error.output) : null,
        error: messageOf(error),
        log,
      }),
  };
}
