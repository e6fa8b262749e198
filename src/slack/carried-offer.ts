import { z } from 'zod';
import { packed, unpacked } from './packed.js';

/** What a button that offers a runbook brings back. Inputs are names of stores: no secrets. */
export interface CarriedOffer {
  incident: number;
  runbook: string;
  inputs: Record<string, string>;
}

const OFFER = z.object({
  incident: z.number().int().positive(),
  runbook: z.string(),
  inputs: z.record(z.string(), z.string()),
});

/** @returns null when it does not fit */
export function packOffer(offer: CarriedOffer): string | null {
  return packed(offer);
}

/** @returns null for a button that this version did not make */
export function carriedOffer(value: string | undefined): CarriedOffer | null {
  return OFFER.safeParse(unpacked(value)).data ?? null;
}
