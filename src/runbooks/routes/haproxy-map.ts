import { z } from 'zod';
import {
  changePlaces,
  checkInstances,
  HaproxyFailed,
  instanceShape,
  isWord,
  type MapInstance,
  type MapPlace,
  openInstances,
  type Row,
  readPlaces,
  withMapFiles,
} from '../haproxy.js';
import { type Route, RouteFailed, type RouteKind, type RouteReading, StaleRoute } from './route.js';

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
  is: 'an entry in a map of one or more HAProxies, file and live',
  settings,
  open: (name, given) => new HaproxyRoute(name, given),
};

type Place = MapPlace & { to: string };

class HaproxyRoute implements Route {
  readonly type = 'haproxy-map';
  readonly places: readonly string[];
  readonly choices: readonly string[];
  private readonly key: string;
  private readonly instances: MapInstance[];

  constructor(
    readonly name: string,
    given: Settings,
  ) {
    this.instances = openInstances(given);
    this.places = this.instances.flatMap(({ touches }) => touches);
    this.choices = given.choices;
    this.key = given.key;
  }

  read(signal: AbortSignal): Promise<RouteReading> {
    return this.told(async () => {
      const places = await this.readPlaces(signal);
      const agreed = places.every(({ to }) => to === places[0]!.to);
      return {
        to: agreed ? places[0]!.to : null,
        places: places.map(({ name, to }) => ({ place: name, to })),
      };
    });
  }

  async set(to: string, expect: string, signal: AbortSignal): Promise<void> {
    if (!isWord(to) || (this.choices.length > 0 && !this.choices.includes(to)))
      throw new RouteFailed(
        `${this.name}: it may point to ${this.choices.join(', ') || 'one plain word'} only`,
      );
    const change = { put: [this.key, to] as Row, drop: [] };
    const step = async () => {
      const behind = (await this.readPlaces(signal)).filter((place) => place.to !== to);
      for (const { name: place, to: there } of behind)
        if (there !== expect)
          throw new StaleRoute(
            `${this.name}: ${place} points to ${there}, not to ${expect}: nothing was changed`,
          );
      if (behind.length === 0) return;
      await changePlaces(behind, change, signal);
      for (const { name: place, to: there } of await this.readPlaces(signal))
        if (there !== to) throw new HaproxyFailed(`${place} points to ${there} after it was set to ${to}`);
    };
    await this.told(() => withMapFiles(this.instances, step, signal));
  }

  private async readPlaces(signal: AbortSignal): Promise<Place[]> {
    return (await readPlaces(this.instances, signal)).map((place) => {
      // HAProxy goes by the first of several.
      const to = place.rows.find(([key]) => key === this.key)?.[1];
      if (to === undefined)
        throw new HaproxyFailed(`${place.name} has no entry ${this.key}; add it by hand once`);
      return { ...place, to };
    });
  }

  private async told<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof StaleRoute) throw error;
      throw new RouteFailed(`${this.name}: ${(error as Error).message}`);
    }
  }
}
