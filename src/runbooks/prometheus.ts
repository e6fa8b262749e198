import { z } from 'zod';
import { MEASURED, type MeasuredWindow, type Noted } from '#domain/incident/fact.js';
import type { Counted } from '#domain/incident/impact.js';
import type { Measured } from '#domain/incident/intent.js';
import { LIMITS, printable } from '#domain/text.js';
import { ActionFailed } from './action.js';
import { duration, spoken } from './actions/touch.js';
import { Broken, exchange } from './exchange.js';
import { addressOf, type SecretReference, secretName, secretReference } from './keystores/keystore.js';
import { guardedLookup } from './reach.js';
import type { Secret } from './secret.js';

// -- what tocsin.yml says --

const STRING = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\`[^\`]*\`)`;
const MATCHER = String.raw`[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*${STRING}`;
const SELECTOR = new RegExp(
  String.raw`^\s*([a-zA-Z_:][\w:]*)\s*(?:\{\s*(?:${MATCHER}\s*(?:,\s*${MATCHER}\s*)*,?\s*)?\})?\s*$`,
);

const selector = z
  .string()
  .max(4_000)
  .regex(
    SELECTOR,
    'is no selector of counters; write it as requests_total{status!="200"}, without functions: samples are read as they were taken',
  )
  .transform((text) => text.trim());
const label = z.string().regex(/^[a-zA-Z_]\w*$/, 'is not the name of a label');

const STEP_MS = 15_000;

