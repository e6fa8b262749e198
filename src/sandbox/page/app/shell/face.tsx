import type { Person } from '../../protocol.js';
import { labelOf } from '../state/directory.js';

const HUES = 8;

/** A square with the first letter; apps have a bolt. */
export function Face({
  person,
  name,
  small,
}: {
  person?: Person | undefined;
  name?: string;
  small?: boolean;
}) {
  const label = name ?? labelOf(person) ?? '?';
  const letter = [...label.replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '?';
  return (
    <span class={`face hue-${hueOf(person?.id ?? label)} ${small ? 'is-small' : ''}`} aria-hidden="true">
      {person?.bot ? '⚡' : letter.toUpperCase()}
    </span>
  );
}

function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return sum % HUES;
}
