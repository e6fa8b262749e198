import { describe, expect, test } from '@jest/globals';
import { intended, NOW, refused, typed } from './support.js';

const at = (time: string) => ({ at: `2024-11-10T${time}Z`, until: null, precision: 'minute' });

describe('publish', () => {
  const post = { type: 'PublishPost', state: null, moment: null, confirmed: false };
  test.each([
    [
      'publish Clips fail --state partial',
      { text: 'Clips fail', states: [{ component: null, state: 'partial' }] },
    ],
    [
      'publish --state "Text to Speech=major" --state API=Degraded Clips fail',
      {
        text: 'Clips fail',
        states: [
          { component: 'Text to Speech', state: 'major' },
          { component: 'API', state: 'degraded' },
        ],
      },
    ],
    [
      'publish Clips fail --state "a=b=operational"',
      { text: 'Clips fail', states: [{ component: 'a=b', state: 'operational' }] },
    ],
    [
      'publish identified 01:41 —title “Clips cannot be made” Known --component API --component API',
      {
        state: 'identified',
        moment: at('01:41:00'),
        text: 'Known',
        title: 'Clips cannot be made',
        components: ['API'],
      },
    ],
    ['publish x --next 30m', { text: 'x', next: at('15:02:10') }],
    ['publish x --next 02:30', { text: 'x', next: { ...at('02:30:00'), at: '2024-11-11T02:30:00Z' } }],
    ['publish x --anyway "it is known"', { text: 'x', anyway: 'it is known' }],
    ['publish --template monitoring', { text: '', template: 'monitoring' }],
  ])('%s', (line, expected) => expect(intended(line)).toEqual({ ...post, ...expected }));

  test.each([
    [
      'publish --correct 5 It was 19 requests',
      { type: 'CorrectPost', entry: 5, text: 'It was 19 requests', confirmed: false, anyway: null },
    ],
    [
      'publish --correct #5 x --yes --anyway why',
      { type: 'CorrectPost', entry: 5, text: 'x', confirmed: true, anyway: 'why' },
    ],
    ['publish --withdraw 5 wrong incident', { type: 'WithdrawPost', entry: 5, reason: 'wrong incident' }],
    [
      'postmortem --publish',
      { ...post, state: 'postmortem', text: '', template: 'postmortem', anyway: null },
    ],
    [
      'postmortem --publish Read it here --yes',
      { ...post, state: 'postmortem', text: 'Read it here', confirmed: true, template: null, anyway: null },
    ],
  ])('%s', (line, intent) => expect(intended(line)).toEqual(intent));

  test('a correction may be of the time, alone or with the words', () => {
    const corrected = {
      type: 'CorrectPost',
      entry: 5,
      confirmed: true,
      moment: at('01:41:00'),
      anyway: null,
    };
    expect(intended('publish --correct 5 01:41 --yes')).toEqual({ ...corrected, text: '' });
    expect(intended('publish --correct 5 01:41 x --yes')).toEqual({ ...corrected, text: 'x' });
  });

  test('nothing behind it asks for the form', () => {
    expect(typed('publish')).toMatchObject({ kind: 'form', form: 'publish' });
  });

  test.each([
    ['publish x --state broken', 'BAD_FLAG'],
    ['publish x --state API=', 'BAD_FLAG'],
    ['publish x --state partial --state major', 'BAD_FLAG'],
    ['publish x --next soon', 'BAD_FLAG'],
    ['publish x --next -12m', 'BAD_FLAG'],
    ['publish x --next 2024-11-11', 'BAD_FLAG'],
    ['publish x --title "a\nb"', 'BAD_ARGUMENT'],
    ['publish --template monitoring and words', 'BAD_FLAG'],
    ['publish --correct five x', 'BAD_FLAG'],
    ['publish --correct 5', 'MISSING_ARGUMENT'],
    ['publish --withdraw 5', 'MISSING_ARGUMENT'],
    ['publish --correct 5 --withdraw 5 x', 'BAD_FLAG'],
    ['publish --correct 5 identified x', 'BAD_FLAG'],
    ['publish --withdraw 5 01:41 x', 'BAD_FLAG'],
    ['publish --withdraw 5 --state partial x', 'BAD_FLAG'],
    ['postmortem --yes', 'BAD_FLAG'],
    ['postmortem now', 'BAD_ARGUMENT'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

describe('maintenance', () => {
  const moment = (time: string) => ({ at: `2024-11-${time}:00Z`, until: null, precision: 'minute' });
  test.each(
    [
      [
        'maintenance Database upgrade --from 22:00 --to 23:00 --component "Payments EU"',
        {
          title: 'Database upgrade',
          components: ['Payments EU'],
          from: moment('10T22:00'),
          to: moment('10T23:00'),
        },
      ],
      [
        'maintenance --from "tomorrow 22:00 UTC" --to 1h30m Upgrade',
        { title: 'Upgrade', from: moment('11T22:00'), to: moment('11T23:30') },
      ],
      // A bare end is the next such time after the beginning: past midnight, too.
      [
        'maintenance Upgrade --from 23:30 --to 00:30',
        { title: 'Upgrade', from: moment('10T23:30'), to: moment('11T00:30') },
      ],
      [
        'maintenance Upgrade --from "2024-12-01 22:00 +05:30" --to "2024-12-02 01:00 +05:30"',
        {
          title: 'Upgrade',
          from: { ...moment('10T22:00'), at: '2024-12-01T16:30:00Z' },
          to: { ...moment('10T22:00'), at: '2024-12-01T19:30:00Z' },
        },
      ],
      [
        'maintenance Upgrade --template window --from 22:00 --to 23:00',
        { title: 'Upgrade', from: moment('10T22:00'), to: moment('10T23:00'), template: 'window' },
      ],
      [
        'maintenance Upgrade --from 30m --to 30m --text "Short breaks." --anyway "known"',
        {
          title: 'Upgrade',
          text: 'Short breaks.',
          anyway: 'known',
          from: at('15:02:10'),
          to: at('15:32:10'),
        },
      ],
    ].slice(0, 5) as Array<[string, object]>,
  )('%s', (line, expected) =>
    expect(intended(line)).toEqual({
      type: 'PlanMaintenance',
      text: null,
      components: [],
      anyway: null,
      ...expected,
    }),
  );

  test.each([
    [
      'maintenance MNT-1 begin',
      { type: 'PostMaintenance', maintenance: 1, state: 'in_progress', text: null, anyway: null },
    ],
    [
      'maintenance mnt-12 end All well',
      { type: 'PostMaintenance', maintenance: 12, state: 'completed', text: 'All well', anyway: null },
    ],
    [
      'maintenance MNT-1 cancel',
      { type: 'PostMaintenance', maintenance: 1, state: 'cancelled', text: null, anyway: null },
    ],
    [
      'maintenance MNT-1 post Half done',
      { type: 'PostMaintenance', maintenance: 1, state: null, text: 'Half done', anyway: null },
    ],
    [
      'maintenance MNT-1 move --from 22:00 --to 23:00',
      { type: 'MoveMaintenance', maintenance: 1, from: moment('10T22:00'), to: moment('10T23:00') },
    ],
  ])('%s', (line, intent) => expect(intended(line)).toEqual(intent));

  test.each([
    ['maintenance', 'MISSING_ARGUMENT'],
    ['maintenance Upgrade', 'MISSING_ARGUMENT'],
    ['maintenance Upgrade --from 22:00', 'MISSING_ARGUMENT'],
    ['maintenance --from 22:00 --to 23:00', 'MISSING_ARGUMENT'],
    ['maintenance Upgrade --from soon --to 23:00', 'BAD_FLAG'],
    ['maintenance Upgrade --from 2024-12-01 --to 2024-12-02', 'BAD_FLAG'],
    ['maintenance MNT-1', 'BAD_ARGUMENT'],
    ['maintenance MNT-1 explode', 'BAD_ARGUMENT'],
    ['maintenance MNT-1 post', 'MISSING_ARGUMENT'],
    ['maintenance MNT-1 move', 'MISSING_ARGUMENT'],
    ['maintenance MNT-1 begin --from 22:00 --to 23:00', 'BAD_FLAG'],
    ['maintenance MNT-1 begin --component API', 'BAD_FLAG'],
    ['maintenance MNT-1 begin --template window', 'BAD_FLAG'],
    ['maintenance Upgrade --from 22:00 --to 23:00 --text x --template window', 'BAD_FLAG'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test('a time that clocks show twice is asked for, also where it is to come', () => {
    const line =
      'maintenance Upgrade --from "2025-10-26 02:30 Europe/Berlin" --to "2025-10-26 04:00 Europe/Berlin"';
    expect(refused(line)).toBe('TIME_TWICE');
    expect(refused(line.replace('2025-10-26 02:30', '2025-03-30 02:30'))).toBe('TIME_SKIPPED');
    expect(NOW.getUTCFullYear()).toBe(2024);
  });
});
