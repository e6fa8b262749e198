import { createHash, createHmac } from 'node:crypto';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadConfig, type Config } from '#config/config.js';
import { isRefusal } from '#domain/refusal.js';
import type { PublicPage } from '#domain/status/page.js';
import { botAsking, type Condition, STANDING } from '#domain/words.js';
import type { Log } from '#log.js';
import type { Metrics } from '#metrics.js';
import { type Crowd, type Destination, PARTS } from '#public/change.js';
import { createWebhook, readWebhookSettings } from '#public/elsewhere/outgoing.js';
import { createStatuspage, readStatuspageSettings } from '#public/elsewhere/statuspage.js';
import { secretAt } from '#public/elsewhere/there.js';
import { filesOf } from '#public/files/files.js';
import { openFolder, PageNotWritten, type PublicFile } from '#public/folder.js';
import { type PublicReading, publicReading } from '#public/reading.js';
import type { StatusSettings } from '#public/settings.js';
import { createSite, lackingOf, type Site, versionIn } from '#public/site.js';
import { channelDestination } from '#public/subscribe/channel.js';
import { createForms, subscribeFile } from '#public/subscribe/front.js';
import { type Mailer, openMailer } from '#public/subscribe/mailer.js';
import {
  isSmtpAddress,
  readSubscriberSettings,
  type SubscriberSettings,
} from '#public/subscribe/settings.js';
import { type ShareWorld, shareCrowd, wakeShare } from '#public/subscribe/share.js';
import type { PublicWorld } from '#public/tell.js';
import { Secret } from '#runbooks/secret.js';
import type { SlackClient } from '#slack/transport/client.js';
import { type Core, VERSION } from './core.js';
import { postOnce } from './post-once.js';
import { signingSecret } from './runbooks.js';

/**
 * Components are listed before anybody has published anything of them where `status:` says anything: whoever wrote it has chosen
 * to have a page. Without it nobody has, and only what somebody published is there.
 */
function listedBy({ org }: Pick<Core['config'], 'org'>, settings: StatusSettings): StatusSettings {
  const chosen = Object.keys(org.status).length > 0 || org.legacyTitle !== null;
  return chosen ? settings : { ...settings, components: [] };
}

interface SiteParts {
  team: string;
  dir: string;
  settings: StatusSettings;
  reading: PublicReading;
  installation: string;
  /** Of our program, and of its settings. */
  version: string;
  subscribe: (page: PublicPage) => PublicFile | null;
  log: Log;
  now: () => Date;
  /** Of a bot. */
  metrics?: Metrics;
}

/** The page of a workspace in a folder. */
function siteOf({
  team,
  dir,
  settings,
  reading,
  installation,
  version,
  subscribe,
  log,
  now,
  metrics,
}: SiteParts): Site {
  return createSite({
    folder: openFolder(dir, { installation: `${installation}/${team}` }),
    zone: settings.look.zone,
    read: () => reading.read(team),
    version,
    revision: () => reading.revision(team),
    files: (page, only) => filesOf(page, only, settings, reading.words, reading.idOf(team), subscribe(page)),
    log,
    now,
    ...(metrics && { metrics }),
  });
}

/** What `status:` says of those who are told, elsewhere than on the page. @throws BadConfig with everything that is wrong there */
export function toldSettings({ org }: Pick<Config, 'org'>, { raw, components }: StatusSettings) {
  const names = components.length > 0 ? components.map(({ name }) => name) : null;
  const subscribers = readSubscriberSettings(raw.subscribers, org.at, Object.keys(org.secrets));
  const statuspage = readStatuspageSettings(raw.statuspage, org.at, names);
  const webhook = readWebhookSettings(raw.webhook, org.at);
  if ('problems' in subscribers || 'problems' in statuspage || 'problems' in webhook) {
    const all = [subscribers, statuspage, webhook];
    throw new BadConfig(all.flatMap((read) => ('problems' in read ? read.problems : [])));
  }
  return { subscribers: subscribers.settings, statuspage: statuspage.settings, webhook: webhook.settings };
}

