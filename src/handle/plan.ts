import { CHAIN_START, type SealedFact, seal } from '#domain/chain.js';
import { decide, type Found } from '#domain/decide.js';
import type { Effect } from '#domain/effect.js';
import { effectsOf } from '#domain/effects.js';
import { amendmentOf, entryOf } from '#domain/entries.js';
import { evolve, start } from '#domain/evolve.js';
import type { Fact } from '#domain/fact.js';
import type { Asking, Intent } from '#domain/intent.js';
import type { Rules } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { runRef } from '#domain/run-fact.js';
import { type IncidentState, refOf, STANDING } from '#domain/state.js';
import { receiptOf } from '#render/receipt.js';
import type { Commit } from '#store/commit.js';
import type { Known } from './cache.js';
import { fresh } from './salt.js';

/** A commit that is being gathered. */
export type Gathering = { -readonly [K in keyof Commit]: Array<Commit[K][number]> };

export const gathering = (): Gathering => ({
  facts: [],
  entries: [],
  amendments: [],
  summaries: [],
  effects: [],
});

/** What one intent would write, and what its asker would be told once it is written. */
export interface Planned {
  incident: number;
  facts: Fact[];
  receipt: string;
  before: Known | null;
  after: Known;
}

const salt = fresh(16);

/** The lane of an incident's effects: they are paid in order within it. */
export function laneOf(team: string, incident: number): string {
  return `${team}/${refOf(incident)}`;
}

/**
 * What must not wait for the rest, or must not hold it up, has a lane of its own: a run takes long; what is told elsewhere
 * is told also when the incident's channel cannot be made.
 */
function laneOfEffect(team: string, incident: number, effect: Effect): string {
  const lane = laneOf(team, incident);
  switch (effect.kind) {
    case 'run.advance':
      return `${lane}/${runRef(effect.payload.run)}`;
    case 'announcement.refresh':
    case 'run.alarm':
      return `${lane}/${effect.kind}`;
    default:
      return lane;
  }
}

/** Who waits for the channel is known now: that it cannot be made may be found out much later, by somebody else. */
function withAsker(effect: Effect, { owner, channel }: Asking): Effect {
  if (effect.kind !== 'channel.open') return effect;
  const payload = { ...(owner && { owner: owner.id }), ...(channel && { typed: channel }) };
  return { kind: 'channel.open', payload };
}

/**
 * Decides one intent and adds what follows to `commit`; nothing is written yet.
 * @param known the incident as it will be when this is written; null for a new one
 */
export function plan(
  commit: Gathering,
  known: Known | null,
  intent: Intent,
  asking: Asking,
  found: Found,
  notes: string[],
  rules: Rules,
): Planned | Refusal {
  const decision = decide(known?.state ?? null, intent, asking, found, rules);
  if (isRefusal(decision)) return decision;
  const incident = known?.state.number ?? found.number;
  const { team } = asking;
  const facts: Fact[] = [];
  const sealed: SealedFact[] = [];
  let state: IncidentState | null = known?.state ?? null;
  let seq = known?.seq ?? 0;
  let head = known?.head ?? CHAIN_START;
  for (const draft of decision) {
    seq += 1;
    const one = seal(draft, {
      team,
      incident,
      seq,
      prev: head,
      recordedAt: asking.now.toISOString(),
      by: asking.by,
      source: asking.source,
      salt,
    });
    const before = state;
    state = one.fact.type === 'IncidentOpened' ? start(one.fact) : evolve(state as IncidentState, one.fact);
    head = one.sealed.hash;
    facts.push(one.fact);
    sealed.push(one.sealed);
    const entry = entryOf(one.fact);
    if (entry) commit.entries.push({ team, incident, entry });
    const amendment = amendmentOf(one.fact);
    if (amendment) commit.amendments.push({ team, incident, amendment });
    for (const effect of effectsOf(one.fact, before, head)) {
      // The standing record has no channel: of it nothing is shown anywhere, but its runs go on.
      if (incident === STANDING && effect.kind !== 'run.advance') continue;
      const lane = laneOfEffect(team, incident, effect);
      commit.effects.push({ team, lane, incident, seq, effect: withAsker(effect, asking) });
    }
  }
  const after = { state: state as IncidentState, seq, head, epoch: known?.epoch ?? 0 };
  const remarks = [...notes, ...putBack(known?.state ?? null, after.state, facts)];
  const receipt =
    facts.length === 0
      ? ''
      : receiptOf({ ref: refOf(incident), facts: decision, notes: remarks, now: asking.now });
  facts.forEach((fact, i) => {
    const { body, hash, texts } = sealed[i] as SealedFact;
    // One key for all the facts of one intent: it stands on the first.
    const first = i === 0 && asking.key !== null;
    commit.facts.push({
      ...{
        team,
        incident,
        seq: fact.seq,
        type: fact.type,
        v: fact.v,
        recordedAt: fact.recordedAt,
        body,
        hash,
      },
      key: first ? asking.key : null,
      receipt: first ? receipt : null,
      asked: first ? (asking.asked ?? null) : null,
      texts: texts.map(({ field, salt, text }) => ({ field, salt: salt as string, text: text as string })),
    });
  });
  return { incident, facts, receipt, before: known, after };
}

/** Says what stands again after a change was struck: nobody should have to look it up. */
function putBack(before: IncidentState | null, after: IncidentState, facts: Fact[]): string[] {
  if (!before || !facts.some((fact) => fact.type === 'EntryStruck' && fact.data.restored)) return [];
  const remarks: string[] = [];
  const differs = (key: keyof IncidentState) => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  if (differs('status')) remarks.push(`The status is ${after.status} again.`);
  if (differs('severity')) remarks.push(`The severity is ${after.severity ?? 'not set'} again.`);
  if (differs('title')) remarks.push('The title is what it was before.');
  if (differs('roles')) remarks.push('The role is what it was before.');
  if (differs('components')) remarks.push('The components are what they were before.');
  return remarks;
}
