import pg from 'pg';
import type { RunFactBody } from '#domain/run/fact.js';
import { pause, type Walk } from './kit.js';

type RunFact = RunFactBody & { at: number; texts: Record<string, string> };

/** Looks, 20 ms apart: far beyond what anything here takes. */
const TRIES = 3_000;

/** Runs of one incident: asked for and decided on in Slack, looked at in the record. */
export class Runs {
  private readonly db: pg.Pool;

  constructor(
    private readonly walk: Walk,
    private readonly channel: string,
  ) {
    this.db = new pg.Pool({ connectionString: walk.database.url, max: 2 });
    this.db.on('error', () => undefined);
  }

  async facts(run: number): Promise<RunFact[]> {
    const { rows } = await this.db.query(
      `select type, (body::jsonb)->'data' as data, extract(epoch from recorded_at) * 1000 as at,
         coalesce((select json_object_agg(field, text) from fact_text t
                   where t.team = f.team and t.incident = f.incident and t.seq = f.seq), '{}') as texts
       from fact f where incident = 1 and type ~ '^(Run|Step)' and (body::jsonb #>> '{data,run}')::int = $1
       order by seq`,
      [run],
    );
    return rows.map((row) => ({ ...row, at: Number(row.at) }));
  }

  /** Waits until something is on record. @throws with all that is, when the run has ended without it */
  async until<T extends RunFact['type']>(
    run: number,
    type: T,
    right: (fact: Extract<RunFact, { type: T }>) => boolean = () => true,
  ): Promise<Extract<RunFact, { type: T }>> {
    for (let tries = 0; ; tries++) {
      const facts = await this.facts(run);
      const found = facts.filter((one) => one.type === type) as Array<Extract<RunFact, { type: T }>>;
      const wanted = found.find(right);
      if (wanted) return wanted;
      if (facts.at(-1)?.type === 'RunEnded' || tries > TRIES)
        throw new Error(`${type} did not come: ${told(facts)}`);
      await pause(20);
    }
  }

  /** @returns the run, once it waits for approval */
  async ask(text: string): Promise<number> {
    const said = await this.walk.type('ana', this.channel, `run ${text}`);
    const run = Number(/RUN-(\d+)/.exec(said.text)?.[1]);
    if (!run || !/recorded/.test(said.text)) throw new Error(`run ${text}: ${said.text}`);
    await this.until(run, 'RunPlanned');
    return run;
  }

  /** Types `VERB RUN-n …`. @returns what is answered */
  async say(user: string, verb: string, run: number, more = ''): Promise<string> {
    const { text } = await this.walk.type(user, this.channel, `${verb} RUN-${run} ${more}`.trim());
    if (!/recorded/.test(text)) throw new Error(`${verb}: ${text}`);
    return text;
  }

  /** How much of it is on record, what was shown in Slack aside. */
  async count(run: number): Promise<number> {
    return (await this.facts(run)).filter(({ type }) => type !== 'RunShown').length;
  }

  /** Waits also until its target is free, a moment after its end. @returns how it ended, `since` so much was on record. @throws with what it asks, when it asks */
  async end(run: number, since = 0): Promise<{ end: string; at: number }> {
    for (let tries = 0; ; tries++) {
      const facts = (await this.facts(run)).filter(({ type }) => type !== 'RunShown');
      const last = facts.at(-1);
      if (last?.type === 'RunEnded' && facts.length > since && (await this.free(run)))
        return { end: last.data.end, at: last.at };
      if (last?.type === 'StepAsked' || tries > TRIES) throw new Error(`it did not end: ${told(facts)}`);
      await pause(20);
    }
  }

  private async free(run: number): Promise<boolean> {
    return (
      (await this.db.query('select 1 from run_target where incident = 1 and run = $1', [run])).rowCount === 0
    );
  }

  /** What is being done now: the last step that began, and has said nothing since. */
  async doing(run: number): Promise<string | null> {
    const last = (await this.facts(run)).filter(({ type }) => type !== 'RunShown').at(-1);
    return last?.type === 'StepStarted' || last?.type === 'StepTaken' ? last.data.step : null;
  }

  close(): Promise<void> {
    return this.db.end();
  }
}

function told(facts: RunFact[]): string {
  return facts
    .map(
      ({ type, data, texts }) => `\n${type} ${JSON.stringify(data)} ${texts.question ?? texts.error ?? ''}`,
    )
    .join('');
}