/** `impact:` of tocsin.yml: where Prometheus is, and what it counts. */
export const impactShape = z
  .strictObject({
    prometheus: z.strictObject({
      url: addressOf('Prometheus').refine(
        (text) => /^[^?#]*$/.test(text),
        'must end before ? and #; /api/v1/query is added',
      ),
      authorization: secretReference.nullable().default(null),
    }),
    failed: selector,
    total: selector,
    by: z.array(label).max(5, 'names more labels than anybody reads; keep five').default([]),
    component_label: label.nullable().default(null),
    components: z.record(z.string(), z.string().min(1).max(LIMITS.component)).default({}),
    step: duration.default(STEP_MS),
  })
  .superRefine(({ component_label, components, step }, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (component_label === null && Object.keys(components).length > 0)
      wrong('components', 'says what values mean, and `component_label` does not say of which label');
    if (step < 1_000 || step > 3_600_000)
      wrong('step', 'must be how often Prometheus reads the counters, from 1s to 1h');
  })
  .transform(
    ({ prometheus, component_label, components, step, ...rest }): ImpactSettings => ({
      ...{ ...prometheus, ...rest, componentLabel: component_label, stepMs: step },
      components: new Map(Object.entries(components)),
    }),
  );

export interface ImpactSettings {
  url: string;
  authorization: SecretReference | null;
  failed: string;
  total: string;
  /** Labels by whose values figures are listed. */
  by: readonly string[];
  componentLabel: string | null;
  /** Value of that label → component. */
  components: ReadonlyMap<string, string>;
  /** How often Prometheus reads the counters. */
  stepMs: number;
}

// -- what is asked --

/** The figures could not be had. The message is for people: what went wrong, and what to do. */
export class NotMeasured extends Error {
  override name = 'NotMeasured';

  /** @param passing it may well go by itself */
  constructor(
    message: string,
    readonly next: string,
    readonly passing = false,
  ) {
    super(message);
  }
}

export interface MeasureOptions {
  /** The value of a secret, where it may be sent to that address. @throws ActionFailed */
  secretFor(name: string, url: string): Secret;
  now(): Date;
  signal: AbortSignal;
  /** For one request, and how many bytes an answer may have. */
  ms?: number;
  most?: number;
}

const ASK_MS = 30_000;
/** What is held in memory at once. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_SERIES = 10_000;
/** How much of the window is asked for at once; halved where the answer is too long. */
const PIECE_MS = 6 * 3_600_000;
const LEAST_MS = 60_000;
/** A counter that was away for longer begins from nothing when it comes back. */
const REMEMBERED = '1d';

/**
 * Counts what the counters rose by between two moments, from the samples as they were taken: `increase()` would extrapolate,
 * and takes a counter that was born with 3 for one that never rose. What cannot be known is said in `noted`, not smoothed.
 * @param only components that are meant; none: all
 * @throws NotMeasured
 */
export async function measureImpact(
  settings: ImpactSettings,
  window: MeasuredWindow,
  only: readonly string[],
  options: MeasureOptions,
): Promise<Measured> {
  const { stepMs } = settings;
  const looked = options.now();
  const from = Date.parse(window.from);
  const to = Date.parse(window.to);
  const span = { from, to, now: looked.getTime(), stepMs, ...bucketsOf(to - from, stepMs) };
  const asker = new Asker(settings, options);
  const [failed, total] = await Promise.all([
    counted(settings.failed, span, asker, keeper(settings, only)),
    counted(settings.total, span, asker, keeper(settings, only)),
  ]).catch((error: unknown) => {
    asker.stop();
    throw error;
  });
  if (total.series.length === 0)
    throw new NotMeasured(
      only.length > 0
        ? `no counter of all requests was read of ${only.join(', ')} in that window`
        : 'no counter of all requests was read in that window',
      `Look in Prometheus what \`${settings.total}\` gives, and correct \`total\` under \`impact:\` in tocsin.yml, or the window.`,
    );
  const sums = { failed: sumOf(failed), total: sumOf(total) };
  if (sums.failed > sums.total)
    throw new NotMeasured(
      `more failed (${sums.failed}) than there were (${sums.total})`,
      'The two selectors under `impact:` in tocsin.yml do not count the same requests: `failed` must be a part of `total`.',
    );
  if (sums.total > LIMITS.count)
    throw new NotMeasured(
      `${sums.total} requests are no count`,
      'Correct `total` under `impact:` in tocsin.yml.',
    );
  const components = componentsOf(settings, only, failed, total);
  const groups = ranked(
    settings.by.length === 0
      ? new Map()
      : figures(failed, total, (labels) => groupNamed(settings.by, labels)),
    MEASURED.groups,
  );
  const more = components.more + groups.more;
  return {
    ...window,
    looked: looked.toISOString(),
    stepMs,
    failedQuery: settings.failed,
    totalQuery: settings.total,
    ...{ failed: sums.failed, total: sums.total },
    components: components.kept,
    ...(only.length > 0 && { limited: true as const }),
    groups: groups.kept,
    noted: notedOf(failed, total, asker.partial, more),
    bucketMs: span.bucketMs,
    failedIn: failed.buckets,
    totalIn: total.buckets,
  };
}

/** @returns the components that can be asked for by name; null: any, because values of the label are names */
export function componentsMeasured({ componentLabel, components }: ImpactSettings): string[] | null {
  if (componentLabel === null) return [];
  return components.size > 0 ? [...new Set(components.values())] : null;
}

interface Span {
  from: number;
  to: number;
  now: number;
  stepMs: number;
  bucketMs: number;
  buckets: number;
}

/** As many as fit, each of whole steps: a sample stands for what happened since the one before. */
function bucketsOf(ms: number, stepMs: number): { bucketMs: number; buckets: number } {
  const bucketMs = Math.ceil(ms / MEASURED.buckets / stepMs) * stepMs;
  return { bucketMs, buckets: Math.ceil(ms / bucketMs) };
}

type Labels = Readonly<Record<string, string>>;

/** A counter, as far as it has been read. */
interface Series {
  /** Its labels, as one text. */
  key: string;
  labels: Labels;
  /** Its last value and when that was read; null: from before what was read, or never. */
  value: number | null;
  at: number | null;
  rose: number;
  resets: number;
  born: boolean;
  gap: boolean;
  /** What it rose by over either end of the window. */
  before: number;
  after: number;
  /** It was read within the window, or directly before; and behind its end. */
  near: boolean;
  behind: boolean;
}

interface Read {
  series: Series[];
  buckets: number[];
  gone: number;
  open: boolean;
}

/** More than two samples that did not come. */
const late = (stepMs: number) => 2.5 * stepMs;

async function counted(
  query: string,
  span: Span,
  asker: Asker,
  keeps: (labels: Labels) => boolean,
): Promise<Read> {
  const { from, to, now, stepMs } = span;
  const name = SELECTOR.exec(query)?.[1] ?? '';
  const all = new Map<string, Series>();
  const buckets = Array.from({ length: span.buckets }, () => 0);
  const of = (metric: Labels): Series | null => {
    const { __name__: called, ...labels } = metric;
    if (called !== undefined && called !== name)
      throw new NotMeasured(
        `Prometheus answers with other series than ${name}`,
        'Look whether the address under `impact:` in tocsin.yml is that of Prometheus itself.',
      );
    if (!keeps(labels)) return null;
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    let one = all.get(key);
    if (!one) {
      if (all.size >= MOST_SERIES)
        throw new NotMeasured(
          `more than ${MOST_SERIES.toLocaleString('en')} counters match ${query}`,
          'Name the ones that matter in the selector under `impact:` in tocsin.yml.',
        );
      const nothing = { value: null, at: null, rose: 0, resets: 0, before: 0, after: 0 };
      one = { key, labels, ...nothing, born: false, gap: false, near: false, behind: false };
      all.set(key, one);
    }
    return one;
  };

  // What stood there before, also where it was not read for a while: or an old counter would be taken for a new one.
  for (const { metric, value } of await asker.last(`last_over_time(${query}[${REMEMBERED}])`, from)) {
    const one = of(metric);
    if (one) one.value = countIn(value[1], query);
  }
  const lookback = Math.max(4 * stepMs, LEAST_MS);
  const lookahead = Math.min(now, to + 4 * stepMs);
  for await (const { metric, values } of asker.samples(query, from - lookback, Math.max(lookahead, to))) {
    const one = of(metric);
    if (!one) continue;
    for (const [seconds, text] of values) {
      const at = Math.round(seconds * 1_000);
      // Pieces overlap where they meet.
      if (one.at !== null && at <= one.at) continue;
      take(one, at, countIn(text, query), span, buckets);
    }
  }

  const series = [...all.values()].filter(({ near }) => near);
  const quiet = (one: Series, at: number) => (one.at ?? 0) < at - late(stepMs);
  const waits = (one: Series) => !one.behind && !quiet(one, now);
  return {
    series,
    buckets,
    gone: series.filter((one) => !one.behind && quiet(one, to)).length,
    open: now < to + late(stepMs) && (series.length === 0 || series.some(waits)),
  };
}

function take(one: Series, at: number, value: number, span: Span, buckets: number[]): void {
  const { from, to, stepMs, bucketMs } = span;
  const { value: last, at: lastAt } = one;
  const reset = last !== null && value < last;
  const rose = last === null || reset ? value : value - last;
  one.value = value;
  one.at = at;
  if (at <= from) {
    one.near = true;
    return;
  }
  if (at > to) {
    // The first one behind the end: some of it may have come before.
    if (!one.behind && one.near) one.after = rose;
    one.behind = true;
    return;
  }
  if (last === null) one.born = true;
  // The sample before was taken before the window.
  else if (rose > 0 && (lastAt === null || lastAt < from)) one.before = rose;
  if (last !== null && (lastAt === null || at - lastAt > late(stepMs))) one.gap = true;
  one.near = true;
  one.rose += rose;
  if (reset) one.resets += 1;
  const bucket = Math.min(buckets.length - 1, Math.max(0, Math.ceil((at - from) / bucketMs) - 1));
  buckets[bucket] = (buckets[bucket] ?? 0) + rose;
}

/** @returns what a counter stands at. @throws NotMeasured where it is no count */
function countIn(text: string, query: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  const shown = printable(text).slice(0, 30);
  throw new NotMeasured(
    `${query} stands at ${shown === '' ? 'nothing' : shown}, which is no count`,
    'Name counters of requests in the selectors under `impact:` in tocsin.yml: they hold whole numbers, from 0 on.',
  );
}

const sumOf = ({ series }: Read) => series.reduce((sum, { rose }) => sum + rose, 0);

function notedOf(failed: Read, total: Read, partial: boolean, more: number): Noted {
  // Failures are counted among all the others, so what there is to say of their counters is said of those.
  const known = new Set(total.series.map(({ key }) => key));
  const both = [...total.series, ...failed.series.filter(({ key }) => !known.has(key))];
  const sum = (of: (one: Series) => number) => both.reduce((all, one) => all + of(one), 0);
  const edge = (of: (one: Series) => number) => failed.series.reduce((all, one) => all + of(one), 0);
  const counts = {
    resets: sum(({ resets }) => resets),
    begun: sum(({ born }) => Number(born)),
    gone: Math.max(total.gone, failed.gone),
    gaps: sum(({ gap }) => Number(gap)),
    before: edge(({ before }) => before),
    after: edge(({ after }) => after),
    more,
  };
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(failed.series.length === 0 && { absent: true as const }),
    ...(total.open && { open: true as const }),
    ...(partial && { partial: true as const }),
  };
}

