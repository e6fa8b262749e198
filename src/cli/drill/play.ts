import type { Entry } from '#domain/incident/entry.js';
import { personLabel } from '#domain/words.js';
import { type Awaited, type Scenario, type Step, spanText } from './scenario.js';

/** What a drill does next. Whoever plays does it, and asks again. */
export type Next =
  /** To be recorded under the name of that step, once. */
  | { does: 'say'; step: number; text: string }
  /** Nothing before `until`; but for what the players do, where `awaits` names it. */
  | { does: 'wait'; until: Date; awaits: string | null }
  | { does: 'end'; report: string };

/** The briefing; the steps of a scenario are numbered from 1. */
const BRIEF = 0;

/** Who says a step of a drill: what is recorded names its step, so that a drill that was cut short knows how far it came. */
export function stepId(scenario: string, step: number | 'end'): string {
  return `drill:${scenario}:${step}`;
}

/**
 * What a drill does next, out of the record alone: nobody has to remember how far it came.
 * @param entries of its incident, in any order; struck ones count for nothing
 * @param opened when it was opened
 * @param speed the scenario's spans are so many times shorter
 */
export function nextOf(
  scenario: Scenario,
  entries: readonly Entry[],
  { opened, now, speed }: { opened: Date; now: Date; speed: number },
): Next {
  const said = new Map(entries.map((entry) => [entry.by.id, Date.parse(entry.recordedAt)]));
  const saidAt = (step: number) => said.get(stepId(scenario.name, step));
  const short = (ms: number) => ms / speed;
  const done = new Play(entries, opened);

  const briefed = saidAt(BRIEF);
  if (briefed === undefined) return { does: 'say', step: BRIEF, text: briefing(scenario, speed) };
  let at = Math.max(briefed, opened.getTime());
  const waits: Waited[] = [];
  const over = () => ({ does: 'end', report: reportOf(scenario, done, waits, speed) }) as const;
  for (const [i, step] of scenario.steps.entries()) {
    const n = i + 1;
    const before = saidAt(n);
    if (step.does === 'say') {
      const due = at + short(step.afterMs);
      if (before === undefined && done.isOver) return over();
      if (before === undefined && now.getTime() < due)
        return { does: 'wait', until: new Date(due), awaits: null };
      if (before === undefined) return { does: 'say', step: n, text: sentence(step) };
      at = Math.max(due, before);
      continue;
    }
    const until = at + short(step.withinMs);
    const met = done.first(step.awaits);
    const inTime = met !== null && met <= until && before === undefined;
    if (!inTime && before === undefined && done.isOver) return over();
    if (!inTime && now.getTime() < until)
      return { does: 'wait', until: new Date(until), awaits: step.awaits.name };
    if (!inTime && step.otherwise !== null && before === undefined)
      return { does: 'say', step: n, text: step.otherwise };
    waits.push({
      step: n,
      awaits: step.awaits,
      tookMs: met === null ? null : Math.max(0, met - at),
      within: until - at,
    });
    at = inTime ? Math.max(at, met) : Math.max(until, before ?? until);
  }
  return over();
}

interface Waited {
  step: number;
  awaits: Awaited;
  /** null: it never came. */
  tookMs: number | null;
  within: number;
}

/** What the players have done, as the record has it. */
class Play {
  private readonly theirs: readonly Entry[];
  constructor(
    entries: readonly Entry[],
    readonly opened: Date,
  ) {
    this.theirs = entries
      .filter(
        ({ source, struck, kind }) => !struck && source !== 'bot' && source !== 'alerts' && kind !== 'opened',
      )
      .toSorted((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1));
  }

  /** When it was first done; null: not yet. */
  first(awaited: Pick<Awaited, 'is'>): number | null {
    const found = this.theirs.find(awaited.is);
    return found ? Date.parse(found.recordedAt) : null;
  }

  get isOver(): boolean {
    const stood = this.theirs.findLast(({ kind }) => kind === 'status');
    return stood?.detail.status === 'resolved';
  }

  get players(): string[] {
    return [...new Set(this.theirs.map(({ by }) => personLabel(by)))];
  }
}

function briefing({ title, name, brief }: Scenario, speed: number): string {
  const fast = speed === 1 ? '' : `, ${speed} times as fast as it happened`;
  return `This is a drill (${name}${fast}): “${title}”. ${brief} Do what you would do; nothing here is real, and nothing reaches the public.`;
}

function sentence(step: Extract<Step, { does: 'say' }>): string {
  return step.question ? `A question to you: ${step.text}` : step.text;
}

/** What took how long, from the opening; beside what the scenario wants. */
function reportOf(scenario: Scenario, done: Play, waits: readonly Waited[], speed: number): string {
  const since = (at: number) => at - done.opened.getTime();
  const lines = scenario.targets.map(({ name, is, withinMs }) => {
    const at = done.first({ is });
    const want = withinMs === null ? null : withinMs / speed;
    if (at === null) return `${name}: never${want === null ? '' : ` (wanted within ${spanText(want)})`}`;
    const took = since(at);
    const verdict =
      want === null
        ? ''
        : took <= want
          ? ` (wanted within ${spanText(want)}: met)`
          : ` (wanted within ${spanText(want)}: ${spanText(took - want)} too late)`;
    return `${name}: after ${spanText(took)}${verdict}`;
  });
  const waited = waits.map(({ step, awaits, tookMs, within }) => {
    const late = tookMs === null || tookMs > within;
    const took = tookMs === null ? 'it never came' : `it took ${spanText(tookMs)}`;
    return `step ${step} waited for ${awaits.name}: ${took}${late ? `, with ${spanText(within)} to do it` : ''}`;
  });
  const who = done.players.length === 0 ? 'Nobody played.' : `Played by ${done.players.join(', ')}.`;
  const next = done.isOver ? '`postmortem` drafts what to talk about.' : '`resolve` ends the exercise.';
  const spans = speed === 1 ? '' : ` Spans are as they were; what was wanted is divided by ${speed}.`;
  return [`The drill ${scenario.name} is over. ${who}${spans}`, ...lines, ...waited, next].join('\n');
}
