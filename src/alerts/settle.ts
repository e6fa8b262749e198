import { file, type Opening, type Rule, severityOf, titleOf } from '#domain/alert/rule.js';
import { type Into, type Settled, settle } from '#domain/alert/settle.js';
import { alertsHere, firingIn } from '#domain/alert/state.js';
import {
  alertsLaneOf,
  type Effect,
  laneOf,
  laneOfAlerts,
  laneOfAlertsTimer,
} from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isPassing, isRefusal, type Refusal } from '#domain/refusal.js';
import { runsOf } from '#domain/run/state.js';
import { alertsAsking, botAsking, isInSlack, refOf } from '#domain/words.js';
import type { Handle, Recorded } from '#handle/handle.js';
import { holdLane, type LaneOptions, type Lanes, type Lease, type Terms } from '#lanes/lane.js';
import type { PlainLog } from '#log.js';
import type { Metrics } from '#metrics.js';
import { Lost } from '#runbooks/action.js';
import type { OwedRow } from '#store/outbox.js';
import { Unavailable } from '#store/pools.js';
import { type KeptSignal, openingKey, type Signals, type WaitingSignal } from '#store/signals.js';
import type { Store } from '#store/store.js';

/** What settling stands on. */
export interface AlertWorld {
  outbox: Lanes;
  signals: Omit<Signals, 'arrive'>;
  incident(team: string, incident: number): Promise<IncidentState | null>;
  /** The newest open incident in which that group is at home. */
  openWithGroup(team: string, group: string): Promise<Pick<IncidentState, 'number'> | null>;
  fact: Store['incidents']['fact'];
  /** Alerts of a group that fire by the record of an incident; and the entry of one. */
  firingAlerts: Store['incidents']['firingAlerts'];
  alertEntry: Store['incidents']['alertEntry'];
  tell: Handle;
  /** `alerts.rules` of tocsin.yml, as they are now. */
  rules(): readonly Rule[];
  /** Leaves an effect. The same key twice is one. */
  owe(effect: Effect, of: Parameters<Store['outbox']['owe']>[1]): Promise<void>;
  now(): Date;
  log: PlainLog;
  /** Counts what came of signals. */
  metrics?: Pick<Metrics, 'alert'>;
}

/** A database that is away comes back; a mistake of ours does not mend itself, and is only to be seen in the log. */
const RETRY_MS = 1_000;
const BUG_RETRY_MS = 30_000;

const TERMS: Terms = { ms: 5_000, marginMs: 2_000, revives: true };

/** How often in a row a person may have moved the group while it was settled; then somebody else is at it. */
const MOVES = 20;
/** Signals that are recorded, shown and marked together; what was marked is not done again after a death. */
const PORTION = 400;

interface SettleOptions extends LaneOptions {
  world: AlertWorld;
}

/**
 * The group's incident is another by now: it was moved (the row that says so is in this lane), or the incident was resolved.
 */
class GroupMoved extends Error {}

/** It could not be recorded now, or nobody knows. */
class NotKept extends Error {}

/**
 * Settles what waits of one group of alerts, under the lease of its lane: incidents are opened, alerts recorded, groups moved.
 *
 * A worker that dies here leaves a lease, gone after 5 s, and the row that woke it. Each request has a key made of its
 * signal's id, and a signal is marked last: whoever comes next asks for the same, and gets the first answers.
 * @param stopping the process is stopping: the portion in hand is finished, no other is begun
 */
export async function settleLane(lane: string, options: SettleOptions, stopping: AbortSignal): Promise<void> {
  const of = alertsLaneOf(lane);
  if (!of) throw new Error(`not a lane of alerts: ${lane}`);
  const { world, retries } = options;
  const work = of.timer ? (lease: Lease) => ring(of, lease, world) : settleOwed(of, options, stopping);
  await holdLane({ team: of.team, lane }, options, TERMS, async (lease) => {
    try {
      await work(lease);
      return null;
    } catch (error) {
      if (error instanceof Lost) throw error;
      // Not settled: the row stays, and the relay finds it.
      const passing = error instanceof NotKept || error instanceof GroupMoved || error instanceof Unavailable;
      const times = retries ? retries.count(lane) : 1;
      if (times !== null)
        world.log[passing ? 'warn' : 'error'](
          { lane, err: error, times },
          'alerts could not be settled now; they wait',
        );
      return passing ? RETRY_MS : BUG_RETRY_MS;
    }
  });
}

interface Group {
  team: string;
  group: string;
}

