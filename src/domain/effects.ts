import type { Effect } from './effect.js';
import type { Fact } from './fact.js';
import { runEffectsOf } from './run-effects.js';
import { runsOf } from './run-state.js';
import type { IncidentState } from './state.js';

/**
 * What the world is owed because of a fact. Pure, so that it can be read aloud.
 * @param hash of that fact: the chain's head at that moment, shown in the channel at state changes so that a copy leaves us
 */
export function effectsOf(fact: Fact, before: IncidentState | null, hash: string): Effect[] {
  const entry = (head: string | null = null): Effect => ({
    kind: 'channel.entry',
    payload: { n: (fact.data as { n: number }).n, head },
  });
  const refresh = refreshOf(before);
  switch (fact.type) {
    case 'IncidentOpened':
      return [{ kind: 'channel.open', payload: {} }, ...(fact.data.private ? [] : [ANNOUNCEMENT])];
    case 'NoteRecorded':
    case 'MessageCaptured':
    case 'CauseRecorded':
    case 'ActionAdded':
    case 'ActionCompleted':
    case 'StatusPosted':
      return [entry()];
    case 'StatusChanged':
      return [entry(hash), ...refresh];
    case 'SeverityChanged':
    case 'TitleChanged':
    case 'MilestoneMarked':
    case 'ComponentAdded':
    case 'ComponentRemoved':
    case 'ImpactRecorded':
      return [entry(), ...refresh];
    case 'RoleAssigned':
      return [entry(), ...refresh, { kind: 'people.invite', payload: { people: [fact.data.person] } }];
    case 'PeopleInvited':
      return [{ kind: 'people.invite', payload: { people: fact.data.people } }];
    case 'PeopleLeft':
      // Who left by themselves is out already.
      return fact.data.how === 'removed'
        ? [{ kind: 'people.remove', payload: { people: fact.data.people, by: fact.by.id } }]
        : [];
    case 'EntryEdited':
      return [
        { kind: 'channel.amend', payload: { n: fact.data.entry, how: 'edited' } },
        ...onHeadline(before, fact),
      ];
    case 'EntryRetimed':
      return [
        { kind: 'channel.amend', payload: { n: fact.data.entry, how: 'retimed' } },
        ...onHeadline(before, fact),
      ];
    case 'EntryStruck':
      return [
        { kind: 'channel.amend', payload: { n: fact.data.entry, how: 'struck' } },
        ...onHeadline(before, fact),
      ];
    case 'ChannelOpened':
      // Where it was announced before there was a channel, people are shown the way to it now.
      return before?.private ? [] : [ANNOUNCEMENT];
    case 'HeadlinePosted':
    case 'Announced':
      return [];
    case 'NumbersSkipped':
      return before ? [{ kind: 'channel.restored', payload: skipped(before, fact.data) }] : [];
    case 'RunProposed':
    case 'RunApproved':
    case 'RunAskedAgain':
    case 'StepAnswered':
    case 'RunCancelled':
    case 'RunUndoing':
    case 'RunPlanned':
    case 'RunStarted':
    case 'StepStarted':
    case 'StepTaken':
    case 'StepWaits':
    case 'StepFinished':
    case 'StepAsked':
    case 'RunEnded':
      return runEffectsOf(fact, entry);
    case 'RunShown':
      return [];
    default: {
      const unknown: never = fact;
      throw new Error(`a fact of an unknown type: ${JSON.stringify(unknown)}`);
    }
  }
}

/** The numbers that stand in the channel and mean nothing any more. */
function skipped(before: IncidentState, { entries, runs }: { entries: number; runs: number }) {
  const from = (last: number, to: number): [number, number] | null => (to > last ? [last + 1, to] : null);
  return { entries: from(before.entries, entries), runs: from(runsOf(before).count, runs) };
}

const ANNOUNCEMENT: Effect = { kind: 'announcement.refresh', payload: {} };

/** A private incident is announced nowhere. */
function refreshOf(state: IncidentState | null): Effect[] {
  return [{ kind: 'headline.refresh', payload: {} }, ...(state?.private ? [] : [ANNOUNCEMENT])];
}

/** A correction reaches the headline only when the headline rests on that entry. */
function onHeadline(state: IncidentState | null, fact: { data: { entry: number } }): Effect[] {
  const n = fact.data.entry;
  const rests =
    state !== null &&
    (state.impact?.n === n ||
      state.opened.n === n ||
      state.lastPost?.n === n ||
      Object.values(state.milestones).some((milestone) => milestone?.n === n));
  return rests ? refreshOf(state) : [];
}
