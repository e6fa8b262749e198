import { describe, expect, test } from '@jest/globals';
import { effectsOf } from '#domain/incident/effect.js';
import type { DraftFact } from '#domain/incident/fact.js';
import type { Found } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { maintenanceDue } from '#domain/status/decide.js';
import type { PublicRules } from '#domain/status/publish.js';
import { ana, asking, bo, fold, given, NOW, opened, stream } from '../given.js';

const post = {
  type: 'PublishPost',
  state: 'identified',
  moment: null,
  text: 'Clips fail.',
  confirmed: true,
} as const;
const rules = (components: string[] | null, internal = 'db-prod-3'): PublicRules => ({
  components,
  leaks: (text, people) =>
    [internal, ...people].flatMap((found) => {
      const start = text.indexOf(found);
      return start < 0 ? [] : [{ kind: 'host' as const, found, start, end: start + found.length }];
    }),
  leakText: ({ found }) => `${found} looks internal.`,
});
const under = (publicly: PublicRules): Partial<Found> => ({ publicly });
const happened = { n: 2, at: '2024-11-10T02:00:00Z', until: null, precision: 'second' as const };
const posted = (more: object = {}, texts: object = {}): DraftFact => ({
  type: 'StatusPosted',
  data: { ...happened, state: 'identified', components: 1, ...more } as never,
  texts: { text: 'Clips fail.', 'component.0': 'TTS', ...texts },
});

