import { expect, test } from '@jest/globals';
import { inputsText } from '#domain/incident/entry.js';
import { whyLeftOut } from '#domain/run/template.js';

test.each([
  ['{{ inputs.second_url }}', 'left out, because inputs.second_url is empty'],
  ['not {{ steps.compare.missing }}', 'left out, because steps.compare.missing is not empty'],
])('%s is told as “%s”', (condition, words) => expect(whyLeftOut(condition)).toBe(words));

test('inputs are shown as people type them, empty ones not at all', () => {
  expect(inputsText('{"a":"x","b":"","c":"two words","d":3}')).toBe('a=x c="two words" d=3');
});
