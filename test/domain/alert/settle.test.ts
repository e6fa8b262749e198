import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Rule } from '#domain/alert/rule.js';
import { quietUntil, type Settled, type Standing, settle, type Waiting } from '#domain/alert/settle.js';

const START = Date.parse('2024-11-10T01:40:00Z');
const MIN = 60_000;
const DAY = 24 * 60;
/** So many minutes after 01:40. */
const at = (minutes: number) => new Date(START + minutes * MIN);
const iso = (minutes: number) => at(minutes).toISOString();

const opening = {
  title: '{{ title }}',
  severity: { label: null, map: {}, otherwise: null },
  ...{ components: [], private: false, people: [], groups: [], runbook: null },
};
function rule(more: Partial<Rule> = {}): Rule {
  return {
    ...{ name: 'r', match: { sources: [], labels: {} }, does: { open: opening }, groupBy: [] },
    ...{ forMs: null, count: null, quiet: null, resolve: 'suggest' },
    ...more,
  };
}

const attaching = rule({ does: { attach: true } });

/** What is said of alerts of one group, and how that stands, as the store would have it. */
class Group {
  #n = 0;
  readonly waiting: Waiting[] = [];
  readonly begun: Date[] = [];
  readonly #stands = new Map<string, { incident: number; firing: boolean }>();
  incidents = 0;
  open: number | null = null;
  mute: Standing['mute'] = null;
  readonly outcomes: Array<Settled['ends'][number] & { alert: string; status: string }> = [];
  until: Date | null = null;

  constructor(private readonly rule: Rule | null) {}

  says(minutes: number, alert: string, status: 'firing' | 'resolved', more: Partial<Waiting> = {}): this {
    const id = `${++this.#n} ${alert} ${status}`;
    const time = iso(minutes);
    if (status === 'resolved') {
      this.waiting.forEach((one, i) => {
        if (one.alert === alert && one.status === 'firing' && !one.ended)
          this.waiting[i] = { ...one, ended: { at: time, until: time } };
      });
    } else this.begun.push(at(minutes));
    const plain = { id, alert, status, rule: this.rule, begunAt: time, receivedAt: time };
    this.waiting.push({ ...plain, stands: null, ended: null, late: false, ...more });
    return this;
  }

  /** @returns what came of those that wait now, as `alert:outcome` */
  settles(minutes: number): string[] {
    const { open, mute, begun } = this;
    const signals = this.waiting.map((one) => ({
      ...one,
      stands: this.#stands.get(one.alert) ?? one.stands,
    }));
    const { ends, until } = settle(signals, { now: at(minutes), open, mute, begun, shadow: null });
    this.until = until;
    for (const end of ends) {
      const i = this.waiting.findIndex(({ id }) => id === end.id);
      const [one] = this.waiting.splice(i, 1);
      if (!one) throw new Error(`an outcome of nothing: ${end.id}`);
      const { alert, status } = one;
      if (end.into === 'new' && this.open === null) this.open = ++this.incidents;
      const incident = end.into === 'new' ? this.incidents : end.into;
      if (end.records && incident !== null)
        this.#stands.set(alert, { incident, firing: status === 'firing' });
      this.outcomes.push({ ...end, alert, status });
    }
    return ends.map(({ id, outcome }) => `${id.split(' ')[1]}:${outcome}`);
  }

  resolves(): this {
    this.open = null;
    return this;
  }
}

