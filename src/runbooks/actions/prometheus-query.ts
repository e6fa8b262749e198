import { z } from 'zod';
import { type Action, ActionFailed, stepPlan } from '../action.js';
import { address, at, hasSecrets, headers, headersFor, parsed, readFrom } from './request.js';

const HOLDS: Record<string, (value: number, limit: number) => boolean> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};

const condition = z.string().transform((text, context) => {
  const [, sign, limit] =
    /^\s*(<=|>=|==|!=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*$/i.exec(text) ?? [];
  if (sign && limit) return { text: text.trim(), sign, limit: Number(limit) };
  context.addIssue({
    code: 'custom',
    message: 'is not a condition; write it as "< 0.01", with <, <=, >, >=, == or !=',
  });
  return z.NEVER;
});

const input = z.strictObject({
  /** Where Prometheus is; `/api/v1/query` is added. */
  url: address,
  query: z.string().min(1).max(4_000),
  condition,
  empty: z.enum(['fail', 'pass']).default('fail'),
  secret_headers: headers.default({}),
});

const sample = z.tuple([z.number(), z.string()]);
const reply = z.union([
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })),
      }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
    ]),
  }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);

const TIMEOUT_MS = 30_000;

/** `prometheus.query`: an instant query, every sample of which must meet a condition. No sample is no proof, nor is NaN. */
export const prometheusQuery: Action<z.infer<typeof input>> = {
  name: 'prometheus.query',
  does: 'checks a condition on a query of Prometheus',
  effect: 'read',
  addresses: ['url'],
  sends: hasSecrets,
  input,
  outputs: ['samples', 'min', 'max'],
  async plan({ url, query, condition, secret_headers }, context) {
    headersFor({ url: queryAt(url, query), secret_headers }, context);
    // Not asked yet: what earlier steps do may be what makes it hold.
    return stepPlan(`checks at ${at(url)} that ${query} ${condition.text}`);
  },
  async run({ url, query, condition: { text, sign, limit }, empty, secret_headers }, context) {
    const asked = queryAt(url, query);
    const request = {
      method: 'GET',
      url: asked,
      headers: headersFor({ url: asked, secret_headers }, context),
    };
    const answer = await readFrom(request, context.signal, TIMEOUT_MS);
    const found = reply.safeParse(parsed(answer));
    if (!found.success)
      throw new ActionFailed(`${at(url)} answered ${answer.status}, with no vector and no scalar`);
    if (found.data.status === 'error') throw new ActionFailed(`${at(url)}: ${found.data.error}`);
    const { data } = found.data;
    const samples =
      data.resultType === 'scalar'
        ? [{ name: query, value: number(data.result[1]) }]
        : data.result.map(({ metric, value }) => ({ name: labels(metric), value: number(value[1]) }));
    const values = samples.map(({ value }) => value).filter(Number.isFinite);
    const output = {
      samples: samples.length,
      min: values.length > 0 ? Math.min(...values) : null,
      max: values.length > 0 ? Math.max(...values) : null,
    };
    for (const { name, value } of samples.slice(0, 20)) context.say(`${name} ${value}`);
    if (samples.length === 0 && empty === 'fail')
      throw new ActionFailed(`${query} has no sample`, { output });
    const wrong = samples.filter(({ value }) => !HOLDS[sign]?.(value, limit) || Number.isNaN(value));
    if (wrong[0]) {
      const count = `${wrong.length} of ${samples.length}`;
      throw new ActionFailed(`${query}: ${count} not ${text}: ${wrong[0].name} is ${wrong[0].value}`, {
        output,
      });
    }
    const summary = samples.length === 0 ? `${query} has no sample` : `${query} ${text} holds`;
    return { kind: 'done', output, summary };
  },
};

function queryAt(url: string, query: string): string {
  return `${url.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`;
}

/** As Prometheus writes numbers: `+Inf` and `-Inf` too. */
function number(text: string): number {
  return Number(text.replace(/Inf$/, 'Infinity'));
}

function labels(metric: Record<string, string>): string {
  const { __name__: name = '', ...rest } = metric;
  const shown = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return shown.length > 0 ? `${name}{${shown.join(',')}}` : name || '{}';
}
