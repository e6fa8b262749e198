import type { Express } from 'express';
import { z } from 'zod';
import type { Metrics } from '#metrics.js';
import { ActionFailed } from '#runbooks/action.js';
import { Secret } from '#runbooks/secret.js';
import { bearerOf, say } from './auth.js';

export interface MetricsPorts {
  metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** The secrets that open them, each time anew; null: they are open to whoever reaches the port. @throws ActionFailed when one is not there */
  secrets: (() => Secret[]) | null;
}

/**
 * `GET /metrics`, as Prometheus asks. Nothing private is in it; where tocsin.yml names a secret, who asks has to bring it.
 * Neither the database nor anything else is needed to let somebody in: it is in an outage that this is looked at.
 */
export function metricsRoutes(app: Express, { metrics, secrets }: MetricsPorts): void {
  app.get('/metrics', async (request, response) => {
    if (secrets !== null) {
      const bearer = bearerOf(request);
      const known = readable(secrets);
      if (known === null) {
        say(response, 503, 'The secret of `metrics:` in tocsin.yml cannot be read here.');
        return;
      }
      // All are compared: how long it takes says nothing of which one it was.
      const good = bearer !== null && known.filter((secret) => secret.equals(new Secret(bearer))).length > 0;
      if (!good) {
        response.set('WWW-Authenticate', 'Bearer realm="tocsin metrics"');
        say(
          response,
          401,
          'This needs the secret of `metrics:` in tocsin.yml: send `Authorization: Bearer SECRET`.',
        );
        return;
      }
    }
    const text = await metrics.text();
    response.set({ 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }).send(text);
  });
}

/** @returns null: what is to keep strangers out is not there, so everybody stays out */
function readable(secrets: () => Secret[]): Secret[] | null {
  try {
    return secrets();
  } catch (error) {
    if (error instanceof ActionFailed) return null;
    throw error;
  }
}

const WRITE = 'write it as secret:NAME, with NAME under `secrets:`';
const reference = z
  .custom<`secret:${string}`>(
    (value) => typeof value === 'string' && /^secret:[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value),
  )
  .transform((value) => value.slice('secret:'.length));
const SHAPE = z.strictObject({ secret: z.union([reference, z.array(reference).min(1)]) });

/**
 * `metrics:` of tocsin.yml. What stands there is never quoted: it may be the secret itself.
 * @returns the names of the secrets that open them, several while one takes the place of another; null: none is asked for. Or what is wrong
 */
export function readMetricsSettings(
  section: Record<string, unknown>,
  secrets: Record<string, unknown>,
  at: (path: readonly PropertyKey[]) => string,
): { names: string[] | null } | { problems: string[] } {
  if (Object.keys(section).length === 0) return { names: null };
  const wrong = (what: string) => ({ problems: [`${at(['metrics', 'secret'])}: metrics ${what}`] });
  const parsed = SHAPE.safeParse(section);
  if (!parsed.success) return wrong(`has one key, secret; ${WRITE}, or as a list of such`);
  const names = [parsed.data.secret].flat();
  const unknown = names.find((name) => !Object.hasOwn(secrets, name));
  return unknown === undefined
    ? { names }
    : wrong(`refers to a secret that is not under \`secrets:\`: ${unknown}; ${WRITE}`);
}
