import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type AnswerPorts, createAnswer } from '#answer/answer.js';
import { withWatch } from '#cli/runbook/runbook.js';
import { lookupsOf } from '#compose/core.js';
import { plain } from '#domain/command/entered.js';
import type { Asking } from '#domain/incident/intent.js';
import { isRefusal, refuse } from '#domain/refusal.js';
import { createHandle, type Handle } from '#handle/handle.js';
import { createRead, type Read } from '#read/read.js';
import { renderExport } from '#render/exports.js';
import { openStore, type Store } from '#store/store.js';
import { plan, STEPS } from '../domain/run/facts.js';
import { testDatabase } from '../support/database.js';

const HASH = 'deadbeef'.repeat(8);
const ANA = { id: 'U1', name: 'ana' };
const BO = { id: 'U2', name: 'bo' };

describe('runs, as typed and answered', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let store: Store;
  let handle: Handle;
  let read: Read;
  beforeAll(async () => {
    database = await testDatabase();
    store = openStore(database.config, () => {});
    const someone = { handle: null, realName: null, tz: null, isBot: false, deleted: false };
    const members = [ANA, BO].map((one) => ({ ...someone, ...one, kind: 'member' as const }));
    await store.people.upsert('T1', members);
    handle = createHandle({
      store: lookupsOf(store),
      relay: { nudge() {} },
      onError: (error: unknown) => {
        throw error;
      },
    });
    read = createRead(store);
  });
  afterAll(async () => {
    await store.close();
    await database.close();
  });

  const asking = (by = ANA, over: Partial<Asking> = {}): Asking => ({
    team: 'T1',
    by,
    source: 'slack',
    key: null,
    now: new Date('2024-11-10T02:00:00.000Z'),
    seesPrivate: false,
    ...over,
  });
  const asked: Array<{ runbook: string; inputs: Record<string, string>; planOnly: boolean }> = [];
  const propose: AnswerPorts['propose'] = async (wanted) => {
    asked.push(wanted);
    if (wanted.runbook !== 'key-sync')
      return refuse('NO_SUCH_RUNBOOK', { runbook: wanted.runbook, closest: ['key-sync'] });
    return {
      intent: {
        type: 'ProposeRun',
        runbook: wanted.runbook,
        definition: 'name: key-sync',
        inputs: JSON.stringify(wanted.inputs),
        target: `keys:${asked.length}`,
        planOnly: wanted.planOnly,
      },
      notes: ['The input `to` has its default, tts-new.'],
    };
  };
  /** Types a line in the channel of an incident. */
  const types = (
    line: string,
    incident: number | null,
    by = ANA,
    ports: Partial<AnswerPorts> = { propose },
  ) =>
    createAnswer({ handle, read, roles: [], components: [], command: '/incident', ...ports })({
      entered: plain(line),
      implied: incident,
      asking: asking(by),
      zone: 'UTC',
      zoneKnown: true,
    });
  const textOf = (answer: Answer) => ('text' in answer ? answer.text : JSON.stringify(answer));
  async function opens(line = 'open API answers 401'): Promise<number> {
    const answer = await types(line, null);
    if (answer.kind !== 'recorded') throw new Error(textOf(answer));
    return answer.recorded.incident;
  }
  async function plans(incident: number): Promise<void> {
    const outcome = await handle(
      {
        type: 'NoteRunPlanned',
        run: 1,
        fence: 1,
        hash: HASH,
        steps: STEPS.map(({ id }) => id),
        changes: 1,
        approvers: { required: 1, from: [], people: [], self: false, expiresAt: '2024-11-10T02:15:00.000Z' },
        plan: JSON.stringify(plan(...STEPS)),
      },
      incident,
      asking({ id: 'tocsin', name: null } as never, { source: 'bot', seesPrivate: true }),
    );
    if (isRefusal(outcome)) throw new Error(outcome.sentence);
  }

  test('a runbook is asked for with its inputs; the receipt has the shelf’s remarks', async () => {
    const incident = await opens();
    const answer = await types('run key-sync from=tts-old --plan', incident);
    expect(asked.at(-1)).toEqual({ runbook: 'key-sync', inputs: { from: 'tts-old' }, planOnly: true });
    expect(textOf(answer)).toMatch(/recorded.*RUN-1 key-sync plan asked for: from=tts-old/);
    expect(textOf(answer)).toContain('The input `to` has its default');
  });

  test('what the button of an offer means needs no text: its inputs arrive as they are', async () => {
    const incident = await opens();
    const inputs = { from: 'tts-old', say: 'say "x" now, \\ and\nthen --plan', empty: '' };
    const clicks = (runbook: string, by = ANA, ports: Partial<AnswerPorts> = {}) =>
      createAnswer({
        ...{ handle, read, roles: [], components: [], command: '/incident', propose },
        ...ports,
      })({
        run: { runbook, inputs, planOnly: false },
        incident,
        asking: asking(by, { seesPrivate: true }),
      });
    expect(textOf(await clicks('key-sync'))).toMatch(/recorded.*RUN-1 key-sync asked for/);
    expect(asked.at(-1)).toEqual({ runbook: 'key-sync', inputs, planOnly: false });
    expect(await clicks('key-snc')).toMatchObject({ refusal: { code: 'NO_SUCH_RUNBOOK' } });
    const no = { doing: 'Running', why: 'you are a guest', who: 'full members', reach: 'Ask.' };
    const before = asked.length;
    const permits: AnswerPorts['permits'] = async (power) =>
      power === 'run' ? refuse('NOT_PERMITTED', no) : null;
    expect(await clicks('key-sync', BO, { permits })).toMatchObject({ refusal: { code: 'NOT_PERMITTED' } });
    // Who may not is told before any file is read.
    expect(asked).toHaveLength(before);
  });

  test('what the shelf refuses is refused; without a shelf there is no runbook', async () => {
    const incident = await opens();
    expect(await types('run key-snc', incident)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'NO_SUCH_RUNBOOK' },
    });
    expect(await types('run key-sync', incident, ANA, {})).toMatchObject({
      kind: 'refused',
      refusal: { code: 'NO_SUCH_RUNBOOK' },
    });
    expect(textOf(await types('runs', incident))).toContain('has no runs');
  });

  test('`runs`, `show` and the json export tell how they stand', async () => {
    const incident = await opens();
    await types('run key-sync', incident);
    await plans(incident);
    expect(textOf(await types('runs', incident))).toBe(
      [
        `Runs of INC-${incident}:`,
        `RUN-1 key-sync waits for approval (asked for by ana just now)`,
        '  compare: pending',
        '  add: pending',
        '  verify: pending',
      ].join('\n'),
    );
    expect(textOf(await types('show', incident))).toContain('RUN-1 key-sync waits for approval');
    const exported = await read.dossier(asking(), incident, async (dossier) => {
      let text = '';
      for await (const part of renderExport('json', dossier)) text += part;
      return JSON.parse(text) as { runs: unknown[] };
    });
    expect(exported).toMatchObject({
      runs: [{ id: 'RUN-1', state: 'waiting', steps: [{ id: 'compare' }, {}, {}] }],
    });
  });

  test('who asked may not approve, somebody else may, once; the same click twice is one approval', async () => {
    const incident = await opens();
    await types('run key-sync', incident);
    await plans(incident);
    expect(await types('approve RUN-1', incident)).toMatchObject({ refusal: { code: 'RUN_OWN' } });
    const intent = { type: 'ApproveRun' as const, run: 1, hash: HASH, breakGlass: null };
    const click = () =>
      handle(
        intent,
        incident,
        asking(BO, { key: `run:${incident}:1:approve:${HASH}:U2`, seesPrivate: true }),
      );
    const [first, second] = await Promise.all([click(), click()]);
    expect(isRefusal(first) || isRefusal(second)).toBe(false);
    expect(second).toMatchObject({ receipt: (first as { receipt: string }).receipt });
    const facts = await store.incidents.runFacts('T1', incident, 1);
    expect(facts.filter(({ type }) => type === 'RunApproved')).toHaveLength(1);
    expect(await types('approve 1', incident, BO)).toMatchObject({
      refusal: { code: 'RUN_APPROVED_ALREADY' },
    });
  });

  test('of a private incident nobody else hears anything', async () => {
    const incident = await opens('open leak --private');
    await types('run key-sync', incident);
    const outside = await read.runs(asking(BO), incident);
    expect(outside).toMatchObject({ refused: true, code: 'NO_SUCH_INCIDENT' });
    expect(await types(`runs INC-${incident}`, null, BO)).toMatchObject({
      refusal: { code: 'NO_SUCH_INCIDENT' },
    });
    expect(await read.runs(asking(), incident)).toHaveLength(1);
  });

  test('of a private incident’s run whoever may not see it hears only that there is one', async () => {
    const shared: AnswerPorts['propose'] = async (wanted) => ({
      intent: {
        type: 'ProposeRun',
        runbook: wanted.runbook,
        definition: 'name: key-sync',
        inputs: '{}',
        target: 'shared',
        planOnly: false,
      },
      notes: [],
    });
    const hidden = await opens('open leak --private');
    const ref = `INC-${hidden}`;
    expect(await types('run key-sync', hidden, ANA, { propose: shared })).toMatchObject({ kind: 'recorded' });
    await store.targets.take('T1', 'shared', { incident: hidden, run: 1 });
    const elsewhere = await opens();
    const said = textOf(await types('run key-sync', elsewhere, BO, { propose: shared }));
    expect(said).toContain('RUN_TARGET_BUSY');
    expect(said).toContain('Another run holds `shared`');
    expect(said).not.toMatch(new RegExp(`${ref}\\b|RUN-`));
    expect(textOf(await types('run key-sync', elsewhere, ANA, { propose: shared }))).toContain(
      `RUN-1 of ${ref} holds`,
    );

    const busy = refuse('RUN_TARGET_BUSY', { target: 'shared', of: null });
    const here = asking(BO, { source: 'cli' });
    expect(await withWatch({ store, read }, busy, 'shared', here)).toEqual(busy);
    const seen = await withWatch({ store, read }, busy, 'shared', asking(ANA, { source: 'cli' }));
    expect(seen.next).toContain(`tocsin runbook watch ${ref} RUN-1`);
  });

  test('a button that means a decision gets the answer of the typed line, and stays bound to its plan', async () => {
    const answer = createAnswer({ handle, read, roles: [], components: [], command: '/incident' });
    const ready = async () => {
      const incident = await opens();
      await types('run key-sync', incident);
      await plans(incident);
      return incident;
    };
    const clicks = (incident: number, hash: string) =>
      answer({
        intent: { type: 'ApproveRun', run: 1, hash, breakGlass: null },
        incident,
        asking: asking(BO, { seesPrivate: true }),
      });
    const [one, other] = [await ready(), await ready()];
    const typed = textOf(await types('approve RUN-1', one, BO));
    expect(await clicks(other, 'cafe'.repeat(16))).toMatchObject({
      kind: 'refused',
      refusal: { code: 'RUN_NO_SUCH_PLAN' },
    });
    const clicked = await clicks(other, HASH);
    expect(clicked.kind).toBe('recorded');
    expect(textOf(clicked)).toBe(typed.replaceAll(`INC-${one}`, `INC-${other}`));
  });

  test('a program’s right to private incidents goes for the other one too', async () => {
    const hidden = await opens('open leak --private');
    const elsewhere = await opens();
    const asks = (incident: number, over: Partial<Asking>) =>
      handle(
        {
          type: 'ProposeRun',
          runbook: 'key-sync',
          definition: 'd',
          inputs: '{}',
          target: 'of-both',
          planOnly: false,
        },
        incident,
        asking({ id: 'token:ci', name: 'ci' }, { source: 'api', ...over }),
      );
    await asks(hidden, { seesPrivate: true });
    await store.targets.take('T1', 'of-both', { incident: hidden, run: 1 });
    expect(await asks(elsewhere, { seesPrivate: true })).toMatchObject({
      sentence: `RUN-1 of INC-${hidden} holds \`of-both\`: one run at a time.`,
    });
    expect(await asks(elsewhere, { seesPrivate: false })).toMatchObject({
      sentence: 'Another run holds `of-both`: one run at a time.',
    });
  });
});
