import { runsOf } from '../run-state.js';
import type { IncidentState } from '../state.js';
import type { Decision, IntentOf } from './context.js';

/** A channel is made once: a second report of it (a repeated delivery) adds nothing. */
export function noteChannelOpened(state: IncidentState, intent: IntentOf<'NoteChannelOpened'>): Decision {
  const { id, name } = intent.channel;
  if (state.channel?.id === id) return [];
  return [{ type: 'ChannelOpened', data: { channel: id }, texts: { name } }];
}

export function noteHeadlinePosted(state: IncidentState, intent: IntentOf<'NoteHeadlinePosted'>): Decision {
  const { channel, ts } = intent;
  if (state.headline?.ts === ts && state.headline.channel === channel) return [];
  return [{ type: 'HeadlinePosted', data: { channel, ts }, texts: {} }];
}

export function noteAnnounced(state: IncidentState, intent: IntentOf<'NoteAnnounced'>): Decision {
  const { channel, ts } = intent;
  if (state.announcement?.ts === ts && state.announcement.channel === channel) return [];
  return [{ type: 'Announced', data: { channel, ts }, texts: {} }];
}

/** None is taken back: what is said of numbers may be older than the state that it meets. */
export function skipNumbers(state: IncidentState, intent: IntentOf<'SkipNumbers'>): Decision {
  const now = { entries: state.entries, actions: state.actions, runs: runsOf(state).count };
  const { entries, actions, runs } = intent;
  if (entries <= now.entries && actions <= now.actions && runs <= now.runs) return [];
  const data = {
    entries: Math.max(entries, now.entries),
    actions: Math.max(actions, now.actions),
    runs: Math.max(runs, now.runs),
  };
  return [{ type: 'NumbersSkipped', data, texts: {} }];
}
