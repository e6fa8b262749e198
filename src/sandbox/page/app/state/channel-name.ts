/** A name as Slack's clients make it of what is typed: small letters, dashes for spaces. */
export function channelName(typed: string): string {
  return typed.trim().toLowerCase().replaceAll(/\s+/g, '-');
}

/** Slack's code for what is wrong with a channel's name; undefined when all is well. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'invalid_name_required';
  if ([...name].length > 80) return 'invalid_name_maxlength';
  if (/^[\p{P}\p{S}]+$/u.test(name)) return 'invalid_name_punctuation';
  return /^[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}_-]+$/u.test(name) ? undefined : 'invalid_name_specials';
}
