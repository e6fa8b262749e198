import { hash as digest } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { hash, id, number, stamp } from '../shape.js';
import { numberOf, refOf, SOURCES } from '../words.js';
import { type DraftFact, FACT_SHAPES, type Fact, type FactBody, type FactType } from './fact.js';

/** `prev` of the first fact of an incident. */
export const CHAIN_START = '0'.repeat(64);

/** Everything of a fact that is hashed, in the form in which it leaves us. Texts appear as commitments only. */
export const HASHED_FACT = z.strictObject({
  v: number,
  type: z.enum(Object.keys(FACT_SHAPES) as [FactType, ...FactType[]], 'is not a type of fact'),
  team: id,
  incident: z.string().regex(/^INC-(0|[1-9][0-9]{0,8})$/, 'is not an incident'),
  seq: number,
  recorded_at: stamp,
  by: z.strictObject({ id }),
  source: z.enum(SOURCES),
  data: z.unknown(),
  texts: z.record(z.string(), hash),
  prev: hash,
});
export type HashedFact = z.infer<typeof HASHED_FACT>;

/** One erasable text beside its fact. `salt` is hex; both null once erased. */
interface KeptText {
  field: string;
  salt: string | null;
  text: string | null;
}

/** A fact as it is stored and exported: `body` is the RFC 8785 form, byte for byte what was hashed. */
export interface SealedFact {
  body: string;
  hash: string;
  texts: KeptText[];
}

/** SHA-256 over the salt's bytes followed by the text's UTF-8 bytes: says nothing of the text once salt and text are gone. */
export function commitmentOf(saltHex: string, text: string): string {
  return digest('sha256', Buffer.concat([Buffer.from(saltHex, 'hex'), Buffer.from(text, 'utf8')]));
}

/** Where in the chain a fact goes, and who records it when. `salt` makes 16 fresh random bytes as hex. */
export interface Place extends Pick<Fact, 'team' | 'incident' | 'seq' | 'recordedAt' | 'by' | 'source'> {
  prev: string;
  salt: () => string;
}

/** Chains a decided fact: commits to its texts and hashes the rest. */
export function seal(draft: DraftFact, place: Place): { fact: Fact; sealed: SealedFact } {
  const { texts, ...body } = draft;
  const { prev, salt, ...at } = place;
  const { v } = FACT_SHAPES[body.type];
  // The actor's name is a text like any other: a person may ask to be forgotten.
  const all: Record<string, string> = at.by.name === null ? { ...texts } : { ...texts, by: at.by.name };
  const kept = Object.entries(all).map(([field, text]) => ({ field, salt: salt(), text }));
  const hashed: HashedFact = {
    ...{ v, type: body.type, team: at.team, incident: refOf(at.incident), seq: at.seq },
    recorded_at: at.recordedAt,
    by: { id: at.by.id },
    source: at.source,
    data: body.data,
    texts: Object.fromEntries(kept.map((k) => [k.field, commitmentOf(k.salt, k.text)])),
    prev,
  };
  const canonicalBody = canonical(hashed);
  const fact = { ...(body as FactBody), v, ...at, texts } as Fact;
  return { fact, sealed: { body: canonicalBody, hash: hashOf(canonicalBody), texts: kept } };
}

/** Reads a stored fact back. Old versions are lifted here, for ever. @throws on a body that is not ours. */
export function unseal(row: { body: string; texts: KeptText[] }): Fact {
  const hashed = JSON.parse(row.body) as HashedFact;
  const incident = numberOf(hashed.incident);
  if (incident === null) throw new Error(`a fact of no incident: ${hashed.incident}`);
  const texts: Record<string, string | null> = Object.fromEntries(row.texts.map((t) => [t.field, t.text]));
  const { by = null, ...own } = texts;
  const { type, data, v, team, seq, recorded_at: recordedAt, source } = hashed;
  const who = { id: hashed.by.id, name: by };
  return { type, data, v, team, incident, seq, recordedAt, by: who, source, texts: own } as Fact;
}

/** @returns the line of the `facts` export: the hashed members, then `hash` and `erasable`. */
export function factLine(sealed: SealedFact): string {
  const erasable = Object.fromEntries(
    [...sealed.texts]
      .sort((a, b) => (a.field < b.field ? -1 : 1))
      .map((t) => [t.field, t.text === null || t.salt === null ? null : { salt: t.salt, text: t.text }]),
  );
  // The body's own bytes are kept: re-serialising could not change them, but need not be trusted not to.
  return `${sealed.body.slice(0, -1)},"hash":"${sealed.hash}","erasable":${JSON.stringify(erasable)}}`;
}

/** @param body canonical JSON of a HashedFact. @returns its SHA-256 as 64 hex digits. */
export function hashOf(body: string): string {
  return digest('sha256', body);
}

/** @returns the RFC 8785 form. @throws when the value holds something that JSON does not know. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('not a JSON value');
  return text;
}
