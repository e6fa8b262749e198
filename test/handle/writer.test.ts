import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { lookupsOf } from '#compose/core.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { botAsking } from '#domain/words.js';
import { createHandle, type Handle, type Recorded } from '#handle/handle.js';
import { Unavailable } from '#store/pools.js';
import type { Store } from '#store/store.js';
import { type Opened, openedStore } from '../store/opened.js';

// Who waits together is written together; each is told what became of theirs, and of nobody else's.

const TEAM = 'T1';
const ANA = { id: 'U0ANA00001', name: 'ana' };
const BO = { id: 'U0BO000002', name: 'bo' };

let db: Opened;
let stores: Store[];
beforeAll(async () => {
  db = await openedStore();
  stores = [db.store, db.another()];
});
afterAll(() => db.close());

let keys = 0;
let processes = 0;
/** By turns, or the tests would need more connections than the server gives. */
const nextStore = () => stores[processes++ % 2] as Store;

/** A process of its own, as far as the database can tell. `between` is called before each commit, with its number. */
function aProcess(
  between: (n: number) => Promise<unknown> = async () => {},
  slack: ((team: string, channel: string, id: string) => Promise<boolean | null>) | null = null,
) {
  const errors: unknown[] = [];
  let commits = 0;
  const lookups = lookupsOf(nextStore());
  const before = async <T>(goOn: () => Promise<T>) => {
    commits += 1;
    await between(commits);
    return goOn();
  };
  const store: typeof lookups = {
    ...lookups,
    inChannel: (...of) => (slack ? slack(...of) : lookups.inChannel(...of)),
    commit: (wanted) => before(() => lookups.commit(wanted)),
    inTurn: (teams, wait, work) =>
      lookups.inTurn(teams, wait, (turn) =>
        work({ ...turn, commit: (commit) => before(() => turn.commit(commit)) }),
      ),
  };
  const handle: Handle = createHandle({
    store,
    relay: { nudge() {} },
    onError: (error) => errors.push(error),
  });
  const say = (
    intent: TypedIntent,
    target: number | null,
    key: string | null = `k${++keys}`,
    by = ANA,
    now = new Date(),
    /** Typed in the incident's channel, or elsewhere. */
    here = true,
  ) => handle(intent, target, { team: TEAM, by, source: 'slack', key, now, seesPrivate: here });
  return { say, handle, errors, commits: () => commits };
}

const OPEN: TypedIntent = {
  type: 'OpenIncident',
  title: 'TTS is silent',
  severity: null,
  components: [],
  private: false,
  drill: false,
  moment: null,
};
const note = (text: string): TypedIntent => ({ type: 'RecordNote', text, moment: null });
const RESOLVE: TypedIntent = { type: 'ChangeStatus', status: 'resolved', moment: null, text: null };
const REOPEN: TypedIntent = { type: 'ReopenIncident', reason: 'again' };
const code = (outcome: Recorded | Refusal) => (isRefusal(outcome) ? outcome.code : 'recorded');
const why = (outcome: Recorded | Refusal) => (isRefusal(outcome) ? outcome.sentence : 'recorded');

async function opened(by = aProcess()): Promise<number> {
  const outcome = await by.say(OPEN, null);
  if (isRefusal(outcome)) throw new Error(outcome.sentence);
  return outcome.incident;
}
const facts = async (incident: number) =>
  (await db.sql<{ type: string }>('select type from fact where incident = $1 order by seq', [incident])).map(
    ({ type }) => type,
  );
const texts = async (incident: number) =>
  (
    await db.sql<{ text: string }>(
      "select text from entry where incident = $1 and kind = 'note' order by n",
      [incident],
    )
  ).map(({ text }) => text);
const rollbacks = async () => {
  await db.sql('select pg_stat_force_next_flush()');
  await db.sql('select pg_stat_clear_snapshot()');
  const [row] = await db.sql<{ n: number }>(
    'select xact_rollback::int as n from pg_stat_database where datname = current_database()',
  );
  return row?.n ?? 0;
};

