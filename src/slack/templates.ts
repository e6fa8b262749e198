import type { types } from '@slack/bolt';
import type { FormName } from '#domain/command/verbs.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { RunFactBody } from '#domain/run/fact.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import type { PostPreview } from '#domain/status/publish.js';
import { LIMITS } from '#domain/text.js';
import { remindMessage, unownedMessage } from './blocks/action.js';
import { alertsMessage } from './blocks/alert.js';
import { packed, runOfferMessage, whichIncident } from './blocks/buttons.js';
import { entryMessage, unpinnedMessage } from './blocks/entry.js';
import {
  announcementMessage,
  bridgeMessage,
  bridgeOverMessage,
  headlineMessage,
  incidentCard,
} from './blocks/headline.js';
import { homeView } from './blocks/home.js';
import { pageAlarm, pageMessage } from './blocks/page.js';
import { caughtUpMessage, crowdMessage, vacantMessage } from './blocks/people.js';
import { type AskedPost, publishQuestion } from './blocks/publish.js';
import { answeredMessage, reminderMessage } from './blocks/reminder.js';
import { runMessage } from './blocks/run.js';
import { type Block, receiptBlocks } from './blocks/text.js';
import { watchMessage, watchOffer } from './blocks/watch.js';
import { attachModal } from './buttons/alerts.js';
import { whichModal } from './capture/shortcut.js';
import { receiptModal } from './modals/form.js';
import { FORM_NAMES, FORMS } from './modals/modals.js';
import { previewModal } from './modals/preview.js';
import { changeModal } from './modals/publish.js';

/** Something that we send to Slack: the blocks of a message, with its text, or a view. */
export type Template =
  | { name: string; message: { text: string; blocks: readonly Block[] } }
  | { name: string; view: types.ModalView | types.HomeView };

const AT = '2026-11-10T01:42:10Z';
const RECORDED = '2026-11-10T01:42:11.000Z';
const LATER = '2026-11-10T02:12:00Z';
const NOW = new Date('2026-11-10T02:20:00Z');
const ANA = { id: 'U0ANA00001', name: 'ana' };
const CORRECT = 'To correct: `edit 9 TEXT`, `time 9 TIME`, `undo`';
const COMMAND = '/incident';
const moment = { at: AT, until: null, precision: 'minute' } as const;

/**
 * Every message and form of ours that has blocks, once, with texts of that kind.
 * @param how `plain`: as people meet them; `worst`: as long as may be recorded, and made of what Slack's limits count most for
 */
