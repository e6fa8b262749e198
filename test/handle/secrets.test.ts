import { describe, expect, test } from '@jest/globals';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isRefusal } from '#domain/refusal.js';
import type { SecretKind } from '#domain/secret/kind.js';
import { askedOf } from '#handle/handle.js';
import { withoutSecrets } from '#handle/secrets.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';

const asking: Asking = {
  ...{ team: 'T1', by: { id: 'U0ANA00001', name: 'ana' }, source: 'slack', key: 'k', seesPrivate: false },
  now: new Date('2026-11-30T13:00:00Z'),
};
const TYPED = 'password: Winter2024!';
const KEPT = 'password: [secret removed: password]';
const at = { at: '2026-11-30T13:00:00Z', until: null, precision: 'second' as const };
const BO = { id: 'U0BO000002', name: 'bo' };

const recordable = (
  intent: TypedIntent,
  by: Partial<Asking> = {},
  around: Parameters<typeof withoutSecrets>[2] = {},
) => {
  const outcome = withoutSecrets(intent, { ...asking, ...by }, around);
  if (isRefusal(outcome)) throw new Error(outcome.code);
  return outcome;
};

/** Whatever people can write, with a secret in every text of it. */
const WRITTEN: readonly TypedIntent[] = [
  {
    ...{ type: 'OpenIncident', title: TYPED, severity: 'sev2', components: [TYPED], private: false },
    ...{ drill: false, moment: null },
  },
  { type: 'RecordNote', moment: at, text: TYPED },
  { type: 'RecordLog', lines: [{ moment: at, text: TYPED }] },
  { type: 'ChangeStatus', status: 'identified', moment: null, text: TYPED },
  { type: 'ReopenIncident', reason: TYPED },
  { type: 'DismissIncident', reason: TYPED },
  { type: 'ChangeSeverity', severity: 'sev1', reason: TYPED },
  { type: 'ChangeTitle', title: TYPED },
  { type: 'AddComponent', component: TYPED },
  { type: 'RemoveComponent', component: TYPED },
  {
    ...{ type: 'RecordImpact', text: TYPED, failed: 1, total: null, from: null, to: at },
    ...{ components: [TYPED], unaffected: [TYPED] },
  },
  { type: 'RecordCause', text: TYPED },
  { type: 'AddAction', text: TYPED, owner: null },
  {
    type: 'PublishPost',
    state: null,
    moment: null,
    text: TYPED,
    confirmed: true,
    title: TYPED,
    anyway: TYPED,
  },
  { type: 'CorrectPost', entry: 4, text: TYPED, confirmed: true, anyway: TYPED },
  { type: 'WithdrawPost', entry: 4, reason: TYPED },
  { type: 'PlanMaintenance', title: TYPED, text: TYPED, from: at, to: at, components: [], anyway: TYPED },
  { type: 'PostMaintenance', maintenance: 1, state: null, text: TYPED, anyway: TYPED },
  { type: 'EditEntry', entry: 4, text: TYPED },
  { type: 'StrikeEntry', entry: 4, reason: TYPED },
  { type: 'ApproveRun', run: 1, hash: null, breakGlass: TYPED },
  { type: 'RejectRun', run: 1, reason: TYPED },
  { type: 'CancelRun', run: 1, reason: TYPED },
  { type: 'SkipStep', run: 1, reason: TYPED },
];

describe('what people write', () => {
  test.each(WRITTEN.map((intent) => [intent.type, intent] as const))(
    '%s is kept without it, and the receipt says so',
    (_, intent) => {
      const { intent: kept, notes } = recordable(intent);
      expect(JSON.stringify(kept)).toBe(JSON.stringify(intent).replaceAll(TYPED, KEPT));
      expect(notes.join()).toMatch(/^Taken out of the text before it was recorded: password\. Change it/);
      expect(notes.join()).not.toContain('Winter');
      // Said again, it is the same, and nothing is found in what was kept.
      expect(recordable(intent)).toEqual({ intent: kept, notes });
      expect(recordable(kept)).toEqual({ intent: kept, notes: [] });
    },
  );

  test('what has nothing in it is what it was, and nothing is said', () => {
    const intent: TypedIntent = { type: 'RecordNote', moment: at, text: 'password reset is broken' };
    expect(recordable(intent)).toEqual({ intent, notes: [] });
  });

  test('each front says where it may still stand', () => {
    const note: TypedIntent = { type: 'RecordNote', moment: null, text: TYPED };
    expect(recordable(note).notes.join()).toMatch(/If it is in a message too, delete that one\.$/);
    expect(recordable(note, { source: 'cli' }).notes.join()).toMatch(/history of a shell/);
  });

  test('a kind that is to be left is left', () => {
    const keeps = new Set<SecretKind>(['password']);
    for (const intent of WRITTEN) expect(recordable(intent, {}, { keeps })).toEqual({ intent, notes: [] });
  });

  test('a key that is spread over the lines of a paste', () => {
    const texts = [
      'we saw',
      '-----BEGIN PRIVATE KEY-----',
      `MC4CAQ${'aB3x'.repeat(14)}`,
      '-----END PRIVATE KEY-----',
      'gone',
    ];
    const { intent } = recordable({ type: 'RecordLog', lines: texts.map((text) => ({ moment: at, text })) });
    const mark = '[secret removed: private key]';
    expect(intent.type === 'RecordLog' && intent.lines.map(({ text }) => text)).toEqual([
      ...['we saw', mark, mark, mark, 'gone'],
    ]);
  });
});

