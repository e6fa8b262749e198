import type { NetConnectOpts } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type KeyStore, Stale, StoreFailed } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { until } from '../../support/until.js';
import { freePort, type Wire, wireTo } from '../../support/wire.js';
import { plain } from './contract.js';

/** One real server, to be reached over a wire that breaks. */
export interface NetworkBench {
  at: NetConnectOpts;
  empty(): Promise<void>;
  /** Opens the store at another port. Where there are passwords, they must be `canary-password`. */
  open(port: number): KeyStore;
  /** What only the write of a value sends, so that the wire knows when to break; absent: the value itself. */
  marker?(value: string): string;
  /** The store itself asks again when the connection breaks: a lost answer is then no failure at all. */
  asksAgain?: boolean;
  stop(): Promise<void>;
}

/** What every store behind a network must do when the network fails. @param here false: its server is missing, and it is skipped */
export function networkContract(kind: string, start: () => Promise<NetworkBench>, here = true): void {
  (here ? describe : describe.skip)(`${kind} over a network that fails`, () => {
    let bench: NetworkBench;
    let wire: Wire;
    let store: KeyStore;
    beforeAll(async () => {
      bench = await start();
      wire = await wireTo(bench.at);
      store = bench.open(wire.port);
    });
    afterAll(async () => {
      await wire?.stop();
      await bench?.stop();
    });
    beforeEach(async () => {
      wire.mend();
      await bench.empty();
    });

    const on = new AbortController().signal;
    const [k1, k2, k3] = ['canary-wire-1', 'canary-wire-2', 'canary-wire-3'].map((k) => new Secret(k)) as [
      Secret,
      Secret,
      Secret,
    ];
    const failure = async (doing: Promise<unknown>): Promise<string> => {
      const error: Error = await doing.then(
        () => new Error('it did not fail'),
        (e) => e,
      );
      expect(error).toBeInstanceOf(StoreFailed);
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(/canary/);
      return error.message;
    };
    const marked = (value: Secret) => bench.marker?.(value.reveal()) ?? value.reveal();

    test('opening makes no connection', async () => {
      const before = wire.count();
      const idle = bench.open(wire.port);
      expect(idle.places.join(' ')).not.toMatch(/canary/);
      expect(wire.count()).toBe(before);
    });

    test('where nobody listens it fails, says where, and not with what password', async () => {
      const port = await freePort();
      const away = bench.open(port);
      expect(await failure(away.read(on))).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED`));
      expect(await failure(away.put('client-1', k1, null, on))).not.toMatch(/may have been written/);
    });

    test('an answer that is lost after the write: it says so, and the same again is no error', async () => {
      await store.put('client-0', k3, null, on);
      const lost = async (doing: Promise<void>) => {
        if (bench.asksAgain) await doing;
        else expect(await failure(doing)).toMatch(/may have been written/);
      };
      wire.swallowAfter(marked(k1));
      await lost(store.put('client-1', k1, null, on));
      expect(plain(await store.read(on))).toMatchObject({ 'client-1': k1.reveal() });
      await store.put('client-1', k1, null, on);

      wire.swallowAfter(marked(k2));
      await lost(store.put('client-1', k2, k1, on));
      await store.put('client-1', k2, k1, on);
      await expect(store.put('client-1', k3, k1, on)).rejects.toThrow(Stale);
      expect(plain(await store.read(on))).toEqual({ 'client-0': k3.reveal(), 'client-1': k2.reveal() });
    });

    test('a server that says nothing is waited for until the signal ends it', async () => {
      await store.put('client-1', k1, null, on);
      for (const doing of [
        (signal: AbortSignal) => store.read(signal),
        (signal: AbortSignal) => store.put('client-1', k2, k1, signal),
        (signal: AbortSignal) => store.remove('client-1', k1, signal),
      ]) {
        const stop = new AbortController();
        const asked = wire.hang();
        const failed = failure(doing(stop.signal));
        await asked;
        stop.abort();
        expect(await failed).toMatch(/stopped/);
        wire.mend();
      }
      expect(plain(await store.read(on))).toEqual({ 'client-1': k1.reveal() });
    });

    // Nobody closes a store: what it leaves open stays so for as long as the bot runs.
    test('it leaves no connection behind, whether it went well, was refused, broke off or was stopped', async () => {
      const none = () => until('no connection is left', () => wire.open() === 0);
      await store.read(on);
      await store.put('client-1', k1, null, on);
      await none();
      await expect(store.put('client-1', k3, k2, on)).rejects.toThrow(Stale);
      await none();
      wire.swallowAfter(marked(k2));
      await store.put('client-1', k2, k1, on).catch(() => undefined);
      await none();
      const stop = new AbortController();
      const asked = wire.hang();
      const failed = failure(store.put('client-1', k3, k2, stop.signal));
      await asked;
      stop.abort();
      await failed;
      await none();
    });
  });
}
