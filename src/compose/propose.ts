import { setTimeout as sleep } from 'node:timers/promises';
import type { RunAsked } from '#answer/answer.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { readInputs, targetOf } from '#domain/run/inputs.js';
import type { PersonRunIntent } from '#domain/run/intent.js';
import type { Kept } from '#runbooks/definition/shelf.js';
import type { Runbooks } from './runbooks.js';

/** Whoever waits for an answer in Slack has two seconds. */
const CAREFUL_MS = 1_000;

/**
 * Makes an intent of a runbook that somebody asked for: from its file as it is now, with every input checked. No key store
 * stands between a command and its answer: keys are learned beside. Only where an input looks like a key itself is it
 * waited for what the stores hold now, and not for long.
 * @param patient wait for the key stores in any case: where nobody waits who could not
 */
export function proposeOf(
  { shelf, scrub, learnKeys }: Pick<Runbooks, 'shelf' | 'scrub' | 'learnKeys'>,
  patient = false,
) {
  return async (asked: RunAsked): Promise<{ intent: PersonRunIntent; notes: string[] } | Refusal> => {
    const learned = learnKeys();
    if (patient) await learned;
    else if (Object.values(asked.inputs).some(likeAKey)) await within(learned, CAREFUL_MS);
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

/** Letters and digits, and many of them, as keys are made; names of stores and services are shorter, or words. */
const likeAKey = (value: unknown): boolean =>
  String(value)
    .split(/[^\w+/=~.-]+/)
    .some((word) => word.length >= 16 && /[a-z]/i.test(word) && /\d/.test(word));

async function within(work: Promise<void>, ms: number): Promise<void> {
  const late = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}

async function onShelf(shelf: Runbooks['shelf'], name: string): Promise<Kept | Refusal> {
  const kept = await shelf.get(name);
  if (kept === null) {
    return refuse('NO_SUCH_RUNBOOK', { runbook: name.slice(0, 80), closest: await shelf.closest(name) });
  }
  return 'problems' in kept ? refuse('BAD_RUNBOOK', { runbook: name, problems: kept.problems }) : kept;
}
