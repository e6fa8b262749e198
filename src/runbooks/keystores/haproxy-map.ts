import { z } from 'zod';
import { Secret } from '../secret.js';
import {
  checkInstances,
  HaproxyFailed,
  instanceShape,
  isWord,
  type MapChange,
  type MapPlace,
  type Row,
  SharedMap,
} from './haproxy.js';
import {
  type Apart,
  CompareAndSet,
  type KeyStoreKind,
  type Keys,
  Stale,
  StoreFailed,
  same,
  versionOf,
} from './keystore.js';

/**
 * `id-value`: a gateway that sends keys looks up its client's id. `value-id`: a service that accepts keys looks up the
 * key that it was shown.
 */
const settings = z
  .strictObject({ ...instanceShape, columns: z.enum(['id-value', 'value-id']) })
  .superRefine(checkInstances);
type Settings = z.infer<typeof settings>;
/** There may be more than one key under an id, after an edit by hand or a write that was cut off between adding and removing. */
type Place = MapPlace & { keys: Map<string, Secret[]> };

/** Keys in maps of one or more HAProxies. Every instance gets the file and the live map. */
export const haproxyMap: KeyStoreKind<Settings> = {
  type: 'haproxy-map',
  settings,
  open: (name, given, surroundings) => new HaproxyMap(name, given, surroundings),
};

class HaproxyMap extends CompareAndSet<Settings> {
  readonly type = 'haproxy-map';
  private readonly map = new SharedMap(this.settings);
  readonly places = this.map.touches;

  /**
   * The keys that all places agree on. One that is half written or half removed is left out, so that whoever compares
   * sees it missing and the same `put` or `remove` again makes it whole; the version covers every place.
   */
  async read(signal: AbortSignal): Promise<Keys> {
    const places = await this.told(() => this.readPlaces(signal));
    const agreed = [...places[0]!.keys].flatMap(([id, [key]]) =>
      key && places.every(({ keys }) => only(keys.get(id), key)) ? [[id, key] as const] : [],
    );
    const rows = places.map(({ keys }) =>
      [...keys].flatMap(([id, several]) => several.map((key) => [id, key] as const)),
    );
    const keys = new Map(agreed);
    // Also those of a removal that was cut off: they are still accepted where they are.
    const others = new Set(places.flatMap((place) => [...place.keys.keys()]).filter((id) => !keys.has(id)));
    const apart = new Map([...others].map((id) => [id, this.apart(id, places)]));
    return { version: versionOf(rows, this.surroundings.fingerprint), keys, apart };
  }

  private apart(id: string, places: Place[]): Apart {
    const there = places.map((place) => {
      const fps = (place.keys.get(id) ?? []).map(this.surroundings.fingerprint);
      return { ...place, fps: [...new Set(fps)].sort().join(' and ') };
    });
    const keys = there.flatMap((place) => place.keys.get(id) ?? []);
    const [{ fps: first }] = there as [(typeof there)[0]];
    if (there.every(({ fps }) => fps === first))
      return { told: `${this.name} holds more than one key under ${id}: ${first}`, keys };
    const said = there.map(({ name, where, fps }) => {
      // Where there is one instance only, its name says nothing.
      const place = places.length > 2 ? name : where;
      return `${place} ${fps === '' ? 'lacks it' : `has ${fps}`}`;
    });
    return { told: `places of ${this.name} disagree about ${id}: ${said.join(', ')}`, keys };
  }

  protected override refuse(id: string, key: string): string | null {
    return isWord(id) && isWord(key)
      ? null
      : 'must be printable ASCII without blanks, ; and \\, and not begin with #, @ or <<';
  }

  /** Every place that is at `wanted` already is left alone. */
  protected change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    const step = async () => {
      const places = await this.readPlaces(signal);
      const behind = places.filter(({ keys }) => !only(keys.get(id), wanted));
      for (const { keys } of behind) {
        const there = keys.get(id) ?? [];
        const ours = there.every((key) => same(key, wanted) || same(key, expect));
        if (!ours || (there.length === 0 && expect)) throw new Stale(this.name, id);
        if (wanted) this.mustBeFree(id, wanted, keys);
      }
      if (behind.length === 0) return;
      await this.map.change(behind, this.changeOf(id, wanted, expect), signal);
      for (const { name, keys } of await this.readPlaces(signal))
        if (!only(keys.get(id), wanted))
          throw new HaproxyFailed(`${name} reads differently from what was written`);
    };
    return this.told(() => this.map.locked(step, signal));
  }

  private changeOf(id: string, wanted: Secret | null, expect: Secret | null): MapChange {
    if (this.settings.columns === 'id-value')
      return { put: wanted && [id, wanted.reveal()], drop: wanted ? [] : [id] };
    return { put: wanted && [wanted.reveal(), id], drop: expect ? [expect.reveal()] : [] };
  }

  /** Where the key is what is looked up, one key cannot stand for two ids. */
  private mustBeFree(id: string, wanted: Secret, keys: Map<string, Secret[]>): void {
    if (this.settings.columns === 'id-value') return;
    for (const [other, there] of keys)
      if (other !== id && there.some((key) => key.equals(wanted)))
        throw new HaproxyFailed(`the key for ${id} is there already, under the id ${other}`);
  }

  private async readPlaces(signal: AbortSignal): Promise<Place[]> {
    return (await this.map.read(signal)).map((place) => ({ ...place, keys: this.keysOf(place.rows) }));
  }

  private keysOf(rows: Row[]): Map<string, Secret[]> {
    const keys = new Map<string, Secret[]>();
    for (const [key, value] of rows) {
      const [id, text] = this.settings.columns === 'id-value' ? [key, value] : [value, key];
      keys.set(id, [...(keys.get(id) ?? []), new Secret(text)]);
    }
    return keys;
  }

  private async told<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Stale) throw error;
      throw new StoreFailed(`${this.name}: ${(error as Error).message}`);
    }
  }
}

/** @returns whether there is this key and no other; with null: none at all. */
const only = (there: Secret[] = [], key: Secret | null) =>
  key ? there.length > 0 && there.every((one) => one.equals(key)) : there.length === 0;
