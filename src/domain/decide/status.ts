import type { Asking } from '../intent.js';
import { refuse } from '../refusal.js';
import { type IncidentState, refOf } from '../state.js';
import { type Decision, given, happened, type IntentOf } from './context.js';

/** Any status may follow any other: people correct themselves. The same one again needs a text to be worth an entry. */
export function changeStatus(
  state: IncidentState,
  intent: IntentOf<'ChangeStatus'>,
  asking: Asking,
): Decision {
  const { status, moment, text } = intent;
  if (status === state.status && text === null && state.statusEntry !== null) {
    return refuse('STATUS_UNCHANGED', { ref: refOf(state.number), status });
  }
  return [
    {
      type: 'StatusChanged',
      data: { ...happened(state, asking, moment), status, reopened: false },
      texts: given({ text }),
    },
  ];
}

export function reopenIncident(
  state: IncidentState,
  intent: IntentOf<'ReopenIncident'>,
  asking: Asking,
): Decision {
  if (state.status !== 'resolved') {
    return refuse('NOT_RESOLVED', { ref: refOf(state.number), status: state.status });
  }
  return [
    {
      type: 'StatusChanged',
      data: { ...happened(state, asking, null), status: 'investigating', reopened: true },
      texts: { text: intent.reason },
    },
  ];
}

export function changeSeverity(
  state: IncidentState,
  intent: IntentOf<'ChangeSeverity'>,
  asking: Asking,
): Decision {
  const { severity, reason } = intent;
  if (severity === state.severity && reason === null) {
    return refuse('SEVERITY_UNCHANGED', { ref: refOf(state.number), severity });
  }
  return [
    {
      type: 'SeverityChanged',
      data: { ...happened(state, asking, null), severity },
      texts: given({ text: reason }),
    },
  ];
}

/** Marking again replaces; no order is imposed: contradictions are shown by the readings, not refused. */
export function markMilestone(
  state: IncidentState,
  intent: IntentOf<'MarkMilestone'>,
  asking: Asking,
): Decision {
  const data = { ...happened(state, asking, intent.moment), milestone: intent.milestone };
  return [{ type: 'MilestoneMarked', data, texts: {} }];
}

/** What is public cannot be taken back, so it is asked for twice. */
export function publishPost(state: IncidentState, intent: IntentOf<'PublishPost'>, asking: Asking): Decision {
  const posted = intent.state ?? state.status;
  if (!intent.confirmed) return refuse('PUBLISH_NEEDS_CONFIRMATION', { state: posted, text: intent.text });
  return [
    {
      type: 'StatusPosted',
      data: { ...happened(state, asking, intent.moment), state: posted },
      texts: { text: intent.text },
    },
  ];
}
