import type { AlertWorld } from '#alerts/settle.js';
import type { Exports, People as PeopleOfDeliveries, World } from '#deliver/ports.js';
import type { Rule } from '#domain/alert/rule.js';
import { groupId } from '#domain/alert/signal.js';
import { typedZone } from '#domain/command/time/zone.js';
import { isRefusal } from '#domain/refusal.js';
import { accountOf, botAsking, nameInRecord } from '#domain/words.js';
import { now } from '#elapsed.js';
import type { Log } from '#log.js';
import type { Metrics } from '#metrics.js';
import type { Read } from '#read/read.js';
import { clockIn } from '#render/clock.js';
import { type Format, renderExport } from '#render/exports.js';
import { lateText } from '#render/lists.js';
import { canvasPage } from '#render/postmortem.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { proposeOf } from '#runbooks/definition/shelf.js';
import { measureImpact, NotMeasured } from '#runbooks/prometheus.js';
import type { RunWorld } from '#runs/context.js';
import type { WatchWorld } from '#schedules/watch.js';
import type { ScheduleWorld } from '#schedules/world.js';
import { approversFrom, type Groups } from '#slack/people/groups.js';
import { personOf, personOfProfile } from '#slack/people/people.js';
import type { Store } from '#store/store.js';
import { EXPORT_FILES, signedPath } from '#web/exports.js';
import type { Core } from './core.js';

// What deliveries, runs and schedules stand on, each put together from other rooms.

/** Everything that taking runs along, and watching, stands on. @param nudge wakes lanes that owe something now */
export function runWorldOf(
  { store, handle, runbooks }: Core,
  groups: Groups | null,
  nudge: (lanes: string[]) => void,
  log: Log,
  metrics?: Metrics,
): RunWorld & WatchWorld {
  return {
    outbox: store.outbox,
    incident: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
    async facts(team, incident, run) {
      // A run is taken along from here. The worker before us may have read keys that we have not, and a program may
      // print what no step has read: keys are known before anything is done.
      await runbooks.learnKeys();
      return store.incidents.runFacts(team, incident, run);
    },
    targets: store.targets,
    tell: handle,
    readRunbook: runbooks.read,
    actions: ACTIONS,
    systems: runbooks.systems,
    scrub: runbooks.scrub,
    approversOf: approversFrom({ approvers: runbooks.settings.approvers, people: store.people, groups, log }),
    gone: async (team, people) =>
      (await store.people.byIds(team, people)).filter(({ deleted }) => deleted).map(({ id }) => id),
    async owe(effect, of) {
      await store.outbox.owe(effect, of);
      if (!of.inMs) nudge([of.lane]);
    },
    watched: runbooks.settings.watch.watched,
    hurry: store.outbox.hurry,
    now,
    log,
    ...(metrics && { metrics }),
  };
}

/** Everything that scheduled work stands on. */
export function scheduleWorldOf({ store, runbooks }: Core, world: RunWorld): ScheduleWorld {
  return {
    ...world,
    schedules: store.schedules,
    openIncidents: (team) => store.incidents.open(team),
    recordedIn: async (team, key) => (await store.incidents.receiptOf(team, key))?.incident ?? null,
    propose: proposeOf(runbooks),
  };
}

/** Of alerts, what deliveries cannot read in the incident's record. @param rules as tocsin.yml has them now */
export function alertsForDeliveries(
  { signals }: Pick<Store, 'signals'>,
  rules: () => readonly Rule[],
): World['alerts'] {
  return {
    offer(name) {
      const does = rules().find((rule) => rule.name === name)?.does;
      return does && 'open' in does ? does.open.runbook : null;
    },
    mutedUntil: async (team, key) => (await signals.muteOf(team, groupId(key)))?.until ?? null,
  };
}

/** Everything that settling alerts stands on. */
export function alertWorldOf(
  { store, alerts }: Core,
  { tell, incident, owe }: Pick<RunWorld, 'tell' | 'incident' | 'owe'>,
  log: Log,
): AlertWorld {
  return {
    outbox: store.outbox,
    signals: store.signals,
    incident,
    openWithGroup: store.incidents.openWithGroup,
    fact: store.incidents.fact,
    firingAlerts: store.incidents.firingAlerts,
    alertEntry: store.incidents.alertEntry,
    tell,
    rules: () => alerts.settings().rules,
    owe,
    now,
    log,
  };
}

