import type { z } from 'zod';

/**
 * A switch in a gateway that says which service gets the traffic. Written where the gateway reads it at start
 * and where it reads it now, and read back from both.
 */
export interface Route {
  readonly name: string;
  readonly type: string;
  /** What a write touches, for the plan. */
  readonly places: readonly string[];
  /** Where it may point; empty: anywhere. */
  readonly choices: readonly string[];
  /** @returns where it points in each instance, file and live. @throws RouteFailed */
  read(signal: AbortSignal): Promise<RouteReading>;
  /**
   * @param expect where it must point now in every place (or at `to` already: a repeated call is no error)
   * @throws StaleRoute it points elsewhere: nothing was changed
   * @throws RouteFailed not set, or not everywhere: the message says which instance
   */
  set(to: string, expect: string, signal: AbortSignal): Promise<void>;
}

/** Where one sees from outside that requests on a route are answered well, from tocsin.yml. */
export interface RouteProbe {
  readonly url: string;
  /** What a good answer has. */
  readonly status: readonly number[];
}

export interface RouteReading {
  /** Where it points; null: the places disagree. */
  to: string | null;
  /** Each place and what it says: `gateway-1 live`, `gateway-1 file`. */
  places: Array<{ place: string; to: string }>;
}

export class StaleRoute extends Error {
  override name = 'StaleRoute';
}

export class RouteFailed extends Error {
  override name = 'RouteFailed';
}

/** What all kinds do alike: they refuse to point where they may not, and what they say begins with their name. */
export abstract class CheckedRoute<S extends { choices: string[] }> implements Route {
  abstract readonly type: string;
  abstract readonly places: readonly string[];
  readonly choices: readonly string[];

  constructor(
    readonly name: string,
    protected readonly given: S,
  ) {
    this.choices = given.choices;
  }

  read(signal: AbortSignal): Promise<RouteReading> {
    return this.told('read', signal, () => this.look(signal));
  }

  async set(to: string, expect: string, signal: AbortSignal): Promise<void> {
    if (!this.fits(to) || (this.choices.length > 0 && !this.choices.includes(to)))
      throw new RouteFailed(`${this.name}: it may point to ${this.choices.join(', ') || this.any} only`);
    await this.told('written', signal, () => this.change(to, expect, signal));
  }

  /** What it may point to where there are no choices. */
  protected abstract readonly any: string;
  protected abstract fits(to: string): boolean;
  protected abstract look(signal: AbortSignal): Promise<RouteReading>;
  /** As `set`. What it throws is told as it is, but for the name. */
  protected abstract change(to: string, expect: string, signal: AbortSignal): Promise<void>;

  protected mustPointTo(place: string, there: string, expect: string): void {
    if (there === expect) return;
    throw new StaleRoute(`${this.name}: ${place} points to ${there}, not to ${expect}: nothing was changed`);
  }

  protected saidOf({ message }: Error, _verb: string, _signal: AbortSignal): string {
    return message;
  }

  private async told<T>(verb: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof StaleRoute) throw error;
      throw new RouteFailed(`${this.name}: ${this.saidOf(error as Error, verb, signal)}`);
    }
  }
}

/** A kind of route. One file each in this folder, one line in routes.ts. `S`: what tocsin.yml says, without `type`. */
export interface RouteKind<S = unknown> {
  type: string;
  settings: z.ZodType<S>;
  /** Touches nothing yet. @param name as under `routes:`; it begins every message */
  open(name: string, settings: S): Route;
}
