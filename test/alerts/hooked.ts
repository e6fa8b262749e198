import { createIntake, type Intake, type IntakePorts } from '#alerts/intake.js';
import { type AlertSettings, readAlertSettings } from '#alerts/settings.js';
import { lookupsOf } from '#compose/core.js';
import { readOrganisation } from '#config/organisation.js';
import { createHandle } from '#handle/handle.js';
import { Scrub } from '#runbooks/scrub.js';
import { Secret } from '#runbooks/secret.js';
import { startWeb, type Web } from '#web/server.js';
import { memoryLog } from '../queue/log.js';
import { type Opened, openedStore } from '../store/opened.js';

/** The secrets that the sources of a test may name. */
export const KEPT: Readonly<Record<string, string>> = {
  'am-token': 'am-token-of-the-tests-0123456789',
  'am-next': 'am-token-after-the-rotation-0123',
  pd: '0123456789abcdef0123456789abcdef',
  og: 'eb243592-faa2-4ba2-a551-1afdf565c889',
};

/** @param alerts what stands under `alerts:`, as YAML that is indented by two */
function settingsOf(alerts: string): AlertSettings {
  const org = readOrganisation(`alerts:\n${alerts}`, 'tocsin.yml');
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  const read = readAlertSettings(org.alerts, [...Object.keys(KEPT), 'gone'], org.at);
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read.settings;
}

export interface Hooked {
  url: string;
  db: Opened;
  web: Web;
  intake: Intake;
  log: ReturnType<typeof memoryLog>;
  ports: IntakePorts;
  /** Lanes that were woken. */
  nudged: string[];
  set(alerts: string): void;
  post(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
    method?: string,
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>;
  signals(): Promise<
    Array<{
      source: string;
      status: string;
      rule: string | null;
      key: string;
      shadow: boolean;
      body: Record<string, unknown>;
    }>
  >;
  close(): Promise<void>;
}

/** The hooks behind the real web server, with a real database. @param changed ports that are not the usual ones */
export async function hooked(alerts: string, changed: Partial<IntakePorts> = {}): Promise<Hooked> {
  const db = await openedStore();
  const log = memoryLog();
  const nudged: string[] = [];
  const scrub = new Scrub(() => 'fp:000000000000');
  for (const value of Object.values(KEPT)) scrub.learn(value);
  let settings = settingsOf(alerts);
  const handle = createHandle({
    store: lookupsOf(db.store),
    relay: { nudge() {} },
    onError: (error) => log.error({ err: error }, 'recording failed'),
  });
  const ports: IntakePorts = {
    settings: () => settings,
    secret(name) {
      const value = KEPT[name];
      if (value === undefined) throw new Error(`the secret ${name} could not be read`);
      return new Secret(value);
    },
    scrub,
    signals: db.store.signals,
    tell: handle,
    before: handle.before,
    team: async () => 'T1',
    nudge: (lanes) => void nudged.push(...lanes),
    now: () => new Date(),
    log,
    ...changed,
  };
  const intake = createIntake(ports);
  const web = await startWeb(
    {
      health: {} as never,
      exports: {} as never,
      api: {} as never,
      hooks: intake,
      slack: null,
      log: log as never,
    },
    '127.0.0.1',
    0,
    { lingerMs: 1 },
  );
  const url = `http://127.0.0.1:${web.port}/hooks`;
  return {
    url,
    db,
    web,
    intake,
    log,
    ports,
    nudged,
    set(text) {
      settings = settingsOf(text);
    },
    async post(path, body, headers = {}, method = 'POST') {
      const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: sent as string }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? {} : JSON.parse(text),
      };
    },
    signals: () => db.sql('select source, status, rule, key, shadow, body from signal order by n'),
    async close() {
      await web.close(false);
      await db.close();
    },
  };
}
