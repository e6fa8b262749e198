import { z } from 'zod';
import { unpacked } from './packed.js';

/** What a button under a run brings back. `mark`: the plan, the question or the end that it was shown under. */
export interface CarriedRun {
  incident: number;
  run: number;
  mark: string;
  /** One of the answers to a question. */
  choice?: string;
}

const RUN = z.object({
  incident: z.number().int().positive(),
  run: z.number().int().positive(),
  mark: z.string(),
  choice: z.string().optional(),
});

/** @returns null for a button that this version did not make */
export function carriedRun(value: string | undefined): CarriedRun | null {
  const read = RUN.safeParse(unpacked(value));
  if (!read.success) return null;
  const { choice, ...rest } = read.data;
  return choice === undefined ? rest : { ...rest, choice };
}