// -- by component, by label --

function keeper(settings: ImpactSettings, only: readonly string[]): (labels: Labels) => boolean {
  if (only.length === 0) return () => true;
  return (labels) => only.includes(componentNamed(settings, labels) ?? '');
}

/** Of others' making: one line, and no longer than a name may be. */
function plainName(text: string, most: number): string {
  return [...printable(text).replace(/\s+/g, ' ').trim()].slice(0, most).join('');
}

/** @returns the component that a counter is about; null: it does not say */
function componentNamed({ componentLabel, components }: ImpactSettings, labels: Labels): string | null {
  const value = componentLabel === null ? '' : (labels[componentLabel] ?? '');
  const name = components.get(value) ?? plainName(value, LIMITS.component);
  return name === '' ? null : name;
}

function groupNamed(by: readonly string[], labels: Labels): string {
  return by.map((one) => `${one}=${JSON.stringify(plainName(labels[one] ?? '', 60))}`).join(', ');
}

/** @param nameOf null: it belongs to none */
function figures(failed: Read, total: Read, nameOf: (labels: Labels) => string | null): Map<string, Counted> {
  const found = new Map<string, Counted>();
  for (const [what, { series }] of [
    ['failed', failed],
    ['total', total],
  ] as const)
    for (const { labels, rose } of series) {
      const name = nameOf(labels);
      if (name === null) continue;
      const one = found.get(name) ?? { name, failed: 0, total: 0 };
      one[what] += rose;
      found.set(name, one);
    }
  return found;
}