describe('one that fires', () => {
  test('opens an incident, to which the others of its group are attached', () => {
    const group = new Group(rule()).says(0, 'a', 'firing').says(0, 'b', 'firing');
    expect(group.settles(0)).toEqual(['a:opened', 'b:attached']);
    expect(group.says(1, 'c', 'firing').says(1, 'a', 'resolved').settles(1)).toEqual([
      'c:attached',
      'a:attached',
    ]);
    expect(group.incidents).toBe(1);
  });

  test('opens one, although it has ended by the time that this is decided', () => {
    const group = new Group(rule()).says(0, 'a', 'firing').says(1, 'a', 'resolved');
    expect(group.settles(30)).toEqual(['a:opened', 'a:attached']);
  });

  test('and is known to fire adds nothing, also when its incident was resolved by hand', () => {
    const group = new Group(rule()).says(0, 'a', 'firing');
    group.settles(0);
    expect(group.says(1, 'a', 'firing').settles(1)).toEqual(['a:repeated']);
    expect(group.resolves().says(2, 'a', 'firing').settles(2)).toEqual(['a:repeated']);
    // Its end is recorded where its beginning is.
    group.says(3, 'a', 'resolved').settles(3);
    expect(group.outcomes.at(-1)).toMatchObject({ outcome: 'attached', into: 1, records: true });
    expect(group.says(4, 'a', 'firing').settles(4)).toEqual(['a:opened']);
    expect(group.incidents).toBe(2);
  });

  test('and ends twice has ended once', () => {
    const group = new Group(rule()).says(0, 'a', 'firing').says(1, 'a', 'resolved').says(2, 'a', 'resolved');
    expect(group.settles(2)).toEqual(['a:opened', 'a:attached', 'a:repeated']);
  });

  test('but was heard of after its own end opens nothing', () => {
    const group = new Group(rule()).says(1, 'a', 'resolved').says(1, 'a', 'firing', { late: true });
    expect(group.settles(1)).toEqual(['a:short', 'a:repeated']);
  });

  test('what began and ended unheard belongs to the incident that the same delivery opens, wherever it stands in it', () => {
    const before = new Group(rule()).says(5, 'a', 'resolved').says(5, 'b', 'firing').says(5, 'c', 'resolved');
    expect(before.settles(6)).toEqual(['a:attached', 'b:opened', 'c:attached']);
    expect(before.outcomes.every(({ records, into }) => records && into === 'new')).toBe(true);
    // An end of another time is of no incident that is open.
    const earlier = new Group(rule()).says(4, 'a', 'resolved').says(5, 'b', 'firing');
    expect(earlier.settles(6)).toEqual(['a:short', 'b:opened']);
    const nothing = new Group(rule({ forMs: 5 * MIN })).says(5, 'a', 'resolved').says(5, 'b', 'firing');
    expect(nothing.settles(6)).toEqual(['a:short']);
  });

  test('by no rule, or by one that ignores it, is nothing more', () => {
    expect(new Group(null).says(0, 'a', 'firing').says(1, 'a', 'resolved').settles(1)).toEqual([
      'a:unmatched',
      'a:unmatched',
    ]);
    const ignoring = new Group(rule({ does: { ignore: true } }));
    ignoring.open = 1;
    expect(ignoring.says(0, 'a', 'firing').says(1, 'a', 'resolved').settles(1)).toEqual([
      'a:ignored',
      'a:ignored',
    ]);
  });

  test('by a rule that attaches needs an incident that is open', () => {
    const group = new Group(attaching);
    expect(group.says(0, 'a', 'firing').says(1, 'a', 'resolved').settles(1)).toEqual([
      'a:unattached',
      'a:unattached',
    ]);
    group.open = 4;
    expect(group.says(2, 'b', 'firing').says(3, 'c', 'resolved').settles(3)).toEqual([
      'b:attached',
      'c:attached',
    ]);
    expect(group.outcomes.at(-1)).toMatchObject({ into: 4, records: true });
  });
});

