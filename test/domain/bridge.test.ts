import { describe, expect, test } from '@jest/globals';
import { bridgeOf, bridgeUrl, readBridge, readBridgeUrl } from '#domain/incident/bridge.js';
import { effectsOf } from '#domain/incident/effect.js';
import type { DraftFact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { verifyFacts } from '#domain/incident/verify.js';
import { withoutSecrets } from '#handle/secrets.js';
import { FORMATS, renderExport } from '#render/exports.js';
import { headlineMessage, topic } from '#slack/blocks/headline.js';
import { opened as begun, collected, dossierOf, when } from '../render/incident.js';
import { asking, fold, given, opened, status, stream } from './given.js';

const URL = 'https://zoom.example/j/99?pwd=hunter2Hunter2';
const HAPPENED = { at: '2024-11-10T02:00:00Z', until: null, precision: 'second' } as const;
const bridge = (n: number, url = URL): DraftFact => ({
  type: 'BridgeOpened',
  data: { n, ...HAPPENED },
  texts: { host: 'zoom.example', url },
});
const shown = (n: number): DraftFact => ({
  type: 'BridgeShown',
  data: { bridge: n, channel: 'C7', ts: '1.2', call: 'R1' },
  texts: {},
});
const struck = (entry: number): DraftFact => ({
  type: 'EntryStruck',
  data: { entry, restored: null },
  texts: { reason: 'wrong link' },
});
const folded = (...drafts: DraftFact[]) => fold(stream(opened, ...drafts)) as IncidentState;
const owed = (...drafts: DraftFact[]) => {
  const facts = stream(opened, ...drafts);
  const last = facts.at(-1);
  if (!last) throw new Error('no fact');
  return effectsOf(last, fold(facts.slice(0, -1)), 'f'.repeat(64)).filter(({ kind }) => /^bridge/.test(kind));
};

test.each([
  ['https://meet.example/INC-7', true],
  ['<https://meet.example/INC-7>', true],
  ['https://zoom.example/j/9?pwd=x#y', true],
  ['http://meet.example/INC-7', false],
  ['zoommtg://zoom.example/join', false],
  ['https://meet.example@evil.example/', false],
  ['https://', false],
  ['https://meet.example/a b', false],
  ['https://meet.example/|x>', false],
  ['https://meet.example/\u202Egnp', false],
  [`https://meet.example/${'x'.repeat(1_000)}`, false],
  ['javascript:alert(1)', false],
  ['', false],
])('%s is the address of a call: %s', (typed, is) => expect(readBridgeUrl(typed) !== null).toBe(is));

test('an address of tocsin.yml is filled with what is known of every incident, and with what nobody can guess', () => {
  const url = 'https://meet.example/{{ref}}/{{ number }}/{{random}}';
  expect(bridgeUrl({ url }, 7, () => 'abc')).toBe('https://meet.example/INC-7/7/abc');
  expect(readBridge(url)).toEqual({ url, atOpen: false });
  expect(readBridge({ url, at: 'open' })).toEqual({ url, atOpen: true });
});

test.each<[unknown, RegExp]>([
  [7, /is no address; write/],
  [[], /is no address; write/],
  [{ at: 'open' }, /has no address/],
  [{ url: 'https://meet.example', at: 'night' }, /write `at: open`/],
  [{ url: 'https://meet.example', when: 'open' }, /has “when”/],
  ['https://meet.example/{{title}}', /has \{\{title\}\}; what it may hold is/],
  ['http://meet.example/{{ref}}', /https only/],
  ['https://{{ref}}.meet.example/', /fixed host/],
  ['https://ana:pw@meet.example/', /without a user/],
])('%j under bridge: is wrong, and said to be', (value, why) => expect(readBridge(value)).toMatch(why));

describe('a bridge', () => {
  test('is recorded with its host beside its address, and owed to the channel', () => {
    given(opened)
      .when({ type: 'OpenBridge', url: URL })
      .thenFacts([{ type: 'BridgeOpened', data: { n: 2 }, texts: { host: 'zoom.example', url: URL } }]);
    expect(owed(bridge(2))).toEqual([{ kind: 'bridge.show', payload: { n: 2 } }]);
  });

  test('is one at a time, has an address, and is of an incident that goes on', () => {
    given(opened, bridge(2)).when({ type: 'OpenBridge', url: URL }).thenRefused('BRIDGE_OPEN');
    given(opened).when({ type: 'OpenBridge', url: null }).thenRefused('BRIDGE_UNSET');
    given(opened, status(2, 'resolved'))
      .when({ type: 'OpenBridge', url: URL })
      .thenRefused('BRIDGE_RESOLVED');
    given(opened, bridge(2))
      .when({ type: 'EditEntry', entry: 2, text: 'https://x.example' })
      .thenRefused('ENTRY_NOT_EDITABLE');
  });

  test('ends with the incident, and with its entry; another one may follow', () => {
    const end = { kind: 'bridge.end', payload: { n: 2, shown: { channel: 'C7', ts: '1.2', call: 'R1' } } };
    expect(owed(bridge(2), shown(2), status(3, 'resolved'))).toEqual([end]);
    expect(owed(bridge(2), shown(2), struck(2))).toEqual([end]);
    expect(owed(bridge(2), status(3, 'resolved'))).toEqual([{ kind: 'bridge.end', payload: { n: 2 } }]);
    expect(owed(bridge(2), status(3, 'resolved'), status(4, 'monitoring'), status(5, 'resolved'))).toEqual(
      [],
    );
    const over = folded(bridge(2), shown(2), status(3, 'resolved'), status(4, 'investigating'));
    expect(bridgeOf(over)).toBeNull();
    given(opened, bridge(2), struck(2))
      .when({ type: 'OpenBridge', url: URL })
      .thenFacts([{ type: 'BridgeOpened', data: { n: 3 } }]);
    // What is said late of an old one says nothing of the new one.
    expect(folded(bridge(2), struck(2), bridge(3), shown(2)).bridge).not.toHaveProperty('shown');
  });

  test('keeps what lets people in, which stands in the headline, not in the topic', () => {
    const intent = { type: 'OpenBridge' as const, url: URL };
    expect(withoutSecrets(intent, asking(), {})).toEqual({ intent, notes: [] });
    const state = folded(bridge(2));
    expect(JSON.stringify(headlineMessage(state, '/incident'))).toContain(URL);
    expect(topic(state)).not.toContain('zoom');
  });
});

test('no export holds the address; the facts prove themselves without it', async () => {
  const draft = { ...bridge(2), data: when(2, '01:45') } as Parameters<typeof dossierOf>[0][number];
  const dossier = dossierOf([begun('Silence'), draft]);
  for (const format of FORMATS) {
    const text = await collected(renderExport(format, dossier));
    expect(text).not.toContain('pwd');
    if (format !== 'facts' && !format.startsWith('postmortem.html')) expect(text).toContain('zoom.example');
  }
  const facts = await collected(renderExport('facts', dossier));
  const lines = (async function* () {
    yield* facts.trimEnd().split('\n');
  })();
  expect(await verifyFacts(lines)).toMatchObject({ ok: true, facts: 2, erased: 1 });
});
