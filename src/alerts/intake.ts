import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { file } from '#domain/alert/rule.js';
import { alertId, signalId } from '#domain/alert/signal.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import { alertsAsking, momentNow } from '#domain/words.js';
import type { Before, Handle } from '#handle/handle.js';
import type { PlainLog } from '#log.js';
import type { Metrics } from '#metrics.js';
import type { Secret } from '#runbooks/secret.js';
import { troubleOf, Unavailable } from '#store/pools.js';
import type { FiledSignal } from '#store/signals.js';
import type { Store } from '#store/store.js';
import { normal, remarked } from './normal.js';
import { type Hook, type HookAnswer, type Received, type Remark, Unreadable } from './sender.js';
import type { AlertSettings, Source } from './settings.js';

export interface IntakePorts {
  /** As they are now: they may be read anew while we run. */
  settings(): AlertSettings;
  /** @throws when it cannot be read, with why */
  secret(name: string): Secret;
  /** Takes known secrets out of texts. */
  scrub: { text(text: string): string };
  signals: Pick<Store['signals'], 'arrive' | 'arrived' | 'standing'>;
  /** Records what is said of alerts. */
  tell: Handle;
  /** Was it recorded before? */
  before: Before;
  /** How long what is said of an alert waits for that to be settled; absent: 2 s. */
  patienceMs?: number;
  /** Whose alerts they are; null: that cannot be told now. */
  team(): Promise<string | null>;
  /** Hears of lanes that owe something now. */
  nudge(lanes: string[]): void;
  now(): Date;
  log: PlainLog;
  /** Counts what was answered. */
  metrics?: Pick<Metrics, 'hook'>;
}

/** A request below `/hooks/`, as a front hands it on. */
interface HookRequest {
  method: string;
  /** With the query. */
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * The body as it came; null: it is longer than `most` bytes, or `more`, which hears how long each piece is, wants no more of it.
   */
  read(most: number, more: (bytes: number) => boolean): Promise<Buffer | null>;
}

/** What is wrong with a request that is nobody's, or with one of a source; `retry`: after so many seconds it may be made again. */
type No = {
  status: number;
  sentence: string;
  headers?: Record<string, string>;
  wrong?: Record<string, string>;
};

/** Deliveries of known senders that are being read and written at the same time. */
const AT_ONCE = 200;
/** What has come of bodies that are in hand: of all sources, and of one that must read them to know whose they are. */
const BYTES_AT_ONCE = 64 * 1024 * 1024;
const UNKNOWN_BYTES = 16 * 1024 * 1024;
/** How long alerts are read in one go. */
const TURN_MS = 10;
/** After so long a sender that was told to wait may try again. */
const RETRY_S = 5;
/**
 * What is said of an alert directly behind its beginning waits for so long until that is settled, and so many wait at the same
 * time: each of them is a delivery in hand. Whoever would wait longer is told to come again.
 */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 100;
const MOST_WAITING = 20;

export interface Intake {
  handle(request: HookRequest): Promise<HookAnswer>;
  /** Keeps what a source reports. @returns how many signals were new, and which rule took how many */
  take(source: Source, received: Received): Promise<Taken | null>;
}

interface Taken {
  accepted: number;
  known: number;
  rules: Record<string, number>;
}

/**
 * What every delivery goes through: who sends it, is it of a size that can be read, is it what its sender sends, which rule
 * takes it; then it is kept, with what is owed for it, in one commit, and after that it is answered.
 */
