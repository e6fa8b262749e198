import { expect, jest, test } from '@jest/globals';
import type { Asking } from '#domain/incident/intent.js';
import { refuse } from '#domain/refusal.js';
import { loggedHandle, type Recorded } from '#handle/handle.js';
import { Retries } from '#lanes/lane.js';

const asking: Asking = {
  team: 'T1',
  by: { id: 'U1', name: 'Ana' },
  source: 'slack',
  key: 'trigger:1.2.3',
  now: new Date(),
  seesPrivate: false,
};
const note = { type: 'RecordNote', moment: null, text: 'not for the log' } as const;
const recorded = {
  recorded: true,
  team: 'T1',
  incident: 7,
  ref: 'INC-7',
  receipt: 'INC-7: recorded “not for the log”',
  repeated: false,
  facts: [{ seq: 12 }],
  state: { title: 'not for the log' },
} as unknown as Recorded;

function logging() {
  const lines: Array<[string, object, string]> = [];
  const to = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  return { lines, log: { info: to('info'), debug: to('debug') } as never };
}

test('a recorded command is one line: incident, request, time, facts, and no words', async () => {
  const { lines, log } = logging();
  const handle = loggedHandle(async () => recorded, log);
  expect(await handle(note, 7, asking)).toBe(recorded);
  const about = {
    incident: 'INC-7',
    what: 'RecordNote',
    source: 'slack',
    by: 'U1',
    request: 'trigger:1.2.3',
    ms: expect.any(Number),
    facts: [12],
  };
  expect(lines).toEqual([['info', about, 'recorded']]);
  expect(JSON.stringify(lines)).not.toContain('not for the log');
});

test('what is refused, and what we say ourselves, is told to who asks for more', async () => {
  const { lines, log } = logging();
  await loggedHandle(async () => refuse('NO_SUCH_INCIDENT', { ref: 'INC-7' }), log)(note, 7, asking);
  await loggedHandle(async () => recorded, log)(note, 7, { ...asking, source: 'bot' });
  expect(lines.map(([level]) => level)).toEqual(['debug', 'debug']);
  expect(lines[0]?.[1]).toMatchObject({ incident: 'INC-7', code: 'NO_SUCH_INCIDENT' });
});

test('what is tried again and again is said once a minute and lane, with how often it was', () => {
  const retries = new Retries();
  expect(retries.count('T1/INC-1')).toBe(1);
  for (let n = 0; n < 50; n++) expect(retries.count('T1/INC-1')).toBeNull();
  expect(retries.count('T1/INC-2')).toBe(1);
  const minute = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  expect(retries.count('T1/INC-1')).toBe(51);
  minute.mockRestore();
});
