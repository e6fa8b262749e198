import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Json } from '#domain/run/runbook.js';
import { keysRotate } from '#runbooks/actions/keys-rotate.js';
import { failure, fp } from './kit.js';
import { FORWARD, K1, type Step, World } from './rotation-world.js';

// What stores say of senders can be wrong. That shows when the old key goes, and then it must be there again at once.
let world: World;
/** What clients of the gateway were answered. */
let answers: number[];
let through: string;
beforeEach(async () => {
  world = await World.open({ senders: 1, acceptors: 2 });
  answers = [];
});
afterEach(() => world.kit.close());

/** A gateway that sends this key, whatever its store says, to the acceptors in turn. */
async function gatewaySends(key: () => string): Promise<void> {
  const { urls } = world.pair.probe;
  let turn = 0;
  through = await world.kit.serve(async (_, response) => {
    const { status } = await fetch(urls[turn++ % urls.length] as string, {
      headers: { 'x-api-key': key() },
    });
    answers.push(status);
    response.writeHead(status).end();
  });
  world.kit.pairs.set('tts', { ...world.pair, through });
}

async function forwardTo(last: string): Promise<Step[]> {
  const steps = [];
  for (const phase of FORWARD.slice(0, FORWARD.indexOf(last as 'mint') + 1))
    steps.push(await world.phase(phase));
  return steps;
}

const RETIRE = { pair: 'tts', phase: 'retire' };
const captured = () => world.kit.capture(keysRotate, RETIRE);
const retire = (before: Json) => failure(world.kit.run(keysRotate, RETIRE, { captured: before }));
const pending = () => world.files().truth?.pending as string;

/** Every acceptor takes both keys, the old one as it was called before. */
function expectBoth(): void {
  for (const name of world.pair.acceptors) {
    const id = `tocsin-${fp(pending()).slice('fp:'.length)}`;
    expect(world.files()[name]).toEqual({ legacy: K1, 'client-9': 'of-a-client', [id]: pending() });
  }
}

const putBack = () =>
  `${through}/ answered 401 through the gateway once ${fp(K1)} was gone; it was put back, and requests are answered again: some sender still uses it, whatever its store says`;

test('drain says what was looked at: how long it waited, and what senders read back', async () => {
  await forwardTo('switch');
  const { kit } = world;
  const summary = `waited 1 m: sender-1 uses ${fp(pending())}, as read back, and requests through the gateway are answered; nothing counts uses of ${fp(K1)}`;
  const drain = { pair: 'tts', phase: 'drain' };
  expect(await kit.done(keysRotate, drain, { waited: kit.now })).toMatchObject({ summary });
  kit.pairs.set('tts', { ...world.pair, through: null });
  expect((await kit.done(keysRotate, drain, { waited: kit.now })).summary).toBe(
    `waited 1 m: sender-1 uses ${fp(pending())}, as read back; nothing counts uses of ${fp(K1)}`,
  );
});

test('a sender that is changed while the last proof is made has not drained', async () => {
  await forwardTo('switch');
  const gateway = await world.kit.serve(async (_, response) => {
    await world.kit.write('sender-1', { key: K1 });
    response.writeHead(200).end();
  });
  world.kit.pairs.set('tts', { ...world.pair, through: gateway });
  const drained = world.kit.run(keysRotate, { pair: 'tts', phase: 'drain' }, { waited: world.kit.now });
  expect((await failure(drained)).message).toContain(`sender-1 (${fp(K1)})`);
});

test('a gateway that still sends the old key: it is put back after one probe, and not tried again by itself', async () => {
  await gatewaySends(() => K1);
  await forwardTo('drain');
  answers.length = 0;
  const failed = await retire(await captured());
  expect(failed).toMatchObject({ message: putBack(), unsure: false, final: true });
  // Found with the first acceptor; the second one never refused anybody.
  expect(answers.filter((status) => status === 401)).toHaveLength(1);
  expect(world.kit.said.join('\n')).not.toContain(`acceptor-2 refuses ${fp(K1)}`);
  expect(world.kit.said).toContain(`acceptor-1 accepts ${fp(K1)} again (legacy)`);
  expectBoth();
});

test('a worker that died between a removal and its proof: the next one proves, and puts it back', async () => {
  await gatewaySends(() => K1);
  await forwardTo('drain');
  for (const gone of [['acceptor-1'], ['acceptor-1', 'acceptor-2']]) {
    const before = await captured();
    for (const name of gone) {
      const { legacy: _, ...left } = world.files()[name] ?? {};
      await world.kit.write(name, left);
    }
    expect(await retire(before)).toMatchObject({ message: putBack(), final: true });
    expectBoth();
  }
});