export function createIntake(ports: IntakePorts): Intake {
  const { log } = ports;
  const buckets = new Map<string, { left: number; at: number }>();
  const said = new Seldom(log);
  let inHand = 0;
  let bytesInHand = 0;
  let waiting = 0;
  const unknownBytes = new Map<string, number>();

  /**
   * Counts what has come, and not what somebody says will: who opens many connections and sends slowly keeps nobody out. Strangers
   * keep out those of their own source at most.
   */
  const handOf = ({ name, sender }: Source) => {
    let held = 0;
    let heldUnknown = 0;
    const holdUnknown = (bytes: number) => {
      heldUnknown += bytes;
      unknownBytes.set(name, (unknownBytes.get(name) ?? 0) + bytes);
    };
    const known = () => holdUnknown(-heldUnknown);
    return {
      /** @returns false: it is more than can be taken now */
      takes(bytes: number): boolean {
        if (bytesInHand + bytes > BYTES_AT_ONCE) return false;
        if (!sender.inFront && (unknownBytes.get(name) ?? 0) + bytes > UNKNOWN_BYTES) return false;
        held += bytes;
        bytesInHand += bytes;
        if (!sender.inFront) holdUnknown(bytes);
        return true;
      },
      /** It is no stranger's. */
      known,
      letGo() {
        known();
        bytesInHand -= held;
      },
    };
  };

  /** A sender that sends too much waits: 503, because most of them take 429 for a no. */
  const spends = ({ name, perMinute }: Source): boolean => {
    const at = performance.now();
    const most = Math.max(1, Math.ceil(perMinute / 4));
    const bucket = buckets.get(name) ?? { left: most, at };
    const left = Math.min(most, bucket.left + ((at - bucket.at) * perMinute) / 60_000);
    buckets.set(name, { left: left < 1 ? left : left - 1, at });
    return left >= 1;
  };

  const secretsOf = (source: Source): Secret[] => {
    const found: Secret[] = [];
    for (const name of source.secrets) {
      try {
        found.push(ports.secret(name));
      } catch (error) {
        said.warn(
          `${source.name}/${name}`,
          { source: source.name, why: (error as Error).message },
          'a secret of a source of alerts cannot be read',
        );
      }
    }
    return found;
  };

  const take = async (source: Source, received: Received): Promise<Taken | null> => {
    const team = await ports.team();
    if (team === null) return null;
    const { rules } = ports.settings();
    const now = ports.now();
    const signals = new Map<string, FiledSignal>();
    let began = performance.now();
    for (const one of received.alerts) {
      // Ten thousand of them take a second: others have their turn in between.
      if (performance.now() - began > TURN_MS) {
        await nextTurn();
        began = performance.now();
      }
      const signal = normal(one, { scrub: ports.scrub, now });
      const { rule, key, group } = file(rules, source.name, signal);
      signals.set(signalId(source.name, signal), { ...signal, rule: rule?.name ?? null, key, group });
    }
    const { name, shadow } = source;
    const filed = [...signals.values()];
    const arrived = await ports.signals.arrive(team, {
      source: name,
      delivery: received.delivery,
      shadow,
      signals: filed,
      ...(received.stoodAt && {
        asOf: performance.now() - Math.max(0, now.getTime() - received.stoodAt.getTime()),
      }),
    });
    ports.nudge(arrived.lanes);
    if (arrived.fresh > 0)
      log.info({ source: name, signals: filed.length, fresh: arrived.fresh, shadow }, 'alerts taken');
    if (received.left)
      said.warn(
        `${name} left`,
        { source: name, left: received.left },
        "a sender left alerts out of what it sent: what they open is not opened; raise the sender's limit (`max_alerts` in Alertmanager)",
      );
    const counts = new Map<string, number>();
    for (const rule of arrived.rules) counts.set(rule ?? NO_RULE, (counts.get(rule ?? NO_RULE) ?? 0) + 1);
    return { accepted: filed.length, known: filed.length - arrived.fresh, rules: Object.fromEntries(counts) };
  };

  /** Where an alert is; what was just heard of it is waited for. */
  const settledStanding = async (team: string, alert: string, until: number) => {
    let stands = await ports.signals.standing(team, alert);
    if (!stands.coming || waiting >= MOST_WAITING) return stands;
    waiting += 1;
    try {
      while (stands.coming && performance.now() < until) {
        await sleep(LOOK_AGAIN_MS);
        stands = await ports.signals.standing(team, alert);
      }
    } finally {
      waiting -= 1;
    }
    return stands;
  };

  /**
   * Records what is said of alerts as notes, each where its alert is: nothing but that comes of it. What is of no incident is
   * recorded nowhere, and the sender hears the same as of one that is.
   * @returns null: that is all; else why it is to be sent again
   */
  const noted = async (source: Source, received: Received): Promise<No | null> => {
    const { remarks = [], delivery, earlier } = received;
    if (remarks.length === 0) return null;
    const { name, shadow } = source;
    const nowhere = (why: string) =>
      said.warn(
        `${name} nowhere: ${why}`,
        { source: name, why },
        'what was said of an alert is recorded nowhere',
      );
    if (shadow) {
      nowhere('the source is in shadow');
      return null;
    }
    const team = await ports.team();
    if (team === null) return busy(NO_TEAM);
    const now = ports.now();
    const until = performance.now() + (ports.patienceMs ?? PATIENCE_MS);
    for (const [i, one] of remarks.entries()) {
      const remark = remarked(one, { scrub: ports.scrub, now });
      const asking = (of: string) => alertsAsking(team, name, `remark:${name}:${of}:${i}`, now);
      if (await ports.before(asking(delivery))) continue;
      if (earlier !== undefined && (await ports.before(asking(earlier)))) continue;
      const { coming, incident, title } = await settledStanding(team, alertId(name, remark), until);
      if (coming) return busy('What was just heard of that alert is not settled yet.');
      const text = sentenceOf(remark, name, title);
      if (incident === null || text === null) {
        nowhere(text === null ? 'it has no words' : 'its alert is in no incident');
        continue;
      }
      const moment = remark.at instanceof Date ? momentNow(remark.at) : null;
      const answer = await ports.tell({ type: 'RecordNote', moment, text }, incident, asking(delivery));
      if (!isRefusal(answer)) continue;
      if (isPassing(answer)) return busy('The database does not take it now.');
      nowhere(answer.code);
    }
    return null;
  };

  const answered = async (
    source: Source,
    hook: Omit<Hook, 'body'>,
    request: HookRequest,
  ): Promise<HookAnswer | No> => {
    const { sender, name } = source;
    const greeted = sender.greets?.({ ...hook, body: Buffer.alloc(0) }, source.perMinute);
    if (greeted) return greeted;
    const methods = sender.methods ?? ['POST'];
    if (!methods.includes(hook.method))
      return {
        status: 405,
        sentence: `Alerts are sent here with ${methods.join(' or ')}.`,
        headers: { Allow: methods.join(', ') },
      };
    if (!/^(identity)?$/i.test(hook.headers['content-encoding'] ?? ''))
      return {
        status: 415,
        sentence: 'A compressed body is not read here: send it as it is, without Content-Encoding.',
      };
    const tooLong: No = {
      status: 413,
      sentence: `That is more than ${source.maxBytes} bytes. Send fewer alerts at once, or raise max_bytes of this source.`,
      headers: { Connection: 'close' },
    };
    const length = Number(hook.headers['content-length'] ?? source.maxBytes);
    if (length > source.maxBytes) return tooLong;
    const secrets = secretsOf(source);
    if (secrets.length === 0) return busy('No secret of this source can be read here; the log says why.');
    // What strangers send is not even read, where who they are stands in front of it.
    const stranger = (whole: Hook): No | null => {
      const check = sender.refuses(whole, secrets, source.settings);
      if (check === null) return null;
      said.warn(
        `${name} ${check}`,
        { source: name, check },
        'a delivery of alerts was refused: who sent it has not shown who they are',
      );
      return {
        status: 401,
        sentence:
          'That is not signed with, and does not hold, any secret of this source. Compare what the sender was given with `secrets:` of the source in tocsin.yml.',
        headers: { 'WWW-Authenticate': 'Bearer realm="tocsin"' },
      };
    };
    const early = sender.inFront ? stranger({ ...hook, body: Buffer.alloc(0) }) : null;
    if (early) return early;
    const hand = handOf(source);
    let full = false;
    try {
      const body = await request.read(source.maxBytes, (bytes) => {
        full = !hand.takes(bytes);
        return !full;
      });
      if (full) return busy('Too much is being taken at this moment.');
      if (body === null) return tooLong;
      const whole: Hook = { ...hook, body };
      const no = stranger(whole);
      if (no) return no;
      hand.known();
      if (inHand >= AT_ONCE) return busy('Too many deliveries are being taken at this moment.');
      inHand += 1;
      try {
        return await known(source, whole);
      } finally {
        inHand -= 1;
      }
    } finally {
      hand.letGo();
    }
  };

  /** What a sender who has shown who they are sends, or asks. */
  const known = async (source: Source, whole: Hook): Promise<HookAnswer | No> => {
    const { sender, name } = source;
    if (!spends(source)) {
      said.warn(
        `${name} too many`,
        { source: name, per_minute: source.perMinute },
        'a source of alerts sends more than it may: it is told to wait',
      );
      return busy('That is more than this source may send in a minute (per_minute).');
    }
    const asked = sender.asks?.(whole);
    if (asked) {
      const team = await ports.team();
      return asked.answer(team !== null && (await ports.signals.arrived(team, name, asked.delivery)));
    }
    const received = sender.read(whole, source.settings);
    const taken = await take(source, received);
    if (taken === null) return busy(NO_TEAM);
    const again = await noted(source, received);
    if (again) return again;
    if (received.answer) return received.answer;
    const left = received.left ? { left: received.left } : {};
    return {
      status: 202,
      body: { status: 'accepted', ...(source.shadow && { mode: 'shadow' }), ...taken, ...left },
    };
  };

  return {
    take,
    async handle(request) {
      const { source, hook } = addressed(ports.settings(), request, ports.now());
      const answer = await handled(source, hook, request);
      ports.metrics?.hook(source?.name ?? null, answer.status);
      return answer;
    },
  };

  async function handled(
    source: Source | undefined,
    hook: Omit<Hook, 'body'>,
    request: HookRequest,
  ): Promise<HookAnswer> {
    if (!source) return { status: 404, body: { status: 'error', error: NO_HOOK } };
    try {
      const answer = await answered(source, hook, request);
      return 'sentence' in answer ? dressed(source, answer) : answer;
    } catch (error) {
      if (error instanceof Unreadable) {
        said.warn(
          `${source.name} ${error.message}`,
          { source: source.name, why: error.message },
          'a delivery of alerts could not be read',
        );
        return dressed(source, { status: error.status, sentence: error.message, wrong: error.wrong });
      }
      if (!(error instanceof Unavailable)) throw error;
      const { state, reason } = troubleOf(error);
      const why = state === 'refusing' ? `answers, but refuses: ${reason}` : 'does not answer';
      return dressed(source, busy(`The database ${why}.`));
    }
  }
}

