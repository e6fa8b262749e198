import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { refuse } from '#domain/refusal.js';
import { type Action, ActionFailed, Lost } from '#runbooks/action.js';
import { routeSet } from '#runbooks/actions/route-set.js';
import { shell } from '#runbooks/actions/shell.js';
import { type Route, RouteFailed, StaleRoute } from '#runbooks/routes/route.js';
import { definition, type RunKit, startRunKit } from './kit.js';

let kit: RunKit;
beforeEach(async () => {
  kit = await startRunKit();
});
afterEach(() => kit.end());

const names = () => kit.outside.calls.map(({ name }) => name);
const marked = async (run: number, id: string) => (await kit.view(run)).steps.get(id);
const retry = { attempts: 3, backoff: '10ms' };

/** Lets definitions use a real action beside the scripted ones. */
const offer = (action: Action) =>
  (kit.outside.actions as unknown as Map<string, Action>).set(action.name, action);

describe('what is not safe to do twice is done once', () => {
  test('where it was done and its verify says that it had no effect', async () => {
    kit.outside.doing.set('t.read', async () => {
      throw new ActionFailed('no effect yet');
    });
    const run = await kit.ran(
      definition([{ id: 'one', uses: 't.unsafe', retry, verify: { uses: 't.read' } }]),
    );
    expect(names().filter((name) => name === 't.unsafe')).toHaveLength(1);
    expect((await kit.view(run)).state).toMatchObject({ status: 'asking', asked: { why: 'failed' } });
    // What it gave is there for its undo.
    expect((await marked(run, 'one'))?.run?.output).toEqual({ did: 't.unsafe' });
  });

  test.each([
    ['unsafe, once', undefined, 1],
    ['declared to be idempotent, as often as it says', 'idempotent', 3],
  ])('a program that says that it failed: %s', async (_, effect, times) => {
    const said: string[] = [];
    const real = shell as unknown as Action;
    offer({
      ...real,
      run: (input, context) => real.run(input, { ...context, say: (line) => void said.push(line) }),
    });
    const command = {
      file: 'sh',
      args: ['-c', 'echo charged; exit 1'],
      cwd: null,
      env: {},
      secret: false,
      takes: null,
    };
    kit.world.systems = { ...kit.world.systems, command: () => command };
    const one = { id: 'one', uses: 'shell', with: { command: 'x' }, retry, ...(effect && { effect }) };
    const run = await kit.planned(definition([one]));
    await kit.approve(run);
    await kit.drive(run);
    for (let i = 0; i < 4; i++) await kit.passes(1_000, run);
    expect(said).toEqual(Array.from({ length: times }, () => 'charged'));
    expect((await kit.view(run)).state.asked?.why).toBe('failed');
  });
});

/** A route that a test looks behind. */
function routed(start: string) {
  const at = { to: start, silent: false, sets: [] as string[] };
  const route: Route = {
    name: 'tts',
    type: 'test',
    places: ['p'],
    choices: [],
    async read() {
      if (at.silent) throw new RouteFailed('the gateway does not answer');
      return { to: at.to, places: [{ place: 'p', to: at.to }] };
    },
    async set(to, expected) {
      if (at.to !== expected) throw new StaleRoute('stale');
      at.sets.push(`${at.to} → ${to}`);
      at.to = to;
    },
  } as Route;
  offer(routeSet as unknown as Action);
  kit.world.systems = { ...kit.world.systems, route: () => route };
  return at;
}
const set = (id: string, to: string, more: object = {}) => ({
  id,
  uses: 'route.set',
  with: { route: 'tts', to },
  undo: { uses: 'route.set', with: { route: 'tts', to: `{{ steps.${id}.previous }}` } },
  ...more,
});

