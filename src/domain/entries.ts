import type { Amendment, Entry, EntryDetail } from './entry.js';
import type { Fact } from './fact.js';
import { type RunLine, runLine } from './run-entry.js';
import type { EntryKind } from './words.js';

/** Texts that came as `component.0`, `component.1` …, in order; erased ones show as such. */
export function listed(fact: { texts: Fact['texts'] }, field: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => fact.texts[`${field}.${i}`] ?? '[erased]');
}

/** @returns the timeline entry that a fact adds, or null: corrections and deliveries add none. */
export function entryOf(fact: Fact): Entry | null {
  const line = (kind: EntryKind, field: string | null, detail: EntryDetail = {}): Entry => {
    const data = fact.data as { n: number; at: string; until: string | null; precision: Entry['precision'] };
    const text = field === null ? null : fact.texts[field];
    return {
      n: data.n,
      at: data.at,
      until: data.until,
      precision: data.precision,
      recordedAt: fact.recordedAt,
      editedAt: null,
      kind,
      text: text ?? null,
      // A field that is there with null was erased; one that was never given is not there.
      erased: field !== null && field in fact.texts && text === null,
      detail,
      struck: false,
      by: fact.by,
      source: fact.source,
      link: null,
    };
  };
  const ofRun = ({ kind, field, detail }: RunLine): Entry => line(kind, field, detail);
  switch (fact.type) {
    case 'IncidentOpened':
      return line('opened', 'title', {
        ...(fact.data.severity && { severity: fact.data.severity }),
        components: listed(fact, 'component', fact.data.components),
        private: fact.data.private,
        drill: fact.data.drill,
      });
    case 'NoteRecorded':
      return line('note', 'text');
    case 'MessageCaptured': {
      const author = { id: fact.data.author, name: fact.texts.author ?? null };
      return { ...line('message', 'text', { author }), link: fact.data.link };
    }
    case 'StatusChanged':
      return line('status', 'text', {
        status: fact.data.status,
        ...(fact.data.reopened && { reopened: true }),
      });
    case 'SeverityChanged':
      return line('severity', 'text', { severity: fact.data.severity });
    case 'RoleAssigned':
      return line('role', null, {
        role: fact.data.role,
        person: { id: fact.data.person, name: fact.texts.person ?? null },
      });
    case 'TitleChanged':
      return line('title', 'title');
    case 'MilestoneMarked':
      return line('milestone', null, { milestone: fact.data.milestone });
    case 'ComponentAdded':
      return line('component', 'component', { change: 'added' });
    case 'ComponentRemoved':
      return line('component', 'component', { change: 'removed' });
    case 'ImpactRecorded': {
      const { failed, total, from, to, components } = fact.data;
      return line('impact', 'text', {
        failed,
        total,
        from,
        to,
        components: listed(fact, 'component', components),
      });
    }
    case 'CauseRecorded':
      return line('cause', 'text');
    case 'ActionAdded': {
      const owner = fact.data.owner === null ? null : { id: fact.data.owner, name: fact.texts.owner ?? null };
      return line('action', 'text', { action: fact.data.action, done: false, owner });
    }
    case 'ActionCompleted':
      return line('action', null, { action: fact.data.action, done: true });
    case 'StatusPosted':
      return line('post', 'text', { state: fact.data.state });
    case 'PeopleInvited':
    case 'PeopleLeft':
    case 'EntryEdited':
    case 'EntryRetimed':
    case 'EntryStruck':
    case 'ChannelOpened':
    case 'HeadlinePosted':
    case 'Announced':
    case 'NumbersSkipped':
    case 'RunPlanned':
    case 'RunStarted':
    case 'RunShown':
    case 'StepStarted':
    case 'StepTaken':
    case 'StepWaits':
      return null;
    case 'RunProposed':
    case 'RunApproved':
    case 'RunAskedAgain':
    case 'RunCancelled':
    case 'RunUndoing':
    case 'RunEnded':
    case 'StepFinished':
    case 'StepAsked':
    case 'StepAnswered':
      return ofRun(runLine(fact));
    default:
      return unknownFact(fact);
  }
}

/** @returns what a fact changes in an earlier entry, or null. */
export function amendmentOf(fact: Fact): Amendment | null {
  const editedAt = fact.recordedAt;
  switch (fact.type) {
    case 'EntryEdited': {
      const text = fact.texts.text ?? null;
      return { n: fact.data.entry, set: { text, erased: text === null, editedAt } };
    }
    case 'EntryRetimed': {
      const { entry, at, until, precision } = fact.data;
      return { n: entry, set: { at, until, precision, editedAt } };
    }
    case 'EntryStruck':
      return {
        n: fact.data.entry,
        set: { struck: true, editedAt, detail: { struckReason: fact.texts.reason ?? null } },
      };
    default:
      return null;
  }
}

function unknownFact(fact: never): never {
  throw new Error(`a fact of an unknown type: ${JSON.stringify((fact as { type?: unknown }).type)}`);
}