export function templates(how: 'plain' | 'worst'): Template[] {
  // Escaped, each of them is five characters; an emoji is two.
  const text = (most: number, plain: string) =>
    how === 'plain' ? plain : '&<🔥>'.repeat(most).slice(0, most);
  const many = how === 'plain' ? 2 : 30;
  const list = <T>(make: (i: number) => T): T[] => Array.from({ length: many }, (_, i) => make(i));
  const state = stateOf(text, list);
  const bridge = {
    n: 8,
    at: AT,
    by: ANA.id,
    url: `https://meet.example/${'x'.repeat(how === 'plain' ? 3 : 900)}`,
  };
  const bridged = ({ text: said, blocks: some }: ReturnType<typeof bridgeMessage>) => ({
    text: said,
    blocks: some.filter((one): one is Block => one.type !== 'call'),
  });
  const items = list((i) => ({
    incident: { ...state, number: i + 1 },
    item: {
      ...{
        n: i + 1,
        entry: 12,
        text: text(LIMITS.text, 'Rotate the keys'),
        owner: ANA,
        due: '2026-11-11',
        done: false,
      },
      ticket: { name: text(80, 'OPS-12'), url: null },
    },
  }));
  const numbered = list((i): IncidentState => ({ ...state, number: i + 1 }));
  const entry = entryOf(text(LIMITS.text, 'Requests to the Developer API fail with 502'));
  const of = (name: string, message: { text: string; blocks: readonly Block[] }): Template => ({
    name,
    message,
  });
  const blocks = (name: string, some: readonly Block[] | null): Template[] =>
    some === null ? [] : [of(name, { text: '', blocks: some })];
  const views = (name: string, view: types.ModalView | null): Template[] =>
    view === null ? [] : [{ name, view }];
  const preview = previewOf(text, list);
  const post = text(LIMITS.post, 'Some calls fail. We have found the cause.');
  const intent: AskedPost = {
    ...{ type: 'PublishPost', state: 'identified', moment: null, confirmed: false },
    text: how === 'plain' ? post : post.slice(0, 900),
    title: text(LIMITS.title, 'Calls fail'),
  };
  const from = { incident: 7, channel: 'C0INCIDENT7', reply: null };
  const previewed = {
    incident: 7,
    key: 'trigger:1',
    intent,
    channel: 'C0INCIDENT7',
    reply: null,
    replaces: false,
  };
  const open = items.map(({ item }) => item);
  const form = (name: FormName): Template => ({
    name: `form: ${name}`,
    view: FORMS[name].view(from, {
      ...{ by: ANA.id, zone: 'UTC', now: NOW, of: state, items: open, runbook: null },
      components: list((i) => `${text(90, 'API')} ${i}`),
      runbooks: list((i) => ({ name: `key-sync-${i}`, title: text(200, 'Copy missing keys') })),
    }),
  });
  const mine = { incidents: numbered, others: numbered, waiting: [], items, powers: [] };
  const { lead: _, ...roles } = state.roles;
  const ofRun = { incident: 7, title: text(200, 'Copy missing keys'), nameOf: () => null };
  const shown = (words: Entry, kind: 'new' | 'edited' | 'struck') => ({
    entry: words,
    words: words.text ?? '',
    how: kind,
  });
  const told = { seq: 9, last: true as const };
  const says = { command: COMMAND, now: NOW };
  return [
    of('headline', headlineMessage(state, COMMAND)),
    of('announcement', announcementMessage(state)),
    of('announcement, channel lost', announcementMessage(lost(state))),
    of(
      'announcement, no channel',
      announcementMessage({ ...state, channel: null }, { refused: 'restricted_action', command: COMMAND }),
    ),
    of('entries', entryMessage(list(() => shown(entry, 'new')))),
    of(
      'entry with the chain',
      entryMessage([{ ...shown(entry, 'new'), record: { facts: 12, head: 'ab'.repeat(32) } }]),
    ),
    of('entry, edited', entryMessage([shown(entry, 'edited')])),
    of('entry, struck', entryMessage([shown({ ...entry, struck: true }, 'struck')])),
    of('unpinned', unpinnedMessage(entry, { incident: 7, key: 'event:1', may: true, command: COMMAND })),
    of('reminder: update', reminderMessage(state, 'update', told, says)),
    of('reminder: public', reminderMessage(state, 'public', { ...told, promise: 5 }, says)),
    of('reminder: lead', reminderMessage({ ...state, roles }, 'lead', told, says)),
    of('reminder: quiet', reminderMessage(state, 'quiet', told, says)),
    of('reminder, answered', answeredMessage('lead', state, ANA.id, NOW)),
    of(
      'watch',
      watchMessage({
        incident: 7,
        watch: 1,
        entry,
        words: entry.text ?? '',
        people: [ANA.id],
        reopens: true,
      }),
    ),
    ...blocks(
      'receipt',
      receiptBlocks(`${text(2_900, 'INC-7 #9 recorded, 01:42 UTC: restarted the pods')}\n${CORRECT}`),
    ),
    ...blocks(
      'watch, offered',
      watchOffer(`${text(2_900, 'INC-7 #9 recorded, 01:42 UTC: resolved')}\n${CORRECT}`, {
        incident: 7,
        n: 9,
        span: '30m',
      }),
    ),
    ...blocks('publish?', publishQuestion(preview, 'INC-7', packed(previewed) ?? 'too long')),
    ...blocks(
      'publish? with nothing found',
      publishQuestion({ ...preview, leaks: [], warnings: [] }, 'INC-7', 'x'),
    ),
    ...blocks(
      'which incident?',
      whichIncident(
        list((i) => ({
          ref: `INC-${i + 1}`,
          title: text(LIMITS.title, 'TTS fails'),
          yours: i === 0,
          value: `x${i}`,
        })),
        text(LIMITS.text, 'note it is the gateway'),
      ),
    ),
    of(
      'runbook, offered',
      runOfferMessage(
        { incident: 7, runbook: 'key-sync', inputs: { from: 'tts-old', to: 'tts-new' } },
        COMMAND,
      ),
    ),
    of('run, waiting', runMessage(runOf(text, list, 'planned'), ofRun)),
    of('run, asking', runMessage(runOf(text, list, 'asked'), ofRun)),
    of('run, over', runMessage(runOf(text, list, 'ended'), ofRun)),
    of('alerts', alertsMessage(alertsOf(text, list))),
    of('page', pageMessage(paged(text))),
    of('page, acknowledged', pageMessage({ ...paged(text), stands: { acknowledgedBy: 'bo', at: LATER } })),
    of('page of a private incident', pageMessage({ ...paged(text), about: null })),
    of(
      'page, nobody comes',
      pageAlarm({ entry, words: entry.text ?? '', people: [ANA.id], everybody: true }),
    ),
    of('bridge', bridged(bridgeMessage(bridge, null, { ref: 'INC-7', command: COMMAND }))),
    of('bridge, over', bridged(bridgeOverMessage('INC-7', 8, null))),
    ...blocks('card of an incident', incidentCard(state, COMMAND)),
    of('came late', caughtUpMessage(text(2_900, 'INC-7: TTS requests fail'), COMMAND)),
    of('came late, many', crowdMessage(20, COMMAND)),
    of(
      'role vacant',
      vacantMessage({
        incident: 7,
        name: text(80, 'ana'),
        roles: Object.keys(state.roles),
        others: ['U0BO000002'],
        command: COMMAND,
      }),
    ),
    of('action items due', remindMessage(items, '2026-11-12', COMMAND)),
    of('action items of nobody', unownedMessage(items, '2026-11-12', COMMAND, ANA.id)),
    ...FORM_NAMES.map(form),
    {
      name: 'Home tab',
      view: homeView({
        ...{
          mine,
          notices: [text(600, 'INC-7 #2 recorded')],
          unsure: false,
          limited: false,
          links: new Map(),
        },
        ...{ command: COMMAND, now: NOW, today: '2026-11-12' },
      }),
    },
    ...views('form: publish, changed', changeModal(intent, { ...from, key: null, replaces: true }, state)),
    ...views('form: publish, previewed', previewModal(preview, previewed)),
    ...views(
      'form: publish, to be tried again',
      previewModal(null, previewed, { problem: text(900, 'Nothing was kept.') }),
    ),
    {
      name: 'form: which incident',
      view: whichModal({ open: numbered, over: [] }, 'x'),
    },
    {
      name: 'form: attach alerts',
      view: attachModal(numbered, text(LIMITS.alertKey, 'service=tts'), 'x'),
    },
    { name: 'form: receipt', view: receiptModal(text(2_000, 'INC-7 #2 recorded')) },
  ];
}

