import { factLine } from '#domain/chain.js';
import type { Dossier } from './dossier.js';

/** The `facts` export: one line per fact, each ended by LF. `verify` checks it offline. */
export async function* renderFacts(dossier: Dossier): AsyncGenerator<string, void, undefined> {
  for await (const sealed of dossier.factLines()) yield `${factLine(sealed)}\n`;
}
