import { ActionFailed, type Output, type StepResult } from '#runbooks/action.js';
import { type At, messageOf, type StepDesk } from './context.js';

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
        output: kept(output),
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
        output: error instanceof ActionFailed ? kept(error.output) : null,
        error: messageOf(error),
        log,
      }),
  };
}

/** Characters of one step's output: every later step reads it, and every reader of the run. */
const OUTPUT = 65_536;

/** What is too long is left out by its members, the longest first: `left_out` says which. */
function kept(output: Output): string {
  const whole = JSON.stringify(output);
  if (whole.length <= OUTPUT) return whole;
  const members = Object.entries(output).map(([name, value]) => ({
    name,
    value,
    json: JSON.stringify(value),
  }));
  const left: string[] = [];
  let length = whole.length;
  for (const { name, json } of members.toSorted((a, b) => b.json.length - a.json.length)) {
    if (length <= OUTPUT) break;
    left.push(name);
    length -= json.length + name.length;
  }
  const short = members.filter(({ name }) => !left.includes(name)).map(({ name, value }) => [name, value]);
  return JSON.stringify({ ...Object.fromEntries(short), left_out: left.slice(0, 20) });
}