/** People for deliveries, which meet those of other workspaces. */
export function peopleForDeliveries({ people, workspaces }: Store): PeopleOfDeliveries {
  return {
    personById: people.personById,
    personByName: people.personByName,
    account: async (team, id) => accountOf(await people.get(team, id)),
    zone: async (team, id) => (await people.get(team, id))?.tz ?? null,
    async learn(team, told) {
      const slackTeam = (await workspaces.list()).find((one) => one.team === team)?.slackTeam;
      const home = slackTeam ? { team: slackTeam } : null;
      const person =
        'user' in told ? personOf(told.user, home) : personOfProfile(told.id, told.profile, home);
      if (!person) return null;
      await people.upsert(team, [person]);
      return { id: person.id, name: nameInRecord(person) };
    },
  };
}

/** How an incident stands, for deliveries that tell it to one person: what `permissions:` lets them see, in their own zone. */
export function catchingUp({
  config,
  store,
  read,
  permits,
}: Pick<Core, 'store' | 'read' | 'permits'> & {
  config: { org: { zone?: string | null } };
}): World['catchup'] {
  return async (team, incident, user) => {
    const known = await store.people.get(team, user);
    const asking = {
      ...{ team, by: { id: user, name: known?.name ?? null }, source: 'slack' as const },
      ...{ key: null, now: now(), seesPrivate: false, account: accountOf(known) },
    };
    const no = await permits('see', incident, asking);
    if (no) return no;
    const zone = known?.tz ?? config.org.zone ?? 'UTC';
    return read.dossier(asking, incident, (dossier) => lateText(dossier, user, zone));
  };
}

/** How long a link in a message opens the export: a shift and a night. */
const LINK_SECONDS = 24 * 3600;

interface ExportParts {
  read: Read;
  secret: string;
  publicUrl: string | null;
}

/** Exports for deliveries: the same bytes as everywhere, and a link that opens them. */
export function exportsOf({ read, secret, publicUrl }: ExportParts): Exports {
  return {
    async render(team, incident, format, zone, user, here) {
      // Who asked in the incident's own channel is in it; anybody else may have left since.
      const by = { id: user, name: null };
      const viewer = { team, by, seesPrivate: here, source: 'slack' as const, now: new Date() };
      const file = await read.exported(viewer, incident, (dossier) =>
        renderExport(format as Format, dossier, zone),
      );
      if (isRefusal(file)) return file;
      try {
        // An upload has to say its length first and is sent in one piece.
        const parts: Uint8Array[] = [];
        for await (const part of file.bytes()) parts.push(part);
        return (async function* () {
          yield* parts;
        })();
      } finally {
        await file.close();
      }
    },
    link(team, incident, format, zone, user) {
      if (publicUrl === null) return null;
      const expires = Math.floor(Date.now() / 1000) + LINK_SECONDS;
      const file = EXPORT_FILES[format as Format];
      return publicUrl + signedPath(secret, { team, incident, user, file, expires }, typedZone(zone));
    },
  };
}

/** Canvases for deliveries, where tocsin.yml wants them. */
export function canvasesOf({
  config,
  read,
  store,
}: Pick<Core, 'config' | 'read' | 'store'>): World['canvas'] {
  if (!config.org.canvas) return null;
  const clock = clockIn(config.org.zone ?? 'UTC');
  return {
    ...store.canvases,
    // The canvas is read by those who are in the channel.
    page: (team, incident) =>
      read.dossier(botAsking(team, null, now()), incident, (dossier) =>
        canvasPage(dossier, clock, config.org.command),
      ),
  };
}

/** Measuring for deliveries, where tocsin.yml says how. */
export function measuringWith({ runbooks }: Pick<Core, 'runbooks'>): Pick<World, 'measure'> {
  const { settings, systems, scrub } = runbooks;
  const { impact } = settings;
  if (!impact) return {};
  return {
    measure: (window, components, signal) =>
      measureImpact(impact, window, components, { secretFor: systems.secretFor, now, signal }).catch(
        (error: unknown) => {
          if (!(error instanceof NotMeasured)) throw error;
          throw new NotMeasured(scrub.text(error.message), scrub.text(error.next), error.passing);
        },
      ),
  };
}
