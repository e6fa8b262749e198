// Read by the page too: nothing here needs a server.

/** Slack's code for what is wrong with the name of a channel, `invalid_name_*`; undefined when all is well. Nothing is repaired. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'invalid_name_required';
  if ([...name].length > 80) return 'invalid_name_maxlength';
  if (/^[\p{P}\p{S}]+$/u.test(name)) return 'invalid_name_punctuation';
  // Letters without case (Hangul, kana, Thai, Arabic …) and lower-case ones; capitals are refused.
  return /^[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}_-]+$/u.test(name) ? undefined : 'invalid_name_specials';
}

/** A name as Slack's clients make it of what is typed: small letters, dashes for spaces. */
export function typedName(typed: string): string {
  return typed.trim().toLowerCase().replaceAll(/\s+/g, '-');
}