/** A folder for what passes, where our data cannot be written. */
function asideOf(folder: string): string {
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  return join(tmpdir(), `tocsin-status-${process.getuid?.() ?? 0}-${mark}`);
}

/**
 * Whose a folder is: those that make the same addresses with the same secret. A database that was put back elsewhere is another
 * one, and the page is still the same.
 */
function houseOf(secret: string): string {
  return createHmac('sha256', secret).update('status.folder/v1').digest('hex');
}

/** Where the page is written: as tocsin.yml says; else among our data; else, where that cannot be written, in a folder for what passes. */
async function folderFor(
  { folder }: StatusSettings,
  named: boolean,
  log: Pick<Log, 'info'>,
): Promise<string> {
  if (named) return folder;
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await access(folder, constants.W_OK);
    return folder;
  } catch (error) {
    const aside = asideOf(folder);
    log.info(
      { folder, aside, error: String(error) },
      'the status page is kept aside: its folder cannot be written',
    );
    return aside;
  }
}

interface PublicParts {
  core: Core;
  secret: string;
  slack: Pick<SlackClient, 'call'>;
  nudge(lanes: string[]): void;
  log: Log;
  now: () => Date;
  metrics?: Metrics;
}

/** What the files of a page depend on beside what is recorded, whoever makes them. `made` names all of it. */
function makingOf(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  settings: StatusSettings,
  subscribers: SubscriberSettings | null,
) {
  const formsUrl = publicUrl === null ? null : `${publicUrl}/status`;
  const offers = subscribers !== null && (subscribers.email !== null || subscribers.webhooks !== null);
  const logo = settings.logo?.content.toString('base64');
  const of = [VERSION, { ...settings, templates: null, logo }, offers, formsUrl];
  const made = createHash('sha256').update(JSON.stringify(of)).digest('hex');
  const subscribe = (page: PublicPage): PublicFile | null => {
    if (!offers || formsUrl === null) return null;
    const names = page.components.map(({ name }) => name);
    return ['subscribe.html', subscribeFile(settings.look, subscribers, names, formsUrl)];
  };
  return { offers, formsUrl, subscribe, made };
}

/** How the page stands in its folder. */
interface PageSeen {
  readonly dir: string;
  /** Where it would be, if that could be written by the user who asks; null: it is there. */
  readonly insteadOf: string | null;
  /**
   * `none`: there is no page yet; `torn`: not all of it is as it was written; `old`: something was published since, or another
   * day has begun; `remade`: of another version, or of other settings than those that are asked with.
   */
  readonly is: 'none' | 'torn' | 'old' | 'remade' | 'current';
  /** The user who wrote it; null: nobody yet. */
  readonly uid: number | null;
}

/** Looks at a bot's page, and changes nothing. @throws {PageNotWritten} that says what keeps this user from writing it */
export async function seePage(
  { config, store, status: settings }: Pick<Core, 'config' | 'store' | 'status'>,
  team: string,
): Promise<PageSeen> {
  const { folder, look } = settings;
  const installation = `${houseOf(await signingSecret(config))}/${team}`;
  const seen = async (dir: string) => {
    const there = await openFolder(dir, { installation }).inspect();
    if (there === null) return { dir, is: 'none', uid: null } as const;
    const { revision, uid } = there;
    if (revision === null) return { dir, is: 'torn', uid } as const;
    const lacking = await lackingOf(revision, {
      zone: look.zone,
      now: () => new Date(),
      revision: () => store.published.revision(team),
    });
    const { made } = makingOf(config, settings, toldSettings(config, settings).subscribers);
    const is = lacking !== null ? 'old' : versionIn(revision) === made ? 'current' : 'remade';
    return { dir, is, uid } as const;
  };
  const none = (dir: string) => ({ dir, is: 'none', uid: null }) as const;
  const named = config.org.status.folder !== undefined;
  try {
    return { ...(await seen(folder)), insteadOf: null };
  } catch (error) {
    if (!(error instanceof PageNotWritten)) throw error;
    const { code } = error;
    // The bot makes what is missing of our own folder; of another, its last part.
    const above = code === 'ENOENT' ? await nearestTo(folder, named ? 1 : Number.POSITIVE_INFINITY) : null;
    if (above !== null && (await mayWrite(above))) return { ...none(folder), insteadOf: null };
    if (named || !NOT_OURS.includes(code)) throw error;
    const dir = asideOf(folder);
    const aside = await seen(dir).catch((wrong: unknown) => {
      if (wrong instanceof PageNotWritten && wrong.code === 'ENOENT') return none(dir);
      throw wrong;
    });
    return { ...aside, insteadOf: folder };
  }
}

