import { metricsOf } from '#domain/incident/metrics.js';
import type { IncidentState } from '#domain/incident/state.js';
import { MARKS, personLabel } from '#domain/words.js';
import { type Clock, dateTimeOf, durationInWords } from './clock.js';
import type { Block, Span } from './document.js';

type Row = { label: string; spans: Span[] };

/** What an incident is, in a few lines. The only place in a document that names the zone: it holds for every time in it. */
export function incidentFields(state: IncidentState, clock: Clock): Block {
  const { lead, ...others } = state.roles;
  const rows: Array<Row | null> = [
    row('Times', clock.zone),
    row('Status', state.status),
    row('Severity', state.severity ?? 'not set'),
    state.drill ? row('Drill', 'yes') : null,
    state.private ? row('Private', 'yes') : null,
    row('Components', state.components.join(', ')),
    row('Lead', lead ? personLabel(lead) : ''),
    ...Object.entries(others)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([role, person]) => row(capital(role), personLabel(person))),
    row('Channel', state.channel ? `#${state.channel.name}` : ''),
  ];
  return { is: 'fields', rows: rows.filter((r): r is Row => r !== null) };
}

/** Milestones and how long it took, in words. */
export function milestoneFields(state: IncidentState, clock: Clock): Block {
  const { metrics, contradictions } = metricsOf(state.milestones, (at) => {
    const { date, time } = clock.read(at);
    return `${date} ${time}`;
  });
  const shown = (at: { at: string; precision: 'second' | 'minute' | 'approx' | 'date' }) =>
    dateTimeOf({ ...at, until: null }, clock);
  const rows: Array<Row | null> = [
    row('Opened', shown(state.opened)),
    ...MARKS.map((mark) => {
      const milestone = state.milestones[mark];
      return row(capital(mark), milestone ? shown(milestone) : 'not marked');
    }),
    row('Time to detect', words(metrics.time_to_detect_s)),
    row('Time to mitigate', words(metrics.time_to_mitigate_s)),
    row('Time to resolve', words(metrics.time_to_resolve_s)),
    ...contradictions.map((sentence) => row('Contradiction', sentence)),
  ];
  return { is: 'fields', rows: rows.filter((r): r is Row => r !== null) };
}

function row(label: string, text: string): Row | null {
  return text === '' ? null : { label, spans: [text] };
}

function words(seconds: number | null): string {
  return seconds === null ? '' : durationInWords(seconds);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
