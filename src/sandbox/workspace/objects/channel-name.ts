import { refuse } from '../../refuse.js';

/**
 * Slack's rules for the name of a channel; nothing is repaired.
 * @throws SlackError `invalid_name_*`
 */
export function checkChannelName(name: string): void {
  if (name === '') refuse('invalid_name_required');
  if ([...name].length > 80) refuse('invalid_name_maxlength');
  if (/^[\p{P}\p{S}]+$/u.test(name)) refuse('invalid_name_punctuation');
  // Letters without case (Hangul, kana, Thai, Arabic …) and lower-case ones; capitals are refused.
  if (!/^[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}_-]+$/u.test(name)) refuse('invalid_name_specials');
}
