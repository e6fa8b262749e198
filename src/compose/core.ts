import { type Answerer, createAnswer } from '#answer/answer.js';
import type { Config } from '#config/config.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { Power } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { runsOf } from '#domain/run/state.js';
import { accountOf, type Person, refOf } from '#domain/words.js';
import { type Before, createHandle, type Handle, type WriterStore } from '#handle/handle.js';
import { type GroupNamed, type People, permitted } from '#handle/lookups.js';

import type { Log } from '#log.js';
import { createRead, type Read } from '#read/read.js';
import { createGroups } from '#slack/people/groups.js';
import { createSlackClient, type SlackClient } from '#slack/transport/client.js';
import { openStore, type Store } from '#store/store.js';
import { type Database, openDatabase } from './database.js';
import { homeWorkspace } from './home.js';
import { ownerNamed } from './people.js';
import { proposeOf } from './propose.js';
import { openRunbooks, type Runbooks, rulesOf } from './runbooks.js';

/** What each process stands on, bot or verb. */
export interface Core {
  config: Config;
  database: Database;
  store: Store;
  handle: Handle;
  read: Read;
  answer: Answerer;
  before: Before;
  /** May whoever asks do that, in that incident (null: in none)? Looked at before anything is told of it. */
  permits(power: Power, incident: number | null, asking: Asking): Promise<Refusal | null>;
  runbooks: Runbooks;
  /**
   * The workspace that a verb on the command line means.
   * @param named with `--team`, in our id or Slack's
   * @throws NoTeam when there is none of that name, or several and nothing tells which
   */
  team(named?: string | null): Promise<string>;
  /** The same for work that nobody asks for. @returns null where that cannot be told */
  home(): Promise<string | null>;
  /** @param typed of `--owner`, as people.ts reads it */
  owner(team: string, typed: string): Promise<Person | Refusal>;
  close(): Promise<void>;
}

/** Where tocsin.yml says who may look, lists and choices hold only those incidents that whoever asks may look at. */
function asRuled(read: Read, permits: Core['permits']): Read['open'] {
  return async (viewer) => {
    const open = await read.open(viewer);
    const asking: Asking = { source: 'api', key: null, now: new Date(), ...viewer };
    const no = await Promise.all(open.map(({ number }) => permits('see', number, asking)));
    return open.filter((_, i) => no[i] === null);
  };
}

/** An answer that somebody at a prompt waits for. */
const INSTALLED_MS = 3_000;

function slackAtAPrompt({ slack }: Config, log: Log): SlackClient | null {
  const { botToken: token, apiUrl } = slack;
  if (token === null) return null;
  return createSlackClient({ token, log, timeout: INSTALLED_MS, ...(apiUrl && { apiUrl }) });
}

async function whereInstalled(config: Config, log: Log): Promise<string | null> {
  const told = await slackAtAPrompt(config, log)?.call('auth.test');
  return told?.kind === 'ok' && typeof told.data.team_id === 'string' ? told.data.team_id : null;
}

/** User groups for a verb of the command line, which has no front of Slack's beside it. */
function groupsOf(config: Config, log: Log): GroupNamed {
  const client = slackAtAPrompt(config, log);
  return client ? createGroups(client).called : async () => ({ unsaid: 'SLACK_BOT_TOKEN is not set here' });
}

/**
 * @param who what only Slack knows of people
 * @param onCommitted hears of every lane that now owes something; verbs leave that to the bot's relay
 */
export async function openCore(
  config: Config,
  log: Log,
  role: 'bot' | 'guest',
  onCommitted: (lanes: string[]) => void = () => {},
  who: Who = {},
): Promise<Core> {
  const runbooks = await openRunbooks(config);
  const database = await openDatabase(config, log, role);
  const store = openStore(database.config, (message, error) => log.warn({ err: error }, message));
  const lookups = lookupsOf(store, who);
  const rules = rulesOf(config);
  const recorder = createHandle({
    store: lookups,
    rules,
    groupNamed: who.groupNamed ?? groupsOf(config, log),
    onCommitted,
    onError: (error) => log.error({ err: error }, 'recording failed'),
  });
  const handle = loggedHandle(guardedHandle(recorder, runbooks.scrub), log);
  const permits: Core['permits'] = (...of) => permitted(lookups, rules, ...of);
  const looked = createRead(
    store,
    (...of) => lookups.inChannel(...of),
    (...of) => lookups.account(...of),
  );
  const read: Read = rules.see ? { ...looked, open: asRuled(looked, permits) } : looked;
  const { command, roles, components } = config.org;
  const propose = proposeOf(runbooks, role === 'guest');
  const answerer = createAnswer({
    handle,
    read,
    roles,
    components,
    // What a verb of the command line says to type is typed there.
    command: role === 'guest' ? 'tocsin' : command,
    permits,
    before: recorder.before,
    propose: (_asking, _incident, asked) => propose(asked),
  });
  const guarded = guardedAnswer(answerer, runbooks.scrub);
  const answer: Answerer = (typed) => {
    // Beside: what somebody puts into a key store now is recognised when it is typed a while later.
    if (role === 'bot') void runbooks.learnKeys();
    return guarded(typed);
  };
  const home = homeWorkspace(store, () => whereInstalled(config, log));
  return {
    config,
    database,
    store,
    handle,
    read,
    answer,
    before: recorder.before,
    permits,
    runbooks,
    team: home.team,
    home: home.known,
    owner: (team, typed) => ownerNamed(store, team, typed),
    async close() {
      await runbooks.close();
      await store.close();
      await database.close();
    },
  };
}