describe('a rule that attaches', () => {
  test('lets what fires wait until an incident of the key is opened by another, and opens none itself', () => {
    const group = new Group(attaching).says(0, 'a', 'firing').says(1, 'b', 'firing').says(2, 'a', 'firing');
    expect(group.settles(3)).toEqual(['a:repeated']);
    expect(group.incidents).toBe(0);
    expect(group.says(9, 'c', 'firing', { rule: rule() }).settles(9)).toEqual([
      ...['a:attached', 'b:attached', 'c:opened'],
    ]);
    expect(group.incidents).toBe(1);
    expect(group.outcomes.slice(1).map(({ into, records }) => [into, records])).toEqual([
      ...[
        ['new', true],
        ['new', true],
        ['new', true],
      ],
    ]);
  });

  test('or until one has the key for another reason', () => {
    const group = new Group(attaching).says(0, 'a', 'firing');
    expect(group.settles(0)).toEqual([]);
    group.open = 5;
    expect(group.settles(60)).toEqual(['a:attached']);
  });

  test('has it wait for a day at most, or until it ends; looked at once in that time', () => {
    const group = new Group(attaching).says(0, 'a', 'firing').says(5, 'b', 'firing');
    expect(group.settles(5)).toEqual([]);
    expect(group.until).toEqual(at(DAY));
    expect(group.says(30, 'b', 'resolved').settles(30)).toEqual(['b:unattached', 'b:unattached']);
    expect(group.settles(DAY - 1)).toEqual([]);
    expect(group.until).toEqual(at(DAY));
    expect(group.settles(DAY)).toEqual(['a:unattached']);
    expect(group.until).toBeNull();
    // Whoever opens one later has that of its own.
    expect(group.says(DAY + 1, 'c', 'firing', { rule: rule() }).settles(DAY + 1)).toEqual(['c:opened']);
  });

  test('makes no difference when it is looked at late', () => {
    const soon = new Group(attaching).says(0, 'a', 'firing').says(9, 'c', 'firing', { rule: rule() });
    expect(soon.settles(2 * DAY)).toEqual(['a:attached', 'c:opened']);
    const late = new Group(attaching).says(0, 'a', 'firing').says(DAY, 'c', 'firing', { rule: rule() });
    expect(late.settles(2 * DAY)).toEqual(['a:unattached', 'c:opened']);
  });

  test('attaches nothing that has ended before there was an incident', () => {
    const group = new Group(attaching).says(0, 'a', 'firing').says(1, 'a', 'resolved');
    expect(group.says(2, 'c', 'firing', { rule: rule() }).settles(9)).toEqual([
      ...['a:unattached', 'a:unattached', 'c:opened'],
    ]);
    // Nor what ended in another group.
    const elsewhere = { ended: { at: iso(2), until: iso(2) } };
    expect(new Group(attaching).says(0, 'a', 'firing', elsewhere).settles(3)).toEqual(['a:unattached']);
  });

  test('is not asked whether it is muted, or quiet', () => {
    const group = new Group(rule({ does: { attach: true }, quiet: { from: 0, to: 1439, zone: 'UTC' } }));
    group.mute = { from: at(-1), until: at(60) };
    expect(group.says(0, 'a', 'firing').settles(0)).toEqual([]);
    expect(group.until).toEqual(at(DAY));
  });
});

describe('a rule with `for`', () => {
  const five = rule({ forMs: 5 * MIN });

  test('lets it wait, and open when it still fires', () => {
    const group = new Group(five).says(0, 'a', 'firing');
    expect(group.settles(1)).toEqual([]);
    expect(group.until).toEqual(at(5));
    expect(group.settles(4.99)).toEqual([]);
    expect(group.settles(5)).toEqual(['a:opened']);
  });

  test('lets nothing come of what ends before, whenever that is looked at', () => {
    const group = new Group(five).says(0, 'a', 'firing').says(4, 'a', 'resolved');
    expect(group.settles(60)).toEqual(['a:short', 'a:short']);
    const longer = new Group(five).says(0, 'a', 'firing').says(6, 'a', 'resolved');
    expect(longer.settles(60)).toEqual(['a:opened', 'a:attached']);
  });

  test('goes by how long its sender says that it fired, however late that was heard', () => {
    const heard = { begunAt: iso(0), receivedAt: iso(30) };
    const ended = (minutes: number) => ({ ended: { at: iso(30), until: iso(minutes) } });
    const short = new Group(five).says(30, 'a', 'firing', { ...heard, ...ended(4) });
    expect(short.says(30, 'a', 'resolved').settles(31)[0]).toBe('a:short');
    const long = new Group(five).says(30, 'a', 'firing', { ...heard, ...ended(6) });
    expect(long.settles(31)[0]).toBe('a:opened');
  });

  test('lets the others wait no longer once one of them has opened an incident', () => {
    const group = new Group(five).says(0, 'a', 'firing').says(4, 'b', 'firing');
    expect(group.settles(5)).toEqual(['a:opened', 'b:attached']);
    expect(group.says(6, 'c', 'firing').settles(6)).toEqual(['c:attached']);
  });

  test('settles what waits although its end was heard in another group', () => {
    const elsewhere = { ended: { at: iso(2), until: iso(2) } };
    expect(new Group(five).says(0, 'a', 'firing', elsewhere).settles(3)).toEqual(['a:short']);
  });
});

