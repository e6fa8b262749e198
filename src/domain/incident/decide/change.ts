import { refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { personLabel, refOf } from '../../words.js';
import type { Asking } from '../intent.js';
import type { IncidentState } from '../state.js';
import { type Decision, given, happened, type IntentOf, numbered, tooMany } from './record.js';

export function assignRole(state: IncidentState, intent: IntentOf<'AssignRole'>, asking: Asking): Decision {
  const { role, person } = intent;
  const held = state.roles[role];
  if (held?.id === person.id) {
    return refuse('ROLE_UNCHANGED', { ref: refOf(state.number), role, person: personLabel(person) });
  }
  const roles = Object.keys(state.roles).length + (held ? 0 : 1);
  const excess = tooMany('roles', roles, LIMITS.roles, 'Use a role that the incident has already.');
  if (excess) return excess;
  return [
    {
      type: 'RoleAssigned',
      data: { ...happened(state, asking, null), role, person: person.id },
      texts: given({ person: person.name }),
    },
  ];
}

/** Brings people in. No timeline entry: who was invited is seen in the channel. */
export function invitePeople(state: IncidentState, intent: IntentOf<'InvitePeople'>): Decision {
  const people = [...new Map(intent.people.map((person) => [person.id, person])).values()];
  const members = new Set([...state.members, ...people.map((person) => person.id)]).size;
  const excess =
    tooMany('people', people.length, LIMITS.people, 'Invite them in several goes.') ??
    tooMany('people', members, LIMITS.members, 'Invite the others in Slack.');
  if (excess) return excess;
  const names = people.map((person) => person.name);
  return [
    {
      type: 'PeopleInvited',
      data: { people: people.map((person) => person.id) },
      texts: Object.fromEntries(
        Object.entries(numbered('person', names as string[])).filter(([, name]) => name !== null),
      ),
    },
  ];
}

/** Takes people out, or notes that they went. Who is no member is none afterwards: then there is nothing to record. */
export function peopleLeft(
  state: IncidentState,
  intent: IntentOf<'UninvitePeople'> | IntentOf<'NotePeopleLeft'>,
): Decision {
  const removed = intent.type === 'UninvitePeople';
  const people = [...new Map(intent.people.map((person) => [person.id, person])).values()];
  // Of a public incident only those are members whom a command brought in; others are in the channel all the same.
  const out = removed && !state.private ? people : people.filter(({ id }) => state.members.includes(id));
  if (out.length === 0) {
    return removed
      ? refuse('NOT_A_MEMBER', { ref: refOf(state.number), people: people.map(personLabel).join(', ') })
      : [];
  }
  const excess = tooMany('people', out.length, LIMITS.people, 'Take them out in several goes.');
  if (excess) return excess;
  const names = out.flatMap(({ name }, i) => (name === null ? [] : [[`person.${i}`, name] as const]));
  return [
    {
      type: 'PeopleLeft',
      data: { people: out.map(({ id }) => id), how: removed ? 'removed' : 'left' },
      texts: Object.fromEntries(names),
    },
  ];
}

export function changeTitle(state: IncidentState, intent: IntentOf<'ChangeTitle'>, asking: Asking): Decision {
  if (intent.title === state.title) return refuse('TITLE_UNCHANGED', { ref: refOf(state.number) });
  return [{ type: 'TitleChanged', data: happened(state, asking, null), texts: { title: intent.title } }];
}

export function addComponent(
  state: IncidentState,
  intent: IntentOf<'AddComponent'>,
  asking: Asking,
): Decision {
  const { component } = intent;
  if (state.components.includes(component)) {
    return refuse('COMPONENT_PRESENT', { ref: refOf(state.number), component });
  }
  const excess = tooMany(
    'components',
    state.components.length + 1,
    LIMITS.components,
    'Remove one first: `component remove NAME`.',
  );
  return excess ?? [{ type: 'ComponentAdded', data: happened(state, asking, null), texts: { component } }];
}

export function removeComponent(
  state: IncidentState,
  intent: IntentOf<'RemoveComponent'>,
  asking: Asking,
): Decision {
  const { component } = intent;
  if (!state.components.includes(component)) {
    const { components } = state;
    return refuse('COMPONENT_ABSENT', { ref: refOf(state.number), component, components });
  }
  return [{ type: 'ComponentRemoved', data: happened(state, asking, null), texts: { component } }];
}

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

/** What the public was told cannot be edited, only corrected by another post: so it is asked for twice. */
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
