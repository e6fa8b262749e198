import { CHAIN_START, type SealedFact, seal, unseal } from '#domain/incident/chain.js';
import { amendmentOf, type Entry, entryOf } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import { runViewsOf } from '#domain/run/view.js';
import type { Dossier } from '#render/document.js';

export const ana = { id: 'U1', name: 'Ana' };
const bo = { id: 'U2', name: 'Bo' };
/** Somebody whose name was not known when the fact was recorded. */
export const nameless = { id: 'U3', name: null };

export type Recorded = DraftFact & { by?: { id: string; name: string | null }; at?: string };

/** Folds facts into a dossier as the store would hand it over. */
export function dossierOf(
  drafts: readonly Recorded[],
): Dossier & { sealed: SealedFact[]; entryList: Entry[] } {
  const sealed: SealedFact[] = [];
  const entries = new Map<number, Entry>();
  let state: IncidentState | null = null;
  drafts.forEach(({ by, at, ...draft }, i) => {
    const done = seal(draft as DraftFact, {
      team: 'T1',
      incident: 7,
      seq: i + 1,
      prev: sealed.at(-1)?.hash ?? CHAIN_START,
      recordedAt: at ?? `2024-11-10T02:10:${String(i % 60).padStart(2, '0')}.000Z`,
      by: by ?? ana,
      source: 'slack',
      salt: () => `${i + 1}`.padStart(32, 'a'),
    });
    sealed.push(done.sealed);
    state = folded(state, done.fact);
    const entry = entryOf(done.fact);
    if (entry) entries.set(entry.n, entry);
    const amendment = amendmentOf(done.fact);
    const old = amendment && entries.get(amendment.n);
    if (amendment && old) {
      const { detail, ...set } = amendment.set;
      entries.set(old.n, { ...old, ...set, detail: { ...old.detail, ...detail } });
    }
  });
  if (!state) throw new Error('no facts');
  const entryList = [...entries.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.n - b.n);
  return {
    state,
    head: sealed.at(-1)?.hash ?? CHAIN_START,
    facts: sealed.length,
    entries: async function* (only) {
      for (const entry of entryList) if (!only?.kinds || only.kinds.includes(entry.kind)) yield entry;
    },
    factLines: async function* () {
      yield* sealed;
    },
    runs: async () => runViewsOf(sealed.map(unseal)),
    sealed,
    entryList,
  };
}

function folded(state: IncidentState | null, fact: Fact): IncidentState {
  return evolve(state, fact);
}

export async function collected(chunks: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const chunk of chunks) all += chunk;
  return all;
}

type Precision = 'second' | 'minute' | 'approx' | 'date';

/** When entry `n` happened: `02:41` on the incident's day, or a whole UTC time. */
export function when(n: number, time: string, precision: Precision = 'minute', until: string | null = null) {
  const whole = (t: string) => (t.includes('T') ? t : `2024-11-10T${t.length === 5 ? `${t}:00` : t}Z`);
  return { n, at: whole(time), until: until && whole(until), precision };
}

export function opened(title: string, components: string[] = []): Recorded {
  return {
    type: 'IncidentOpened',
    data: {
      ...when(1, '01:42:10', 'second'),
      severity: 'sev3',
      private: false,
      drill: false,
      components: components.length,
    },
    texts: { title, ...Object.fromEntries(components.map((name, i) => [`component.${i}`, name])) },
  };
}

export function note(n: number, time: string, text: string): Recorded {
  return { type: 'NoteRecorded', data: when(n, time), texts: { text } };
}

