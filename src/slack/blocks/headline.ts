import { personLabel } from '#domain/person.js';
import { type IncidentState, refOf } from '#domain/state.js';
import { MARKS } from '#domain/words.js';
import { type Block, context, MAX, type Message, section } from './block.js';
import { cut } from './cut.js';
import { escaped, link } from './escaped.js';
import { whenLabel } from './when.js';

/** Pages about the incident, already signed or public; none when there is no address to give. */
export interface Link {
  url: string;
  label: string;
}

/** The pinned message at the top of the incident's channel; updated, never repeated. */
export function headlineMessage(
  state: IncidentState,
  links: readonly Link[] = [],
  command = '/incident',
): Message {
  const title = `*${refOf(state.number)}* ${escaped(cut(state.title.replace(/\s+/g, ' '), 250))}`;
  const facts = [standing(state), ...people(state), ...about(state)].join('\n');
  const blocks: Block[] = [
    section(title),
    section(cut(facts, MAX.section)),
    section(cut(milestones(state), MAX.section)),
    context(
      `\`${escaped(command)} help\` lists what can be recorded; react with :pushpin: to keep a message.`,
    ),
  ];
  const shown = links.map((one) => link(one.url, one.label)).join(' · ');
  if (shown !== '' && shown.length <= MAX.section) blocks.push(context(shown));
  return { text: cut(`${title}\n${facts}`, MAX.text), blocks };
}

/** `sev2 · identified`, and what else a reader must know at once. */
export function standing(state: IncidentState): string {
  return [
    ...(state.drill ? ['*DRILL*'] : []),
    state.severity ?? 'no severity yet',
    `*${state.status}*`,
    ...(state.private ? ['private'] : []),
  ].join(' · ');
}

function people(state: IncidentState): string[] {
  const roles = Object.entries(state.roles);
  if (roles.length === 0) return ['Lead: nobody yet'];
  const named = roles.map(([role, person]) => `${escaped(role)}: ${escaped(cut(personLabel(person), 80))}`);
  return [cut(`${'lead' in state.roles ? '' : 'Lead: nobody yet · '}${named.join(' · ')}`, 700)];
}

function about(state: IncidentState): string[] {
  return [
    ...(state.components.length ? [`Components: ${escaped(cut(state.components.join(', '), 600))}`] : []),
    ...(state.impact ? [`Impact: ${escaped(cut(impact(state.impact), 600))}`] : []),
  ];
}

/** `19 failed of 2,000 · only the Developer API`, from what was given. */
function impact({ failed, total, text }: NonNullable<IncidentState['impact']>): string {
  const count = (n: number) => n.toLocaleString('en');
  return [
    ...(failed === null ? [] : [`${count(failed)} failed${total === null ? '' : ` of ${count(total)}`}`]),
    ...(text === null ? [] : [text.replace(/\s+/g, ' ')]),
  ].join(' · ');
}

/** Known milestones in UTC, in the order in which they happen. */
function milestones(state: IncidentState): string {
  const label = (at: string, precision: typeof state.opened.precision) =>
    whenLabel({ at, until: null, precision }, '');
  const lines = [`Opened ${label(state.opened.at, state.opened.precision)}`];
  for (const mark of MARKS) {
    const stone = state.milestones[mark];
    if (stone) lines.push(`${mark[0]?.toUpperCase()}${mark.slice(1)} ${label(stone.at, stone.precision)}`);
  }
  return `${lines.join(' · ')} (UTC)`;
}
