/** A JSON object whose members are not known yet. */
export type Fields = Record<string, unknown>;

/** True for a plain JSON object: not null, not an array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member as a string, or undefined when it is anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The member as a list of objects; anything else in it is dropped. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** A deep copy, so that an answer already given never changes with the world. */
export function copy<T>(value: T): T {
  return structuredClone(value);
}