/** The time has come for which a group waited: it is settled, in its own lane. */
async function ring({ team, group }: Group, lease: Lease, { owe }: AlertWorld): Promise<void> {
  const rows = await lease.owed(100);
  const lane = laneOfAlerts(team, group);
  for (const { id } of rows)
    await owe({ kind: 'alerts.settle', payload: {} }, { team, lane, incident: 0, key: `ring:${id}` });
  if (rows.length > 0) await lease.settle(idsOf(rows), { done: null });
}

const idsOf = (rows: readonly { id: number }[]) => rows.map(({ id }) => id);

function settleOwed(of: Group, options: SettleOptions, stopping: AbortSignal) {
  return async (lease: Lease): Promise<void> => {
    const settling = new Settling(of, lease, options);
    for (let moves = 0; ; ) {
      const rows = await lease.owed(100);
      if (rows.length === 0 || stopping.aborted) return;
      try {
        // Before anything else of the group: where it is at home decides what comes of its signals.
        for (const row of rows) if (row.effect.kind === 'alerts.move') await settling.move(row);
        if (!(await settling.all(stopping))) return;
        await lease.settle(idsOf(rows), { done: null });
        moves = 0;
      } catch (error) {
        if (!(error instanceof GroupMoved) || ++moves > MOVES) throw error;
      }
    }
  };
}

/** One group in the hands of one worker. */
class Settling {
  /** Alerts of which something could not be recorded: what was said of them later must wait for it. */
  readonly #stuck = new Set<string>();
  /** Somebody resolved the incident to which some of them were to go: they are to be settled anew. */
  #late = false;

  constructor(
    private readonly of: Group,
    private readonly lease: Lease,
    private readonly options: SettleOptions,
  ) {}

