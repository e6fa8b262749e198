import type { z } from 'zod';
import type { Route } from '../route.js';

/** A kind of route. One file each in this folder, one line in ../routes.ts. `S`: what tocsin.yml says, without `type`. */
export interface RouteKind<S = unknown> {
  type: string;
  /** What it is, in a few words. */
  is: string;
  settings: z.ZodType<S>;
  /** Touches nothing yet. @param name as under `routes:`; it begins every message */
  open(name: string, settings: S): Route;
}
