import { z } from 'zod';
import { PRECISIONS } from './words.js';

/** What shapes of facts are made of, those of an incident and those of a run alike. */

/** When something happened: UTC, ISO 8601 with whole seconds. */
export const second = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'is not UTC with whole seconds');
/** When we did something: UTC, ISO 8601 with milliseconds. */
export const stamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'is not UTC with milliseconds');
/** A day, in whose clock is not said. */
export const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'is not a day such as 2026-12-05');
export const hash = z.string().regex(/^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits');
export const count = z.int().min(0);
export const number = z.int().min(1);
export const id = z.string().min(1);
export const moment = { at: second, until: second.nullable(), precision: z.enum(PRECISIONS) };
/** What a fact with a timeline entry of its own has: the entry's number, and when it happened. */
export const happened = { n: number, ...moment };

/** Which erasable texts a type has. `list`: `field.0`, `field.1` …; `count` says how many there are, or may be. */
export interface FactTexts<D = unknown> {
  required?: readonly string[];
  optional?: readonly string[];
  list?: { field: string; count(data: D): number; required: boolean };
}

/** The present shape of one type of fact. `v`: its version; a reader knows every one up to it. */
export interface Shape<S extends z.ZodRawShape = z.ZodRawShape> {
  v: number;
  data: z.ZodObject<S, z.core.$strict>;
  texts: FactTexts<z.infer<z.ZodObject<S, z.core.$strict>>>;
}

export function shape<S extends z.ZodRawShape>(data: S, texts: Shape<S>['texts'] = {}): Shape<S> {
  return { v: 1, data: z.strictObject(data), texts };
}

/** What those shapes let through: a union of `{ type, data }`. */
export type BodyOf<Shapes> = {
  [T in keyof Shapes & string]: Shapes[T] extends { data: infer D extends z.ZodType }
    ? { type: T; data: z.infer<D> }
    : never;
}[keyof Shapes & string];
