import type { WatchAsked } from '#domain/command/verbs.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import type { Json } from '#domain/run/runbook.js';
import { closest, LIMITS } from '#domain/text.js';
import { ActionFailed, type RunContext } from './action.js';
import { http } from './actions/http.js';
import { keysProbe } from './actions/keys-probe.js';
import { prometheusQuery } from './actions/prometheus-query.js';

/** What a look is made with: actions of runbooks that only read. */
const ACTIONS = { http, 'keys.probe': keysProbe, 'prometheus.query': prometheusQuery };

/** Something that can be watched, by its name under `watch:` in tocsin.yml. */
export interface Watched {
  kind: 'probe' | 'query';
  uses: keyof typeof ACTIONS;
  /** As the action takes it. All of it stands in tocsin.yml, the addresses too. */
  with: Readonly<Record<string, Json>>;
}

/** `watch:` of tocsin.yml. */
export interface WatchSettings {
  everyMs: number;
  /** What `watch` alone means. */
  usual: { forMs: number; probes: string[]; queries: string[] };
  watched: ReadonlyMap<string, Watched>;
}

/** @returns how a watch is made of what somebody typed, and for how long one is offered: null where there is nothing to watch */
export function watchesOf({ everyMs, usual, watched }: WatchSettings) {
  const named = (kind: Watched['kind']) =>
    [...watched].flatMap(([name, one]) => (one.kind === kind ? [name] : []));
  const stray = (kind: Watched['kind'], names: readonly string[]) =>
    names.find((name) => watched.get(name)?.kind !== kind);
  return {
    span: watched.size > 0 ? typed(usual.forMs) : null,
    asked({ forMs, probes, queries }: WatchAsked): TypedIntent | Refusal {
      if (watched.size === 0) return refuse('NOTHING_TO_WATCH', {});
      for (const [kind, names] of [
        ['probe', probes],
        ['query', queries],
      ] as const) {
        const name = stray(kind, names);
        if (name !== undefined)
          return refuse('NO_SUCH_WATCHED', { what: kind, name, closest: closest(name, named(kind)) });
      }
      const chosen = probes.length + queries.length > 0 ? { probes, queries } : usual;
      const count = chosen.probes.length + chosen.queries.length;
      const limit = LIMITS.watchedAtOnce;
      if (count > limit) {
        const next = 'Name those that matter most: `watch --probe NAME --query NAME`.';
        return refuse('TOO_MANY', { what: 'probes and queries', count, limit, next });
      }
      const { probes: some, queries: others } = chosen;
      return {
        type: 'StartWatch',
        forMs: forMs ?? usual.forMs,
        everyMs,
        probes: [...some],
        queries: [...others],
      };
    },
  };
}

/** @returns a length of time as it is typed: `30m` */
function typed(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1_000}s`;
}

/** Looks once. @throws ActionFailed in words: it is not as it should be, or could not be asked */
export async function lookAt({ uses, with: given }: Watched, context: RunContext): Promise<void> {
  const action = ACTIONS[uses] as unknown as {
    input: { parse(given: unknown): unknown };
    run(input: unknown, context: RunContext): Promise<{ kind: string }>;
  };
  // What stands in tocsin.yml is its author's word, all of it.
  const result = await action.run(action.input.parse(given), { ...context, written: given });
  if (result.kind !== 'done') throw new ActionFailed(`${uses} gave no answer`);
}