function componentsOf(settings: ImpactSettings, only: readonly string[], failed: Read, total: Read) {
  if (settings.componentLabel === null) return { kept: [], more: 0 };
  const found = figures(failed, total, (labels) => componentNamed(settings, labels));
  // Those that had no request at all are known by name, too.
  for (const name of only.length > 0 ? only : settings.components.values())
    if (!found.has(name)) found.set(name, { name, failed: 0, total: 0 });
  return ranked(found, MEASURED.components);
}

/** The worst first; the same for the same figures. */
function ranked(found: ReadonlyMap<string, Counted>, most: number): { kept: Counted[]; more: number } {
  const all = [...found.values()].sort(
    (a, b) => b.failed - a.failed || b.total - a.total || (a.name < b.name ? -1 : 1),
  );
  return { kept: all.slice(0, most), more: Math.max(0, all.length - most) };
}

// -- over the wire --

const metric = z.record(z.string(), z.string());
const sample = z.tuple([z.number(), z.string()]);
const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric, value: sample })),
});
const matrix = z.object({
  resultType: z.literal('matrix'),
  result: z.array(z.object({ metric, values: z.array(sample) })),
});
const failure = z.object({ status: z.literal('error'), errorType: z.string().catch(''), error: z.string() });
const success = <D extends z.ZodType>(data: D) =>
  z.object({ status: z.literal('success'), data, warnings: z.array(z.string()).catch([]) });

/** Asks one Prometheus, one question at a time of each counter. */
class Asker {
  partial = false;
  readonly #stopped = new AbortController();
  readonly #signal: AbortSignal;
  readonly #at: string;

