import { describe, expect, test } from '@jest/globals';
import { refuse } from '#domain/refusal.js';
import { ana, bo, fold, given, mark, note, opened, status, stream } from './given.js';

const minute = (at: string) => ({ at, until: null, precision: 'minute' as const });

describe('statuses', () => {
  test('resolving records when, and a second time is refused with the way to correct it', () => {
    given(opened)
      .when({ type: 'ChangeStatus', status: 'resolved', moment: minute('2024-11-10T02:02:00Z'), text: null })
      .thenFacts([{ type: 'StatusChanged', data: { n: 2, at: '2024-11-10T02:02:00Z', status: 'resolved' } }]);
    given(opened, status(2, 'resolved'))
      .when({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null })
      .thenRefused('STATUS_UNCHANGED');
  });
  test('the same status with a text is an update', () => {
    given(opened, status(2, 'monitoring'))
      .when({ type: 'ChangeStatus', status: 'monitoring', moment: null, text: 'still fine' })
      .thenFacts([{ texts: { text: 'still fine' } }]);
  });
  test('going back is allowed, reopening what is not resolved is not', () => {
    given(opened, status(2, 'resolved'))
      .when({ type: 'ChangeStatus', status: 'identified', moment: null, text: null })
      .thenFacts([{ data: { status: 'identified' } }]);
    given(opened, status(2, 'resolved'))
      .when({ type: 'ReopenIncident', reason: 'again' })
      .thenFacts([{ data: { status: 'investigating', reopened: true }, texts: { text: 'again' } }]);
    given(opened).when({ type: 'ReopenIncident', reason: 'again' }).thenRefused('NOT_RESOLVED');
  });
  test('a note on a resolved incident is recorded: people write up afterwards', () => {
    given(opened, status(2, 'resolved'))
      .when({ type: 'RecordNote', moment: null, text: 'watching' })
      .thenFacts([{ type: 'NoteRecorded', data: { n: 3 } }]);
  });
});

describe('milestones', () => {
  test('resolving sets the milestone; leaving resolved takes it back; a mark by a person stays', () => {
    const resolved = fold(stream(opened, status(2, 'resolved', '2024-11-10T02:02:00Z')));
    expect(resolved?.milestones.resolved).toMatchObject({ at: '2024-11-10T02:02:00Z', marked: false });
    expect(
      fold(stream(opened, status(2, 'resolved'), status(3, 'monitoring')))?.milestones.resolved,
    ).toBeNull();
    const marked = fold(
      stream(
        opened,
        mark(2, 'resolved', '2024-11-10T01:50:00Z'),
        status(3, 'resolved'),
        status(4, 'monitoring'),
      ),
    );
    expect(marked?.milestones.resolved).toMatchObject({ at: '2024-11-10T01:50:00Z', marked: true });
  });
  test('marking again replaces, and never changes the status', () => {
    const state = fold(
      stream(opened, mark(2, 'started', '2024-11-10T01:40:00Z'), mark(3, 'started', '2024-11-10T01:41:00Z')),
    );
    expect(state).toMatchObject({
      status: 'investigating',
      milestones: { started: { at: '2024-11-10T01:41:00Z', n: 3 } },
    });
  });
  test('retiming the entry moves the milestone that rests on it; striking it removes it', () => {
    const retime = { entry: 2, at: '2024-11-10T01:39:00Z', until: null, precision: 'minute' as const };
    const marked = mark(2, 'started', '2024-11-10T01:40:00Z');
    expect(
      fold(stream(opened, marked, { type: 'EntryRetimed', data: retime, texts: {} }))?.milestones.started?.at,
    ).toBe('2024-11-10T01:39:00Z');
    expect(
      fold(stream(opened, marked, { type: 'EntryStruck', data: { entry: 2 }, texts: { reason: 'wrong' } }))
        ?.milestones.started,
    ).toBeNull();
  });
});

