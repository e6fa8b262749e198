import type { DraftFact, Fact } from '#domain/incident/fact.js';
import type { Asking, Decision, Found, Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { Rules } from '#domain/permission.js';
import type { Phase, RunFactBody, StepOutcome } from '#domain/run/fact.js';
import type { PlannedStep, RunPlan } from '#domain/run/plan.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import type { Person } from '#domain/words.js';
import { ana, asking, fold, INSIDE, NOW, opened, stream } from '../given.js';

/** Facts of one run, RUN-1 of INC-7, asked for by ana at 02:00. */

export const HASH = 'deadbeef'.repeat(8);
export const EXPIRES = '2024-11-10T02:15:00.000Z';

type Data<T extends RunFactBody['type']> = Extract<RunFactBody, { type: T }>['data'];

const at = { at: '2024-11-10T02:00:00Z', until: null, precision: 'minute' as const };
const draft = (type: string, data: object, texts: Record<string, string> = {}) =>
  ({ type, data: { run: 1, ...data }, texts }) as unknown as DraftFact;
const numbered = (type: string, data: object, texts: Record<string, string> = {}) =>
  draft(type, { n: 2, ...at, ...data }, texts);

export const proposed = (over: Partial<Data<'RunProposed'>> = {}, texts: Record<string, string> = {}) =>
  numbered(
    'RunProposed',
    { runbook: 'key-sync', planOnly: false, target: 'keys:tts-new', ...over },
    {
      definition: 'name: key-sync\ntitle: Copy missing keys\n',
      inputs: '{"from":"tts-old","to":"tts-new"}',
      ...texts,
    },
  );

export const planStep = (id: string, over: Partial<PlannedStep> = {}): PlannedStep => ({
  id,
  title: `Step ${id}`,
  uses: 'keys.add',
  effect: 'conditional',
  does: 'adds 2 keys',
  touches: ['tts-new'],
  current: '12 keys',
  desired: '14 keys',
  undo: 'keys.remove: 2 keys',
  when: 'runs',
  input: null,
  ...over,
});

export const plan = (...steps: PlannedStep[]): RunPlan => ({ target: 'keys:tts-new', steps, versions: {} });

export const STEPS = [
  planStep('compare', { uses: 'keys.compare', effect: 'read', does: 'compares', undo: null }),
  planStep('add'),
  planStep('verify', { uses: 'keys.probe', effect: 'read', does: 'asks', undo: null }),
];

export const planned = (
  approvers: Partial<Data<'RunPlanned'>['approvers']> = {},
  over: Partial<Data<'RunPlanned'>> = {},
  steps = STEPS,
) =>
  draft(
    'RunPlanned',
    {
      hash: HASH,
      steps: steps.map(({ id }) => id),
      changes: 1,
      approvers: { required: 1, from: ['lead'], people: [], self: false, expiresAt: EXPIRES, ...approvers },
      again: false,
      ...over,
    },
    { plan: JSON.stringify(plan(...steps)) },
  );

export const approved = (hash = HASH, reason: string | null = null) =>
  numbered(
    'RunApproved',
    { hash, breakGlass: reason !== null, count: 1, required: 1 },
    reason === null ? {} : { reason },
  );
export const askedAgain = numbered('RunAskedAgain', { why: 'moved' });
export const started = (fence = 1) => draft('RunStarted', { fence });
const ofStep = (step: string, phase: Phase, attempt: number) => ({ step, phase, attempt });
export const stepStarted = (step: string, { phase = 'run' as Phase, attempt = 1, fence = 1 } = {}) =>
  draft('StepStarted', { ...ofStep(step, phase, attempt), fence, at: '2024-11-10T01:59:58.000Z' });
export const stepTaken = (step: string, fence: number) =>
  draft('StepTaken', { ...ofStep(step, 'run', 1), fence });
export const stepWaits = (step: string, attempt = 1) =>
  draft('StepWaits', { ...ofStep(step, 'run', attempt), until: '2024-11-10T02:00:30.000Z' });
export const stepFinished = (
  step: string,
  outcome: StepOutcome = 'done',
  texts: Record<string, string> = {},
  { phase = 'run' as Phase, attempt = 1, startedAt = '2024-11-10T01:59:58.000Z' as string | null } = {},
) => numbered('StepFinished', { ...ofStep(step, phase, attempt), outcome, startedAt, posts: 0 }, texts);
export const stepAsked = (
  step: string,
  question = 'what now?',
  {
    why = 'failed' as Data<'StepAsked'>['why'],
    choices = [] as string[],
    attempt = 1,
    phase = 'run' as Phase,
  } = {},
) => numbered('StepAsked', { ...ofStep(step, phase, attempt), why, choices }, { question });
export const stepAnswered = (step: string, choice: string, attempt = 1) =>
  numbered('StepAnswered', { ...ofStep(step, 'run', attempt), choice });
export const cancelled = numbered('RunCancelled', {});
export const undoing = numbered('RunUndoing', { why: 'asked' });
export const ended = (end: Data<'RunEnded'>['end'], summary?: string) =>
  numbered('RunEnded', { end }, summary === undefined ? {} : { summary });
export const shown = (ts: string) => draft('RunShown', { channel: 'C7', ts });

/** A run under way: planned, approved, begun. */
export const going = [proposed(), planned(), approved(), started()];

export function viewOf(...drafts: DraftFact[]): RunView {
  const view = runViewOf(stream(opened, ...drafts), 1);
  if (!view) throw new Error('no run in these facts');
  return view;
}

type Said = DraftFact & { by?: Person };

/** A fact that somebody else than ana recorded. */
export const by = (person: Person, fact: DraftFact): Said => ({ ...fact, by: person });
export const bo = { id: 'U2', name: 'bo' };
export const chen = { id: 'U3', name: 'chen' };
export const BOT = { id: 'tocsin', name: null };

export const lead = (person: Person): DraftFact =>
  ({
    type: 'RoleAssigned',
    data: { n: 2, ...at, role: 'lead', person: person.id },
    texts: { person: person.name ?? '' },
  }) as DraftFact;

/** INC-7 after these facts. */
export function standing(...drafts: Said[]): IncidentState {
  const facts = stream(opened, ...drafts).map(
    (fact, i) => ({ ...fact, by: drafts[i - 1]?.by ?? ana }) as Fact,
  );
  return fold(facts) as IncidentState;
}

/** What is decided when `who` (bo, in Slack, at 02:00, a full member in the incident's channel) asks for that. */
export function decided(
  drafts: Said[],
  intent: Intent,
  {
    who = bo as Person,
    source = 'slack' as Asking['source'],
    now = NOW,
    owner = null as Person | null,
    found = {} as Partial<Found>,
    rules = {} as Rules,
  } = {},
): Decision {
  const nothing = { entry: null, changes: [], captured: null, actionDone: false, number: 7, asker: INSIDE };
  const of = { ...asking(), by: who, source, now, owner };
  return decide(standing(...drafts), intent, of, { ...nothing, ...found }, rules);
}
