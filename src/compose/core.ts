import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AnswerPorts, createAnswer } from '#answer/answer.js';
import { createMine } from '#answer/mine.js';
import type { Config } from '#config/config.js';
import { groupId } from '#domain/alert/signal.js';
import { type BridgeSettings, bridgeUrl } from '#domain/incident/bridge.js';
import { laneOf } from '#domain/incident/effect.js';
import { rulesWithPublishers } from '#domain/permission.js';
import { runsOf } from '#domain/run/state.js';
import { accountOf } from '#domain/words.js';
import { createHandle, type Handle, type WriterStore } from '#handle/handle.js';
import { type GroupNamed, ownerNamed, type People } from '#handle/lookups.js';
import type { Log } from '#log.js';
import type { Metrics } from '#metrics.js';
import type { Relay } from '#queue/relay.js';
import { createRead } from '#read/read.js';
import { proposeOf } from '#runbooks/definition/shelf.js';
import { componentsMeasured } from '#runbooks/prometheus.js';
import { watchesOf } from '#schedules/watch.js';
import { createGroups } from '#slack/people/groups.js';
import { createSlackClient, type SlackClient } from '#slack/transport/client.js';
import { openStore, type Store } from '#store/store.js';
import { Told } from '#told.js';
import { openAlerts } from './alerts.js';
import { openDatabase } from './database.js';
import { pagingSettings } from './paging.js';
import { publicRules, publishingWith, statusSettings } from './publishing.js';
import { openRunbooks, rulesOf } from './runbooks.js';

/** Of this package. */
export const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** What each process stands on, bot or verb. */
export type Core = Awaited<ReturnType<typeof openCore>>;

/** An answer that somebody at a prompt waits for. */
const INSTALLED_MS = 3_000;

function slackAtAPrompt({ slack }: Config, log: Log): SlackClient | null {
  const { botToken: token, apiUrl } = slack;
  if (token === null) return null;
  return createSlackClient({ token, log, timeout: INSTALLED_MS, apiUrl });
}

/** User groups for a verb of the command line, which has no front of Slack's beside it. */
function groupNamedAtAPrompt(config: Config, log: Log): GroupNamed {
  const client = slackAtAPrompt(config, log);
  if (!client) return async () => ({ unsaid: 'SLACK_BOT_TOKEN is not set here' });
  return createGroups(client, INSTALLED_MS).called;
}

/**
 * @param who what only Slack knows of people
 * @param metrics of a bot; a verb of the command line is gone before anybody could ask
 * @param relay hears of every lane that now owes something; verbs leave that to the bot's own
 */
export async function openCore(
  config: Config,
  log: Log,
  role: 'bot' | 'guest',
  relay: Pick<Relay, 'nudge'> = { nudge() {} },
  who: Who = {},
  metrics?: Metrics,
) {
  const runbooks = await openRunbooks(config);
  const alerts = openAlerts(config);
  const database = await openDatabase(config, log, role);
  const store = openStore(database.config, (message, error) => log.warn({ err: error }, message));
  const status = statusSettings(config);
  const { keystores, routes, pairs } = runbooks.settings;
  const publicly = publicRules(config, status, [...keystores.keys(), ...routes.keys(), ...pairs.keys()]);
  const paging = pagingSettings(config);
  const lookups = { ...lookupsOf(store, who), publicly, zone: config.org.zone, paging: paging.rules };
  const rules = rulesWithPublishers(rulesOf(config), status.publishers);
  const { scrub, learnKeys } = runbooks;
  const keeps = new Set(config.org.secrets_in_text.keep);
  const recorder = createHandle({
    store: lookups,
    rules,
    groupNamed: who.groupNamed ?? groupNamedAtAPrompt(config, log),
    scrub,
    keeps,
    log,
    relay,
    onError: (error) => log.error({ err: error }, 'recording failed'),
    ...(metrics && { metrics }),
  });
  const handle: Handle = recorder;
  const { before, permits, would, powers } = recorder;
  const read = createRead(store, lookups.inChannel, lookups.account, rules.see ? permits : null);
  const { command, roles, components } = config.org;
  const bridge = bridgeFrom(config.org.bridge);
  const answer = createAnswer({
    handle,
    read,
    roles,
    components,
    // What a verb of the command line says to type is typed there.
    command: role === 'guest' ? 'tocsin' : command,
    permits,
    before,
    propose: proposeOf(runbooks, role === 'guest'),
    watch: watchesOf(runbooks.settings.watch),
    publicly: publishingWith(status, publicly, store, handle),
    mutes: mutesOf(store, (lanes) => relay.nudge(lanes)),
    bridge,
    measured: runbooks.settings.impact && { components: componentsMeasured(runbooks.settings.impact) },
    scrub,
    keeps,
    ...(role === 'bot' && { learnKeys }),
    ...(metrics && { metrics }),
  });
  const installed = installedIn(config, log);
  const home = () => store.workspaces.home(installed);
  return {
    config,
    database,
    store,
    handle,
    read,
    answer,
    before,
    permits,
    /** What somebody has before them. */
    mine: createMine({ read, would, powers }),
    runbooks,
    alerts,
    bridge,
    /** Where our links lead, for those who share them. */
    links: config.publicUrl === null ? null : { base: config.publicUrl, everybody: rules.see === undefined },
    /** `status:` and `paging:` of tocsin.yml. */
    status,
    paging,
    /**
     * The workspace that a verb on the command line means.
     * @param named with `--team`, in our id or Slack's
     * @throws Told when there is none of that name, or several and nothing tells which; it lists those that there are
     */
    team: (named?: string | null) => workspaceMeant(store, home, named),
    /** The same for work that nobody asks for. @returns null where that cannot be told */
    home,
    /** @param typed of `--owner`: `@ana`, `<@U012AB3CD>`, `U012AB3CD` */
    owner: (team: string, typed: string) => ownerNamed(store.people, team, typed),
    async close(): Promise<void> {
      await store.close();
      await database.close();
    },
  };
}

