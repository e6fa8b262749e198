import { z } from 'zod';
import type { RunState } from '#domain/run-state.js';
import { unpacked } from './packed.js';

/** What a button under a run brings back. `mark`: see `markOf`. */
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

/**
 * Names what a button is shown under: this plan (`HASH/UNTIL`), this question (`run/add/2`), this end, or a status.
 * The same button later has the same name, another plan's or another attempt's has not.
 */
export function markOf(state: RunState, endedAt: string | null): string {
  const { asked, status, hash, approvers, end } = state;
  if (asked) return `${asked.phase}/${asked.step}/${asked.attempt}`;
  if (status === 'waiting') return `${hash ?? ''}/${approvers?.expiresAt ?? ''}`;
  return status === 'ended' ? `${end ?? ''}/${endedAt ?? ''}` : status;
}
