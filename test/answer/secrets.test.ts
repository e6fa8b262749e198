import { expect, test } from '@jest/globals';
import { type AnswerPorts, createAnswer } from '#answer/answer.js';
import { plain } from '#domain/command/entered.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { refuse } from '#domain/refusal.js';

// Whatever is asked back, or shown in a question, holds no secret either.

const SECRET = 'Winter2024!';

async function said(text: string) {
  const handled: TypedIntent[] = [];
  const answer = createAnswer({
    handle: async (intent) => {
      handled.push(intent);
      return refuse('NO_SUCH_INCIDENT', { ref: 'INC-7' });
    },
    read: {} as AnswerPorts['read'],
    roles: [],
    components: [],
    command: '/incident',
  });
  const asking = {
    ...{ team: 'T1', by: { id: 'U1', name: 'ana' }, key: null, seesPrivate: true },
    source: 'slack',
    now: new Date('2026-11-30T13:00:00.000Z'),
  } as const;
  const given = await answer({ entered: plain(text), implied: 7, asking, zone: 'UTC', zoneKnown: true });
  return { given, handled };
}

test.each([
  `nots password: ${SECRET}`,
  `password=${SECRET}`,
  `note 25:99 password: ${SECRET}`,
  `help password=${SECRET}`,
  `role password=${SECRET} @ana`,
  `impact --password=${SECRET}`,
  `log 10:00 one\n25:61 password: ${SECRET}`,
])('a line that is refused is quoted without it: %s', async (line) => {
  const { given } = await said(line);
  expect(given.kind).toBe('refused');
  expect(JSON.stringify(given)).not.toContain(SECRET);
});

test('what is asked about is what would be recorded', async () => {
  const { given } = await said(`publish identified password: ${SECRET}`);
  if (given.kind !== 'refused') throw new Error(given.kind);
  expect(given.intent).toMatchObject({ type: 'PublishPost', text: 'password: [secret removed: password]' });
});