describe('a post', () => {
  test('takes the components of its incident along', () => {
    given(opened)
      .when(post)
      .thenFacts([
        {
          type: 'StatusPosted',
          data: { state: 'identified', components: 1 },
          texts: { text: 'Clips fail.', 'component.0': 'TTS' },
        },
      ]);
  });

  test('names only those that the public may know; one that it is told to name otherwise is refused', () => {
    given(opened)
      .when(post, ana, under(rules(['API'])))
      .thenFacts([{ data: { components: 0 }, texts: { text: 'Clips fail.' } }]);
    given(opened)
      .when(
        { ...post, components: ['API'], states: [{ component: 'API', state: 'major' }] },
        ana,
        under(rules(['API'])),
      )
      .thenFacts([{ data: { components: 1, states: ['major'] }, texts: { 'component.0': 'API' } }]);
    given(opened)
      .when({ ...post, components: ['Secret'] }, ana, under(rules(['API'])))
      .thenRefused('COMPONENT_NOT_PUBLIC');
    given(opened)
      .when({ ...post, states: [{ component: null, state: 'major' }] }, ana, under(rules(['API'])))
      .thenRefused('POST_NAMES_NOTHING');
  });

  test('a state for all of them, and one of its own', () => {
    const states = [
      { component: null, state: 'partial' as const },
      { component: 'API', state: 'degraded' as const },
    ];
    given(opened)
      .when({ ...post, states })
      .thenFacts([
        {
          data: { components: 2, states: ['partial', 'degraded'] },
          texts: { 'component.0': 'TTS', 'component.1': 'API' },
        },
      ]);
  });

  test('is shown first as the public will read it', () => {
    const { decision } = given(opened).when(
      { ...post, confirmed: false, title: 'No clips' },
      ana,
      under(rules(null, 'Clips')),
    );
    if (!isRefusal(decision)) throw new Error('it was published at once');
    expect(decision).toMatchObject({
      code: 'PUBLISH_NEEDS_CONFIRMATION',
      preview: { title: 'No clips', leaks: [{ found: 'Clips' }] },
    });
    expect(decision.sentence).toContain('Clips fail.');
    expect(decision.sentence).toContain('Clips looks internal.');
    expect(decision.next).toContain('--anyway');
  });

  test('what looks internal is published with a reason alone, which is kept', () => {
    const leaking = { ...post, text: 'db-prod-3 is full' };
    given(opened)
      .when(leaking, ana, under(rules(null)))
      .thenRefused('POST_LEAKS');
    given(opened)
      .when({ ...leaking, anyway: 'everybody knows it' }, ana, under(rules(null)))
      .thenFacts([{ texts: { anyway: 'everybody knows it' } }]);
    // A title is read too, and so is the name of whoever works on it.
    given(opened)
      .when({ ...post, title: 'db-prod-3' }, ana, under(rules(null)))
      .thenRefused('POST_LEAKS');
    given(opened)
      .when({ ...post, text: 'ana looks at it' }, ana, under(rules(null)))
      .thenRefused('POST_LEAKS');
    // Nothing was found: the reason is not kept, because it answers nothing.
    const { decision } = given(opened).when({ ...post, anyway: 'why' }, ana, under(rules(null)));
    expect(JSON.stringify(decision)).not.toContain('why');
  });

  test('a promise of the next one lies ahead', () => {
    const next = (at: string) => ({ at, until: null, precision: 'minute' as const });
    given(opened)
      .when({ ...post, next: next('2024-11-10T01:59:00Z') })
      .thenRefused('NEXT_UPDATE_PAST');
    given(opened)
      .when({ ...post, next: next('2024-11-10T02:30:00Z') })
      .thenFacts([{ data: { next: '2024-11-10T02:30:00Z' } }]);
    const by = '2024-11-10T02:30:00Z';
    expect(given(opened, posted({ next: by })).state?.promised).toEqual({ n: 2, at: happened.at, by });
  });

  test('that promise is kept by what is told of an earlier moment, and given up by the next post', () => {
    const by = '2024-11-10T02:30:00Z';
    const promised = posted({ next: by });
    const earlier = posted({ n: 3, at: '2024-11-10T01:41:00Z' });
    const later = posted({ n: 3, at: '2024-11-10T02:10:00Z' });
    expect(given(opened, promised, earlier).state?.promised?.by).toBe(by);
    expect(given(opened, promised, later).state?.promised).toBeUndefined();
    // Withdrawn, the one before it promises again.
    const { decision } = given(opened, promised, later).when({ type: 'WithdrawPost', entry: 3, reason: 'x' });
    if (isRefusal(decision)) throw new Error(decision.sentence);
    expect(given(opened, promised, later, ...decision).state?.promised?.by).toBe(by);
    const drill = { ...opened, data: { ...opened.data, drill: true } } as DraftFact;
    expect(given(drill, promised).state?.promised).toBeUndefined();
  });

  test('the standing record has no posts of its own', () => {
    const state = { ...(given(opened).state as IncidentState), number: 0 };
    const decision = decide(state, post, asking(), {
      entry: null,
      changes: [],
      captured: null,
      actionDone: false,
      number: 0,
    });
    expect(decision).toMatchObject({ code: 'STANDING_HAS_NO_POSTS' });
  });

  test('what was previewed names no component that was added since', () => {
    const previewed = { ...post, components: ['API'], only: true as const };
    given(opened)
      .when(previewed)
      .thenFacts([{ data: { components: 1 }, texts: { 'component.0': 'API' } }]);
  });

  test('a drill is on no page, and nobody is told of it', () => {
    const drill = { ...opened, data: { ...opened.data, drill: true } } as DraftFact;
    const kinds = (first: DraftFact) => {
      const [a, b] = stream(first, posted());
      const before = fold([a as never]);
      return effectsOf(b as never, before, 'h').map(({ kind }) => kind);
    };
    expect(kinds(opened)).toEqual(['channel.entry', 'status.page', 'status.tell']);
    expect(kinds(drill)).toEqual(['channel.entry']);
  });

  test('the title for the public is its own', () => {
    expect(given(opened).state?.publicTitle).toBeUndefined();
    const titled = posted({}, { title: 'Clips cannot be made' });
    expect(given(opened, titled).state?.publicTitle).toEqual({ n: 2, title: 'Clips cannot be made' });
  });
});

