/**
 * Components that the settings do not name are taken as typed, with a remark: a typo should be seen, not lost.
 * @param known those of the settings; none: nothing can be said
 * @returns a sentence for each that is not known
 */
export function remarksOn(named: readonly string[], known: readonly string[]): string[] {
  if (known.length === 0) return [];
  return named
    .filter((name) => !known.includes(name))
    .map((name) => `“${name}” is not among the known components (${known.join(', ')}); taken as typed.`);
}