test('a removal that fails halfway is proved too: what is gone is put back, and it may be tried again', async () => {
  await forwardTo('drain');
  await gatewaySends(() => K1);
  world.crashes.push({ write: world.writes + 1, after: true });
  expect(await retire(await captured())).toMatchObject({ message: putBack(), final: true });
  expectBoth();
});

test('a service that reads its keys with a delay: what it refuses a moment later is put back too', async () => {
  await forwardTo('drain');
  let late = 0;
  // The key that is gone still works for the proofs right after both removals.
  await gatewaySends(() => (late++ < 6 ? pending() : K1));
  expect(await retire(await captured())).toMatchObject({ message: putBack(), final: true });
  expectBoth();
});

test('a gateway that fails before anything is taken away: nothing is taken away', async () => {
  await forwardTo('drain');
  const broken = await world.kit.serve((_, response) => response.writeHead(503).end());
  world.kit.pairs.set('tts', { ...world.pair, through: broken });
  const { writes } = world;
  const failed = await retire(await captured());
  expect(failed).toMatchObject({ message: `${broken}/ answered 503 through the gateway`, final: false });
  expect(world.writes).toBe(writes);
});

test('a sender that goes back to the old key: that is put back though there is no gateway to ask', async () => {
  await forwardTo('drain');
  world.kit.pairs.set('tts', { ...world.pair, through: null });
  const before = await captured();
  const { legacy: _, ...left } = world.files()['acceptor-1'] ?? {};
  await world.kit.write('acceptor-1', left);
  await world.kit.write('sender-1', { key: K1 });
  expect((await retire(before)).message).toBe(
    `not every sender uses ${fp(pending())}: sender-1 (${fp(K1)}) once ${fp(K1)} was gone; it was put back`,
  );
  expectBoth();
});

test('what putting it back does not help is said', async () => {
  await forwardTo('drain');
  let down = false;
  const gateway = await world.kit.serve((_, response) => response.writeHead(down ? 503 : 200).end());
  world.kit.pairs.set('tts', { ...world.pair, through: gateway });
  const before = await captured();
  world.kit.onSecure = () => {
    down = true;
  };
  const why = `${gateway}/ answered 503 through the gateway`;
  expect((await retire(before)).message).toBe(
    `${why} once ${fp(K1)} was gone; it was put back, which did not help: ${why}`,
  );
  expectBoth();
}, 20_000);

test('an acceptor that does not take it back is named, and that is tried again', async () => {
  await gatewaySends(() => K1);
  await forwardTo('drain');
  const before = await captured();
  // The removal is write 1, putting it back write 2.
  world.crashes.push({ write: world.writes + 2, after: false });
  const failed = await retire(before);
  expect(failed.final).toBe(false);
  expect(failed.message).toBe(
    `${through}/ answered 401 through the gateway once ${fp(K1)} was gone; putting it back failed: crash before a write`,
  );
  expect(await retire(before)).toMatchObject({ message: putBack(), final: true });
  expectBoth();
});

test('undo brings back what was retired, under the ids it had, as long as the truth has not settled', async () => {
  const steps = await forwardTo('retire');
  await world.undo(steps.slice(-1));
  expectBoth();
  await world.undo(steps);
  for (const name of world.pair.acceptors)
    expect(world.files()[name]).toEqual({ legacy: K1, 'client-9': 'of-a-client' });
  expect(world.files()).toMatchObject({ truth: { current: K1 }, 'sender-1': { key: K1 } });
  expect(world.violations).toEqual([]);
});

test('undo brings back no key that was not retired here, and nothing once the truth has settled', async () => {
  await forwardTo('drain');
  const { legacy: _, ...left } = world.files()['acceptor-2'] ?? {};
  // By somebody's hand, who will have had a reason.
  await world.kit.write('acceptor-2', left);
  const retired = await world.phase('retire');
  const undoing = { captured: retired.captured, input: RETIRE, output: retired.output };
  const back = { pair: 'tts', phase: 'unretire' };
  expect((await failure(world.kit.run(keysRotate, back, { undoing }))).message).toBe(
    `acceptor-2 would refuse ${fp(K1)}`,
  );
  expect(world.files()['acceptor-2']).toEqual(left);
  await world.phase('retire');
  await world.phase('settle');
  const files = world.files();
  expect((await failure(world.kit.run(keysRotate, back, { undoing }))).message).toContain('only forward');
  expect(world.files()).toEqual(files);
});
