import { Locked } from '#store/outcome.js';
import type { Stream } from '#store/turn.js';
import { distinct, nameOf, stillOf, type Waiting } from './waiting.js';
import { pause } from './write.js';

/** How long somebody waits for an incident that is locked before they are told, and how often it is looked at. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 25;

export const isLate = (one: Waiting): boolean => performance.now() - one.since > PATIENCE_MS;

/**
 * Those whose incident somebody holds (a rebuild, an erasure) wait here, by incident and in order, and whoever comes later
 * for the same incident waits behind them. Everybody else is written meanwhile.
 */
export class Aside {
  private readonly byIncident = new Map<string, Waiting[]>();
  private watching = false;

  constructor(
    private readonly store: { lockedAmong(streams: readonly Stream[]): Promise<Stream[]> },
    private readonly back: {
      /** They may be tried again, before anybody else. */
      free(ones: Waiting[]): void;
      /** They will not be written, and are to be told. */
      give(ones: Waiting[], error: unknown): Promise<void>;
    },
  ) {}

  holds(one: Waiting): boolean {
    return this.byIncident.has(nameOf(one.stream));
  }

  /** @returns true: others wait for that incident, and so does this one now */
  joins(one: Waiting): boolean {
    const others = this.byIncident.get(nameOf(one.stream));
    others?.push(one);
    return others !== undefined;
  }

  /** Takes those of the group whose incident is held at this moment. */
  async take(group: readonly Waiting[]): Promise<void> {
    const locked = await this.locked(group).catch(() => new Set<string>());
    for (const one of group) {
      const name = nameOf(one.stream);
      if (locked.has(name) && !this.joins(one)) this.byIncident.set(name, [one]);
    }
    if (!this.watching) void this.watch();
  }

  private async watch(): Promise<void> {
    this.watching = true;
    while (this.byIncident.size > 0) {
      await pause(LOOK_AGAIN_MS);
      try {
        const locked = await this.locked([...this.byIncident.values()].flat());
        const free = [...this.byIncident].filter(([name]) => !locked.has(name));
        for (const [name] of free) this.byIncident.delete(name);
        if (free.length > 0) this.back.free(free.flatMap(([, ones]) => ones));
        await this.giveUp(isLate, new Locked('held for too long'));
      } catch (error) {
        await this.giveUp(() => true, error);
      }
    }
    this.watching = false;
  }

  private async giveUp(which: (one: Waiting) => boolean, error: unknown): Promise<void> {
    await this.back.give([...this.byIncident.values()].flat().filter(which), error);
    for (const [name, ones] of this.byIncident) {
      const still = stillOf(ones);
      if (still.length > 0) this.byIncident.set(name, still);
      else this.byIncident.delete(name);
    }
  }

  private async locked(ones: readonly Waiting[]): Promise<Set<string>> {
    const streams = distinct(ones.map((one) => one.stream)).filter(({ incident }) => incident >= 0);
    return new Set((await this.store.lockedAmong(streams)).map(nameOf));
  }
}