/** Where the calls of incidents are held, as tocsin.yml says. */
function bridgeFrom(settings: BridgeSettings | null) {
  if (!settings) return null;
  const random = () => randomBytes(16).toString('hex');
  return {
    atOpen: settings.atOpen,
    address: (incident: number) => bridgeUrl(settings, incident, random),
  };
}

/** What can be muted, and where it is seen: in the message of the alerts, if an open incident has them. */
export function mutesOf(
  { signals, incidents, outbox }: Pick<Store, 'signals' | 'incidents' | 'outbox'>,
  nudge: (lanes: string[]) => void,
): NonNullable<AnswerPorts['mutes']> {
  return {
    async list(team, now) {
      const mutes = await signals.mutes(team, now);
      const groups = mutes.map(({ key }) => groupId(key));
      const homes = groups.length > 0 ? await incidents.homesOf(team, groups) : new Map<string, number>();
      return mutes.map((mute) => ({ ...mute, incident: homes.get(groupId(mute.key)) ?? null }));
    },
    async set(team, mute) {
      const lanes = await signals.mute(team, mute);
      const group = groupId(mute.key);
      const home = await incidents.openWithGroup(team, group);
      if (home) {
        const lane = laneOf(team, home.number);
        const effect = { kind: 'alerts.show', payload: { group } } as const;
        await outbox.owe(effect, { team, lane, incident: home.number, key: null });
        lanes.push(lane);
      }
      nudge(lanes);
    },
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
    ...store.incidents,
    commit: store.commit,
    wasWritten: store.wasWritten,
    inTurn: store.inTurn,
    lockedAmong: store.lockedAmong,
    async targetHolder(team, target) {
      const held = await store.targets.holder(team, target);
      const known = held && (await store.incidents.load(team, held.incident));
      return known && { ...held, of: known.state };
    },
    async targetOfRun(team, incident, run) {
      const known = await store.incidents.load(team, incident);
      const found = known && runsOf(known.state).list.find((one) => one.run === run);
      return found?.target ?? null;
    },
    stateOf: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
    async account(team, id) {
      const known = accountOf(await store.people.get(team, id));
      if (known !== 'unknown' || !who.meet) return known;
      // Somebody whom we have not met wants to act on production: Slack is asked who that is.
      await who.meet(team, id);
      return accountOf(await store.people.get(team, id));
    },
    inChannel: async (_team, channel, id) => (await who.inChannel?.(channel, id)) ?? null,
    isAmong: async (team, id, names) => (await who.isAmong?.(team, id, names)) ?? names.includes(id),
    accountsOf: async (team, ids) =>
      new Map((await store.people.byIds(team, ids)).map((one) => [one.id, accountOf(one)])),
    zoneOf: async (team, id) => (await store.people.get(team, id))?.tz ?? null,
    personById: store.people.personById,
    personByName: store.people.personByName,
  };
}

/** How long Slack's *no answer* is remembered. */
const AGAIN_MS = 30_000;

/** @returns asks Slack in which workspace our token is; once it has said it, never again. null: it does not say, or there is no token */
function installedIn(config: Config, log: Log): () => Promise<string | null> {
  let team: string | null = null;
  let again = 0;
  return async () => {
    if (team === null && performance.now() >= again) {
      const told = await slackAtAPrompt(config, log)?.call('auth.test');
      team = told?.kind === 'ok' && typeof told.data.team_id === 'string' ? told.data.team_id : null;
      again = performance.now() + AGAIN_MS;
    }
    return team;
  };
}

async function workspaceMeant(
  { workspaces }: Store,
  home: () => Promise<string | null>,
  named?: string | null,
): Promise<string> {
  await workspaces.ensureLocal();
  const rows = await workspaces.list();
  const meant = named ? rows.find((row) => [row.team, row.slackTeam].includes(named))?.team : await home();
  if (meant) return meant;
  const why = named
    ? `There is no workspace ${named} here. Name one of these:`
    : 'Several workspaces share this database. Say which one with `--team`:';
  const held = await workspaces.holdings();
  const each = rows.map(({ slackTeam, team }) => {
    const holds = many(held.get(team)?.incidents ?? 0, 'incident');
    return `  --team ${slackTeam ?? team}  ${holds}`;
  });
  throw new Told(`${why}\n${each.join('\n')}`);
}

/** @returns `1 incident`, `2 incidents` */
export function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
