import { createHash, createHmac } from 'node:crypto';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadConfig, type Config } from '#config/config.js';
import type { Fact } from '#domain/incident/fact.js';
import { isRefusal } from '#domain/refusal.js';
import type { PublicPage, PublicPost } from '#domain/status/page.js';
import { publicPage } from '#domain/status/read.js';
import { botAsking, type Condition, maintenanceRef, refOf, STANDING } from '#domain/words.js';
import type { Log } from '#log.js';
import type { Metrics } from '#metrics.js';
import { apiFiles } from '#public/api.js';
import { badgeFile } from '#public/badge.js';
import { type Crowd, type Destination, PARTS, type PublicChange } from '#public/change.js';
import { createWebhook, readWebhookSettings } from '#public/elsewhere/outgoing.js';
import { createStatuspage, readStatuspageSettings } from '#public/elsewhere/statuspage.js';
import { secretAt } from '#public/elsewhere/there.js';
import { feedFiles } from '#public/feeds.js';
import { openFolder, PageNotWritten, type PublicFile } from '#public/folder.js';
import { assets, htmlFiles } from '#public/pages/pages.js';
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
import { Words } from '#public/words/words.js';
import { Secret } from '#runbooks/secret.js';
import type { SlackClient } from '#slack/transport/client.js';
import type { Store } from '#store/store.js';
import { type Core, VERSION } from './core.js';
import { postOnce } from './post-once.js';
import { signingSecret } from './runbooks.js';

/** The public page of one workspace: how it is read, and what it is made of. */
type PublicReading = ReturnType<typeof publicReading>;

/**
 * Components are listed before anybody has published anything of them where `status:` says anything: whoever wrote it has chosen
 * to have a page. Without it nobody has, and only what somebody published is there.
 */
function listedBy({ org }: Pick<Core['config'], 'org'>, settings: StatusSettings): StatusSettings {
  const chosen = Object.keys(org.status).length > 0 || org.legacyTitle !== null;
  return chosen ? settings : { ...settings, components: [] };
}