describe('answered is answered', () => {
  test('nothing to record is said of the incident as it is, and not as a process remembers it', async () => {
    const incident = await opened();
    const [one, other] = [aProcess(), aProcess()];
    await one.say(note('one remembers it as it is now'), incident);
    await other.say({ type: 'InvitePeople', people: [BO] }, incident);
    const leaves: TypedIntent = { type: 'NotePeopleLeft', people: [BO] };
    const outcome = await one.handle(leaves, incident, botAsking(TEAM, null, new Date()));
    expect(outcome).toMatchObject({ recorded: true, facts: [{ type: 'PeopleLeft' }] });
  });

  test('who was refused is not recorded afterwards, though the others must go again', async () => {
    const other = aProcess();
    const [busy, done] = [await opened(), await opened()];
    await other.say(RESOLVE, done);
    const one = aProcess(async (n) => {
      // Between the refusal and the second attempt the world moves so that the same words would be taken.
      if (n !== 1) return;
      await other.say(note('first'), busy);
      await other.say(REOPEN, done);
    });
    const [noted, refused] = await Promise.all([one.say(note('second'), busy), one.say(RESOLVE, done)]);
    expect([code(noted), why(refused)]).toEqual(['recorded', expect.stringContaining('resolved already')]);
    expect(await texts(busy)).toEqual(['first', 'second']);
    expect(await facts(done)).toEqual(['IncidentOpened', 'StatusChanged', 'StatusChanged']);
  });

  test('a no that rests on what another is about to record is said when that is recorded, and not before', async () => {
    const incident = await opened();
    const one = aProcess(async () => {
      throw new Unavailable('away');
    });
    const outcomes = await Promise.all([one.say(RESOLVE, incident), one.say(RESOLVE, incident)]);
    expect(outcomes.map(code)).toEqual(['NOT_RECORDED', 'NOT_RECORDED']);
    const two = aProcess();
    const [first, second] = await Promise.all([two.say(RESOLVE, incident), two.say(RESOLVE, incident)]);
    expect([code(first), why(second)]).toEqual(['recorded', expect.stringContaining('resolved already')]);
  });

  test('when the other one comes to nothing, the no is looked at again', async () => {
    const other = aProcess();
    const incident = await opened();
    // The first resolve meets a conflict in which the incident was resolved and reopened: now both are decided anew.
    const one = aProcess(async (n) => {
      if (n === 1) for (const intent of [RESOLVE, REOPEN]) await other.say(intent, incident);
    });
    const [first, second] = await Promise.all([one.say(RESOLVE, incident), one.say(RESOLVE, incident)]);
    expect([code(first), why(second)]).toEqual(['recorded', expect.stringContaining('resolved already')]);
    expect(await facts(incident)).toEqual([
      ...['IncidentOpened', 'StatusChanged', 'StatusChanged', 'StatusChanged'],
    ]);
  });
});

describe('an incident that somebody holds', () => {
  const holders: pg.Client[] = [];
  async function hold(incident: number): Promise<() => Promise<void>> {
    const client = new pg.Client(db.config);
    holders.push(client);
    await client.connect();
    await client.query('begin');
    await client.query('select from incident where number = $1 for update', [incident]);
    return async () => void (await client.query('rollback'));
  }
  afterEach(async () => {
    for (const client of holders.splice(0)) await client.end();
  });

  test('refuses nobody beside it, and is written in order once it is let go', async () => {
    const one = aProcess();
    const [held, free] = [await opened(one), await opened(one)];
    const release = await hold(held);
    const waiting = [one.say(note('a'), held), one.say(note('b'), held)];
    expect(await Promise.all([one.say(note('beside'), free), one.say(OPEN, null)])).toEqual([
      expect.objectContaining({ recorded: true }),
      expect.objectContaining({ recorded: true }),
    ]);
    const before = one.commits();
    waiting.push(one.say(note('c'), held));
    expect(code(await one.say(note('beside again'), free))).toBe('recorded');
    // Whoever comes later for the same incident is known to wait: nobody runs into its lock once more.
    expect(one.commits()).toBe(before + 1);
    await release();
    expect((await Promise.all(waiting)).map(code)).toEqual(['recorded', 'recorded', 'recorded']);
    expect(await texts(held)).toEqual(['a', 'b', 'c']);
    expect(await texts(free)).toEqual(['beside', 'beside again']);
  });

  test('for too long: its people are told why, and may try again', async () => {
    const one = aProcess();
    const [held, free] = [await opened(one), await opened(one)];
    const release = await hold(held);
    const [refused, recorded] = await Promise.all([
      one.say(note('never'), held),
      one.say(note('beside'), free),
    ]);
    expect(why(refused)).toBe('Nothing was kept: that incident is being rebuilt or erased at this moment.');
    expect(code(recorded)).toBe('recorded');
    await release();
    expect(code(await one.say(note('now'), held))).toBe('recorded');
    expect(await texts(held)).toEqual(['now']);
  });
});