  /** Settles whatever can be settled now. @returns false: the process is stopping, and something is left */
  async all(stopping: AbortSignal): Promise<boolean> {
    const { world, wakeAt } = this.options;
    const { team, group } = this.of;
    this.#stuck.clear();
    this.#late = false;
    const waiting = await this.#filed();
    let until: Date | null = null;
    for (const shadow of [false, true]) {
      const mine = waiting.filter((one) => one.shadow === shadow);
      if (mine.length === 0) continue;
      const settled = settle(mine, await this.#standing(mine, shadow));
      if (!(await this.#perform(mine, settled.ends, stopping))) return false;
      if (settled.until && (until === null || settled.until < until)) until = settled.until;
    }
    if (this.#late) throw new GroupMoved('its incident was resolved meanwhile');
    if (this.#stuck.size > 0) {
      const soon = new Date(world.now().getTime() + BUG_RETRY_MS);
      if (until === null || soon < until) until = soon;
    }
    if (until) {
      await world.signals.wake(team, group, Math.max(0, until.getTime() - world.now().getTime()));
      wakeAt(laneOfAlertsTimer(team, group), until);
    }
    return true;
  }

  /** What waits, with the rules as they are now. What a rule has filed that is gone is filed anew, perhaps in another group. */
  async #filed() {
    const { world, wakeAt } = this.options;
    const { team, group } = this.of;
    for (;;) {
      const rules = world.rules();
      const byName = new Map(rules.map((rule) => [rule.name, rule]));
      const waiting = await world.signals.waiting(team, group);
      const gone = waiting.filter(({ rule }) => rule !== null && !byName.has(rule));
      if (gone.length === 0) {
        return waiting.map((one) => ({
          ...one,
          rule: one.rule === null ? null : (byName.get(one.rule) ?? null),
        }));
      }
      for (const some of portions(gone)) {
        const kept = await world.signals.ids(
          team,
          some.map(({ id }) => id),
        );
        const filed = [...kept.values()].map((one) => {
          const { rule, ...where } = file(rules, one.source, one);
          return { id: one.id, rule: rule?.name ?? null, ...where };
        });
        for (const lane of await world.signals.refile(team, filed)) wakeAt(lane, world.now());
      }
    }
  }

  async #standing(signals: ReadonlyArray<Filed>, shadow: boolean) {
    const { world } = this.options;
    const { team, group } = this.of;
    const counting = signals.filter(({ rule, status }) => rule?.count && status === 'firing');
    const back = Math.max(0, ...counting.map(({ rule }) => rule?.count?.withinMs ?? 0));
    const first = Math.min(...counting.map(({ begunAt }) => Date.parse(begunAt)));
    return {
      now: world.now(),
      open: shadow ? null : ((await world.openWithGroup(team, group))?.number ?? null),
      mute: await world.signals.muteOf(team, group),
      begun: counting.length
        ? await world.signals.begun(team, group, new Date(Math.max(0, first - back)), shadow)
        : [],
      shadow: shadow ? { firing: await world.signals.firingInShadow(team, group) } : null,
    };
  }

  /** Does what was decided, in order of arrival. @returns false: the process is stopping, and something is left */
  async #perform(
    waiting: ReadonlyArray<Filed>,
    decided: Settled['ends'],
    stopping: AbortSignal,
  ): Promise<boolean> {
    const { world } = this.options;
    const { team } = this.of;
    const byId = new Map(waiting.map((one) => [one.id, one]));
    const begin = decided.filter(({ records, id }) => records && byId.get(id)?.status === 'firing');
    const live = begin.filter(({ id }) => byId.get(id)?.shadow === false).map(({ id }) => id);
    // Somebody may have had it opened and died, and by now another signal would be the first.
    const before = live.length > 0 ? await world.signals.openedFor(team, live) : new Map<string, number>();
    const ends = before.size === 0 ? decided : decided.map((end) => ({ ...end, ...openedBy(before, end) }));
    const fresh = ends.filter(({ into, id }) => into === 'new' && byId.get(id)?.shadow === false);
    const opened = fresh.length > 0 ? await this.#open(fresh, byId, before) : null;
    // Whatever is to be recorded there waits until it can be opened.
    if (opened === null) for (const { id } of fresh) this.#stuck.add(byId.get(id)?.alert ?? '');
    const numberOf = (into: Into | null) => (into === 'new' ? opened : into);
    for (const portion of portions(ends)) {
      if (stopping.aborted) return false;
      const said = portion.map((end) => ({ ...end, of: byId.get(end.id) as Filed }));
      const records = said.filter(({ records, of }) => records && !of.shadow);
      const kept = await world.signals.ids(
        team,
        records.map(({ id }) => id),
      );
      const asked = records.flatMap(({ id, into, outcome }) => {
        const signal = kept.get(id);
        const incident = numberOf(into);
        const one = { key: `signal:${id}`, home: outcome === 'opened' };
        return signal && incident !== null ? [{ signal, incident, ...one }] : [];
      });
      const held = new Set(this.#stuck);
      const recorded = await this.#record(asked);
      const refused = new Set(asked.filter((one) => !recorded.has(one)).map(({ signal }) => signal.id));
      await this.lease.secure();
      // What was said of an alert before that is done, and is not to be settled with it once more.
      const marked = said.filter(({ id, of }) => {
        if (refused.has(id)) held.add(of.alert);
        return !held.has(of.alert);
      });
      await world.signals.settled(
        team,
        marked.map(({ id, outcome, into }) => ({ id, outcome, incident: numberOf(into) })),
      );
      for (const { outcome, of } of marked)
        world.metrics?.alert(of.source, of.shadow ? `shadow_${outcome}` : outcome);
    }
    return true;
  }

  /**
   * @param before who has opened it, and may have died before anybody was invited
   * @returns the incident that those signals open; null: it cannot be opened, and the log says why
   */
  async #open(
    ends: Settled['ends'],
    byId: ReadonlyMap<string, Filed>,
    before: ReadonlyMap<string, number>,
  ): Promise<number | null> {
    const { world } = this.options;
    const { team } = this.of;
    const [theirs = null] = before;
    const id = theirs?.[0] ?? ends.find(({ outcome }) => outcome === 'opened')?.id ?? '';
    const rule = byId.get(id)?.rule;
    const signal = (await world.signals.ids(team, [id])).get(id);
    if (!signal || !rule || !('open' in rule.does)) return theirs?.[1] ?? null;
    await this.lease.secure();
    const asking = (key: string) => alertsAsking(team, signal.source, key, world.now());
    const opening = rule.does.open;
    const answer = await this.#ask(openIntent(opening, signal), null, asking(openingKey(id)));
    if (isRefusal(answer)) return null;
    const people = [...opening.people, ...opening.groups].map((one) => ({ id: one, name: null }));
    if (people.length > 0)
      await this.#ask({ type: 'InvitePeople', people }, answer.incident, asking(`signal:${id}:invite`));
    return answer.incident;
  }

  /**
   * Records alerts, those of different ones together; then asks for the messages of their group.
   * @returns those that are recorded; the others were refused, or said of an alert of which something was
   */
  async #record(records: ReadonlyArray<ToRecord>): Promise<ReadonlySet<ToRecord>> {
    const { world } = this.options;
    const { team, group } = this.of;
    const recorded = new Set<ToRecord>();
    for (const wave of waves(records)) {
      await this.lease.secure();
      const asked = wave.map(async (one) => {
        const { signal, incident, key, home } = one;
        if (this.#stuck.has(signal.alertId)) return;
        const asking = alertsAsking(team, signal.source, key, world.now());
        const answer = await this.#ask(recordIntent(signal, group, home), incident, asking);
        if (isRefusal(answer)) this.#stuck.add(signal.alertId);
        else recorded.add(one);
      });
      // Nothing may be on its way any more when it is asked anew.
      for (const one of await Promise.allSettled(asked)) if (one.status === 'rejected') throw one.reason;
    }
    const done = records.filter((one) => recorded.has(one));
    const last = new Map(done.map((one) => [one.incident, one]));
    for (const [incident, { key }] of last) {
      await world.owe(
        { kind: 'alerts.show', payload: { group } },
        { team, incident, lane: laneOf(team, incident), key: `alerts.show:${key.replace(/^signal:/, '')}` },
      );
    }
    const ended = done.filter(({ signal }) => signal.status === 'resolved');
    for (const [incident, one] of last)
      if (ended.some((end) => end.incident === incident)) await this.#resolve(one);
    return recorded;
  }

  /** Where the rules of all its alerts say so, an incident is resolved once none of them fires any more, and no run is under way in it. */
  async #resolve({ incident, signal, key }: ToRecord): Promise<void> {
    const { world } = this.options;
    const { team } = this.of;
    const state = await world.incident(team, incident);
    if (!state || state.status === 'resolved' || firingIn(state.alerts) > 0) return;
    if (runsOf(state).list.some((run) => run.status !== 'ended')) return;
    const rules = world.rules();
    const isAuto = (name: string | null) => rules.find((rule) => rule.name === name)?.resolve === 'auto';
    const here = alertsHere(state.alerts);
    if (here.length === 0 || !here.every(({ rule }) => isAuto(rule))) return;
    const asking = alertsAsking(team, signal.source, `${key}:resolve`, world.now());
    const text = 'None of its alerts fires any more.';
    await this.#ask({ type: 'ChangeStatus', status: 'resolved', moment: null, text }, incident, asking);
  }