/** What the system says of a folder that the bot then leaves alone. */
const NOT_OURS = ['ENOENT', 'ENOTDIR', 'EEXIST', 'EACCES', 'EPERM', 'EROFS'];

const mayWrite = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );

/** @returns the nearest folder above that is there; null: none within so many steps */
async function nearestTo(folder: string, steps: number): Promise<string | null> {
  const above = dirname(folder);
  if (steps < 1 || above === folder) return null;
  return (await stat(above).catch(() => null))?.isDirectory() ? above : nearestTo(above, steps - 1);
}

/** The public page of a bot, and all who are told of what is new on it. */
export type Publicly = Awaited<ReturnType<typeof openPublicly>>;

/** @param parts.secret what addresses and links are made with */
export async function openPublicly({ core, secret, slack, nudge, log, now, metrics }: PublicParts) {
  const { config, store, status: settings, runbooks, handle } = core;
  const told = toldSettings(config, settings);
  const reading = publicReading(store, listedBy(config, settings), secret, now);
  const dir = await folderFor(settings, config.org.status.folder !== undefined, log);
  const installation = houseOf(secret);
  const look = () => settings.look;
  const { subscribers } = told;
  const { offers, formsUrl, subscribe, made } = makingOf(config, settings, subscribers);
  let site: Site | null = null;
  let keeping: (() => Promise<void>) | null = null;
  const stopping = new AbortController();

  const seal = (text: string) =>
    new Secret(createHmac('sha256', secret).update(`status.links/v1\n${text}`).digest('base64url'));
  const mailer = mailerOf(told.subscribers, runbooks.systems.secret, log);
  const shareWorld: ShareWorld = {
    subscribers: store.subscribers,
    changeOf: reading.changeOf,
    look,
    mailer: () => mailer,
    webhooks: () => subscribers?.webhooks ?? null,
    digestMs: () => subscribers?.digestMs ?? 0,
    formsUrl: () => formsUrl,
    seal,
    log,
  };
  const secrets = { env: process.env, scrub: runbooks.scrub };
  const words = reading.words;
  const destinations: Array<Destination | Crowd> = [
    ...Array.from({ length: PARTS.shares }, (_, share) => shareCrowd(share, shareWorld)),
    ...(subscribers?.slack
      ? [
          channelDestination({
            ...{ channel: () => subscribers.slack?.channel ?? '', look, seal },
            post: postOnce(slack),
          }),
        ]
      : []),
    ...(told.statuspage ? [createStatuspage(told.statuspage, { ...secrets, look })] : []),
    ...(told.webhook ? [createWebhook(told.webhook, { ...secrets, look })] : []),
  ];
  for (const place of [told.statuspage?.key, told.webhook?.secret]) {
    try {
      if (place) secretAt(place, secrets);
    } catch (error) {
      log.warn({ why: (error as Error).message }, 'a secret of tocsin.yml is not there');
    }
  }

  const home = async (): Promise<string> => {
    const team = await core.home();
    if (team === null) throw new Error('it is not known yet of which workspace the page is');
    return team;
  };
  const siteNow = async (): Promise<Site> => {
    const team = await home();
    const parts = { team, dir, settings, reading, installation, version: made, subscribe, log, now };
    site ??= siteOf({ ...parts, ...(metrics && { metrics }) });
    return site;
  };
  const world: PublicWorld = {
    outbox: store.outbox,
    build: async () => {
      await (await siteNow()).build('something was published');
    },
    // Of several workspaces in one database one has the page, and is told of.
    changeOf: async (team, incident, seq) =>
      team === (await home()) ? reading.changeOf(team, incident, seq) : null,
    changes: store.subscribers,
    destinations: () => destinations,
    async tellNotWritten(rows, error) {
      const first = new Map(rows.map((row) => [row.incident, row] as const).reverse());
      for (const [incident, { team, id }] of first) {
        if (incident === STANDING) continue;
        const text =
          error === null
            ? 'The public page shows it now.'
            : `The public page does not show what was published here: ${error} It is tried again and again.`;
        const key = `page:${id}:${error === null ? 'written' : 'not-written'}`;
        const outcome = await handle(
          { type: 'RecordNote', moment: null, text: runbooks.scrub.text(text) },
          incident,
          botAsking(team, key, now()),
        );
        if (isRefusal(outcome)) throw new Error(outcome.sentence);
      }
    },
    now,
    log,
  };
  const forms = createForms({
    subscribers: store.subscribers,
    settings: () => (offers ? subscribers : null),
    look,
    components: async () => {
      const team = await core.home();
      return team === null ? [] : (await reading.current(team)).components.map(({ name }) => name);
    },
    team: core.home,
    wake: async (team, share) => nudge([await wakeShare(store.outbox, team, share)]),
    seal,
    log,
  });

  return {
    dir,
    world,
    forms,
    words,
    /** How the page is. */
    condition: (): Condition => site?.state() ?? { state: 'ok' },
    /** Keeps the folder in step from now on, as soon as it is known whose page it is. */
    keep(): void {
      void (async () => {
        while (!stopping.signal.aborted && keeping === null) {
          const page = await siteNow().catch(() => null);
          if (page && !stopping.signal.aborted) keeping = page.keep(LOOK_MS);
          else await sleep(1_000, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
        }
      })();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await keeping?.();
      await mailer?.close();
    },
  };
}

const LOOK_MS = 3_000;

/** @returns null: no mail is sent, or the secret that says how is not there, which the log says */
function mailerOf(
  settings: SubscriberSettings | null,
  secret: (name: string) => Secret,
  log: Pick<Log, 'warn'>,
): Mailer | null {
  const email = settings?.email;
  if (!email) return null;
  try {
    const { smtp, from, replyTo, returnPath, connections } = email;
    const address = 'url' in smtp ? smtp.url : secret(smtp.secret).reveal();
    if (!isSmtpAddress(address))
      throw new Error(
        'the secret of status.subscribers.email.smtp is no address of a mail server: smtps://user:password@host:465',
      );
    return openMailer({ smtp: address, from, replyTo, returnPath, connections });
  } catch (error) {
    log.warn({ why: (error as Error).message }, 'no mail can be sent to subscribers');
    return null;
  }
}

/** The page of a workspace in a folder of somebody's choice, for a verb of the command line. */
export async function builtSite(core: Core, team: string, dir: string, log: Log): Promise<Site> {
  const { config, store, status: settings } = core;
  const secret = await signingSecret(config);
  const reading = publicReading(store, listedBy(config, settings), secret, () => new Date());
  const installation = houseOf(secret);
  const { subscribers } = toldSettings(config, settings);
  const { subscribe, made } = makingOf(config, settings, subscribers);
  return siteOf({
    team,
    dir,
    settings,
    reading,
    installation,
    version: made,
    subscribe,
    log,
    now: () => new Date(),
  });
}