/** One incident with every kind of entry, corrections, deliveries, hostile texts, and a silence. */
export function richIncident(): Recorded[] {
  return [
    opened('Developer TTS API: authorization failures <gateway>', ['Text to Speech (Developer API)']),
    { type: 'ChannelOpened', data: { channel: 'C7' }, texts: { name: 'inc-7-developer-tts-api' } },
    {
      type: 'RoleAssigned',
      data: { ...when(2, '01:42:30', 'second'), role: 'lead', person: 'U1' },
      texts: { person: 'Ana' },
    },
    note(3, '01:39', 'Migration of the internal TTS service starts'),
    { type: 'MilestoneMarked', data: { ...when(4, '01:41'), milestone: 'started' }, texts: {} },
    {
      type: 'NoteRecorded',
      data: when(5, '01:41', 'approx'),
      texts: { text: 'Nodes on the *new* service fail: `401` for auth_key_id' },
    },
    { type: 'MilestoneMarked', data: { ...when(6, '01:43'), milestone: 'detected' }, texts: {} },
    {
      type: 'MessageCaptured',
      data: {
        ...when(7, '01:43:12', 'second'),
        channel: 'C7',
        ts: '1731202992.000100',
        author: 'U2',
        link: 'https://acme.slack.com/archives/C7/p1731202992000100?thread_ts=1.2&cid=C7',
      },
      texts: { text: 'stack trace:\n  at gateway [auth.ts:12]\n\t#1 & done', author: 'Bo' },
    },
    {
      type: 'CauseRecorded',
      data: when(8, '01:43'),
      texts: { text: 'Keys of the gateway and the new service do not match' },
    },
    {
      type: 'StatusChanged',
      data: { ...when(9, '01:44'), status: 'identified', reopened: false },
      texts: { text: 'keys differ' },
    },
    {
      type: 'StatusPosted',
      data: { ...when(10, '01:44'), state: 'identified' },
      texts: { text: 'We know the cause and are mending it.' },
    },
    {
      type: 'NoteRecorded',
      data: when(11, '01:44', 'minute', '01:51'),
      texts: { text: 'Keys added by hand' },
      by: bo,
    },
    {
      type: 'NoteRecorded',
      data: when(12, '01:50'),
      texts: { text: '=HYPERLINK("https://evil.example","wrong channel")' },
      by: nameless,
    },
    { type: 'EntryStruck', data: { entry: 12, restored: null }, texts: { reason: 'belongs to INC-6' } },
    note(13, '01:52', 'Keys verifed'),
    { type: 'EntryEdited', data: { entry: 13 }, texts: { text: 'Keys verified by a real call' } },
    { type: 'MilestoneMarked', data: { ...when(14, '01:44'), milestone: 'mitigated' }, texts: {} },
    {
      type: 'ImpactRecorded',
      data: {
        ...when(15, '01:41', 'minute', '01:44'),
        failed: 19,
        total: 400,
        from: '2024-11-10T01:41:00Z',
        to: '2024-11-10T01:44:00Z',
        components: 1,
      },
      texts: { text: 'Some clips could not be made', 'component.0': 'Text to Speech (Developer API)' },
    },
    {
      type: 'ImpactRecorded',
      data: { ...when(16, '02:00'), failed: 19, total: null, from: null, to: null, components: 0 },
      texts: {},
    },
    {
      type: 'SeverityChanged',
      data: { ...when(17, '01:45'), severity: 'sev2' },
      texts: { text: 'customers call' },
    },
    { type: 'ComponentAdded', data: when(18, '01:45'), texts: { component: 'Gateway' } },
    {
      type: 'ActionAdded',
      data: { ...when(19, '02:04'), action: 1, owner: 'U2' },
      texts: { text: 'Rotate the keys automatically', owner: 'Bo' },
    },
    {
      type: 'ActionAdded',
      data: { ...when(20, '02:04'), action: 2, owner: null },
      texts: { text: 'Alert on 401' },
    },
    { type: 'ActionCompleted', data: { ...when(21, '2024-11-11T09:00:00Z'), action: 2 }, texts: {} },
    { type: 'StatusChanged', data: { ...when(22, '02:20'), status: 'resolved', reopened: false }, texts: {} },
    {
      type: 'NoteRecorded',
      data: when(23, '2024-11-09T00:00:00Z', 'date'),
      texts: { text: 'Change announced to customers' },
    },
    {
      type: 'NoteRecorded',
      data: when(24, '23:50', 'approx', '2024-11-11T00:10:00Z'),
      texts: { text: 'Watched until after midnight' },
    },
    {
      type: 'EntryRetimed',
      data: { entry: 3, at: '2024-11-10T01:39:30Z', until: null, precision: 'second' },
      texts: {},
    },
    {
      type: 'TitleChanged',
      data: when(25, '02:30'),
      texts: { title: 'Developer TTS API: keys did not match <gateway>' },
    },
    { type: 'PeopleInvited', data: { people: ['U2', 'U3'] }, texts: { 'person.0': 'Bo' } },
    { type: 'HeadlinePosted', data: { channel: 'C7', ts: '1731202990.000100' }, texts: {} },
  ];
}

/** What was counted from 01:41 to 01:44:30, in the shape of the fact. `of`: what differs. */
export function measured(n: number, of: object = {}, texts: Record<string, string> = {}): Recorded {
  const from = '2024-11-10T01:41:00Z';
  const to = '2024-11-10T01:44:30Z';
  const failedIn = [0, 2, 5, 6, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0];
  const totalIn = [80, 81, 78, 83, 79, 80, 84, 80, 81, 79, 80, 77, 80, 82];
  const data = {
    ...{ n, at: from, until: to, precision: 'second' },
    ...{ from, to, start: 'started', end: 'mitigated', asked: 1 },
    ...{ looked: '2024-11-10T02:10:00.123Z', stepMs: 15_000, failed: 19, total: 1124 },
    components: [
      { failed: 19, total: 624 },
      { failed: 0, total: 500 },
    ],
    noted: {},
    ...{ bucketMs: 15_000, failedIn, totalIn },
    ...of,
  };
  return {
    type: 'ImpactMeasured',
    data,
    texts: {
      failedQuery: 'tts_requests_total{status!~"2.."}',
      totalQuery: 'tts_requests_total',
      'component.0': 'Developer API',
      'component.1': 'Internal API',
      ...texts,
    },
  } as Recorded;
}
