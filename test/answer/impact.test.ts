import { expect, test } from '@jest/globals';
import { type AnswerPorts, createAnswer } from '#answer/answer.js';
import { plain } from '#domain/command/entered.js';
import { refuse } from '#domain/refusal.js';

/** Nothing gets as far as being recorded: what is refused here is refused before. */
const said = async (text: string, measured: AnswerPorts['measured']) => {
  let handled = 0;
  const answer = createAnswer({
    handle: async () => {
      handled += 1;
      return refuse('NO_SUCH_INCIDENT', { ref: 'INC-1' });
    },
    read: {} as AnswerPorts['read'],
    roles: [],
    components: [],
    command: '/incident',
    measured,
  });
  const now = new Date('2024-11-10T02:00:00.000Z');
  const asking = {
    team: 'T1',
    by: { id: 'U1', name: 'ana' },
    source: 'slack',
    key: null,
    now,
    seesPrivate: true,
  } as const;
  const given = await answer({ entered: plain(text), implied: 7, asking, zone: 'UTC', zoneKnown: true });
  return { code: given.kind === 'refused' ? given.refusal.code : given.kind, handled, given };
};

test('where nothing says how, whoever asks for a measurement is told at once what to write', async () => {
  expect(await said('impact measure', null)).toMatchObject({ code: 'MEASURE_UNSET', handled: 0 });
  expect(await said('impact --failed 3', null)).toMatchObject({ handled: 1 });
});

test('a component that no counter knows is refused with those that are known', async () => {
  const measured = { components: ['Developer API'] };
  const { given, ...refused } = await said('impact measure --component "Developer"', measured);
  expect(refused).toEqual({ code: 'MEASURE_COMPONENT', handled: 0 });
  expect(given).toMatchObject({ refusal: { next: 'These are: Developer API.' } });
  expect(await said('impact measure --component "Developer API"', measured)).toMatchObject({ handled: 1 });
  // Where values of the label are the names, nobody knows all of them.
  expect(await said('impact measure --component Any', { components: null })).toMatchObject({ handled: 1 });
});