describe('two processes that write to the same incidents', () => {
  test('take turns: everything is recorded once, and hardly a statement is in vain', async () => {
    const incidents = await Promise.all(Array.from({ length: 4 }, () => opened()));
    const both = [aProcess(), aProcess()] as const;
    const before = await rollbacks();
    const people = Array.from({ length: 8 }, async (_, person) => {
      for (let i = 0; i < 25; i++) {
        const at = incidents[(person + i) % 4] as number;
        const said = await both[(person + i) % 2 === 0 ? 0 : 1].say(note(`${person} ${i}`), at);
        expect(code(said)).toBe('recorded');
      }
    });
    await Promise.all(people);
    const all = (await Promise.all(incidents.map(texts))).flat();
    expect(new Set(all).size).toBe(200);
    expect(all).toHaveLength(200);
    const commits = both[0].commits() + both[1].commits();
    expect((await rollbacks()) - before).toBeLessThan(commits / 4);
    // One by one it would be as many as there are notes, and more.
    expect(commits).toBeLessThan(200);
  });

  test('each note sent to both: one entry, two receipts, and the repeats go without a statement of their own', async () => {
    const incidents = await Promise.all([opened(), opened()]);
    const both = [aProcess(), aProcess()] as const;
    const before = await rollbacks();
    const people = Array.from({ length: 8 }, async (_, person) => {
      for (let i = 0; i < 20; i++) {
        const at = incidents[i % 2] as number;
        const key = `twice ${person} ${i}`;
        const [a, b] = await Promise.all(both.map((one) => one.say(note(key), at, key)));
        expect([code(a as Recorded), code(b as Recorded)]).toEqual(['recorded', 'recorded']);
        expect((a as Recorded).receipt).toBe((b as Recorded).receipt);
      }
    });
    await Promise.all(people);
    expect((await Promise.all(incidents.map(texts))).flat()).toHaveLength(160);
    expect((await rollbacks()) - before).toBeLessThan(20);
  });

  test('both open incidents: each gets its number', async () => {
    const both = [aProcess(), aProcess()] as const;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => both[i % 2 === 0 ? 0 : 1].say(OPEN, null)),
    );
    const numbers = outcomes.map((one) => (isRefusal(one) ? one.sentence : one.incident));
    expect(new Set(numbers).size).toBe(20);
    expect(outcomes.map(code)).toEqual(outcomes.map(() => 'recorded'));
  });

  test('one that stands still with its turn in hand keeps nobody', async () => {
    const [one, other] = [aProcess(), aProcess()];
    const incident = await opened(one);
    // From here on both know that the other one writes too.
    for (const by of [other, one, other, one]) await by.say(note('x'), incident);
    const client = new pg.Client(db.config);
    await client.connect();
    await client.query('select pg_advisory_lock(hashtextextended($1, 7630691))', [TEAM]);
    for (const by of [one, other, one]) expect(code(await by.say(note('still'), incident))).toBe('recorded');
    await client.end();
  });
});

