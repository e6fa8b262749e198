import type { types } from '@slack/bolt';
import { LIMITS } from '#domain/limits.js';
import { SEVERITIES } from '#domain/words.js';
import { plain } from '../blocks/block.js';
import { cut } from '../blocks/cut.js';
import { type From, input, line, modal, remembered, TIME_HINT, type Values } from './frame.js';

/** Opens an incident. The components that the organisation knows are offered; others can be typed. */
export function openModal(from: From, components: readonly string[]): types.ModalView {
  const severities = SEVERITIES.map((severity) => ({ text: plain(severity), value: severity }));
  // An option's value holds 150 characters; a longer name can still be typed.
  const known = [...new Set(components)].filter((name) => name.length <= 150).slice(0, 100);
  return modal({
    callbackId: 'open',
    title: 'Open an incident',
    submit: 'Open',
    from: remembered(from),
    blocks: [
      input('title', 'What is wrong?', line({ max_length: LIMITS.title, focus_on_load: true })),
      input(
        'severity',
        'Severity',
        { type: 'static_select', placeholder: plain('Not known yet'), options: severities },
        { optional: true },
      ),
      ...(known.length > 0
        ? [
            input(
              'known',
              'Components',
              {
                type: 'multi_static_select',
                placeholder: plain('What is affected?'),
                options: known.map((name) => ({ text: plain(cut(name, 75)), value: name })),
              },
              { optional: true },
            ),
          ]
        : []),
      input('components', known.length > 0 ? 'Other components' : 'Components', line({ multiline: true }), {
        hint: 'One on each line.',
        optional: true,
      }),
      input('at', 'Since when?', line(), { hint: TIME_HINT, optional: true }),
      input(
        'options',
        'Options',
        {
          type: 'checkboxes',
          options: [
            { text: plain('Private: only those who are invited can see it'), value: 'private' },
            { text: plain('Drill: this is an exercise'), value: 'drill' },
          ],
        },
        { optional: true },
      ),
    ],
  });
}

/** @returns the command line that says the same */
export function openLine(values: Values): string {
  const components = [...values.chosen('known'), ...values.text('components').split('\n')]
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const at = values.text('at').trim();
  return [
    'open',
    ...values.chosen('severity'),
    ...components.map((name) => `--component ${quoted(name)}`),
    ...values.chosen('options').map((option) => `--${option}`),
    ...(at === '' ? [] : [`--at ${quoted(at)}`]),
    '--',
    values.text('title').trim(),
  ].join(' ');
}

function quoted(value: string): string {
  return value.includes('"') ? `“${value}”` : `"${value}"`;
}
