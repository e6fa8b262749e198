import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keysAdd } from '#runbooks/actions/keys-add.js';
import { keysCompare } from '#runbooks/actions/keys-compare.js';
import { keysRemove } from '#runbooks/actions/keys-remove.js';
import { haproxyMap } from '#runbooks/keystores/haproxy-map.js';
import { acceptor, haproxyAvailable, type TestHaproxy } from '../../support/haproxy.js';
import { failure, fingerprint, fp, Kit } from './kit.js';

const DEV = fp('value-dev');
const OTHER = fp('value-other');
const compare = { from: 'old', to: 'new' };
const add = { ...compare, keys: ['dev'] };

// A live map and its file can differ: by a hand, or by a write that was cut off.
(haproxyAvailable() ? describe : describe.skip)('places of a real HAProxy that differ', () => {
  let kit: Kit;
  let proxy: TestHaproxy;
  beforeAll(async () => {
    kit = await Kit.open();
    proxy = await acceptor();
    const surroundings = {
      fingerprint,
      secret: () => {
        throw new Error('no store here has a secret');
      },
    };
    const given = { socket: proxy.socket, file: proxy.map('keys'), columns: 'value-id' as const };
    kit.stores.set('new', haproxyMap.open('new', given, surroundings));
    kit.stores.set('mirror', haproxyMap.open('mirror', given, surroundings));
  });
  afterAll(async () => {
    await proxy?.stop();
    await kit?.close();
  });
  beforeEach(async () => {
    await kit.store('old', { dev: 'value-dev', web: 'value-web' });
    kit.said.length = 0;
  });

  const set = async (file: string[], live: string[]) => {
    await writeFile(proxy.map('keys'), file.map((row) => `${row}\n`).join(''));
    await proxy.tell(`clear map ${proxy.map('keys')}`);
    for (const row of live) await proxy.tell(`add map ${proxy.map('keys')} ${row}`);
  };
  const live = () => proxy.tell(`show map ${proxy.map('keys')}`);
  const WEB = 'value-web web';

  test('another key in one place is said by compare and add, which change nothing', async () => {
    await set([WEB], [WEB, 'value-other dev']);
    const told = `places of new disagree about dev: file lacks it, live has ${OTHER}`;
    const { output, summary } = await kit.done(keysCompare, compare);
    expect(output).toMatchObject({ missing: [], disagreeing: ['dev'], same: 1, empty: false });
    expect(summary).toBe(`1 key the same; ${told}`);
    expect(kit.said).toEqual([told]);
    expect((await kit.plan(keysCompare, compare)).does).toBe(`compares old with new: now ${summary}`);
    const message = `${told}: make the places agree first`;
    for (const require of ['none-missing', 'none-mismatched'])
      expect((await failure(kit.run(keysCompare, { ...compare, require }))).message).toBe(message);
    const none = kit.plan(keysCompare, { ...compare, require: 'none-mismatched' });
    expect((await failure(none)).message).toBe(message);
    for (const attempt of [kit.plan(keysAdd, add), kit.run(keysAdd, add)])
      expect((await failure(attempt)).message).toBe(message);
    expect(await readFile(proxy.map('keys'), 'utf8')).toBe(`${WEB}\n`);
    expect(await live()).toContain('value-other dev');
  });

  test('what the source’s own places disagree about is no agreement', async () => {
    await set([WEB], [WEB, 'value-dev dev']);
    await kit.store('copy', { web: 'value-web' });
    const given = { from: 'new', to: 'copy', require: 'none-missing' };
    expect((await failure(kit.run(keysCompare, given))).message).toBe(
      `places of new disagree about dev: file lacks it, live has ${DEV}: make the places agree first`,
    );
    const { message } = await failure(kit.plan(keysAdd, { from: 'new', to: 'copy', keys: ['dev'] }));
    expect(message).toContain('places of new disagree about dev');
  });

  test('the same key in one place is made whole, and an undo leaves it to who had it', async () => {
    await set([WEB], [WEB, 'value-dev dev']);
    const given = { ...compare, require: 'none-mismatched' };
    const { output } = await kit.done(keysCompare, given);
    expect(output).toMatchObject({ missing: ['dev'], disagreeing: ['dev'] });
    expect((await failure(kit.run(keysCompare, { ...compare, require: 'none-missing' }))).message).toContain(
      `places of new disagree about dev: file lacks it, live has ${DEV}`,
    );
    const plan = await kit.plan(keysAdd, add);
    expect(plan).toMatchObject({
      does: `has every place of new hold dev ${DEV}, as some do`,
      current: '1 key',
      desired: '2 keys',
      output: { added: [], fingerprints: { dev: DEV } },
    });
    const added = await kit.done(keysAdd, add, { planned: plan.output });
    expect(added).toMatchObject({ output: { added: [] }, summary: 'every place of new holds dev now' });
    expect(await readFile(proxy.map('keys'), 'utf8')).toBe(`${WEB}\nvalue-dev dev\n`);
    await kit.done(keysCompare, { ...compare, require: 'none-missing' });
  });

  test('a write of ours that was cut off is ours: it is finished, and undone', async () => {
    await set([WEB], [WEB]);
    const captured = await kit.capture(keysAdd, add);
    await set([WEB, 'value-dev dev'], [WEB]);
    const { output } = await kit.done(keysAdd, add, { captured });
    expect(output).toEqual({ added: ['dev'], fingerprints: { dev: DEV } });
    // Where somebody else came between the attempts, the undo hears of our half, and leaves it alone aloud.
    await set([WEB, 'value-dev dev'], [WEB, 'value-other dev']);
    const failed = await failure(kit.run(keysAdd, add, { captured }));
    expect(failed.output).toEqual(output);
    const undoing = { captured, input: add, output: failed.output };
    const left = await failure(kit.run(keysRemove, { store: 'new', keys: ['dev'] }, { undoing }));
    expect(left.message).toMatch(/left alone: dev/);
    expect(await live()).toContain('value-other dev');
  });

  test('a removal says that places disagree, and is refused where it cannot tell which key is meant', async () => {
    const given = { store: 'new', keys: ['dev'] };
    await set([WEB], [WEB, 'value-other dev']);
    const told = `places of new disagree about dev: file lacks it, live has ${OTHER}`;
    const plan = await kit.plan(keysRemove, given);
    expect(plan.does).toBe(`removes 1 key (dev ${OTHER}) from new; now ${told}`);
    await set([WEB, 'value-dev dev'], [WEB, 'value-other dev']);
    expect((await failure(kit.plan(keysRemove, given))).message).toBe(
      `places of new disagree about dev: file has ${DEV}, live has ${OTHER}: make the places agree first`,
    );
    await set([WEB], [WEB, 'value-other dev']);
    await kit.done(keysRemove, given, { planned: plan.output });
    expect(await live()).not.toContain('dev');
  });

  test('several keys under one id are said as that', async () => {
    await set(['value-dev dev', 'value-other dev'], ['value-dev dev', 'value-other dev']);
    const { summary } = await kit.done(keysCompare, compare);
    const both = [DEV, OTHER].sort().join(' and ');
    expect(summary).toMatch(new RegExp(`; new holds more than one key under dev: ${both}$`));
  });
});
