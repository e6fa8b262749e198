import { z } from 'zod';
import {
  checkInstances,
  HaproxyFailed,
  instanceShape,
  isWord,
  type MapPlace,
  type Row,
  SharedMap,
} from '../keystores/haproxy.js';
import { CheckedRoute, type RouteKind, type RouteReading } from './route.js';

const word = z.string().refine(isWord, 'must be one word');
const settings = z
  .strictObject({
    ...instanceShape,
    /** The entry that says which backend is used. */
    key: word,
    choices: z.array(word).default([]),
  })
  .superRefine(checkInstances);
type Settings = z.infer<typeof settings>;

/** One entry of a map of one or more HAProxies, which names the backend: `use_backend %[str(active),map(…)]`. */
export const haproxyMap: RouteKind<Settings> = {
  type: 'haproxy-map',
  settings,
  open: (name, given) => new HaproxyRoute(name, given),
};

type Place = MapPlace & { to: string };

class HaproxyRoute extends CheckedRoute<Settings> {
  readonly type = 'haproxy-map';
  private readonly map = new SharedMap(this.given);
  readonly places = this.map.touches;
  protected readonly any = 'one plain word';
  protected readonly fits = isWord;

  protected async look(signal: AbortSignal): Promise<RouteReading> {
    const places = await this.readPlaces(signal);
    const agreed = places.every(({ to }) => to === places[0]!.to);
    return {
      to: agreed ? places[0]!.to : null,
      places: places.map(({ name, to }) => ({ place: name, to })),
    };
  }

  protected change(to: string, expect: string, signal: AbortSignal): Promise<void> {
    const change = { put: [this.given.key, to] as Row, drop: [] };
    const step = async () => {
      const behind = (await this.readPlaces(signal)).filter((place) => place.to !== to);
      for (const { name: place, to: there } of behind) this.mustPointTo(place, there, expect);
      if (behind.length === 0) return;
      await this.map.change(behind, change, signal);
      for (const { name: place, to: there } of await this.readPlaces(signal))
        if (there !== to) throw new HaproxyFailed(`${place} points to ${there} after it was set to ${to}`);
    };
    return this.map.locked(step, signal);
  }

  private async readPlaces(signal: AbortSignal): Promise<Place[]> {
    return (await this.map.read(signal)).map((place) => {
      // HAProxy goes by the first of several.
      const to = place.rows.find(([key]) => key === this.given.key)?.[1];
      if (to === undefined)
        throw new HaproxyFailed(`${place.name} has no entry ${this.given.key}; add it by hand once`);
      return { ...place, to };
    });
  }
}