describe('corrections', () => {
  test('words may be edited where they are a person’s own', () => {
    given(opened, note(2))
      .when({ type: 'EditEntry', entry: 2, text: 'y' })
      .thenFacts([{ type: 'EntryEdited' }]);
    given(opened).when({ type: 'EditEntry', entry: 1, text: 'y' }).thenRefused('ENTRY_NOT_EDITABLE');
    given(opened).when({ type: 'EditEntry', entry: 9, text: 'y' }).thenRefused('NO_SUCH_ENTRY');
  });
  test('a struck entry cannot be struck again, the first entry never', () => {
    const struck = { entry: { ...entry(2), struck: true } };
    given(opened, note(2))
      .when({ type: 'StrikeEntry', entry: 2, reason: 'r' }, ana, struck)
      .thenRefused('ENTRY_STRUCK');
    given(opened).when({ type: 'StrikeEntry', entry: 1, reason: 'r' }).thenRefused('ENTRY_NOT_EDITABLE');
  });
  test('undo strikes the asker’s own last entry, and nothing when there is none', () => {
    given(opened, note(2))
      .when({ type: 'UndoLastEntry' }, ana, { entry: entry(2) })
      .thenFacts([{ type: 'EntryStruck', data: { entry: 2 } }]);
    given(opened).when({ type: 'UndoLastEntry' }).thenRefused('NOTHING_TO_UNDO');
  });
});

describe('striking a change puts back what it replaced', () => {
  const struck = (entry: number) => ({
    type: 'EntryStruck' as const,
    data: { entry },
    texts: { reason: 'wrong' },
  });
  const severity = (n: number, to: string) =>
    ({ type: 'SeverityChanged', data: { ...note(n).data, severity: to }, texts: {} }) as never;
  const title = (n: number, to: string) =>
    ({ type: 'TitleChanged', data: note(n).data, texts: { title: to } }) as never;
  const lead = (n: number, person: string) =>
    ({ type: 'RoleAssigned', data: { ...note(n).data, role: 'lead', person }, texts: {} }) as never;
  const component = (n: number, type: string, name: string) =>
    ({ type, data: note(n).data, texts: { component: name } }) as never;

  test('a status, with its milestone', () => {
    const resolved = [opened, status(2, 'identified'), status(3, 'resolved')];
    expect(fold(stream(...resolved, struck(3)))).toMatchObject({
      status: 'identified',
      milestones: { resolved: null },
    });
    expect(fold(stream(...resolved, status(4, 'monitoring'), struck(4)))).toMatchObject({
      status: 'resolved',
      milestones: { resolved: { n: 3 } },
    });
    expect(fold(stream(opened, status(2, 'resolved'), struck(2)))?.status).toBe('investigating');
  });
  test('severity, title, lead and components', () => {
    expect(fold(stream(opened, severity(2, 'sev1'), struck(2)))?.severity).toBe('sev3');
    expect(fold(stream(opened, title(2, 'other'), struck(2)))?.title).toBe('TTS fails');
    expect(fold(stream(opened, lead(2, 'U2'), struck(2)))?.roles).toEqual({});
    expect(fold(stream(opened, lead(2, 'U2'), lead(3, 'U3'), struck(3)))?.roles.lead?.id).toBe('U2');
    expect(fold(stream(opened, component(2, 'ComponentAdded', 'X'), struck(2)))?.components).toEqual(['TTS']);
    expect(fold(stream(opened, component(2, 'ComponentRemoved', 'TTS'), struck(2)))?.components).toEqual([
      'TTS',
    ]);
  });
  test('not when something later stands in its place', () => {
    expect(fold(stream(opened, severity(2, 'sev1'), severity(3, 'sev2'), struck(2)))?.severity).toBe('sev2');
  });
  test('further back than is remembered it is refused, never half done', () => {
    const twice = [opened, severity(2, 'sev1'), severity(3, 'sev2'), struck(3)];
    expect(fold(stream(...twice))?.severity).toBe('sev1');
    given(...twice)
      .when({ type: 'StrikeEntry', entry: 2, reason: 'r' })
      .thenRefused('ENTRY_IN_FORCE');
  });
  test('a post that was struck is not the last post', () => {
    const post = {
      type: 'StatusPosted',
      data: { ...note(2).data, state: 'identified' },
      texts: { text: 'x' },
    } as never;
    expect(fold(stream(opened, post))?.lastPost?.n).toBe(2);
    expect(fold(stream(opened, post, struck(2)))?.lastPost).toBeNull();
  });
});