describe('a rule with `count`', () => {
  const three = rule({ count: { times: 3, withinMs: 10 * MIN } });

  test('waits until so many have begun within the span', () => {
    const group = new Group(three).says(0, 'a', 'firing').says(5, 'b', 'firing');
    expect(group.settles(5)).toEqual([]);
    // Only more can change that.
    expect(group.until).toBeNull();
    expect(group.says(9, 'c', 'firing').settles(9)).toEqual(['a:opened', 'b:attached', 'c:attached']);
  });

  test('counts those that ended meanwhile, and none that began too long ago', () => {
    const group = new Group(three);
    group.says(0, 'a', 'firing').says(1, 'a', 'resolved');
    group.says(2, 'a', 'firing').says(3, 'a', 'resolved');
    expect(group.settles(3)).toEqual(['a:short', 'a:short', 'a:short', 'a:short']);
    expect(group.says(11, 'b', 'firing').settles(11)).toEqual([]);
    expect(group.says(12, 'c', 'firing').settles(12)).toEqual(['b:opened', 'c:attached']);
  });
});

describe('while its key is muted', () => {
  test('it opens nothing; what still fires at the end of it does', () => {
    const group = new Group(rule());
    group.mute = { from: at(-1), until: at(120) };
    group.says(0, 'a', 'firing').says(1, 'b', 'firing').says(2, 'b', 'resolved');
    expect(group.settles(3)).toEqual(['b:muted', 'b:muted']);
    expect(group.until).toEqual(at(120));
    expect(group.settles(120)).toEqual(['a:opened']);
  });

  test('an open incident gets it all the same', () => {
    const group = new Group(rule());
    group.mute = { from: at(-1), until: at(120) };
    group.open = 2;
    expect(group.says(0, 'a', 'firing').settles(0)).toEqual(['a:attached']);
  });

  test('what would have opened before it was muted still does', () => {
    const group = new Group(rule()).says(0, 'a', 'firing');
    group.mute = { from: at(1), until: at(120) };
    expect(group.settles(2)).toEqual(['a:opened']);
  });

  test('or was, what ended by then has opened nothing', () => {
    const group = new Group(rule()).says(10, 'a', 'firing').says(20, 'a', 'resolved');
    group.mute = { from: at(0), until: at(30) };
    expect(group.settles(40)).toEqual(['a:muted', 'a:muted']);
  });
});

describe('quiet hours', () => {
  const night = { from: 22 * 60, to: 6 * 60, zone: 'Europe/Berlin' };

  test.each([
    ['2024-11-10T20:59:59Z', null],
    ['2024-11-10T21:00:00Z', '2024-11-11T05:00:00.000Z'],
    ['2024-11-11T04:59:59Z', '2024-11-11T05:00:00.000Z'],
    ['2024-11-11T05:00:00Z', null],
    // The clocks go forward, and back.
    ['2024-03-30T21:00:00Z', '2024-03-31T04:00:00.000Z'],
    ['2024-10-26T20:00:00Z', '2024-10-27T05:00:00.000Z'],
  ])('hold at %s until %s', (moment, until) => {
    expect(quietUntil(night, new Date(moment))?.toISOString() ?? null).toBe(until);
  });

  test('end at a time that comes twice, or never, and always later than now', () => {
    const back = { from: 60, to: 150, zone: 'Europe/Berlin' };
    // The second 02:15 of that night.
    expect(quietUntil(back, new Date('2024-10-27T01:15:00Z'))?.toISOString()).toBe(
      '2024-10-27T01:30:00.000Z',
    );
    expect(quietUntil(back, new Date('2024-03-31T00:30:00Z'))?.toISOString()).toBe(
      '2024-03-31T01:30:00.000Z',
    );
    expect(quietUntil({ from: 600, to: 600, zone: 'UTC' }, new Date('2024-11-10T10:00:00Z'))).toBeNull();
  });

  test('open nothing; what still fires at their end does', () => {
    // 02:40 in Berlin.
    const group = new Group(rule({ quiet: night })).says(0, 'a', 'firing').says(1, 'b', 'firing');
    expect(group.says(9, 'b', 'resolved').settles(10)).toEqual(['b:quiet', 'b:quiet']);
    expect(group.until?.toISOString()).toBe('2024-11-10T05:00:00.000Z');
    expect(group.settles(200)).toEqual(['a:opened']);
  });

  test('in which a mute ends are waited for too, and a mute at their end', () => {
    const group = new Group(rule({ quiet: night })).says(0, 'a', 'firing');
    group.mute = { from: at(-1), until: at(60) };
    group.settles(1);
    expect(group.until?.toISOString()).toBe('2024-11-10T05:00:00.000Z');
    group.mute = { from: at(-1), until: at(240) };
    group.settles(1);
    expect(group.until).toEqual(at(240));
  });
});