describe('one that cannot be written keeps nobody else', () => {
  test('a repeat in the middle of a group gets its first receipt; the others are written together', async () => {
    const one = aProcess();
    const incident = await opened(one);
    const first = (await one.say(note('once'), incident, 'same key')) as Recorded;
    const two = aProcess();
    const outcomes = await Promise.all(
      ['a', 'same key', 'b', 'c'].map((key) => two.say(note(key), incident, key)),
    );
    expect(outcomes.map(code)).toEqual(outcomes.map(() => 'recorded'));
    expect(outcomes[1]).toMatchObject({ receipt: first.receipt, repeated: true });
    expect(await texts(incident)).toEqual(['once', 'a', 'b', 'c']);
    // In vain with the repeat, then all the others at once.
    expect(two.commits()).toBe(2);
    // And what this process has recorded itself is known without any statement.
    expect(await two.say(note('a'), incident, 'a')).toMatchObject({ repeated: true });
    expect(two.commits()).toBe(2);
  });

  test('what the database does not take is found, said, and told to its asker alone', async () => {
    const one = aProcess();
    const incidents = [await opened(one), await opened(one), await opened(one)];
    await db.sql(`alter table fact_text add constraint no_poison check (text <> 'poison')`);
    try {
      const outcomes = await Promise.all(
        ['a', 'b', 'poison', 'c', 'd'].map((text, i) => one.say(note(text), incidents[i % 3] as number)),
      );
      expect(outcomes.map(code)).toEqual(['recorded', 'recorded', 'NOT_RECORDED', 'recorded', 'recorded']);
      expect(why(outcomes[2] as Refusal)).toMatch(/Tocsin made a mistake, which is in its log/);
      expect(one.errors).toHaveLength(1);
    } finally {
      await db.sql('alter table fact_text drop constraint no_poison');
    }
  });

  test('what fails while it is looked up is refused alone', async () => {
    const incident = await opened();
    const lookups = lookupsOf(nextStore());
    const errors: unknown[] = [];
    const handle = createHandle({
      store: {
        ...lookups,
        lastEntryBy: async () => {
          throw new Unavailable('no connection');
        },
      },
      relay: { nudge() {} },
      onError: (error) => errors.push(error),
    });
    const say = (intent: TypedIntent) =>
      handle(intent, incident, {
        ...{ team: TEAM, by: BO, source: 'slack' as const, key: null, now: new Date(), seesPrivate: false },
      });
    const other = await opened();
    const [noted, undone] = await Promise.all([
      handle(note('fine'), other, {
        ...{ team: TEAM, by: BO, source: 'slack' as const, key: null, now: new Date(), seesPrivate: false },
      }),
      say({ type: 'UndoLastEntry' }),
    ]);
    expect([code(noted), why(undone)]).toEqual([
      'recorded',
      'Nothing was kept: the database does not answer.',
    ]);
    expect(errors).toHaveLength(1);
  });
});

test('what needs more than the state is decided on what was kept before it, also by those who ask together', async () => {
  const by = aProcess();
  const incident = await opened(by);
  const together = async (...intents: TypedIntent[]) =>
    (await Promise.all(intents.map((intent) => by.say(intent, incident)))).map(code);
  const moment = { at: '2024-11-10T01:41:00Z', until: null, precision: 'minute' as const };
  const strike: TypedIntent = { type: 'StrikeEntry', entry: 2, reason: 'wrong' };
  const correcting = await together(
    note('fails'),
    { type: 'EditEntry', entry: 2, text: 'requests fail' },
    { type: 'RetimeEntry', entry: 2, moment },
    strike,
    strike,
  );
  expect(correcting).toEqual(['recorded', 'recorded', 'recorded', 'recorded', 'ENTRY_STRUCK']);

  const message = { channel: 'C0INCIDENT', ts: '1731202860.000100', text: 'x', author: BO, link: null };
  const captures = await together({ type: 'CaptureMessage', message }, { type: 'CaptureMessage', message });
  expect(captures).toEqual(['recorded', 'ALREADY_CAPTURED']);

  const done: TypedIntent = { type: 'CompleteAction', action: 1 };
  const actions = await together({ type: 'AddAction', text: 'rotate', owner: null }, done, done);
  expect(actions).toEqual(['recorded', 'recorded', 'ACTION_DONE']);
});

describe('who may', () => {
  test('one for whom Slack has to be asked delays nobody else, and is refused when Slack says no', async () => {
    const { promise: asked, resolve: isAsked } = deferred<void>();
    const { promise: slackSays, resolve: answer } = deferred<boolean>();
    const one = aProcess(
      async () => {},
      () => {
        isAsked();
        return slackSays;
      },
    );
    const secret = await one.say({ ...OPEN, private: true } as TypedIntent, null);
    const { incident } = secret as Recorded;
    const said = await one.say({ type: 'InvitePeople', people: [BO] }, incident);
    expect(code(said)).toBe('recorded');
    const by = { id: 'tocsin', name: null };
    const channel: TypedIntent = { type: 'NoteChannelOpened', channel: { id: 'C1', name: 'inc' } };
    const bot = { team: TEAM, by, source: 'bot' as const, key: null, now: new Date(), seesPrivate: true };
    expect(code(await one.handle(channel, incident, bot))).toBe('recorded');
    // An hour later, so that no invitation is on its way any more.
    const later = one.say(note('mine'), incident, 'later', BO, new Date(Date.now() + 3_600_000), false);
    await asked;
    const other = await opened(one);
    expect(code(await one.say(note('not delayed'), other))).toBe('recorded');
    answer(false);
    expect(code(await later)).toBe('NO_SUCH_INCIDENT');
  });
});

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
