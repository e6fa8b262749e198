import { hash as digest } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { hash, id, number, stamp } from '../shape.js';
import { numberOf, type Person, refOf, SOURCES, type Source } from '../words.js';
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
export interface Place {
  team: string;
  incident: number;
  seq: number;
  prev: string;
  recordedAt: string;
  by: Person;
  source: Source;
  salt: () => string;
}

/** Chains a decided fact: commits to its texts and hashes the rest. */
export function seal(draft: DraftFact, place: Place): { fact: Fact; sealed: SealedFact } {
  const { texts, ...body } = draft;
  // The actor's name is a text like any other: a person may ask to be forgotten.
  const all: Record<string, string> = place.by.name === null ? { ...texts } : { ...texts, by: place.by.name };
  const kept = Object.entries(all).map(([field, text]) => ({ field, salt: place.salt(), text }));
  const hashed: HashedFact = {
    v: FACT_SHAPES[body.type].v,
    type: body.type,
    team: place.team,
    incident: refOf(place.incident),
    seq: place.seq,
    recorded_at: place.recordedAt,
    by: { id: place.by.id },
    source: place.source,
    data: body.data,
    texts: Object.fromEntries(kept.map((k) => [k.field, commitmentOf(k.salt, k.text)])),
    prev: place.prev,
  };
  const canonicalBody = canonical(hashed);
  const fact = {
    ...(body as FactBody),
    v: hashed.v,
    team: place.team,
    incident: place.incident,
    seq: place.seq,
    recordedAt: place.recordedAt,
    by: place.by,
    source: place.source,
    texts,
  } as Fact;
  return { fact, sealed: { body: canonicalBody, hash: hashOf(canonicalBody), texts: kept } };
}

/** Reads a stored fact back. Old versions are lifted here, for ever. @throws on a body that is not ours. */
export function unseal(row: { body: string; texts: KeptText[] }): Fact {
  const hashed = JSON.parse(row.body) as HashedFact;
  const incident = numberOf(hashed.incident);
  if (incident === null) throw new Error(`a fact of no incident: ${hashed.incident}`);
  const texts: Record<string, string | null> = Object.fromEntries(row.texts.map((t) => [t.field, t.text]));
  const { by = null, ...own } = texts;
  return {
    type: hashed.type,
    data: hashed.data,
    v: hashed.v,
    team: hashed.team,
    incident,
    seq: hashed.seq,
    recordedAt: hashed.recorded_at,
    by: { id: hashed.by.id, name: by },
    source: hashed.source,
    texts: own,
  } as Fact;
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