/** @param secret what names are hidden with: the same one gives the same addresses, for ever */
function publicReading(
  { published, incidents }: Pick<Store, 'published' | 'incidents'>,
  settings: StatusSettings,
  secret: string,
  now: () => Date,
) {
  const { look } = settings;
  const words = new Words(look.language, look.zone);
  const known = new Map<string, { revision: string; at: number; page: Promise<PublicPage> }>();

  const ids = new Map<string, Map<string, string>>();

  async function read(team: string): Promise<PublicPage> {
    const names = settings.components.map(({ name }) => name);
    const [records, since] = await Promise.all([published.records(team), published.seen(team, names, now())]);
    const components = settings.components.map((one) => ({
      ...one,
      since: one.since ?? since.get(one.name) ?? null,
    }));
    const { zone } = look;
    return publicPage(records, components, {
      zone,
      now: now(),
      idOf: idOf(team),
      earlier: settings.earlierPosts,
    });
  }

  /** Twelve letters and digits that say nothing of what they stand for. They never change, and making them takes longer than all the rest. */
  function idOf(team: string): (of: string) => string {
    const made = ids.get(team) ?? new Map<string, string>();
    ids.set(team, made);
    return (of) => {
      const before = made.get(of);
      if (before !== undefined) return before;
      const digest = createHmac('sha256', secret).update(`status/v1\n${team}\n${of}`).digest();
      const id = [...digest.subarray(0, 12)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
      made.set(of, id);
      return id;
    };
  }

  /** One reading for many who ask at the same time about changes of the same moment. */
  async function current(team: string): Promise<PublicPage> {
    const revision = await published.revision(team);
    const before = known.get(team);
    const at = performance.now();
    if (before && before.revision === revision && at - before.at < HELD_MS) return before.page;
    const page = read(team);
    page.catch(() => known.delete(team));
    known.set(team, { revision, at, page });
    return page;
  }

  return {
    words,
    read,
    current,
    idOf,
    revision: (team: string) => published.revision(team),
    /** What a fact says to the public; null: nothing, or nothing any more. */
    async changeOf(team: string, incident: number, seq: number): Promise<PublicChange | null> {
      const fact = await incidents.fact(team, incident, seq);
      const about = fact && aboutOf(fact);
      if (!fact || !about) return null;
      const page = await current(team);
      const refs = [refOf(incident), idOf(team)(refOf(incident))];
      const { n } = about;
      const of = page.incidents.find(({ ref }) => refs.includes(ref)) ?? null;
      // Planned work stands in the standing record: what corrects it names no more than an entry there.
      const maintenance =
        page.maintenances.find(({ ref, posts }) =>
          about.maintenance === null
            ? incident === STANDING && postIn(posts, n) !== null
            : ref === maintenanceRef(about.maintenance),
        ) ?? null;
      const base = { team, incident, seq, recordedAt: fact.recordedAt, page };
      const entry = await incidents.entry(team, incident, n);
      if (entry?.kind === 'component' && entry.detail.state !== undefined && entry.text !== null)
        return { ...base, kind: 'state', of, maintenance: null, post: null, components: [entry.text] };
      // What was withdrawn has touched what it named: those who heard of it are told, and it is set right there.
      const onPage = new Set(page.components.map(({ name }) => name));
      const named = (entry?.detail.components ?? []).filter((name) => onPage.has(name));
      if (maintenance) {
        const components = [...new Set([...maintenance.components, ...named])];
        const kind = about.kind === 'posted' ? 'maintenance' : about.kind;
        const moved =
          fact.type === 'EntryRetimed' && fact.data.until !== undefined && fact.data.until !== null;
        const post = postIn(maintenance.posts, n);
        return { ...base, kind, ...(moved && { moved }), of: null, maintenance, post, components };
      }
      const post = of && postIn(of.posts, n);
      if (!of || !post) return null;
      const touched = [...post.components, ...of.components].map(({ name }) => name);
      return {
        ...base,
        kind: about.kind,
        of,
        maintenance: null,
        post,
        components: [...new Set([...touched, ...named])],
      };
    },
  };
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const HELD_MS = 5_000;

const postIn = (posts: readonly PublicPost[], n: number) => posts.find((post) => post.n === n) ?? null;

/** @returns the entry that a fact says something public of, and how; null: none */
function aboutOf(fact: Fact): {
  kind: 'posted' | 'corrected' | 'withdrawn';
  n: number;
  maintenance: number | null;
} | null {
  switch (fact.type) {
    case 'StatusPosted':
    case 'ComponentStateSet':
      return { kind: 'posted', n: fact.data.n, maintenance: null };
    case 'MaintenancePlanned':
    case 'MaintenancePosted':
      return { kind: 'posted', n: fact.data.n, maintenance: fact.data.maintenance };
    case 'EntryEdited':
    case 'EntryRetimed':
      return fact.data.public ? { kind: 'corrected', n: fact.data.entry, maintenance: null } : null;
    case 'EntryStruck':
      return fact.data.public ? { kind: 'withdrawn', n: fact.data.entry, maintenance: null } : null;
    default:
      return null;
  }
}

/** Every file of the page. @param subscribe makes the page where people subscribe; null: nobody can */
async function* filesOf(
  page: PublicPage,
  only: ReadonlySet<string> | null,
  { look, logo }: StatusSettings,
  words: Words,
  idOf: (of: string) => string,
  subscribe: PublicFile | null,
): AsyncGenerator<PublicFile> {
  const naming = { idOf, titleOf: (incident: Parameters<Words['titleOf']>[0]) => words.titleOf(incident) };
  yield* assets(look);
  if (look.logo && logo) yield [look.logo.file, logo.content];
  yield badgeFile(page, look, {
    label: words.say('badge'),
    overall: ({ kind }) => words.say(`overall.${kind}`),
  });
  // What leads to a page stands behind it: incidents first, the first page last.
  const pages = [...htmlFiles(page, look, { refs: only, subscribe: subscribe !== null })];
  yield* pages.filter(([path]) => path !== 'index.html');
  if (subscribe) yield subscribe;
  yield* feedFiles(page, look, {
    ...naming,
    stateOf: (state) => words.say(`post.${state}`),
    componentStateOf: (state) => words.say(`state.${state}`),
    withdrawnAt: (time) => `${words.say('withdrawn', { time })}. ${words.say('withdrawn.words')}`,
    erased: words.say('erased.words'),
    correctedAt: (time) => words.say('corrected', { time }),
    nextBy: (time) => words.say('next', { time }),
    planned: (from, to) => `${words.say('planned')}: ${words.say('range', { from, to })}`,
  });
  yield* apiFiles(page, look, naming);
  yield* pages.filter(([path]) => path === 'index.html');
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
