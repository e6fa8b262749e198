import type { types } from '@slack/bolt';
import type { Mine, Waiting } from '#answer/mine.js';
import type { IncidentState } from '#domain/incident/state.js';
import { PERMISSIONS, type Power, type Reach } from '#domain/permission.js';
import { personLabel, refOf, runRef } from '#domain/words.js';
import { itemBlock } from '../modals/steer.js';
import { headButton } from './buttons.js';
import { type Block, channelLink, context, cut, escaped, link, plain, section } from './text.js';

/** Ids of what is pressed in the Home tab alone. */
export const HOME_ACTIONS = { declare: 'home:declare', refresh: 'home:refresh' } as const;

/** What the Home tab is made of. */
export interface HomeShown {
  /** null: it could not be read, and `problem` says why. */
  mine: Mine | null;
  problem?: string;
  /** What came of what they pressed here. */
  notices: readonly string[];
  /** Slack did not say in which channels they are. */
  unsure: boolean;
  /** They are no full member of the workspace. */
  limited: boolean;
  /** Addresses of the messages of runs, by incident and run (`7/3`). */
  links: ReadonlyMap<string, string>;
  command: string;
  now: Date;
  /** Where they are. */
  today: string;
}

/** How much of each is shown: a Home tab has at most 100 blocks, and somebody at night a small screen. */
const MOST = { waiting: 10, incidents: 20, others: 10, items: 20 } as const;

export function homeView(shown: HomeShown): types.HomeView {
  const { mine, problem, notices, limited, command, now } = shown;
  const may = (power: Power) => mine?.powers.some((one) => one.power === power && one.reach === 'everywhere');
  const press = (id: string, label: string, style?: 'primary'): types.Button => ({
    ...{ type: 'button', action_id: id, text: plain(label) },
    ...(style && { style }),
  });
  const blocks: Block[] = [
    {
      type: 'actions',
      elements: [
        ...(may('declare') ? [press(HOME_ACTIONS.declare, 'Declare an incident', 'primary')] : []),
        press(HOME_ACTIONS.refresh, 'Refresh'),
      ],
    },
    ...notices.slice(-3).map((notice): Block => ({ type: 'section', text: plain(cut(notice, 600) || '…') })),
    ...(problem === undefined ? [] : [section(`:warning: ${cut(escaped(problem), 1_000)}`)]),
    ...(limited
      ? [context('You see, and note in, the incidents whose channel you are in; no others are shown to you.')]
      : []),
    ...(mine ? parts(mine, shown) : []),
    context(
      `As of ${now.toISOString().slice(11, 16)} UTC; brought up to date when you open this tab, and after what you press here. \`${escaped(command)} help\` lists what can be typed.`,
    ),
  ];
  return { type: 'home', blocks };
}

function parts(mine: Mine, shown: HomeShown): Block[] {
  const { command, unsure, today } = shown;
  const typed = (line: string) => `\`${escaped(`${command} ${line}`)}\``;
  const rest = (all: readonly unknown[], most: number, where: string) =>
    all.length > most ? [context(`… and ${all.length - most} more: ${where}`)] : [];
  const { waiting, incidents, others, items, powers } = mine;
  const lines = fitting(others.slice(0, MOST.others).map(incidentLine));
  return [
    ...title(`Waits for you (${waiting.length})`, waiting),
    ...waiting.slice(0, MOST.waiting).map((one) => section(waitingText(one, shown))),
    ...rest(waiting, MOST.waiting, `${typed('runs INC-7')} in each incident`),
    section(`*Open incidents you are in (${incidents.length})*`),
    ...(unsure
      ? [context('Slack does not say now in which channels you are: these are those that name you.')]
      : []),
    ...(incidents.length === 0 ? [context('None.')] : []),
    ...incidents.slice(0, MOST.incidents).map(
      (state): Block => ({
        ...{ type: 'section', text: { type: 'mrkdwn', text: incidentText(state), verbatim: true } },
        accessory: headButton('note', 'Note', state.number, `:${state.number}`),
      }),
    ),
    ...rest(incidents, MOST.incidents, typed('list')),
    ...title(`Other open incidents (${others.length})`, others),
    ...(lines.length > 0 ? [section(lines.join('\n'))] : []),
    ...rest(others, lines.length, typed('list')),
    ...title(`Your action items (${items.length})`, items),
    ...items
      .slice(0, MOST.items)
      .map(({ incident, item: { n, text, due } }) =>
        itemBlock(incident.number, { n, text, due }, { ref: `${refOf(incident.number)} · `, today }),
      ),
    ...rest(items, MOST.items, typed('actions --mine')),
    section('*What you may do*'),
    ...mayText(powers).map((line) => context(cut(line, 1_500))),
  ];
}

/** As many whole lines as a section takes. */
function fitting(lines: readonly string[]): string[] {
  let room = 2_900;
  return lines.filter(({ length }) => {
    room -= length + 1;
    return room >= 0;
  });
}

const title = (words: string, of: readonly unknown[]): Block[] =>
  of.length === 0 ? [] : [section(`*${words}*`)];

function waitingText({ of, run, what }: Waiting, { links, command }: HomeShown): string {
  const name = cut(`${runRef(run.run)} ${run.runbook}`, 100);
  const ref = refOf(of.number);
  const address = links.get(`${of.number}/${run.run}`);
  const where = address ? link(address, name) : `*${escaped(name)}*`;
  const wants =
    what === 'approve'
      ? `wants your approval${run.approvers ? ` by ${run.approvers.expiresAt.slice(11, 16)} UTC` : ''}`
      : 'asks you something';
  // The plan is looked at where it stands, and not agreed to from a list.
  const how = of.channel
    ? channelLink(of.channel.id)
    : `\`${escaped(`${command} ${what === 'approve' ? 'approve' : 'answer'} ${ref} ${runRef(run.run)}`)}\``;
  return `${where} of ${ref} ${wants} → ${how}`;
}

function incidentText(state: IncidentState): string {
  const lead = state.roles.lead ? `lead ${escaped(cut(personLabel(state.roles.lead), 80))}` : '*no lead*';
  const marks = `${state.drill ? '*DRILL* · ' : ''}${state.private ? 'private · ' : ''}`;
  const where = state.channel ? ` → ${channelLink(state.channel.id)}` : ' · no channel yet';
  const words = escaped(cut(state.title.replace(/\s+/g, ' '), 200));
  return `*${refOf(state.number)}* ${words}\n${marks}${state.severity ?? 'no severity yet'} · *${state.status}* · ${lead}${where}`;
}

function incidentLine(state: IncidentState): string {
  const where = state.channel ? ` → ${channelLink(state.channel.id)}` : '';
  const drill = state.drill ? '*DRILL* · ' : '';
  return `*${refOf(state.number)}* ${escaped(cut(state.title.replace(/\s+/g, ' '), 120))} · ${drill}${state.severity ?? 'no severity yet'} · ${state.status}${where}`;
}

/** The table of permissions as one person has it, in three lines. */
function mayText(powers: ReadonlyArray<{ power: Power; reach: Reach }>): string[] {
  const of = (wanted: Reach) =>
    powers
      .filter(({ reach }) => reach === wanted)
      .map(({ power }) => PERMISSIONS[power].doing)
      .map((doing) => `${doing[0]?.toLowerCase()}${doing.slice(1)}`)
      .join(', ');
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['Everywhere', of('everywhere')],
    ['In incidents where you are in the channel, or have the role that it takes', of('there')],
    ['Not you', of('nowhere')],
  ];
  return lines.flatMap(([label, names]) => (names === '' ? [] : [`*${label}*: ${names}`]));
}