describe('a message that stands in Slack', () => {
  const message = {
    channel: 'C1',
    ts: '1732931234.000100',
    text: TYPED,
    author: BO,
    link: `https://x/?token=${'aB3x'.repeat(8)}`,
  };

  test('only its words are looked at, and what was in them is noted for those who are told', () => {
    const { intent, notes } = recordable({ type: 'CaptureMessage', message });
    expect(intent).toEqual({
      type: 'CaptureMessage',
      message: { ...message, text: KEPT, secrets: ['password'] },
    });
    expect(notes).toEqual([]);
  });

  test('a secret that is known by its value is noted too; one without any notes nothing', () => {
    const scrub = new Scrub(fingerprints('pepper'));
    scrub.learn('a value of ours');
    const known = { ...message, text: 'it is a value of ours' };
    const { intent } = recordable({ type: 'CaptureMessage', message: known }, {}, { scrub });
    expect(intent.type === 'CaptureMessage' && intent.message).toMatchObject({
      text: expect.stringMatching(/^it is \[secret fp:[0-9a-f]{12}\]$/),
      secrets: ['secret'],
    });
    const plain: TypedIntent = { type: 'CaptureMessage', message: { ...message, text: 'fine' } };
    expect(recordable(plain)).toEqual({ intent: plain, notes: [] });
  });

  test('an incident that is opened from it: the words are cut and kept as those of a message, the title as what somebody types', () => {
    const scrub = new Scrub(fingerprints('pepper'));
    scrub.learn('a value of ours');
    const opens = (title: string, text: string): TypedIntent => ({
      ...{ type: 'OpenIncident', title, severity: null, components: [], private: false, drill: false },
      ...{ moment: null, message: { ...message, text } },
    });
    expect(recordable(opens('down', TYPED)).intent).toEqual({
      ...opens('down', KEPT),
      message: { ...message, text: KEPT, secrets: ['password'] },
    });
    const of = (intent: TypedIntent) => withoutSecrets(intent, asking, { scrub });
    expect(of(opens('down', 'it is a value of ours'))).toMatchObject({
      intent: { message: { text: expect.stringContaining('[secret fp:'), secrets: ['secret'] } },
    });
    expect(of(opens('a value of ours', 'fine'))).toMatchObject({ refused: true, code: 'SECRET_TYPED' });
  });
});

test('new words of a recorded message, heard of by the bot, and names of its files', () => {
  const edit = { ts: '1732931235.000100', channel: 'C1', text: TYPED };
  const place = { channel: 'C1', ts: '1732931234.000100' };
  const said: TypedIntent = { type: 'NoteMessageEdited', at: place, edit };
  expect(recordable(said, { source: 'bot' })).toEqual({
    ...{ intent: { ...said, edit: { ...edit, text: KEPT, secrets: ['password'] } }, notes: [] },
  });
  const scrub = new Scrub(fingerprints('pepper'));
  scrub.learn('a value of ours');
  const known: TypedIntent = { ...said, edit: { ...edit, text: 'a value of ours' } };
  expect(recordable(known, { source: 'bot' }, { scrub }).intent).toMatchObject({
    edit: { text: expect.stringMatching(/^\[secret fp:/), secrets: ['secret'] },
  });
  const files = [{ id: 'F1', name: `${TYPED} a value of ours`, type: null, size: null }];
  const message = { ...place, text: 'x', author: BO, link: null, files };
  expect(recordable({ type: 'CaptureMessage', message }, {}, { scrub }).intent).toMatchObject({
    message: {
      text: 'x',
      files: [{ name: expect.stringMatching(/^password: \[secret removed: password\] \[secret fp:/) }],
    },
  });
});

test('what the bot says, and monitoring, is not looked at for looks', () => {
  const intent: TypedIntent = { type: 'RecordNote', moment: null, text: TYPED };
  for (const source of ['bot', 'alerts'] as const)
    expect(recordable(intent, { source })).toEqual({ intent, notes: [] });
});

describe('a run', () => {
  const run = (inputs: string): TypedIntent => ({
    ...{
      type: 'ProposeRun',
      runbook: 'r',
      definition: 'headers: { Authorization: "Bearer aB3xQ9kLm2ZpR7tY" }',
    },
    ...{ inputs, target: 't', planOnly: false },
  });

  test('is refused, with a secret among its inputs: it would be done with the mark', () => {
    const token = `gh${'p_'}${'aB3xQ9'.repeat(6)}`;
    for (const inputs of [JSON.stringify({ to: token }), JSON.stringify({ a: { b: [token] } }), token])
      expect(withoutSecrets(run(inputs), asking, {})).toMatchObject({ code: 'SECRET_TYPED' });
  });

  test('is what it was otherwise, its definition too', () => {
    const intent = run(JSON.stringify({ to: 'tts-new', commit: '0f'.repeat(20) }));
    expect(recordable(intent)).toEqual({ intent, notes: [] });
  });
});

test('a secret that is known by its value is refused, as it stands or among what looks like one', () => {
  const scrub = new Scrub(fingerprints('pepper'));
  scrub.learn('Winter2024!');
  const intent: TypedIntent = { type: 'RecordNote', moment: null, text: TYPED };
  expect(withoutSecrets(intent, asking, { scrub })).toMatchObject({ code: 'SECRET_TYPED' });
});

test('the fingerprint of a request holds nothing of its secrets, and tells other requests apart', () => {
  expect(askedOf(['POST', `note INC-7 ${TYPED}`])).toBe(
    askedOf(['POST', 'note INC-7 password: Sommer2023!']),
  );
  expect(askedOf(['POST', `note INC-7 ${TYPED}`])).not.toBe(askedOf(['POST', `note INC-8 ${TYPED}`]));
});
