import { describe, expect, test } from '@jest/globals';
import { firingIn } from '#domain/alert/state.js';
import { effectsOf, laneOfAlerts, laneOfEffect } from '#domain/incident/effect.js';
import { amendmentOf, type Entry, entryOf, entryText } from '#domain/incident/entry.js';
import type { DraftFact } from '#domain/incident/fact.js';
import type { Asking, Found, Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import { alertsAsking, botAsking } from '#domain/words.js';
import { asking, fold, given, mark, NOW, opened, status, stream } from '../given.js';
import { alert, changed, fired, GROUP, moved, taken } from './given.js';

const monitoring = alertsAsking('T1', 'prometheus', null, NOW);
const NOTHING: Found = { entry: null, changes: [], captured: null, actionDone: false, number: 7 };

const folded = (...drafts: DraftFact[]) => fold(stream(opened, ...drafts)) as IncidentState;
/** The entry of the alert `a1`, as its facts leave it. */
function entryAfter(...drafts: DraftFact[]): Entry {
  const facts = stream(opened, ...drafts);
  let entry = facts.map(entryOf).find((one) => one?.detail.alert === 'a1') as Entry;
  for (const change of facts.map(amendmentOf)) {
    if (change?.n !== entry.n) continue;
    entry = { ...entry, ...change.set, detail: { ...entry.detail, ...change.set.detail } };
  }
  return entry;
}
const heard = (drafts: DraftFact[], intent: Intent, found: Partial<Found> = {}, by: Asking = monitoring) =>
  decide(folded(...drafts), intent, by, { ...NOTHING, ...found });
const record = (drafts: DraftFact[], more: Parameters<typeof alert>[0] = {}, by: Asking = monitoring) => {
  const known = drafts.some(({ type }) => type === 'AlertFired');
  const found = known ? { alert: entryAfter(...drafts) } : {};
  return heard(drafts, { type: 'RecordAlert', alert: alert(more) }, found, by);
};
const ENDED = { status: 'resolved', until: '2024-11-10T01:50:00Z' } as const;

describe('an alert is one entry, at its own time', () => {
  test('when it fires first', () => {
    expect(record([])).toEqual([
      {
        type: 'AlertFired',
        data: {
          ...{ n: 2, at: '2024-11-10T01:43:00Z', until: null, precision: 'second' },
          ...{ alert: 'a1', group: GROUP, source: 'prometheus', rule: 'tts-failing' },
        },
        texts: {
          ...{ title: 'TtsFailing', text: 'more than 1 % fail', key: 'service=tts' },
          ...{ labels: '{"service":"tts"}', values: '{"rate":"0.19"}' },
          links: '{"Query":"https://prometheus.example/graph"}',
          link: 'https://prometheus.example/graph',
        },
      },
    ]);
  });

  test('nothing of what its sender wrote is in what is hashed as it is', () => {
    const [fact] = record([], { title: 'SECRETWORD', key: 'k=SECRETWORD', values: { SECRETWORD: '1' } }) as [
      DraftFact,
    ];
    expect(JSON.stringify(fact.data)).not.toContain('SECRETWORD');
  });

  test('that it fires still, again with the same beginning, or ended twice: nothing', () => {
    expect(record([fired(2)])).toEqual([]);
    const ended = [fired(2), changed(2, 'resolved', '2024-11-10T01:50:00Z')];
    expect(record(ended)).toEqual([]);
    expect(record(ended, ENDED)).toEqual([]);
  });

  test('when it ends, and when it fires again', () => {
    expect(record([fired(2)], ENDED)).toEqual([changed(2, 'resolved', '2024-11-10T01:50:00Z')]);
    const ended = [fired(2), changed(2, 'resolved', '2024-11-10T01:50:00Z')];
    const again = { since: '2024-11-10T01:55:00Z', values: { rate: '0.7' } };
    const texts = { text: 'more than 1 % fail', values: '{"rate":"0.7"}' };
    expect(record(ended, again)).toEqual([changed(2, 'fired', again.since, 2, texts)]);
    // Nothing is said any more of what was measured.
    expect(record(ended, { ...again, values: {}, text: null })).toEqual([
      changed(2, 'fired', again.since, 2, { values: '{}' }),
    ]);
  });

  test('an alert that fires again says what is measured now; where that was never recorded, what was before', () => {
    const first = fired(2, {}, { text: 'one in five fails', values: '{"rate":"0.19"}' });
    const over = changed(2, 'resolved', '2024-11-10T01:50:00Z');
    const again = (texts: Record<string, string>) =>
      entryAfter(first, over, changed(2, 'fired', '2024-11-10T01:55:00Z', 2, texts)).detail;
    const now = again({ text: 'most fail', values: '{"rate":"0.7"}' });
    expect(now).toMatchObject({ about: 'most fail', values: { rate: '0.7' } });
    expect(again({ values: '{}' })).toMatchObject({ about: null, values: {} });
    expect(again({})).toMatchObject({ about: 'one in five fails', values: { rate: '0.19' } });
  });

  test('all its links are kept by their titles, of two with one title the first', () => {
    const links = [
      { title: 'Query', url: 'https://prometheus.example/graph' },
      { title: 'Runbook', url: 'https://wiki.example/tts' },
      { title: 'Query', url: 'https://other.example/' },
    ];
    const [fact] = record([], { links }) as [DraftFact];
    expect(fact.texts).toMatchObject({
      link: 'https://prometheus.example/graph',
      links: '{"Query":"https://prometheus.example/graph","Runbook":"https://wiki.example/tts"}',
    });
    const { link, detail } = entryAfter(fact);
    expect(link).toBe('https://prometheus.example/graph');
    expect(detail.links).toEqual(Object.fromEntries(links.slice(0, 2).map(({ title, url }) => [title, url])));
    expect(record([], { links: [] })).toMatchObject([
      { texts: expect.not.objectContaining({ links: expect.anything() }) },
    ]);
  });

  test('an end that was heard of alone is a span; one without a time ends now; none before its beginning', () => {
    expect(record([], ENDED)).toMatchObject([{ type: 'AlertFired', data: { until: ENDED.until } }]);
    expect(record([fired(2)], { status: 'resolved' })).toMatchObject([
      { data: { at: '2024-11-10T02:00:00Z' } },
    ]);
    expect(record([fired(2)], { ...ENDED, until: '2020-01-01T00:00:00Z' })).toMatchObject([
      { data: { at: '2024-11-10T01:43:00Z' } },
    ]);
  });

  test('flapping is one line with a count', () => {
    const flaps = [
      fired(2),
      changed(2, 'resolved', '2024-11-10T01:50:00Z'),
      changed(2, 'fired', '2024-11-10T01:55:00Z', 2),
    ];
    expect(entryText(entryAfter(...flaps))).toBe('TtsFailing: firing, fired 2 times');
    expect(entryAfter(...flaps)).toMatchObject({ until: null, editedAt: null });
    const ended = entryAfter(...flaps, changed(2, 'resolved', '2024-11-10T01:59:00Z', 2));
    expect(entryText(ended)).toBe('TtsFailing: ended, fired 2 times');
    expect(ended.until).toBe('2024-11-10T01:59:00Z');
    expect(firingIn(folded(...flaps).alerts)).toBe(1);
  });
});

describe('what monitoring says of a resolved incident', () => {
  const resolved = (n: number) => status(n, 'resolved');
  const ended = changed(2, 'resolved', '2024-11-10T01:50:00Z');
  const AGAIN = { since: '2024-11-10T01:55:00Z' };

  test('an alert that begins, or fires again, belongs to another one', () => {
    expect(record([resolved(2)])).toMatchObject({ code: 'ALERTS_RESOLVED' });
    expect(heard([fired(2), resolved(3)], { type: 'RecordAlert', alert: alert({ id: 'a2' }) })).toMatchObject(
      {
        code: 'ALERTS_RESOLVED',
      },
    );
    expect(record([fired(2), ended, resolved(3)], AGAIN)).toMatchObject({ code: 'ALERTS_RESOLVED' });
    expect(record([resolved(2), status(3, 'investigating')])).toHaveLength(1);
  });

  test('an end is recorded where its beginning is, and what is known adds nothing', () => {
    expect(record([fired(2), resolved(3)], ENDED)).toEqual([changed(2, 'resolved', '2024-11-10T01:50:00Z')]);
    expect(record([resolved(2)], ENDED)).toMatchObject([
      { type: 'AlertFired', data: { until: ENDED.until } },
    ]);
    expect(record([fired(2), resolved(3)])).toEqual([]);
    expect(record([fired(2), ended, resolved(3)])).toEqual([]);
    expect(record([fired(2), ended, resolved(3)], ENDED)).toEqual([]);
  });

  test('one that opened it, or was brought by a person, is at home there', () => {
    expect(record([resolved(2)], { home: true })).toMatchObject([{ type: 'AlertFired' }]);
    expect(record([fired(2), ended, resolved(3)], { ...AGAIN, home: true })).toHaveLength(1);
    expect(record([fired(2), moved(3, 8), resolved(4)], { ...ENDED, home: true })).toMatchObject({
      code: 'ALERTS_MOVED',
    });
  });
});

describe('the state', () => {
  test('counts by groups; absent where monitoring has said nothing', () => {
    expect(folded().alerts).toBeUndefined();
    expect(folded(fired(2), fired(3, { alert: 'a2', at: '2024-11-10T01:41:00Z' })).alerts).toEqual({
      [GROUP]: {
        ...{ key: 'service=tts', rule: 'tts-failing', source: 'prometheus', firing: 2, alerts: 2 },
        ...{ since: '2024-11-10T01:41:00Z', n: 3, last: '2024-11-10T01:43:00Z', message: null },
      },
    });
  });

  test('a group too many is refused, and what is known goes on', () => {
    const groups = Array.from({ length: 50 }, (_, i) => fired(2 + i, { alert: `x${i}`, group: `g${i}` }));
    expect(heard(groups, { type: 'RecordAlert', alert: alert({ group: 'new' }) })).toMatchObject({
      code: 'TOO_MANY',
    });
    expect(heard(groups, { type: 'RecordAlert', alert: alert({ group: 'g7' }) })).toHaveLength(1);
  });

  test('it was detected when monitoring saw it first; a person’s mark wins, and struck gives way again', () => {
    const at = (state: IncidentState) => state.milestones.detected;
    expect(at(folded(fired(2)))).toEqual({
      ...{ at: '2024-11-10T01:43:00Z', precision: 'second', marked: false, n: 2 },
    });
    expect(at(folded(fired(2), fired(3, { alert: 'a2', at: '2024-11-10T01:41:00Z' })))).toMatchObject({
      n: 3,
    });
    expect(at(folded(fired(2), fired(3, { alert: 'a2', at: '2024-11-10T01:59:00Z' })))).toMatchObject({
      n: 2,
    });
    const marked = [fired(2), mark(3, 'detected', '2024-11-10T01:50:00Z')];
    expect(at(folded(...marked))).toMatchObject({ marked: true, n: 3 });
    expect(at(folded(...marked, fired(4, { alert: 'a2', at: '2024-11-10T01:30:00Z' })))).toMatchObject({
      n: 3,
    });
    const strike: DraftFact = {
      type: 'EntryStruck',
      data: { entry: 3, restored: { milestones: { detected: null } } },
      texts: { reason: 'wrong' },
    };
    expect(at(folded(...marked, strike))).toMatchObject({ marked: false, n: 2 });
    expect(at(folded(fired(2), moved(3, null)))).toBeNull();
  });
});

describe('who may', () => {
  test('no person, and no program, speaks for monitoring', () => {
    for (const source of ['slack', 'cli', 'api'] as const) {
      const by = { ...asking(), source };
      expect(record([], {}, by)).toMatchObject({ code: 'NO_SUCH_INCIDENT' });
    }
    expect(record([], {}, botAsking('T1', null, NOW))).toHaveLength(1);
  });

  test.each<Intent>([
    { type: 'RecordLog', lines: [] },
    { type: 'EditEntry', entry: 2, text: 'x' },
    { type: 'ReopenIncident', reason: 'x' },
    { type: 'DismissIncident', reason: null },
    { type: 'MoveAlerts', group: GROUP, to: null },
    { type: 'ChangeSeverity', severity: 'sev1', reason: null },
    { type: 'PublishPost', state: null, moment: null, text: 'x', confirmed: true },
    {
      type: 'ProposeRun',
      ...{ runbook: 'r', definition: 'd', inputs: '{}', target: 't', planOnly: false },
    },
    { type: 'ApproveRun', run: 1, hash: null, breakGlass: null },
    { type: 'NoteHeadlinePosted', channel: 'C1', ts: '1.2' },
  ])('monitoring says no $type', (intent) => {
    expect(heard([fired(2)], intent)).toMatchObject({ refused: true, code: 'NO_SUCH_INCIDENT' });
  });

  test('it opens, lets people in whom the rule names, notes what is said of alerts, and resolves', () => {
    const plain = { severity: null, components: [], private: true, drill: false, moment: null };
    const opens: Intent = { type: 'OpenIncident', title: 'TtsFailing', ...plain };
    expect(decide(null, opens, monitoring, NOTHING)).toHaveLength(1);
    expect(heard([], { type: 'InvitePeople', people: [{ id: 'U1', name: 'ana' }] })).toHaveLength(1);
    expect(heard([fired(2)], { type: 'RecordNote', moment: null, text: 'x' })).toHaveLength(1);
    const resolves: Intent = { type: 'ChangeStatus', status: 'resolved', moment: null, text: null };
    expect(heard([fired(2)], resolves)).toHaveLength(1);
  });
});

describe('where a group belongs', () => {
  const target = { ...folded(), number: 8 };
  const attach = (to: number | null, group = GROUP): Intent => ({ type: 'MoveAlerts', group, to });

  test('to another incident, or to one of its own', () => {
    given(opened, fired(2))
      .when(attach(8), undefined, { target })
      .thenFacts([
        { type: 'AlertsMoved', data: { group: GROUP, to: 8, firing: 1 }, texts: { key: 'service=tts' } },
      ]);
    given(opened, fired(2))
      .when(attach(null))
      .thenFacts([{ type: 'AlertsMoved', data: { to: null } }]);
  });

  test('not twice, not to itself, not into a resolved one, nor where nobody may see it', () => {
    const there = given(opened, fired(2));
    there.when(attach(7), undefined, { target: { ...target, number: 7 } }).thenRefused('ALERTS_HERE');
    there
      .when(attach(8), undefined, { target: { ...target, status: 'resolved' } })
      .thenRefused('ALERTS_NOWHERE');
    there.when(attach(8)).thenRefused('NO_SUCH_INCIDENT');
    given(opened, fired(2), moved(3, 8)).when(attach(null)).thenRefused('NO_SUCH_ALERTS');
    const { decision } = there.when(attach(null, 'other'));
    expect(decision).toMatchObject({ code: 'NO_SUCH_ALERTS', next: 'Type one of its keys: `service=tts`.' });
  });

  test('what moved is recorded elsewhere, until it comes back', () => {
    expect(record([fired(2), moved(3, 8)], ENDED)).toMatchObject({ code: 'ALERTS_MOVED' });
    expect(firingIn(folded(fired(2), moved(3, 8)).alerts)).toBe(0);
    const back = [fired(2), moved(3, 8), taken(4, 8)];
    expect(firingIn(folded(...back).alerts)).toBe(1);
    expect(record(back, ENDED)).toHaveLength(1);
  });

  test('the other half takes it once, also a group of which nothing fires', () => {
    const take: Intent = {
      ...{ type: 'TakeAlerts', group: GROUP, key: 'service=tts', source: 'prometheus' },
      ...{ rule: null, from: 3, hidden: false },
    };
    expect(heard([], take, {}, botAsking('T1', null, NOW))).toMatchObject([
      { type: 'AlertsTaken', data: { from: 3 } },
    ]);
    expect(heard([taken(2, 3)], take)).toEqual([]);
    expect(folded(taken(2, 3))).toMatchObject({ milestones: { detected: null } });
    expect(folded(taken(2, 3), fired(3)).alerts?.[GROUP]).toMatchObject({ alerts: 1, n: 3 });
  });

  test('the number of a private incident is not to be read in a public one', () => {
    const { decision } = given(opened, fired(2)).when(attach(8), undefined, {
      target: { ...target, private: true },
    });
    const drafts = [fired(2), ...(decision as DraftFact[])];
    expect(entryText(entryOf(stream(opened, ...drafts).at(-1) as never) as Entry)).toBe(
      'service=tts: moved to another incident',
    );
    expect(folded(...drafts).alerts?.[GROUP]?.moved).toEqual({ to: null });
  });
});

describe('a false alarm', () => {
  const dismiss: Intent = { type: 'DismissIncident', reason: 'a test' };
  const dismissed = (n: number): DraftFact => {
    const { data } = status(n, 'resolved') as { data: object };
    return { type: 'StatusChanged', data: { ...data, dismissed: true } as never, texts: {} };
  };

  test('resolves, says so, and is said once', () => {
    given(opened)
      .when(dismiss)
      .thenFacts([
        { type: 'StatusChanged', data: { status: 'resolved', dismissed: true }, texts: { text: 'a test' } },
      ]);
    given(opened, dismissed(2)).when(dismiss).thenRefused('DISMISSED_ALREADY');
    given(opened, status(2, 'resolved'))
      .when(dismiss)
      .thenFacts([{ type: 'StatusChanged' }]);
    expect(entryText(entryOf(stream(opened, dismissed(2)).at(-1) as never) as Entry)).toBe(
      'resolved (false alarm)',
    );
  });

  test('is one until it is reopened, or the dismissal is struck', () => {
    expect(folded().falseAlarm).toBeUndefined();
    expect(folded(dismissed(2)).falseAlarm).toBe(true);
    expect(folded(dismissed(2), status(3, 'resolved')).falseAlarm).toBe(true);
    expect('falseAlarm' in folded(dismissed(2), status(3, 'investigating'))).toBe(false);
    const struck = (...drafts: DraftFact[]) => {
      const { decision } = given(opened, ...drafts).when({ type: 'StrikeEntry', entry: 2, reason: 'wrong' });
      return folded(...drafts, ...(decision as DraftFact[]));
    };
    expect(struck(dismissed(2))).toMatchObject({ status: 'investigating' });
    expect('falseAlarm' in struck(dismissed(2))).toBe(false);
    expect(struck(status(2, 'resolved'), dismissed(3)).falseAlarm).toBe(true);
  });
});

describe('what is owed', () => {
  const owed = (before: DraftFact[], draft: DraftFact) =>
    effectsOf(stream(opened, ...before, draft).at(-1) as never, folded(...before), 'h').map(
      ({ kind }) => kind,
    );

  test('an alert alone owes nothing but a headline that it changes', () => {
    expect(owed([], fired(2))).toEqual(['headline.refresh', 'announcement.refresh']);
    expect(owed([fired(2)], fired(3, { alert: 'a2' }))).toEqual([]);
    expect(owed([fired(2)], changed(2, 'resolved', '2024-11-10T01:50:00Z'))).toEqual([]);
    expect(owed([mark(2, 'detected', '2024-11-10T01:00:00Z')], fired(3))).toEqual([]);
  });

  test('a move is made in the lane of the group, in line with its signals', () => {
    expect(owed([fired(2)], moved(3, null))).toEqual(
      expect.arrayContaining(['channel.entry', 'alerts.show', 'alerts.move']),
    );
    const move = { kind: 'alerts.move', payload: { group: GROUP, to: null } } as const;
    expect(laneOfEffect('T1', 7, move)).toBe(laneOfAlerts('T1', GROUP));
    expect(laneOfAlerts('T1', GROUP)).toBe(`T1/alerts/${GROUP}`);
  });

  test('what comes back shows again when it was detected', () => {
    expect(owed([fired(2), moved(3, 8)], taken(4, 8))).toContain('headline.refresh');
    expect(owed([], taken(2, 8))).not.toContain('headline.refresh');
  });

  test('what is offered under alerts changes when the incident is resolved or reopened', () => {
    expect(owed([fired(2)], status(3, 'resolved'))).toContain('alerts.show');
    expect(owed([fired(2), status(3, 'resolved')], status(4, 'investigating'))).toContain('alerts.show');
    expect(owed([fired(2)], status(3, 'identified'))).not.toContain('alerts.show');
    expect(owed([], status(3, 'resolved'))).not.toContain('alerts.show');
  });
});

test('what monitoring said is not edited, retimed or struck', () => {
  for (const intent of [
    { type: 'EditEntry', entry: 2, text: 'x' },
    {
      type: 'RetimeEntry',
      entry: 2,
      moment: { at: '2024-11-10T01:00:00Z', until: null, precision: 'minute' },
    },
    { type: 'StrikeEntry', entry: 2, reason: 'x' },
  ] as Intent[])
    given(opened, fired(2)).when(intent).thenRefused('ENTRY_NOT_EDITABLE');
});

test('an alert that was erased has no title, labels, values or links', () => {
  const [, fact] = stream(opened, fired(2, {}, { labels: '{"a":"b"}', values: '{}', links: '{"a":"b"}' }));
  const texts = Object.fromEntries(Object.keys(fact?.texts ?? {}).map((name) => [name, null]));
  const entry = entryOf({ ...fact, texts } as never) as Entry;
  expect(entryText(entry)).toBe('[erased]: firing');
  expect(entry.detail).toMatchObject({ key: '[erased]', labels: {}, values: {}, links: {} });
});
