import { firingIn } from '#domain/alert/state.js';
import {
  isPaged,
  type Next,
  promises,
  publicStillReads,
  rolesOf,
  type WaitingRun,
} from '#domain/command/next.js';
import type { ActionItem } from '#domain/incident/action.js';
import type { IncidentState } from '#domain/incident/state.js';
import { mergedInto } from '#domain/link/link.js';
import type { RunView } from '#domain/run/view.js';
import { personLabel, refOf, runRef } from '#domain/words.js';
import { type Clock, clockIn, durationInWords, excerpt, timeOf } from './clock.js';

/** What is known of somebody in an incident. */
export interface HereView {
  state: IncidentState;
  /** Whoever asks: their id. */
  person: string;
  /** What waits for a person, and for whom. */
  waiting: readonly WaitingRun[];
  /** The same runs with their questions. */
  runs: readonly RunView[];
  /** Their own action items that are not done. */
  actions: readonly ActionItem[];
  now: Date;
  zone: string;
}

/** More stand behind the verbs that list them. */
const SHOWN = 4;

/**
 * The answer to the command alone, in an incident: its headline, what whoever asks is in it, and what waits for them.
 * What is likely next is `nextText`, or buttons.
 */
export function hereText(view: HereView): string {
  const { state, person } = view;
  const waits = waitingLines(view);
  const roles = rolesOf(state, person);
  const rest = state.roles.lead?.id === person ? roles.filter((role) => role !== 'lead') : roles;
  const lead = roles[0] === 'lead' ? 'You lead it' : null;
  const also = rest.length > 0 ? `${lead ? ', and are' : 'You are'} ${rest.join(', ')}` : '';
  const role = lead || also ? `${lead ?? ''}${also}.` : 'You have no role in it.';
  return [
    `${refOf(state.number)} ${excerpt(state.title, 120)}`,
    headline(view),
    waits.length === 0 ? `${role} Nothing waits for you.` : role,
    ...waits,
  ].join('\n');
}

function headline({ state, now }: HereView): string {
  const { lead } = state.roles;
  const into = mergedInto(state);
  const firing = firingIn(state.alerts);
  return [
    ...(state.drill ? ['DRILL'] : []),
    state.severity ?? 'no severity',
    state.falseAlarm ? 'false alarm' : state.status,
    ...(state.private ? ['private'] : []),
    ...(into === null ? [] : [`merged into ${refOf(into)}`]),
    lead ? `lead ${excerpt(personLabel(lead), 60)}` : 'nobody leads',
    ...lasting(state, now),
    ...(firing > 0 ? [`${firing} ${firing === 1 ? 'alert fires' : 'alerts fire'}`] : []),
  ].join(' · ');
}

/** How long it has been open, or was: to the minute, and nothing where its times contradict each other. */
function lasting({ opened, milestones, status }: IncidentState, now: Date): string[] {
  const over = status === 'resolved';
  const end = over ? milestones.resolved : null;
  const from = Date.parse(opened.at);
  const to = end ? Date.parse(end.at) : now.getTime();
  if (over && !end) return [];
  const minutes = Math.floor((to - from) / 60_000);
  if (minutes < 0) return [];
  const long = minutes === 0 ? 'a moment' : durationInWords(minutes * 60);
  return [over ? `after ${long}` : `open for ${long}`];
}

function waitingLines({ state, person, waiting, runs, actions, now, zone }: HereView): string[] {
  const clock = clockIn(zone);
  const yours = waiting.filter((one) => one.yours);
  const others = waiting.filter((one) => !one.yours);
  return [
    ...(isPaged(state, person) ? ['• You are paged: `ack` says that you have it'] : []),
    ...yours.slice(0, SHOWN).map((one) => runLine(one, runs)),
    ...promised(state, now, clock),
    ...untold(state),
    ...actions
      .slice(0, SHOWN)
      .map(({ n, text }) => `• Yours to do: ${n}. ${excerpt(text, 120)} (\`done ${n}\`)`),
    ...more(yours.length + actions.length - Math.min(yours.length, SHOWN) - Math.min(actions.length, SHOWN)),
    ...others.slice(0, 2).map(({ run, why }) => {
      const what = why === 'approval' ? 'approval' : 'an answer';
      return `• ${runRef(run.run)} ${run.runbook} waits for ${what} by others`;
    }),
  ];
}

const more = (count: number) => (count > 0 ? [`• and ${count} more: \`runs\`, \`actions\``] : []);

/** The plan and the question stand in the channel, with buttons that are bound to them; a yes from here would be to what nobody sees here. */
function runLine({ run, why }: WaitingRun, views: readonly RunView[]): string {
  const name = runRef(run.run);
  if (why === 'approval')
    return `• ${name} ${run.runbook} waits for your approval: look at its plan in the channel, press *Approve* there or type \`approve ${name}\``;
  const { asked } = run;
  const view = views.find(({ state }) => state.run === run.run);
  const question = asked && view?.steps.get(asked.step)?.[asked.phase]?.question;
  const choices = (asked?.choices ?? []).slice(0, 4).map((choice) => `\`answer ${name} ${choice}\``);
  const what = question ? `: ${excerpt(question, 200)}` : ` about step ${asked?.step ?? ''}:`;
  return `• ${name} ${run.runbook} asks${what} ${choices.join(' or ')}`;
}

function promised(state: IncidentState, now: Date, clock: Clock): string[] {
  return promises(state, now).map(({ to, by, due }) => {
    const at = timeOf({ at: by, until: null, precision: 'minute' }, clock);
    const who = to === 'public' ? 'The public' : 'The channel';
    const type = to === 'public' ? 'publish TEXT' : `status ${state.status} TEXT`;
    return `• ${who} ${due ? 'was' : 'is'} promised an update by ${at} ${clock.zone}${due ? ', which has passed' : ''}: \`${type}\``;
  });
}

/** What was published of an incident that is over says that it goes on. */
function untold(state: IncidentState): string[] {
  const reads = publicStillReads(state);
  return reads === null ? [] : [`• The public still reads *${reads}*: \`publish resolved TEXT\``];
}

/** The answer to the command alone where nobody is in an incident's channel: what is open. @param open those that they are in first */
export function outsideText(open: ReadonlyArray<{ state: IncidentState; yours: boolean }>): string {
  if (open.length === 0) return 'No incident that you can see is open.';
  const lines = open.slice(0, 2 * SHOWN).map(({ state, yours }) => {
    const lead = state.roles.lead ? `lead ${excerpt(personLabel(state.roles.lead), 40)}` : 'nobody leads';
    const where = state.channel ? ` · #${state.channel.name}` : '';
    const marks = `${state.drill ? ' drill' : ''}${state.private ? ' private' : ''}${yours ? ' · yours' : ''}`;
    return `${refOf(state.number)} ${state.severity ?? 'no severity'} ${state.status}${marks}: ${excerpt(state.title, 100)} · ${lead}${where}`;
  });
  const rest = open.length - lines.length;
  return [
    `${open.length === 1 ? 'One incident is' : `${open.length} incidents are`} open.`,
    ...lines,
    ...(rest > 0 ? [`… and ${rest} more: \`list\``] : []),
  ].join('\n');
}

/** What is likely next, as it is typed. @param command how it is called here */
export function nextText(next: readonly Next[], command: string): string {
  return `Next: ${next.map(({ typed }) => `\`${command} ${typed}\``).join(' · ')}`;
}