type Text = (most: number, plain: string) => string;
type List = <T>(make: (i: number) => T) => T[];

function lost(state: IncidentState): IncidentState {
  return { ...state, channel: state.channel && { ...state.channel, lost: 'removed' } };
}

function stateOf(text: Text, list: List): IncidentState {
  const stone = { ...moment, marked: true, n: 2 };
  const person = { id: ANA.id, name: text(80, 'ana') };
  return {
    ...{ team: 'T1', number: 7, title: text(LIMITS.title, 'TTS requests fail'), severity: 'sev2' },
    ...{ status: 'identified', statusEntry: 3, private: false, drill: true },
    components: list((i) => `${text(90, 'Developer API')} ${i + 1}`),
    opener: { id: 'alert:prometheus', name: text(80, 'prometheus') },
    members: [ANA.id],
    roles: { lead: person, ...Object.fromEntries(list((i) => [`role${i}`, person])) },
    channel: { id: 'C0INCIDENT7', name: 'inc-7-tts-requests-fail' },
    headline: null,
    announcement: null,
    opened: { at: AT, precision: 'second', n: 1 },
    milestones: { started: stone, detected: stone, mitigated: stone, resolved: null },
    impact: { n: 4, text: text(LIMITS.text, 'only the Developer API'), failed: 19, total: 2_000 },
    unaffected: list((i) => ({ n: 4, name: `${text(90, 'Website')} ${i + 1}` })),
    lastPost: { state: 'identified', at: AT, n: 5 },
    promised: { n: 5, at: AT, by: LATER },
    rhythm: { updated: AT, next: { n: 6, by: LATER, at: AT, who: person } },
    ...{ entries: 9, actions: 0, recordedAt: RECORDED },
  };
}

function entryOf(text: string): Entry {
  return {
    ...{ n: 12, ...moment, recordedAt: RECORDED, editedAt: null, kind: 'note', text, erased: false },
    ...{ detail: {}, struck: false, by: ANA, source: 'slack', link: null },
  };
}

function previewOf(text: Text, list: List): PostPreview {
  return {
    ...{ state: 'identified', at: null, title: text(LIMITS.title, 'Calls fail') },
    text: text(LIMITS.post, 'Some calls to db-7.internal fail. We have found the cause.'),
    components: list((i) => ({ name: `${text(90, 'API')} ${i + 1}`, state: 'partial' as const })),
    ...{ next: LATER, withheld: [text(90, 'Backoffice')], drill: false, corrects: null },
    leaks: list(() => ({ kind: 'host' as const, found: 'db-7.internal', start: 14, end: 27 })),
    warnings: list(() => text(150, 'db-7.internal is a host of ours: leave it out.')),
  };
}

