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

/** A kind of route. One file each in this folder, one line in routes.ts. `S`: what tocsin.yml says, without `type`. */
export interface RouteKind<S = unknown> {
  type: string;
  /** What it is, in a few words. */
  is: string;
  settings: z.ZodType<S>;
  /** Touches nothing yet. @param name as under `routes:`; it begins every message */
  open(name: string, settings: S): Route;
}