describe('a route', () => {
  test('that somebody moved after the approval, while earlier steps ran, is left alone until a person has seen it', async () => {
    const at = routed('old');
    kit.outside.doing.set('t.read', async () => {
      at.to = 'canary';
      return undefined;
    });
    const run = await kit.ran(definition(['gate t.read', set('set', 'new')]));
    expect(at).toMatchObject({ to: 'canary', sets: [] });
    expect((await kit.view(run)).steps.get('set')?.run?.question).toContain(
      'somebody has moved tts from old to canary since it was approved: left alone',
    );
    await kit.says({ type: 'RetryStep', run });
    await kit.drive(run);
    expect(at).toMatchObject({ to: 'new', sets: ['canary → new'] });
  });

  test('that a run sets twice is planned as the first one leaves it', async () => {
    const at = routed('old');
    const run = await kit.ran(definition([set('there', 'new'), set('back', 'old')]));
    const view = await kit.view(run);
    expect(view.plan?.steps.map(({ does }) => does)).toEqual([
      'points tts from old to new',
      'points tts from new to old',
    ]);
    expect(view.state.end).toBe('succeeded');
    expect(at.sets).toEqual(['old → new', 'new → old']);
  });

  test('that may be set by an earlier step is not promised to stand anywhere', async () => {
    const at = routed('old');
    kit.outside.doing.set('t.idem', async () => ({ kind: 'done', output: { did: '' }, summary: 'no' }));
    const run = await kit.ran(
      definition([
        'first t.idem',
        set('maybe', 'new', { when: '{{ steps.first.did }}' }),
        set('last', 'third'),
      ]),
    );
    expect((await kit.view(run)).plan?.steps.at(-1)).toMatchObject({
      does: 'points tts to third',
      output: null,
    });
    expect((await kit.view(run)).state.end).toBe('succeeded');
    expect(at.sets).toEqual(['old → third']);
  });

  test('that was set by a worker who died, and then did not answer, is put back by the undo', async () => {
    const at = routed('old');
    const run = await kit.planned(definition([set('set', 'new')], { on_failure: 'undo' }));
    await kit.approve(run);
    const { tell } = kit.world;
    const dies: typeof tell = async (intent, ...of) =>
      intent.type === 'FinishStep' ? refuse('NOT_RECORDED', { why: 'dead' }) : tell(intent, ...of);
    await kit.drive(run, { world: { ...kit.world, tell: dies } });
    expect(at.to).toBe('new');
    await kit.leaseEnds(run);
    at.silent = true;
    const answers: typeof tell = async (intent, ...of) => {
      if (intent.type === 'BeginUndo') at.silent = false;
      return tell(intent, ...of);
    };
    await kit.drive(run, { world: { ...kit.world, tell: answers } });
    expect(at.to).toBe('old');
    expect((await kit.view(run)).state.end).toBe('undone');
  });
});

test('a look at what is there that fails for a moment is repeated like the step', async () => {
  let looks = 0;
  kit.outside.onCapture = async () => {
    looks += 1;
    if (looks < 3) throw new ActionFailed('not reachable now');
  };
  const run = await kit.ran(definition([{ id: 'one', uses: 't.cas', retry }]));
  expect((await kit.view(run)).state.end).toBe('succeeded');
  expect([looks, names()]).toEqual([3, ['t.cas']]);
});

test('one that fails as often as the step may is a step that never began', async () => {
  kit.outside.onCapture = async () => {
    throw new ActionFailed('not reachable');
  };
  const run = await kit.ran(definition([{ id: 'one', uses: 't.cas', retry }]));
  expect((await kit.view(run)).state.asked?.why).toBe('failed');
  expect(names()).toEqual([]);
});

test('behind a `when` that only the run can tell, what was approved in detail is what is done', async () => {
  kit.outside.doing.set('t.read', async () => ({ kind: 'done', output: { read: 'other' }, summary: 's' }));
  const run = await kit.ran(
    definition([
      { id: 'look', uses: 't.read' },
      { id: 'first', uses: 't.idem' },
      {
        id: 'then',
        uses: 't.cas',
        when: '{{ steps.first.did }}',
        with: { keys: '{{ steps.look.read }}' },
      },
    ]),
  );
  expect((await kit.view(run)).state.status).toBe('asking');
  expect((await marked(run, 'then'))?.run?.question).toContain('something else than what was approved');
  expect(names()).not.toContain('t.cas');
});

