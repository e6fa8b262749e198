import type { Wrong } from './definition-words.js';

// A template that is not closed, or has another in it, is refused where templates are read.
const TEMPLATES = /^(?:not\s+)?(?:\{\{(?:(?!\{\{|\}\}).)*\}\})+$/s;

/**
 * A condition looks whether one value comes to nothing. It compares nothing: a text such as `{{ inputs.env }} == prod`
 * is never empty, and so the step would be done always.
 */
export function conditionsOf(steps: ReadonlyArray<Record<string, unknown>>): Wrong[] {
  return steps.flatMap(({ when }, i) => {
    if (typeof when !== 'string' || when === '' || TEMPLATES.test(when.trim())) return [];
    const text = when.includes('{{')
      ? 'has text beside its template, and would always hold: nothing is compared; write {{ … }} or not {{ … }}, and nothing else'
      : 'holds no template, and would always be the same; write {{ … }} or not {{ … }}, or leave it out';
    return [{ path: ['steps', i, 'when'], text }];
  });
}
