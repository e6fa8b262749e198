import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type KeyStore,
  type Keys,
  Stale,
  StoreFailed,
  type StoreSurroundings,
} from '#runbooks/keystores/keystore.js';
import { fingerprints, Secret } from '#runbooks/secret.js';

/** One real store, to be tested. */
export interface Bench {
  /** Empties it, by other means than the store's own. */
  empty(): Promise<void>;
  /** Opens it once more; the openings know nothing of each other. */
  open(): KeyStore;
  /** Values that it must keep as they are. Absent: all printable ASCII but the blank. */
  values?: string[];
  /** What it must refuse before it writes anything; under the id client-1 as another value for a key that is there. */
  refused?: Array<{ id: string; value: string }>;
  stop(): Promise<void>;
}

/** Surroundings for stores under test; `secrets` are what `secret:NAME` stands for. */
export const surroundings = (secrets: Record<string, string> = {}): StoreSurroundings => ({
  fingerprint: fingerprints('a pepper of the tests'),
  secret: (reference) => new Secret(secrets[reference.slice('secret:'.length)]!),
});

export const plain = ({ keys }: Keys) =>
  Object.fromEntries([...keys].map(([id, secret]) => [id, secret.reveal()]));

const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');
const [K1, K2, K3] = ['canary-one-8d2f', 'canary-two-77ab', 'canary-three-c04e'].map(
  (k) => new Secret(k),
) as [Secret, Secret, Secret];

/** What every kind of key store must do: run it over yours, with the real thing behind it. @param here false: its server is missing, and it is skipped */
export function keyStoreContract(kind: string, start: () => Promise<Bench>, here = true): void {
  (here ? describe : describe.skip)(`${kind} keeps the contract of key stores`, () => {
    let bench: Bench;
    let store: KeyStore;
    const open = () => bench.open();
    beforeAll(async () => {
      bench = await start();
      store = open();
    });
    afterAll(async () => {
      await bench?.stop();
    });
    beforeEach(() => bench.empty());

    const on = new AbortController().signal;
    const contents = async () => plain(await open().read(on));
    const refusal = async (doing: Promise<void>): Promise<Error> => {
      const error: Error = await doing.then(
        () => new Error('it was not refused'),
        (e) => e,
      );
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(/canary/);
      return error;
    };

    test('says what it is and what it touches, and opens without touching anything', () => {
      expect(store.name).toMatch(/./);
      expect(store.type).toBe(kind);
      expect(store.places.length).toBeGreaterThan(0);
    });

    test('an empty one reads as empty', async () => {
      expect(await contents()).toEqual({});
    });

    test('put sets, replaces, and may be repeated', async () => {
      await store.put('client-1', K1, null, on);
      await store.put('client-1', K1, null, on);
      await store.put('client-2', K2, null, on);
      expect(await contents()).toEqual({ 'client-1': K1.reveal(), 'client-2': K2.reveal() });
      await store.put('client-1', K3, K1, on);
      await store.put('client-1', K3, K1, on);
      expect(await contents()).toEqual({ 'client-1': K3.reveal(), 'client-2': K2.reveal() });
    });

    test('a put that expects something else is stale and changes nothing', async () => {
      await store.put('client-1', K1, null, on);
      expect(await refusal(store.put('client-1', K2, null, on))).toBeInstanceOf(Stale);
      expect(await refusal(store.put('client-1', K2, K3, on))).toBeInstanceOf(Stale);
      expect(await refusal(store.put('client-9', K2, K3, on))).toBeInstanceOf(Stale);
      expect(await contents()).toEqual({ 'client-1': K1.reveal() });
    });

    test('remove takes one away, may be repeated, and is stale when it expects something else', async () => {
      await store.put('client-1', K1, null, on);
      await store.put('client-2', K2, null, on);
      expect(await refusal(store.remove('client-1', K2, on))).toBeInstanceOf(Stale);
      await store.remove('client-1', K1, on);
      await store.remove('client-1', K1, on);
      expect(await contents()).toEqual({ 'client-2': K2.reveal() });
    });

    test('the version changes when a key does, and only then, in every opening', async () => {
      const seen: string[] = [];
      const look = async () => {
        const { version } = await open().read(on);
        expect((await store.read(on)).version).toBe(version);
        expect(version).not.toMatch(/canary/);
        seen.push(version);
      };
      await look();
      await store.put('client-1', K1, null, on);
      await look();
      await store.put('client-2', K1, null, on).catch(() => store.put('client-2', K3, null, on));
      await look();
      await store.put('client-1', K2, K1, on);
      await look();
      await store.put('client-1', K2, K1, on);
      expect((await open().read(on)).version).toBe(seen.at(-1));
      await refusal(store.put('client-1', K3, K1, on));
      expect((await open().read(on)).version).toBe(seen.at(-1));
      await store.remove('client-1', K2, on);
      await look();
      expect(new Set(seen).size).toBe(5);
    });

    test('values come back as they were', async () => {
      const values = bench.values ?? [PRINTABLE, '"', "'", 'ends-in-=='];
      for (const [i, value] of values.entries()) await store.put(`client-${i}`, new Secret(value), null, on);
      expect(await contents()).toEqual(Object.fromEntries(values.map((v, i) => [`client-${i}`, v])));
      for (const [i, value] of values.entries()) await store.remove(`client-${i}`, new Secret(value), on);
      expect(await contents()).toEqual({});
    });

    test('what it cannot keep is refused before anything is written', async () => {
      await store.put('client-1', K1, null, on);
      for (const { id, value } of bench.refused ?? []) {
        const expected = id === 'client-1' ? K1 : null;
        expect(await refusal(store.put(id, new Secret(value), expected, on))).toBeInstanceOf(StoreFailed);
      }
      expect(await contents()).toEqual({ 'client-1': K1.reveal() });
    });

    test('of two that put the same id at the same moment exactly one wins', async () => {
      for (let round = 0; round < 5; round++) {
        const id = `client-${round}`;
        const values = [K1, K2].map((k) => new Secret(`${k.reveal()}-${round}`));
        const results = await Promise.allSettled(values.map((value) => open().put(id, value, null, on)));
        expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const won = results.findIndex(({ status }) => status === 'fulfilled');
        const lost = results[1 - won] as PromiseRejectedResult;
        expect(lost.reason).toBeInstanceOf(Stale);
        expect(await contents()).toMatchObject({ [id]: values[won]!.reveal() });
      }
    });

    test('many at once on different ids all get in', async () => {
      const ids = Array.from({ length: 8 }, (_, i) => `client-${i}`);
      await Promise.all(ids.map((id) => open().put(id, new Secret(`canary-of-${id}`), null, on)));
      expect(await contents()).toEqual(Object.fromEntries(ids.map((id) => [id, `canary-of-${id}`])));
    });

    test('one that was called off before it began changes nothing', async () => {
      await store.put('client-1', K1, null, on);
      const off = AbortSignal.abort();
      await refusal(store.put('client-1', K2, K1, off));
      await refusal(store.put('client-2', K2, null, off));
      await refusal(store.remove('client-1', K1, off));
      expect(await contents()).toEqual({ 'client-1': K1.reveal() });
    });
  });
}