test('what a step had done when it was cancelled can be undone', async () => {
  kit.outside.doing.set('t.cas', async (_input, context) => {
    const stopped = new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    await kit.says({ type: 'CancelRun', run: 1, reason: null });
    await stopped;
    throw new ActionFailed('stopped before the next change', { output: { did: 'two of five' } });
  });
  const undo = { uses: 't.idem', with: { what: '{{ steps.one.did }}' } };
  const run = await kit.ran(definition([{ id: 'one', uses: 't.cas', undo }]));
  expect((await kit.view(run)).state.end).toBe('cancelled');
  await kit.says({ type: 'UndoRun', run });
  await kit.drive(run);
  expect((await kit.view(run)).state.end).toBe('undone');
  expect(kit.outside.calls.at(-1)).toMatchObject({ name: 't.idem', input: { what: 'two of five' } });
});

test('a text that rests in part on what only the run can tell is said as it comes out', async () => {
  const run = await kit.ran(
    definition([
      { id: 'first', uses: 't.idem' },
      {
        id: 'say',
        uses: 't.unsafe',
        with: { text: 'it gave {{ steps.first.did }}, of {{ run.id }}', to: 'all' },
      },
    ]),
  );
  const view = await kit.view(run);
  expect(view.plan?.steps[1]).toMatchObject({
    does: 'known when it runs',
    when: 'maybe',
    input: { text: 'it gave (known when it runs), of RUN-1', to: 'all' },
  });
  expect(view.state.end).toBe('succeeded');
  expect(kit.outside.calls.at(-1)?.input).toEqual({ text: 'it gave t.idem, of RUN-1', to: 'all' });
});

test('a step that mentions the incident says what was approved, though it is called otherwise since', async () => {
  kit.outside.doing.set('t.idem', async () => {
    await kit.says({ type: 'ChangeTitle', title: 'Another title' });
    await kit.says({ type: 'ChangeSeverity', severity: 'sev1', reason: null });
    return undefined;
  });
  const text = '{{ incident.title }} is {{ incident.severity }}';
  const run = await kit.ran(
    definition([
      { id: 'first', uses: 't.idem' },
      { id: 'say', uses: 't.cas', with: { text } },
    ]),
  );
  expect((await kit.view(run)).state.end).toBe('succeeded');
  expect(kit.outside.calls.at(-1)?.input).toEqual({ text: 'x is ' });
});

test('a step may ask whether one that was left out gave anything', async () => {
  kit.outside.doing.set('t.read', async () => ({ kind: 'done', output: { read: 'v1' }, summary: 's' }));
  const when = (id: string, of: string) => ({ id, uses: 't.cas', when: of });
  const run = await kit.ran(
    definition([
      { id: 'look', uses: 't.read' },
      when('add', 'not {{ steps.look.read }}'),
      when('tell', '{{ steps.add.did }}'),
      when('else', 'not {{ steps.add.did }}'),
    ]),
  );
  const view = await kit.view(run);
  expect(view.state.end).toBe('succeeded');
  expect(view.plan?.steps.map((one) => one.when)).toEqual(['runs', 'left out', 'left out', 'runs']);
});

test('what no text can hold is said to have been there, and the step is done', async () => {
  kit.outside.doing.set('t.unsafe', async (_, context) => {
    context.say('a\0b');
    return { kind: 'done', output: { did: 'half \ud800' }, summary: 'a\0b' };
  });
  const run = await kit.ran(definition(['one t.unsafe']));
  expect((await kit.view(run)).state.end).toBe('succeeded');
  expect((await marked(run, 'one'))?.run).toMatchObject({
    log: 'a␀b\n',
    summary: 'a␀b',
    output: { did: /half/ },
  });
});

test('a step that ends every worker is not given to workers for ever', async () => {
  let times = 0;
  kit.outside.doing.set('t.idem', async () => {
    times += 1;
    throw new Lost();
  });
  const run = await kit.planned(definition(['one t.idem']));
  await kit.approve(run);
  for (let i = 0; i < 20 && (await kit.view(run)).state.status !== 'asking'; i++) {
    await kit.drive(run).catch((error) => expect(error).toBeInstanceOf(Lost));
    await kit.leaseEnds(run);
  }
  expect((await kit.view(run)).state.asked).toMatchObject({ why: 'unknown' });
  expect(times).toBe(10);
  expect((await marked(run, 'one'))?.run?.question).toContain('10 workers in a row were lost at it');
  // Whoever looked into it may let it be tried again.
  kit.outside.doing.delete('t.idem');
  await kit.says({ type: 'RetryStep', run });
  await kit.drive(run);
  expect((await kit.view(run)).state.end).toBe('succeeded');
});