type Hiding = Pick<Runbooks['scrub'], 'text' | 'json'>;

/**
 * The last look at whatever is to be recorded, from every front: no known secret gets past it. What a person writes is
 * refused, so that their words are kept as they are or not at all; a message that stands in Slack already, and what we
 * say ourselves, is kept without the secret.
 */
function guardedHandle(handle: Handle, scrub: Hiding): Handle {
  return (intent, target, asking, notes) => {
    const said = JSON.stringify(intent);
    if (scrub.text(said) === said) return handle(intent, target, asking, notes);
    if (asking.source === 'bot') return handle(scrub.json(intent), target, asking, notes);
    if (intent.type === 'CaptureMessage') return handle(withoutSecrets(intent, scrub), target, asking, notes);
    return Promise.resolve(secretIn(asking));
  };
}

/**
 * One line for each command that was recorded, and none of its words: which incident, which request, how long it took. What
 * we say ourselves (a channel that was made, a step that was done) is only told to who asks for more.
 */
export function loggedHandle(handle: Handle, log: Pick<Log, 'info' | 'debug'>): Handle {
  return async (intent, target, asking, notes) => {
    const began = performance.now();
    const outcome = await handle(intent, target, asking, notes);
    const about = {
      incident: target === null ? null : refOf(target),
      what: intent.type,
      source: asking.source,
      by: asking.by.id,
      request: asking.key,
      ms: Math.round(performance.now() - began),
    };
    if (isRefusal(outcome)) log.debug({ ...about, code: outcome.code }, 'refused');
    else {
      const { ref, repeated, facts } = outcome;
      const line = {
        ...about,
        incident: ref,
        facts: facts.map(({ seq }) => seq),
        ...(repeated && { repeated }),
      };
      log[asking.source === 'bot' ? 'debug' : 'info'](line, 'recorded');
    }
    return outcome;
  };
}

function secretIn({ source }: Asking): Refusal {
  return refuse('SECRET_TYPED', { what: 'text', from: source === 'slack' ? 'slack' : 'elsewhere' });
}

/** Only what the author wrote: its place in Slack is its identity. */
function withoutSecrets(intent: Extract<TypedIntent, { type: 'CaptureMessage' }>, scrub: Hiding) {
  const { message } = intent;
  return { ...intent, message: { ...message, text: scrub.text(message.text) } };
}

/** A line with a known secret is not even looked at: what is asked back, and the buttons under it, would carry it on. */
function guardedAnswer(answer: Answerer, scrub: Hiding): Answerer {
  return async (typed) => {
    const { text } = typed.entered;
    if (scrub.text(text) !== text) {
      return { kind: 'refused', refusal: secretIn(typed.asking) };
    }
    const said = await answer(typed);
    // What is wrong with a definition may quote it.
    return said.kind === 'refused' ? { ...said, refusal: scrub.json(said.refusal) } : said;
  };
}

/** What only Slack knows of people. A process without Slack has none of it, and whatever needs it is refused there. */
export interface Who {
  /** @returns null: Slack does not say */
  inChannel?(channel: string, person: string): Promise<boolean | null>;
  isAmong?(team: string, person: string, names: readonly string[]): Promise<boolean>;
  /** The user group of a handle. */
  groupNamed?: GroupNamed;
  /** Asks Slack about somebody now; gives up soon, and never throws. */
  meet?(team: string, person: string): Promise<void>;
}

/** What `handle` looks up, out of what the store has, and Slack. */
export function lookupsOf(store: Store, who: Who = {}): WriterStore & People {
  return {
    commit: (wanted) => store.commit(wanted),
    wasWritten: (wanted) => store.wasWritten(wanted),
    inTurn: (...what) => store.inTurn(...what),
    lockedAmong: (streams) => store.lockedAmong(streams),
    load: (team, incident) => store.load(team, incident),
    receiptOf: (team, key) => store.receiptOf(team, key),
    nextNumber: (team) => store.nextNumber(team),
    entry: (team, incident, n) => store.entry(team, incident, n),
    lastEntryBy: (team, incident, by) => store.lastEntryBy(team, incident, by),
    capturedEntry: (team, incident, channel, ts) => store.capturedEntry(team, incident, channel, ts),
    entriesOf: (team, incident, kinds) => store.entriesOf(team, incident, kinds),
    actionDone: (team, incident, action) => store.actionDone(team, incident, action),
    async targetHolder(team, target) {
      const held = await store.targets.holder(team, target);
      const known = held && (await store.load(team, held.incident));
      return known && { ...held, of: known.state };
    },
    async targetOfRun(team, incident, run) {
      const known = await store.load(team, incident);
      const found = known && runsOf(known.state).list.find((one) => one.run === run);
      return found?.target ?? null;
    },
    stateOf: async (team, incident) => (await store.load(team, incident))?.state ?? null,
    async account(team, id) {
      const known = accountOf(await store.people.get(team, id));
      if (known !== 'unknown' || !who.meet) return known;
      // Somebody whom we have not met wants to act on production: Slack is asked who that is.
      await who.meet(team, id);
      return accountOf(await store.people.get(team, id));
    },
    inChannel: async (_team, channel, id) => (await who.inChannel?.(channel, id)) ?? null,
    isAmong: async (team, id, names) => (await who.isAmong?.(team, id, names)) ?? names.includes(id),
    goneAmong: async (team, ids) =>
      new Set((await store.people.byIds(team, ids)).filter((one) => one.deleted).map((one) => one.id)),
    personById: (team, id) => store.people.personById(team, id),
    personByName: (team, name) => store.people.personByName(team, name),
  };
}