describe('impact', () => {
  const impact = {
    type: 'RecordImpact' as const,
    text: null,
    failed: null,
    total: null,
    from: null,
    to: null,
    components: [],
  };
  test('numbers must agree', () => {
    given(opened)
      .when({ ...impact, failed: 20, total: 19 })
      .thenRefused('IMPACT_CONTRADICTS');
    given(opened)
      .when({
        ...impact,
        failed: 1,
        from: minute('2024-11-10T01:44:00Z'),
        to: minute('2024-11-10T01:41:00Z'),
      })
      .thenRefused('TIME_RANGE_BACKWARDS');
    given(opened).when(impact).thenRefused('IMPACT_EMPTY');
  });
  test('stands in the timeline where it happened', () => {
    given(opened)
      .when({
        ...impact,
        failed: 19,
        from: minute('2024-11-10T01:41:00Z'),
        to: minute('2024-11-10T01:44:00Z'),
      })
      .thenFacts([
        {
          data: {
            at: '2024-11-10T01:41:00Z',
            until: '2024-11-10T01:44:00Z',
            precision: 'minute',
            failed: 19,
          },
        },
      ]);
  });
});

test('publishing is asked for twice, takes the current status, and never changes it', () => {
  const post = { type: 'PublishPost' as const, state: null, moment: null, text: 'we look' };
  given(opened)
    .when({ ...post, confirmed: false })
    .thenRefused('PUBLISH_NEEDS_CONFIRMATION');
  given(opened)
    .when({ ...post, confirmed: true })
    .thenFacts([{ type: 'StatusPosted', data: { state: 'investigating' } }]);
});

test('actions are numbered on their own and completed once', () => {
  const added = {
    type: 'ActionAdded' as const,
    data: { ...note(2).data, action: 1, owner: null } as never,
    texts: { text: 'rotate' },
  };
  given(opened)
    .when({ type: 'AddAction', text: 'rotate', owner: bo })
    .thenFacts([{ data: { action: 1, owner: 'U2' }, texts: { owner: 'bo' } }]);
  given(opened, added)
    .when({ type: 'CompleteAction', action: 1 })
    .thenFacts([{ type: 'ActionCompleted' }]);
  given(opened, added)
    .when({ type: 'CompleteAction', action: 1 }, ana, { actionDone: true })
    .thenRefused('ACTION_DONE');
  given(opened, added).when({ type: 'CompleteAction', action: 2 }).thenRefused('NO_SUCH_ACTION');
});

test('a message is captured once; the second person is told who was first', () => {
  const message = { channel: 'C1', ts: '1731202860.000200', text: 'boom', author: bo, link: null };
  given(opened)
    .when({ type: 'CaptureMessage', message })
    .thenFacts([
      {
        type: 'MessageCaptured',
        data: { at: '2024-11-10T01:41:00Z', ts: '1731202860.000200', author: 'U2' },
      },
    ]);
  given(opened)
    .when({ type: 'CaptureMessage', message }, bo, { captured: entry(2) })
    .thenRefused('ALREADY_CAPTURED');
});

test('every line of a log gets its own number, in the order of the paste', () => {
  const lines = ['01:41', '01:39'].map((t) => ({ moment: minute(`2024-11-10T${t}:00Z`), text: t }));
  given(opened)
    .when({ type: 'RecordLog', lines })
    .thenFacts([{ data: { n: 2 } }, { data: { n: 3 } }]);
});

test('a private incident is seen by those who were brought in', () => {
  const state = given(opened).when({ type: 'AssignRole', role: 'lead', person: bo });
  state.thenFacts([{ type: 'RoleAssigned', data: { role: 'lead', person: 'U2' }, texts: { person: 'bo' } }]);
});

test('a refusal says what is wrong and what to type instead', () => {
  expect(refuse('NO_SUCH_ENTRY', { ref: 'INC-7', entry: 4 })).toEqual({
    refused: true,
    code: 'NO_SUCH_ENTRY',
    sentence: 'INC-7 has no entry #4.',
    next: '`timeline` shows the entries with their numbers.',
  });
});

function entry(n: number) {
  return {
    n,
    at: '2024-11-10T01:41:00Z',
    until: null,
    precision: 'minute' as const,
    recordedAt: '2024-11-10T01:41:00.000Z',
    editedAt: null,
    kind: 'note' as const,
    text: 'x',
    erased: false,
    detail: {},
    struck: false,
    by: ana,
    source: 'slack' as const,
    link: null,
  };
}