  constructor(
    private readonly settings: ImpactSettings,
    private readonly options: MeasureOptions,
  ) {
    this.#signal = AbortSignal.any([options.signal, this.#stopped.signal]);
    this.#at = `${settings.url.replace(/\/+$/, '')}/api/v1/query`;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async last(query: string, at: number): Promise<z.infer<typeof vector>['result']> {
    try {
      return (await this.#ask(query, at, vector)).result;
    } catch (error) {
      throw error instanceof TooMuch ? tooMany(query) : error;
    }
  }

  /** Samples of the counters from one moment to another, piece by piece: a long window of many counters fits in no memory. */
  async *samples(
    query: string,
    from: number,
    to: number,
  ): AsyncGenerator<z.infer<typeof matrix>['result'][number]> {
    let piece = PIECE_MS;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + piece);
      // A millisecond more: whether the first belongs to it differs between versions.
      const range = `${query}[${end - at + 1}ms]`;
      try {
        yield* (await this.#ask(range, end, matrix)).result;
        at = end;
      } catch (error) {
        if (!(error instanceof TooMuch)) throw error;
        piece = Math.floor(Math.min(piece, end - at) / 2);
        if (piece < LEAST_MS) throw tooMany(query);
      }
    }
  }

  async #ask<D>(query: string, at: number, shape: z.ZodType<D>): Promise<D> {
    const params = new URLSearchParams({ query, time: (at / 1_000).toFixed(3) });
    const { status, text } = await this.#get(`${this.#at}?${params}`);
    const body = parsed(text);
    const failed = failure.safeParse(body);
    if (failed.success) throw this.#refused(failed.data);
    const answer = status === 200 ? success(shape).safeParse(body) : null;
    if (!answer?.success)
      throw new NotMeasured(
        `${this.#at} answered ${status}, and not as Prometheus does`,
        'Look whether the address and `authorization` under `impact:` in tocsin.yml are right.',
        status === 429 || status >= 500,
      );
    if (answer.data.warnings.length > 0) this.partial = true;
    return answer.data.data;
  }

  #refused({ errorType, error }: z.infer<typeof failure>): Error {
    if (/too many samples|too large|limit/i.test(error) && errorType === 'execution') return new TooMuch();
    const passing = /^(timeout|canceled|unavailable|internal|too_many_requests)$/.test(errorType);
    return new NotMeasured(
      `Prometheus says: ${plainName(error, 200)}`,
      passing ? AGAIN : 'Correct the selectors under `impact:` in tocsin.yml.',
      passing,
    );
  }

  async #get(url: string): Promise<{ status: number; text: string }> {
    const { ms = ASK_MS, most = MOST_BYTES } = this.options;
    const chunks: Buffer[] = [];
    try {
      const answer = await exchange(
        { method: 'GET', url, headers: this.#headers(url) },
        { signal: this.#signal, ms, most, lookup: guardedLookup, take: (chunk) => chunks.push(chunk) },
      );
      return { status: answer.status, text: Buffer.concat(chunks).toString('utf8') };
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      if (error.why === 'long') throw new TooMuch();
      throw new NotMeasured(`${this.#at} ${whyNot(error, ms)}`, AGAIN, error.why !== 'refused');
    }
  }

  #headers(url: string): Record<string, string> {
    const { authorization } = this.settings;
    const accept = { Accept: 'application/json' };
    if (authorization === null) return accept;
    try {
      const secret = this.options.secretFor(secretName(authorization), url);
      return { ...accept, Authorization: secret.reveal() };
    } catch (error) {
      if (!(error instanceof ActionFailed)) throw error;
      throw new NotMeasured(
        error.message,
        'Correct `secrets:` in tocsin.yml, or its place, and measure again.',
      );
    }
  }
}

const AGAIN =
  'Look whether Prometheus is well, then `impact measure` again; or `impact --failed N` with a figure that somebody counted.';

const tooMany = (query: string) =>
  new NotMeasured(
    `the samples of ${query} are too many for one answer`,
    'Name the counters that matter in the selector under `impact:` in tocsin.yml.',
  );

/** The answer was too long: less is asked for. */
class TooMuch extends Error {
  override name = 'TooMuch';
}

function whyNot({ why, said, sent, begun }: Broken, ms: number): string {
  if (why === 'stopped') return 'took too long in all';
  if (why === 'late') return `gave no whole answer within ${spoken(ms)}`;
  if (why === 'refused') return `cannot be asked: ${said}`;
  return begun || sent ? `broke off: ${said}` : `cannot be reached: ${said}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