describe('what was published', () => {
  test('is corrected and withdrawn by those who publish', () => {
    const correct = { type: 'CorrectPost', entry: 2, text: 'All clips fail.' } as const;
    given(opened, posted())
      .when({ ...correct, confirmed: false })
      .thenRefused('PUBLISH_NEEDS_CONFIRMATION');
    given(opened, posted())
      .when({ ...correct, confirmed: true })
      .thenFacts([
        { type: 'EntryEdited', data: { entry: 2, public: true }, texts: { text: 'All clips fail.' } },
      ]);
    given(opened, posted())
      .when({ type: 'WithdrawPost', entry: 2, reason: 'wrong incident' })
      .thenFacts([{ type: 'EntryStruck', data: { entry: 2, public: true, restored: { post: null } } }]);
    given(opened)
      .when({ ...correct, entry: 1, confirmed: true })
      .thenRefused('NOT_A_POST');
    given(opened)
      .when({ ...correct, entry: 9, confirmed: true })
      .thenRefused('NO_SUCH_ENTRY');
    given(opened, posted())
      .when({ ...correct, text: 'Because of [TO FILL IN: cause]', confirmed: true })
      .thenRefused('BAD_TEMPLATE');
    given(opened, posted())
      .when({ ...correct, text: 'db-prod-3', confirmed: true }, bo, under(rules(null)))
      .thenRefused('POST_LEAKS');
  });

  test('`edit` leaves it alone; `strike` and `time` change the page too, unless it was said who publishes', () => {
    given(opened, posted()).when({ type: 'EditEntry', entry: 2, text: 'x' }).thenRefused('POST_IS_PUBLIC');
    given(opened, posted())
      .when({ type: 'StrikeEntry', entry: 2, reason: 'x' })
      .thenFacts([{ data: { public: true } }]);
    const moment = { at: '2024-11-10T01:41:00Z', until: null, precision: 'minute' as const };
    given(opened, posted())
      .when({ type: 'RetimeEntry', entry: 2, moment })
      .thenFacts([{ data: { public: true } }]);
  });

  test('a state of a component is a fact, and changes nothing else of the incident', () => {
    const set = { type: 'SetComponentState', component: 'TTS', state: 'partial', moment: null } as const;
    given(opened)
      .when(set)
      .thenFacts([{ type: 'ComponentStateSet', data: { state: 'partial' }, texts: { component: 'TTS' } }]);
    given(opened)
      .when(set, ana, under(rules(['API'])))
      .thenRefused('COMPONENT_NOT_PUBLIC');
    const fact: DraftFact = {
      type: 'ComponentStateSet',
      data: { ...happened, state: 'partial' },
      texts: { component: 'Other' },
    };
    expect(given(opened, fact).state?.components).toEqual(['TTS']);
    given(opened, fact)
      .when({ type: 'StrikeEntry', entry: 2, reason: 'x' })
      .thenFacts([{ data: { restored: null, public: true } }]);
    given(opened, fact)
      .when({ type: 'WithdrawPost', entry: 2, reason: 'x' })
      .thenFacts([{ data: { restored: null, public: true } }]);
  });
});