  /** A person has said where the group belongs: those that fire go there. */
  async move({ incident: from, seq, effect }: OwedRow): Promise<void> {
    if (effect.kind !== 'alerts.move') return;
    const { world } = this.options;
    const { team, group } = this.of;
    const key = `moved:${from}:${seq}`;
    const state = await world.incident(team, from);
    const known = state?.alerts?.[group];
    if (!state || !known) return;
    const fires = await world.signals.firing(team, group, MOST_MOVED);
    const firing = fires.filter((one) => one.incident === from);
    const newest = firing[0] ?? (await world.signals.newest(team, group, from));
    const to = effect.payload.to ?? (await this.#split(key, state, seq, newest));
    // At home nowhere, they are forgotten, and what fires next opens an incident; the log says why.
    if (to === null) return world.signals.moved(team, group, from, null);
    const hidden = state.private && (await world.incident(team, to))?.private === false;
    const { source, rule } = known;
    const taken = await this.#ask(
      { type: 'TakeAlerts', group, key: known.key, source, rule, from, hidden },
      to,
      botAsking(team, `${key}:take`, world.now()),
    );
    if (isRefusal(taken)) return world.signals.moved(team, group, from, null);
    if (fires.length < MOST_MOVED) await this.#endAway(from, to, fires, key);
    for (const some of portions([...firing].reverse()))
      await this.#record(
        some.map((signal) => ({ signal, incident: to, key: `${key}:${signal.id}`, home: true })),
      );
    await this.lease.secure();
    await world.signals.moved(team, group, from, to);
  }

  /** Of a group that comes back: what has ended while it was away is over here too. */
  async #endAway(from: number, to: number, fires: readonly KeptSignal[], key: string): Promise<void> {
    const { world } = this.options;
    const { team, group } = this.of;
    const firing = new Set(fires.map(({ alertId }) => alertId));
    for (const { at, text, detail } of await world.firingAlerts(team, to, group, MOST_MOVED)) {
      const { alert: id = '', sender: source = '', rule = null, since = at } = detail;
      if (firing.has(id)) continue;
      const until = (await world.alertEntry(team, from, id))?.until ?? null;
      const filed = { id, source, group, key: detail.key ?? '', rule };
      const said = { title: text ?? '', text: null, labels: {}, values: {}, links: [] };
      const alert = { ...filed, status: 'resolved' as const, since, until, ...said };
      const asking = botAsking(team, `${key}:over:${id}`, world.now());
      await this.#ask({ type: 'RecordAlert', alert }, to, asking);
    }
  }

  /** @returns the incident of its own that a group gets; as hidden as the one that it comes from */
  async #split(
    key: string,
    state: IncidentState,
    seq: number,
    signal: KeptSignal | null,
  ): Promise<number | null> {
    const { world } = this.options;
    const { team } = this.of;
    const rule = world.rules().find(({ name }) => name === signal?.rule);
    const opening = rule && 'open' in rule.does ? rule.does.open : null;
    const plain = { private: state.private, drill: false, moment: null };
    const intent =
      opening && signal
        ? { ...openIntent(opening, signal), private: opening.private || state.private }
        : {
            ...{ type: 'OpenIncident' as const, ...plain, severity: state.severity, components: [] },
            title: titleOf(
              { title: '{{ title }}' },
              signal?.source ?? '',
              state.alerts?.[this.of.group]?.key ?? '',
              signal ?? { title: '', labels: {} },
            ),
          };
    const asking = (what: string) => botAsking(team, what, world.now());
    const answer = await this.#ask(intent, null, asking(key));
    if (isRefusal(answer)) return null;
    const by = (await world.fact(team, state.number, seq))?.by.id ?? '';
    const invited = [
      ...(opening ? [...opening.people, ...opening.groups] : []),
      ...(isInSlack(by) ? [by] : []),
    ];
    const people = [...new Set(invited)].map((id) => ({ id, name: null }));
    if (people.length > 0)
      await this.#ask({ type: 'InvitePeople', people }, answer.incident, asking(`${key}:invite`));
    return answer.incident;
  }

  /**
   * @returns the receipt; or a *no* that stays one, which the log has
   * @throws GroupMoved | NotKept: it is to be asked anew
   */
  async #ask(
    intent: Parameters<Handle>[0],
    target: number | null,
    asking: Parameters<Handle>[2],
  ): Promise<Recorded | Refusal> {
    const { world, retries } = this.options;
    const answer = await world.tell(intent, target, asking);
    if (!isRefusal(answer)) return answer;
    if (answer.code === 'ALERTS_MOVED') throw new GroupMoved(answer.sentence);
    if (answer.code === 'ALERTS_RESOLVED') {
      this.#late = true;
      return answer;
    }
    if (isPassing(answer)) throw new NotKept(`${intent.type}: ${answer.code}`);
    const lane = laneOfAlerts(this.of.team, this.of.group);
    const times = retries ? retries.count(lane) : 1;
    if (times !== null) {
      const incident = target === null ? null : refOf(target);
      const about = { lane, incident, what: intent.type, code: answer.code, times };
      world.log.error(about, `what alerts ask for is refused: ${answer.sentence}`);
    }
    return answer;
  }
}