function runOf(text: Text, list: List, how: 'planned' | 'asked' | 'ended'): RunView {
  const steps = list((i) => ({
    ...{ id: `step-${i + 1}`, title: text(200, 'Add them'), uses: 'keys.add', effect: 'conditional' },
    ...{ does: text(500, 'adds 2 keys'), touches: ['tts-new'], current: '12 keys', desired: '14 keys' },
    ...{ undo: 'keys.remove: 2 keys', when: 'runs', input: null },
  }));
  const happened = { n: 2, ...moment, run: 1 };
  const ofStep = { run: 1, step: 'step-1', phase: 'run', attempt: 1 } as const;
  const hash = 'deadbeef'.repeat(8);
  const bodies: Array<RunFactBody & { texts: Record<string, string> }> = [
    {
      type: 'RunProposed',
      data: { ...happened, runbook: 'key-sync', planOnly: false, target: 'keys:tts-new' },
      texts: {
        definition: 'name: key-sync',
        inputs: JSON.stringify({ from: text(200, 'tts-old'), to: 'tts-new' }),
      },
    },
    {
      type: 'RunPlanned',
      data: {
        ...{ run: 1, hash, steps: steps.map(({ id }) => id), changes: steps.length, again: false },
        approvers: {
          required: 1,
          from: ['lead'],
          people: [],
          self: false,
          expiresAt: '2026-11-10T02:30:00.000Z',
        },
      },
      texts: { plan: JSON.stringify({ target: 'keys:tts-new', steps, versions: {} }) },
    },
    ...(how === 'planned'
      ? []
      : [
          {
            type: 'RunApproved' as const,
            data: { ...happened, hash, breakGlass: false, count: 1, required: 1 },
            texts: {},
          },
          { type: 'RunStarted' as const, data: { run: 1, fence: 1 }, texts: {} },
          { type: 'StepStarted' as const, data: { ...ofStep, fence: 1, at: RECORDED }, texts: {} },
        ]),
    ...(how === 'asked'
      ? [
          {
            type: 'StepAsked' as const,
            data: { ...happened, ...ofStep, why: 'failed' as const, choices: ['retry', 'skip', 'undo'] },
            texts: { question: text(LIMITS.reason, 'tts-new answered 503. Is it up?') },
          },
        ]
      : []),
    ...(how === 'ended'
      ? [
          {
            type: 'StepFinished' as const,
            data: { ...happened, ...ofStep, outcome: 'done' as const, startedAt: RECORDED, posts: 0 },
            texts: { summary: text(500, 'added 2 keys'), log: text(5_000, 'added a1b2\nadded c3d4') },
          },
          {
            type: 'RunEnded' as const,
            data: { ...happened, end: 'succeeded' as const },
            texts: { summary: text(LIMITS.reason, 'all keys are there') },
          },
        ]
      : []),
  ];
  const common = { v: 1, team: 'T1', incident: 7, recordedAt: RECORDED, by: ANA, source: 'slack' as const };
  const facts = bodies.map((body, i): Fact => ({ ...body, ...common, seq: i + 2 }));
  const view = runViewOf(facts, 1);
  if (view === null) throw new Error('a run of which nothing was proposed');
  return view;
}

function paged(text: Text): Parameters<typeof pageMessage>[0] {
  return {
    ...{ incident: 7, page: 1, drill: false, by: text(80, 'ana'), policy: text(80, 'sre'), stands: null },
    about: {
      ...{ ref: 'INC-7', title: text(LIMITS.title, 'TTS requests fail'), severity: 'sev1' },
      ...{ reason: text(LIMITS.reason, 'no call comes through'), channel: 'C0INCIDENT7' },
      address: 'https://example.slack.com/archives/C0INCIDENT7',
    },
  };
}

function alertsOf(text: Text, list: List): Parameters<typeof alertsMessage>[0] {
  const pairs = (plain: string) => Object.fromEntries(list((i) => [`${plain}${i}`, text(200, 'tts')]));
  return {
    ...{ incident: 7, open: true, id: 'ab12', firing: 3, mutedUntil: null, mark: '1' },
    group: {
      ...{
        key: text(LIMITS.alertKey, 'service=tts'),
        rule: 'tts',
        source: 'prometheus',
        firing: 3,
        alerts: 5,
      },
      ...{ since: AT, n: 2, last: LATER, message: null },
    },
    alerts: list(() => ({
      ...{ title: text(300, 'TtsErrors'), text: text(2_000, 'more than 2 % of calls fail'), since: AT },
      ...{ labels: pairs('label'), values: pairs('value') },
      links: Object.fromEntries(
        list((i) => [`${text(80, 'graph')}${i}`, `https://prometheus.example/graph?g=${i}`]),
      ),
    })),
    offer: { name: 'key-sync', inputs: { from: 'tts-old', to: 'tts-new' } },
  };
}
