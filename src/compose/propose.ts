import type { RunAsked } from '#answer.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { PersonRunIntent } from '#domain/run-intent.js';
import { readInputs, targetOf } from '#domain/runbook-inputs.js';
import type { Kept } from '#runbooks/shelf.js';
import type { Runbooks } from './runbooks.js';

/** Makes an intent of a runbook that somebody asked for: from its file as it is now, with every input checked. */
export function proposeOf({ shelf, scrub, learnKeys }: Pick<Runbooks, 'shelf' | 'scrub' | 'learnKeys'>) {
  return async (asked: RunAsked): Promise<{ intent: PersonRunIntent; notes: string[] } | Refusal> => {
    await learnKeys();
    const kept = await onShelf(shelf, asked.runbook);
    if (isRefusal(kept)) return kept;
    const { runbook, source } = kept;
    if (scrub.text(source) !== source)
      return refuse('SECRET_TYPED', { what: `definition of ${runbook.name}`, from: 'file' });
    const typed = JSON.stringify(asked.inputs);
    if (scrub.text(typed) !== typed) return refuse('SECRET_TYPED', { what: 'input', from: 'elsewhere' });
    const read = readInputs(runbook.inputs, asked.inputs);
    if ('problem' in read) return refuse('BAD_INPUT', { runbook: runbook.name, ...read.problem });
    return {
      intent: {
        type: 'ProposeRun',
        runbook: runbook.name,
        definition: source,
        inputs: JSON.stringify(read.inputs),
        target: targetOf(runbook, read.inputs),
        planOnly: asked.planOnly,
      },
      notes: [],
    };
  };
}

async function onShelf(shelf: Runbooks['shelf'], name: string): Promise<Kept | Refusal> {
  const kept = await shelf.get(name);
  if (kept === null) {
    return refuse('NO_SUCH_RUNBOOK', { runbook: name.slice(0, 80), closest: await shelf.closest(name) });
  }
  return 'problems' in kept ? refuse('BAD_RUNBOOK', { runbook: name, problems: kept.problems }) : kept;
}