/** Which of them opened it is what the record says. */
function openedBy(before: ReadonlyMap<string, number>, { id, outcome }: Settled['ends'][number]) {
  if (before.has(id)) return { outcome: 'opened' as const };
  return { outcome: outcome === 'opened' ? ('attached' as const) : outcome };
}

type Filed = Omit<WaitingSignal, 'rule'> & { rule: Rule | null };

interface ToRecord {
  signal: KeptSignal;
  incident: number;
  /** Under which it is asked for. */
  key: string;
  /** There and nowhere else: it opened that incident, or a person has brought it. */
  home: boolean;
}

/** Those of one group that can be taken to another incident; more are recorded there when they end. */
const MOST_MOVED = 5_000;

function* portions<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += PORTION) yield all.slice(i, i + PORTION);
}

/** Each with one of every alert at most, so that those of a wave can be written together; in order of arrival. */
function waves(records: ReadonlyArray<ToRecord>): ToRecord[][] {
  const waves: ToRecord[][] = [];
  const seen = new Map<string, number>();
  for (const one of records) {
    const alert = one.signal.alertId;
    const wave = seen.get(alert) ?? 0;
    seen.set(alert, wave + 1);
    const others = waves[wave];
    if (others) others.push(one);
    else waves.push([one]);
  }
  return waves;
}

function openIntent(opening: Opening, signal: KeptSignal) {
  return {
    type: 'OpenIncident' as const,
    title: titleOf(opening, signal.source, signal.key, signal),
    severity: severityOf(opening, signal),
    components: [...opening.components],
    private: opening.private,
    drill: false,
    moment: null,
  };
}

function recordIntent(signal: KeptSignal, group: string, home: boolean) {
  const { source, key, rule, status, since, until, title, text, labels, values, links } = signal;
  const said = { title: title || key || 'Alert', text, labels, values, links };
  const alert = {
    id: signal.alertId,
    source,
    group,
    key,
    rule,
    status,
    since,
    until,
    ...said,
    ...(home && { home }),
  };
  return { type: 'RecordAlert' as const, alert };
}