describe('planned work', () => {
  const moment = (at: string) => ({ at, until: null, precision: 'minute' as const });
  const plan = {
    type: 'PlanMaintenance',
    title: 'Upgrade',
    text: null,
    from: moment('2024-11-10T22:00:00Z'),
    to: moment('2024-11-10T23:00:00Z'),
    components: ['API'],
  } as const;
  const planned: DraftFact = {
    type: 'MaintenancePlanned',
    data: { n: 2, at: plan.from.at, until: plan.to.at, precision: 'minute', maintenance: 1, components: 1 },
    texts: { title: 'Upgrade', 'component.0': 'API' },
  };
  const moved = (state: string, n = 3): DraftFact => ({
    type: 'MaintenancePosted',
    data: { ...happened, n, maintenance: 1, state } as never,
    texts: {},
  });

  test('is numbered, and refused where it cannot be', () => {
    given(opened)
      .when(plan as never)
      .thenFacts([
        { type: 'MaintenancePlanned', data: { maintenance: 1, at: plan.from.at, until: plan.to.at } },
      ]);
    given(opened, planned)
      .when(plan as never)
      .thenFacts([{ data: { maintenance: 2 } }]);
    given(opened)
      .when({ ...plan, to: moment('2024-11-10T21:00:00Z') } as never)
      .thenRefused('MAINTENANCE_WINDOW');
    given(opened)
      .when({ ...plan, from: moment('2024-11-09T21:00:00Z'), to: moment('2024-11-09T22:00:00Z') } as never)
      .thenRefused('MAINTENANCE_WINDOW');
    given(opened)
      .when({ ...plan, to: moment('2025-01-10T21:00:00Z') } as never)
      .thenRefused('MAINTENANCE_WINDOW');
    given(opened)
      .when(plan as never, ana, under(rules(['TTS'])))
      .thenRefused('COMPONENT_NOT_PUBLIC');
    given(opened)
      .when({ ...plan, text: 'db-prod-3 moves' } as never, ana, under(rules(null)))
      .thenRefused('POST_LEAKS');
  });

  test('begins and ends by itself, once each', () => {
    const due = (now: string, ...facts: DraftFact[]) => {
      const { state } = given(opened, planned, ...facts);
      if (!state) throw new Error('no state');
      return maintenanceDue(state, new Date(now)).map(({ state }) => state);
    };
    expect(due('2024-11-10T21:59:59Z')).toEqual([]);
    expect(due('2024-11-10T22:00:00Z')).toEqual(['in_progress']);
    expect(due('2024-11-10T22:30:00Z', moved('in_progress'))).toEqual([]);
    expect(due('2024-11-10T23:00:00Z', moved('in_progress'))).toEqual(['completed']);
    // Nothing looked while it lasted.
    expect(due('2024-11-11T23:00:00Z')).toEqual(['completed']);
    expect(due('2024-11-10T23:00:00Z', moved('completed'))).toEqual([]);
    expect(due('2024-11-10T22:00:00Z', moved('cancelled'))).toEqual([]);
  });

  test('goes from one state to the next, and never back', () => {
    const to = (state: 'in_progress' | 'completed' | 'cancelled' | null) =>
      ({
        type: 'PostMaintenance',
        maintenance: 1,
        state,
        text: state === null ? 'Half done' : null,
      }) as const;
    given(opened, planned)
      .when(to('in_progress'))
      .thenFacts([{ type: 'MaintenancePosted', data: { state: 'in_progress' } }]);
    given(opened, planned)
      .when(to(null))
      .thenFacts([{ data: { state: 'scheduled' }, texts: { text: 'Half done' } }]);
    given(opened, planned, moved('in_progress')).when(to('in_progress')).thenRefused('MAINTENANCE_STATE');
    given(opened, planned, moved('completed')).when(to(null)).thenRefused('NO_SUCH_MAINTENANCE');
    given(opened).when(to('in_progress')).thenRefused('NO_SUCH_MAINTENANCE');
  });

  test('that was called off by mistake goes on once that is struck', () => {
    const cancelled = moved('cancelled');
    const struck = { type: 'StrikeEntry', entry: 3, reason: 'by mistake' } as const;
    const { decision } = given(opened, planned, cancelled).when(struck);
    if (isRefusal(decision)) throw new Error(decision.sentence);
    const again = given(opened, planned, cancelled, ...decision).state;
    expect(again?.maintenances).toEqual({
      count: 1,
      list: [
        {
          ...{ maintenance: 1, n: 2, title: 'Upgrade', from: plan.from.at, to: plan.to.at },
          ...{ state: 'scheduled', components: ['API'] },
        },
      ],
    });
    expect(again?.components).toEqual(['TTS']);
    expect(maintenanceDue(again as IncidentState, new Date(plan.from.at))).toHaveLength(1);
  });

  test('may be moved; a struck plan is none', () => {
    const move = {
      type: 'MoveMaintenance',
      maintenance: 1,
      from: moment('2024-11-11T22:00:00Z'),
      to: moment('2024-11-11T23:00:00Z'),
    } as const;
    given(opened, planned)
      .when(move)
      .thenFacts([
        { type: 'EntryRetimed', data: { entry: 2, at: move.from.at, until: move.to.at, public: true } },
      ]);
    const retimed: DraftFact = {
      type: 'EntryRetimed',
      data: { entry: 2, at: move.from.at, until: move.to.at, precision: 'minute', public: true },
      texts: {},
    };
    expect(given(opened, planned, retimed).state?.maintenances?.list).toMatchObject([
      { from: move.from.at, to: move.to.at },
    ]);
    const struck: DraftFact = {
      type: 'EntryStruck',
      data: { entry: 2, restored: null, public: true },
      texts: { reason: 'x' },
    };
    expect(given(opened, planned, struck).state?.maintenances).toEqual({ count: 1, list: [] });
    expect(NOW.toISOString()).toBe('2024-11-10T02:00:00.000Z');
  });
});
