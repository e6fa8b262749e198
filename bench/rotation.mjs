// Keys and routes changed under requests that never stop, by runbooks and by hand: how many requests fail.
// The runbooks are those that come along, taken along by `tocsin runbook run` in a process of its own; the copies that
// it runs need no approval. A request is sent once, by a schedule that does not wait for answers.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openStore } from '#store/store.js';
import { haproxyInstalled } from '../demo/stack/gateway.mjs';
import { botDatabase } from './lib/database.mjs';
import { round, target } from './lib/figures.mjs';
import { commandLine, startKeyStage } from './lib/key-stage.mjs';
import { workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { rate: { type: 'string' }, rotations: { type: 'string' }, quick: { type: 'boolean' } },
});
const rate = Number(values.rate ?? 1_000);
const rotations = Number(values.rotations ?? (values.quick ? 2 : 20));
const REQUESTS = values.quick ? 5_000 : 100_000;
/** The rest of a row's time is the command line's, which starts anew for each run, and planning. */
const ofWhich = (applied) =>
  applied.length > 0 ? `, of which applying ${round(applied.reduce((sum, one) => sum + one, 0))}` : '';
/** Requests before and after a change. */
const AROUND_MS = values.quick ? 500 : 2_000;
const DRAIN = '500ms';

if (!haproxyInstalled()) {
  console.error('  haproxy is missing; install it with: apt-get install -y --no-install-recommends haproxy');
  process.exit(1);
}
const place = workplace();
try {
  const { client, connection } = await botDatabase(place);
  const stage = await startKeyStage({ place, rate, drain: DRAIN });
  const tocsin = commandLine({ place, config: stage.config, data: `${place.folder}/data` });
  await tocsin('open', 'Rotation');
  // What a machine asks for without anybody's word needs somebody's agreement, whatever its runbook says.
  const store = openStore(connection, console.error);
  const ana = {
    id: 'U1',
    name: 'ana',
    realName: null,
    tz: null,
    isBot: false,
    deleted: false,
    kind: 'member',
  };
  await store.people.upsert(await store.workspaces.ensureLocal(), [ana]);
  await store.close();
  const rows = [];
  const runs = [];

  /** From so long before a change to so long after it. @param act the change, from steady to steady or not */
  async function row(what, act, enough = 0) {
    await stage.steady();
    const before = await stage.load.settled();
    await sleep(AROUND_MS);
    const [began, known] = [performance.now(), runs.length];
    await act();
    const seconds = round((performance.now() - began) / 1_000, 3);
    const applied = runs.slice(known).map(({ apply }) => apply);
    await sleep(AROUND_MS);
    while ((await stage.load.counts()).sent - before.sent < enough) await sleep(50);
    const after = await stage.load.settled();
    const requests = after.ok + after.failed - before.ok - before.failed;
    const failed = after.failed - before.failed;
    rows.push({ what, requests, failed, bound: failed === 0 ? 3 / requests : null, seconds, applied });
  }

  /** A runbook, from the command line's start to its end. @returns seconds of its parts, as they are on record */
  async function run(name, inputs = {}) {
    const given = Object.entries(inputs).map(([input, value]) => `${input}=${value}`);
    await tocsin('runbook', 'run', name, '--owner', '@ana', ...given);
    const { rows: facts } = await client.query(
      `select type, extract(epoch from recorded_at) as at from fact
       where type ~ '^Run' and (body::jsonb #>> '{data,run}')::int =
         (select max((body::jsonb #>> '{data,run}')::int) from fact where type = 'RunProposed')`,
    );
    const at = (type) => Number(facts.find((one) => one.type === type).at);
    const parts = {
      plan: round(at('RunPlanned') - at('RunProposed'), 3),
      apply: round(at('RunEnded') - at('RunStarted'), 3),
    };
    runs.push({ name, ...parts });
    return parts;
  }

  const { id, newKey } = stage;
  await row('naive cut-over, key missing, rolled back after 1 s', async () => {
    await stage.new.hold({});
    await stage.moveRoute('new');
    await sleep(1_000);
    await stage.moveRoute('old');
  });
  let sync;
  await row('guarded cut-over: key-sync, then forward', async () => {
    await stage.new.hold({});
    sync = await run('key-sync');
    await run('forward');
  });
  await stage.moveRoute('old');
  await row('sender 200 ms before acceptor', async () => {
    const key = newKey();
    await stage.send(key);
    await sleep(200);
    await Promise.all([stage.old, stage.new].map((one) => one.hold({ [id]: key })));
  });
  await row('both back to back, no overlap', async () => {
    const key = newKey();
    await stage.send(key);
    await Promise.all([stage.old, stage.new].map((one) => one.hold({ [id]: key })));
  });
  await row('one rotation', () => run('key-rotate'));
  const seen = new Set();
  await row(
    `${rotations} rotations in a row`,
    async () => {
      for (let i = 0; i < rotations; i++) {
        await run('key-rotate');
        seen.add(stage.current());
      }
    },
    REQUESTS,
  );
  if (seen.size !== rotations) throw new Error(`${seen.size} keys came of ${rotations} rotations`);
  const { maxLateMs, byOutcome, failed } = await stage.load.stop();

  const failedIn = (part) =>
    rows.filter(({ what }) => part.test(what)).reduce((sum, one) => sum + one.failed, 0);
  const inRows = rows.reduce((sum, { failed }) => sum + failed, 0);
  const rotate = runs.filter(({ name }) => name === 'key-rotate');
  report('rotation', {
    targets: [
      target('requests failed in rotations', failedIn(/rotation/), 0),
      target('requests failed in the guarded cut-over', failedIn(/guarded/), 0),
      target('requests through the rotations in a row', rows.at(-1).requests, REQUESTS, { least: true }),
      ...rows
        .filter(({ what }) => !/rotation|guarded/.test(what))
        .map(({ what, failed }) => target(`control, must fail: ${what}`, failed, 1, { least: true })),
      target('key-sync, plan, s', sync.plan, 2, { digits: 3 }),
      target('key-sync, apply, s', sync.apply, 1, { digits: 3 }),
    ],
    figures: {
      'requests a second': rate,
      'sent late by at most, ms': maxLateMs,
      'all requests, by outcome': byOutcome,
      'failed between the rows': failed - inRows,
      'drain of a rotation': DRAIN,
      'a rotation, plan and apply, longest, s': [
        Math.max(...rotate.map(({ plan }) => plan)),
        Math.max(...rotate.map(({ apply }) => apply)),
      ],
      ...Object.fromEntries(
        rows.map(({ what, requests, failed, bound, seconds, applied }) => [
          what,
          `${failed} of ${requests} failed${bound ? ` (95 %: below ${bound.toExponential(1)})` : ''}, ${seconds} s${ofWhich(applied)}`,
        ]),
      ),
    },
    raw: { rows, runs },
  });
} finally {
  await place.close();
}
