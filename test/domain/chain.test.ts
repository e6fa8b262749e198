import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { CHAIN_START, commitmentOf, factLine, seal, unseal } from '#domain/incident/chain.js';
import { ana, note, opened } from './given.js';

let salts = 0;
const place = (seq: number, prev: string) => ({
  team: 'T1',
  incident: 7,
  seq,
  prev,
  recordedAt: '2024-11-10T02:00:00.000Z',
  by: ana,
  source: 'slack' as const,
  salt: () => (++salts).toString(16).padStart(32, '0'),
});

test('a sealed fact can be read back, and its line proves itself', () => {
  const first = seal(opened, place(1, CHAIN_START));
  const second = seal(note(2, 'Größe ≠ 1 & "x" 🔥'), place(2, first.sealed.hash));
  expect(unseal(second.sealed)).toEqual(second.fact);
  const { hash, erasable, ...hashed } = JSON.parse(factLine(second.sealed)) as Record<string, never> & {
    erasable: Record<string, { salt: string; text: string }>;
    texts: Record<string, string>;
  };
  // Members of a canonical form are sorted, and JSON.parse keeps their order: the same bytes come back.
  expect(createHash('sha256').update(JSON.stringify(hashed)).digest('hex')).toBe(hash);
  expect(hashed.prev).toBe(first.sealed.hash);
  const text = erasable.text as { salt: string; text: string };
  expect(commitmentOf(text.salt, text.text)).toBe(hashed.texts.text);
  expect(Object.keys(erasable).sort()).toEqual(['by', 'text']);
});

test('an erased text leaves the hash and a null', () => {
  const { sealed } = seal(note(2, 'secret name'), place(2, CHAIN_START));
  const erased = { ...sealed, texts: sealed.texts.map((t) => ({ ...t, salt: null, text: null })) };
  expect(factLine(erased)).not.toContain('secret');
  expect(JSON.parse(factLine(erased)).erasable).toEqual({ by: null, text: null });
  expect(unseal(erased)).toMatchObject({ by: { id: 'U1', name: null }, texts: { text: null } });
});
