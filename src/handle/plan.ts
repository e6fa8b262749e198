import { randomFillSync } from 'node:crypto';
import { CHAIN_START, type SealedFact, seal } from '#domain/incident/chain.js';
import { decide, type Found } from '#domain/incident/decide/decide.js';
import { type Effect, effectsOf, laneOfEffect } from '#domain/incident/effect.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import { evolve, start } from '#domain/incident/evolve.js';
import type { Fact } from '#domain/incident/fact.js';
import type { Asking, Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { Rules } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { refOf, STANDING } from '#domain/words.js';
import { receiptOf } from '#render/receipt.js';
import type { Commit } from '#store/commit.js';

/** How many values one call of the system's generator makes: a call for each would cost more than the hash that it salts. */
const AHEAD = 256;

/** @returns a source of random values of `bytes` bytes, as hex, each given once. */
function fresh(bytes: number): () => string {
  const pool = Buffer.alloc(bytes * AHEAD);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const value = pool.toString('hex', at, at + bytes);
    // What was given is not kept: a salt is as secret as the text until it is erased.
    pool.fill(0, at, at + bytes);
    at += bytes;
    return value;
  };
}

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

/** An incident as this process last knew it. `seq` is the version that the next fact must follow. */
export interface Known {
  state: IncidentState;
  seq: number;
  head: string;
  /** The store's: changes when the summary was computed anew beside us. */
  epoch: number;
}

/** For how long an incident that another process wrote to is taken to be one that both write to. */
const SHARED_MS = 10_000;

/**
 * Incidents that were written lately, so that a note costs one round trip and not two. Never trusted for a *no*
 * (another process may have written since), and for a *yes* the store's unique sequence numbers have the last word.
 */
export class Cache {
  private readonly known = new Map<string, Known>();
  private readonly shared = new Map<string, number>();
  private readonly keys = new Set<string>();

  constructor(
    private readonly limit = 500,
    private readonly keyLimit = 5_000,
  ) {}

  get(team: string, incident: number): Known | undefined {
    return this.known.get(`${team}/${incident}`);
  }

  set(team: string, incident: number, known: Known): void {
    keep(this.known, `${team}/${incident}`, known, this.limit);
  }

  drop(team: string, incident: number): void {
    this.known.delete(`${team}/${incident}`);
  }

  /** What stands in the database, seen just now. If it is not what we left there, somebody else writes to it too. */
  compare(team: string, incident: number, there: Known, now: number): void {
    const ours = this.get(team, incident);
    if (!ours || (ours.seq === there.seq && ours.epoch === there.epoch)) return;
    keep(this.shared, `${team}/${incident}`, now + SHARED_MS, this.limit);
  }

  /** Does another process write to it too, as far as was seen lately? */
  isShared(team: string, incident: number, now: number): boolean {
    return (this.shared.get(`${team}/${incident}`) ?? 0) > now;
  }

  /** Was a request with this key recorded by this process lately? */
  hasKey(team: string, key: string): boolean {
    return this.keys.has(`${team}/${key}`);
  }

  addKey(team: string, key: string): void {
    this.keys.add(`${team}/${key}`);
    if (this.keys.size > this.keyLimit) this.keys.delete(this.keys.keys().next().value as string);
  }
}

/** Re-inserted at the end: the first key is always the one that was kept longest ago, and goes when there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > limit) map.delete(map.keys().next().value as string);
}
