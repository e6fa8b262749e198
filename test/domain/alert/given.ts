import type { RecordedAlert } from '#domain/alert/intent.js';
import { groupId } from '#domain/alert/signal.js';
import type { DraftFact } from '#domain/incident/fact.js';

export const GROUP = groupId('service=tts');

/** An alert as it fires, of the group `service=tts`. */
export const alert = (more: Partial<RecordedAlert> = {}): RecordedAlert => ({
  ...{ id: 'a1', source: 'prometheus', group: GROUP, key: 'service=tts', rule: 'tts-failing' },
  ...{ status: 'firing', since: '2024-11-10T01:43:00Z', until: null },
  ...{ title: 'TtsFailing', text: 'more than 1 % fail' },
  ...{ labels: { service: 'tts' }, values: { rate: '0.19' } },
  links: [{ title: 'Query', url: 'https://prometheus.example/graph' }],
  ...more,
});

export const fired = (n: number, more: object = {}, texts: Record<string, string> = {}): DraftFact => ({
  type: 'AlertFired',
  data: {
    ...{ n, at: '2024-11-10T01:43:00Z', until: null, precision: 'second' },
    ...{ alert: 'a1', group: GROUP, source: 'prometheus', rule: 'tts-failing' },
    ...more,
  } as never,
  texts: { title: 'TtsFailing', key: 'service=tts', ...texts },
});

/** @param texts of one that fires again: what is said of it then */
export const changed = (
  entry: number,
  does: 'fired' | 'resolved',
  at: string,
  times = 1,
  texts: Record<string, string> = {},
): DraftFact => ({
  type: 'AlertChanged',
  data: { entry, alert: 'a1', group: GROUP, does, at, times },
  texts,
});

export const moved = (n: number, to: number | null, more: object = {}): DraftFact => ({
  type: 'AlertsMoved',
  data: {
    ...{ n, at: '2024-11-10T02:00:00Z', until: null, precision: 'second', group: GROUP, to, firing: 1 },
    ...more,
  } as never,
  texts: { key: 'service=tts' },
});

export const taken = (n: number, from: number): DraftFact => ({
  type: 'AlertsTaken',
  data: {
    ...{ n, at: '2024-11-10T02:00:00Z', until: null, precision: 'second' },
    ...{ group: GROUP, source: 'prometheus', rule: 'tts-failing', from },
  },
  texts: { key: 'service=tts' },
});