describe('in shadow', () => {
  const signal = (minutes: number, alert: string, status: 'firing' | 'resolved'): Waiting => {
    const time = iso(minutes);
    const plain = { stands: null, ended: null, late: false };
    return {
      ...{ id: `${minutes} ${alert}`, alert, status, rule: rule(), begunAt: time, receivedAt: time },
      ...plain,
    };
  };
  const of = (signals: Waiting[], firing: string[] = []) =>
    settle(signals, {
      ...{ now: at(99), open: 7, mute: null, begun: [], shadow: { firing } },
    }).ends.map(({ outcome }) => outcome);

  test('what would be an incident lasts until all of its alerts have ended', () => {
    const said = [
      ...[signal(0, 'a', 'firing'), signal(1, 'b', 'firing'), signal(2, 'a', 'resolved')],
      ...[signal(3, 'c', 'firing'), signal(4, 'b', 'resolved'), signal(5, 'c', 'resolved')],
      signal(6, 'a', 'firing'),
    ];
    expect(of(said)).toEqual([
      'opened',
      'attached',
      'attached',
      'attached',
      'attached',
      'attached',
      'opened',
    ]);
  });

  test('it holds what fired in it before', () => {
    const known = { ...signal(1, 'x', 'resolved'), stands: { incident: null, firing: true } };
    expect(of([signal(0, 'a', 'firing'), known, signal(2, 'b', 'firing')], ['x'])).toEqual([
      ...['attached', 'attached', 'attached'],
    ]);
  });
});

test('whatever is said, each signal has one outcome in the end, and no incident is opened beside an open one', () => {
  const said = fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 9 }),
      alert: fc.constantFrom('a', 'b', 'c'),
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      attaches: fc.boolean(),
      /** What happens before it is decided: nothing, or the incident is resolved; or it is not decided yet. */
      next: fc.constantFrom('settle', 'resolve', 'wait'),
    }),
    { maxLength: 25 },
  );
  const rules = fc.record({
    forMs: fc.constantFrom(null, 5 * MIN),
    count: fc.constantFrom(null, { times: 2, withinMs: 4 * MIN }),
    quiet: fc.constantFrom(null, { from: 115, to: 130, zone: 'UTC' }),
    muted: fc.constantFrom(null, { from: at(10), until: at(30) }),
  });
  fc.assert(
    fc.property(said, rules, (signals, { muted, ...more }) => {
      const group = new Group(rule(more));
      group.mute = muted;
      let minutes = 0;
      for (const { after, alert, status, attaches, next } of signals) {
        minutes += after;
        group.says(minutes, alert, status, attaches ? { rule: attaching } : {});
        if (next === 'wait') continue;
        group.settles(minutes);
        if (next === 'resolve') group.resolves();
      }
      // Time passes.
      for (let i = 0; i < 20 && group.until; i++) group.settles((group.until.getTime() - START) / MIN);
      group.settles(2 * DAY);
      // Only a threshold that nobody has reached keeps one that fires waiting.
      if (!more.count) expect(group.waiting.filter(({ status }) => status === 'firing')).toEqual([]);
      for (const alert of ['a', 'b', 'c']) group.says(2 * DAY + 1, alert, 'resolved');
      group.settles(2 * DAY + 1);
      expect(group.waiting).toEqual([]);
      const ids = group.outcomes.map(({ id }) => id);
      expect(new Set(ids).size).toBe(signals.length + 3);
      const opened = group.outcomes.filter(({ outcome }) => outcome === 'opened');
      expect(opened.length).toBe(group.incidents);
      for (const { id } of opened) expect(signals[Number(id.split(' ')[0]) - 1]?.attaches).toBe(false);
      for (const alert of ['a', 'b', 'c']) {
        const of = group.outcomes.filter((one) => one.alert === alert && one.records);
        // In each incident: it fires, ends, fires again; and in the order in which that was said.
        const numbers = of.map(({ id }) => Number(id.split(' ')[0]));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        let firing = false;
        for (const { status } of of) {
          // An end without its beginning is recorded where an incident is open.
          if (status === 'firing') expect(firing).toBe(false);
          firing = status === 'firing';
        }
        expect(firing).toBe(false);
      }
    }),
    { numRuns: 1_000 },
  );
});