const NO_HOOK =
  'There is no such hook here. The address ends in the name of a source under `alerts: sources:` in tocsin.yml.';
const NO_RULE = '(none)';
const NO_TEAM = 'Slack has not said yet which workspace this is.';

/** @returns `acknowledged by ana, in opsgenie: TtsFailing`, `bo, in opsgenie: looking at the pods`; null: a note without words */
function sentenceOf({ does, by, text }: Remark, source: string, title: string): string | null {
  if (does === 'noted') return text && `${by ?? 'noted'}, in ${source}: ${text}`;
  const what = [title, text].filter(Boolean).join(' — ');
  return `acknowledged${by === null ? '' : ` by ${by}`}, in ${source}${what && `: ${what}`}`;
}

const busy = (why: string): No => ({
  status: 503,
  sentence: `${why} Nothing was kept; send it again.`,
  headers: { 'Retry-After': String(RETRY_S) },
});

/** In the words that clients of this sender read. */
function dressed({ sender }: Source, { status, sentence, headers, wrong = {} }: No): HookAnswer {
  const body = sender.no?.(status, sentence, wrong) ?? { status: 'error', error: sentence };
  return { status, body, ...(headers && { headers }) };
}

/** `/hooks/NAME/v2/enqueue?x=y` */
function addressed(
  { sources }: AlertSettings,
  { method, target, headers }: HookRequest,
  now: Date,
): { source: Source | undefined; hook: Omit<Hook, 'body'> } {
  const [address = '', query = ''] = target.split(/\?(.*)/s);
  const [, name = '', path = ''] = /^\/hooks\/([^/]*)(\/.*)?$/s.exec(address) ?? [];
  const single = Object.entries(headers).map(([header, value]) => [
    header.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    source: sources.get(name),
    hook: {
      method,
      path: withoutSlashes(path),
      query: new URLSearchParams(query),
      headers: Object.fromEntries(single),
      now,
    },
  };
}

/** One look at each of those at the end: anybody may send an address of nothing else, and a pattern would begin anew at each. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** How often the same is said. */
const AGAIN_MS = 30_000;
/** Of how many different things it is known when they were said. */
const MOST = 500;

/** Warns of the same only now and then: what strangers send must not fill the log. */
class Seldom {
  readonly #said = new Map<string, { at: number; times: number }>();

  constructor(private readonly log: PlainLog) {}

  warn(what: string, fields: object, message: string): void {
    const at = performance.now();
    const before = this.#said.get(what);
    if (before && at - before.at < AGAIN_MS) {
      before.times += 1;
      return;
    }
    this.#said.delete(what);
    this.#said.set(what, { at, times: 0 });
    if (this.#said.size > MOST) this.#said.delete(this.#said.keys().next().value as string);
    const since = before && before.times > 0 ? { and_before: before.times } : {};
    this.log.warn({ ...fields, ...since }, message);
  }
}
