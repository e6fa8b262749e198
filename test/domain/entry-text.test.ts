import { expect, test } from '@jest/globals';
import { type Entry, entryText, toldText } from '#domain/incident/entry.js';

const entry = (of: Partial<Entry>): Entry => ({
  n: 1,
  at: '2024-11-10T01:41:00Z',
  until: null,
  precision: 'minute',
  recordedAt: '2024-11-10T01:42:00.000Z',
  editedAt: null,
  kind: 'note',
  text: null,
  erased: false,
  detail: {},
  struck: false,
  by: { id: 'U1', name: 'Ana' },
  source: 'slack',
  link: null,
  ...of,
});
const person = { id: 'U2', name: null };

test.each<[string, Partial<Entry>]>([
  [' as typed\n  twice ', { text: ' as typed\n  twice ' }],
  ['[erased]', { erased: true }],
  ['identified', { kind: 'status', detail: { status: 'identified' } }],
  ['identified: keys differ', { kind: 'status', text: 'keys differ', detail: { status: 'identified' } }],
  ['identified: [erased]', { kind: 'status', erased: true, detail: { status: 'identified' } }],
  [
    'investigating (reopened): again',
    { kind: 'status', text: 'again', detail: { status: 'investigating', reopened: true } },
  ],
  ['sev2', { kind: 'severity', detail: { severity: 'sev2' } }],
  ['sev2: customers call', { kind: 'severity', text: 'customers call', detail: { severity: 'sev2' } }],
  ['lead: Ana', { kind: 'role', detail: { role: 'lead', person: { id: 'U1', name: 'Ana' } } }],
  ['scribe: U2', { kind: 'role', detail: { role: 'scribe', person } }],
  ['started', { kind: 'milestone', detail: { milestone: 'started' } }],
  ['added Payments API', { kind: 'component', text: 'Payments API', detail: { change: 'added' } }],
  ['removed Payments API', { kind: 'component', text: 'Payments API', detail: { change: 'removed' } }],
  ['clips fail', { kind: 'impact', text: 'clips fail', detail: { failed: 19 } }],
  [
    '19 of 400 requests failed (API, Web)',
    { kind: 'impact', detail: { failed: 19, total: 400, components: ['API', 'Web'] } },
  ],
  ['1 request failed', { kind: 'impact', detail: { failed: 1, total: null, components: [] } }],
  ['400 requests in all', { kind: 'impact', detail: { failed: null, total: 400 } }],
  ['affects API', { kind: 'impact', detail: { components: ['API'] } }],
  ['[erased]', { kind: 'impact', erased: true, detail: { failed: 19 } }],
  ['not affected: Web, App', { kind: 'impact', detail: { failed: null, unaffected: ['Web', 'App'] } }],
  [
    'affects API; not affected: Web',
    { kind: 'impact', detail: { components: ['API'], unaffected: ['Web'] } },
  ],
  ['19 requests failed; not affected: Web', { kind: 'impact', detail: { failed: 19, unaffected: ['Web'] } }],
  [
    '#1 rotate keys (owner U2)',
    { kind: 'action', text: 'rotate keys', detail: { action: 1, done: false, owner: person } },
  ],
  [
    '#1 rotate keys',
    { kind: 'action', text: 'rotate keys', detail: { action: 1, done: false, owner: null } },
  ],
  ['#1 done', { kind: 'action', detail: { action: 1, done: true } }],
  ['postmortem: read it', { kind: 'post', text: 'read it', detail: { state: 'postmortem' } }],
])('%j', (text, of) => {
  expect(entryText(entry(of))).toBe(text);
});

test.each<[string, Partial<Entry>]>([
  [
    'clips fail — 19 of 400 requests failed, API',
    { text: 'clips fail', detail: { failed: 19, total: 400, components: ['API'] } },
  ],
  ['clips fail — 19 requests failed', { text: 'clips fail', detail: { failed: 19, components: [] } }],
  ['clips fail — API', { text: 'clips fail', detail: { components: ['API'] } }],
  ['clips fail', { text: 'clips fail' }],
  ['clips fail; not affected: Web', { text: 'clips fail', detail: { unaffected: ['Web'] } }],
  ['19 requests failed', { detail: { failed: 19 } }],
  ['[erased]', { erased: true, detail: { failed: 19 } }],
])('%j is told of an impact', (text, of) => {
  expect(toldText(entry({ kind: 'impact', ...of }))).toBe(text);
});
