import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { PlainLog } from '#log.js';
import { Broken, exchange } from '#runbooks/exchange.js';
import { guardedLookup } from '#runbooks/reach.js';
import type { Secret } from '#runbooks/secret.js';
import type { Store } from '#store/store.js';
import type { Intake } from './intake.js';
import { normal } from './normal.js';
import { anything, digestOf, jsonOf, type Reported, shaped, Unreadable } from './sender.js';
import { alertShape, reportedOf } from './senders/alertmanager.js';
import { grafanaReported } from './senders/grafana.js';
import type { AlertSettings, Poll, Source } from './settings.js';

interface PollPorts {
  settings(): AlertSettings;
  secret(name: string): Secret;
  scrub: { text(text: string): string };
  intake: Pick<Intake, 'take'>;
  signals: Pick<Store['signals'], 'firingFrom'>;
  team(): Promise<string | null>;
  now(): Date;
  log: PlainLog;
}

/** What was seen, and what was made of it. */
export interface Looked {
  firing: number;
  /** Which we believe to fire, and which are gone for the first time. */
  missing: number;
  ended: number;
}

const CALL_MS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Alerts that a source may have in its list, at an address that stands in tocsin.yml. */
const MOST_LISTED = 100_000;
/** Alerts of one source that we believe to fire. */
const MOST = 10_000;
/** How often it is looked whether a source wants to be asked. */
const TICK_MS = 1_000;

const listed = z.array(
  alertShape.extend({
    status: z.object({ state: z.string().nullish() }).nullish(),
    receivers: z.array(z.object({ name: anything })).nullish(),
  }),
);

/** It could not be asked what fires. The message holds nothing that was sent or answered. */
export class NotAsked extends Error {
  override name = 'NotAsked';
}

/**
 * What fires at a source now, and whatever is known there, silenced or not: who does not announce an alert may know it.
 * @throws NotAsked
 */
export async function askSource(
  source: Source & { poll: Poll },
  ports: Pick<PollPorts, 'secret'>,
  signal: AbortSignal,
): Promise<{ firing: Reported[]; known: Reported[] }> {
  const { poll, sender } = source;
  const grafana = sender.type === 'grafana';
  const path = grafana ? '/api/alertmanager/grafana/api/v2/alerts' : '/api/v2/alerts';
  const url = poll.url.replace(/\/+$/, '') + path;
  const headers: Record<string, string> = { Accept: 'application/json' };
  const chunks: Buffer[] = [];
  let status: number;
  try {
    // Without a redirect followed: the secret goes to the address in tocsin.yml, and nowhere else.
    if (poll.secret !== null) headers.Authorization = `Bearer ${ports.secret(poll.secret).reveal()}`;
    const take = (chunk: Buffer) => void chunks.push(chunk);
    ({ status } = await exchange(
      { method: 'GET', url, headers },
      { signal, ms: CALL_MS, most: MOST_BYTES, lookup: guardedLookup, take },
    ));
  } catch (error) {
    throw new NotAsked(
      `${url} could not be asked: ${error instanceof Broken ? error.said : (error as Error).message}`,
    );
  }
  if (status !== 200) throw new NotAsked(`${url} answered ${status}`);
  try {
    const alerts = shaped(listed, jsonOf({ body: Buffer.concat(chunks) }, MOST_LISTED), 'a list of alerts');
    const from = { title: grafana ? 'Grafana' : 'Alertmanager', url: poll.url };
    const known = alerts.map((one) =>
      grafana ? grafanaReported(one, poll.org, from) : reportedOf(one, from),
    );
    const ours = (i: number) =>
      poll.receiver === null || (alerts[i]?.receivers ?? []).some(({ name }) => name === poll.receiver);
    return { known, firing: known.filter((_, i) => alerts[i]?.status?.state === 'active' && ours(i)) };
  } catch (error) {
    if (error instanceof Unreadable) throw new NotAsked(`${url}: ${error.message}`);
    throw error;
  }
}

/**
 * Asks sources what fires, for what they announced while nobody listened: an alert that began and was not taken by anybody is
 * taken now; one that we believe to fire, and that is gone in two looks in a row, has ended.
 */
export function createPolls(ports: PollPorts) {
  /** Gone in the last look. */
  const gone = new Map<string, Set<string>>();
  const askedAt = new Map<string, number>();
  const failing = new Set<string>();

  const look = async (source: Source & { poll: Poll }, signal: AbortSignal): Promise<Looked | null> => {
    const team = await ports.team();
    if (team === null) return null;
    const stoodAt = ports.now();
    const { firing, known } = await askSource(source, ports, signal);
    const now = ports.now();
    const there = new Set(known.map((one) => normal(one, { scrub: ports.scrub, now }).alert));
    const believed = await ports.signals.firingFrom(team, source.name, source.shadow, MOST);
    const before = gone.get(source.name) ?? new Set();
    const missing = believed.filter(({ alert }) => !there.has(alert));
    const ended = missing.filter(({ alert }) => before.has(alert));
    const ends = ended.map(
      ({ alert, since, title, labels }): Reported => ({
        alert,
        status: 'resolved',
        since,
        until: now.toISOString(),
        title,
        labels,
      }),
    );
    const alerts = [...firing, ...ends];
    if (alerts.length > 0) {
      const delivery = digestOf(
        'poll',
        alerts
          .map(({ alert, since, until, status }) => [alert, since, status, status === 'resolved' && until])
          .sort(),
      );
      await ports.intake.take(source, { delivery, alerts, stoodAt });
    }
    gone.set(source.name, new Set(missing.filter((one) => !ended.includes(one)).map(({ alert }) => alert)));
    return { firing: firing.length, missing: missing.length - ended.length, ended: ended.length };
  };

  /** Never throws: what fails is said once, and tried again at the next time. */
  const lookAndTell = async (source: Source & { poll: Poll }, signal: AbortSignal): Promise<void> => {
    try {
      const looked = await look(source, signal);
      // Before the first start has heard from Slack nobody knows whose alerts they are: that look has not been.
      if (looked === null) askedAt.delete(source.name);
      else if (failing.delete(source.name))
        ports.log.info({ source: source.name, ...looked }, 'a source of alerts can be asked again');
    } catch (error) {
      if (signal.aborted || failing.has(source.name)) return;
      failing.add(source.name);
      ports.log.warn(
        { source: source.name, why: (error as Error).message },
        'a source of alerts could not be asked what fires: what it announces is taken all the same',
      );
    }
  };

  return {
    look,
    /** Asks each source at once, and then as often as its `poll` says. */
    start(): { stop(): Promise<void> } {
      const over = new AbortController();
      const running = (async () => {
        while (!over.signal.aborted) {
          const at = performance.now();
          const due = [...ports.settings().sources.values()].filter(
            (source): source is Source & { poll: Poll } =>
              source.poll !== null &&
              at - (askedAt.get(source.name) ?? Number.NEGATIVE_INFINITY) >= source.poll.everyMs,
          );
          for (const { name } of due) askedAt.set(name, at);
          await Promise.all(due.map((source) => lookAndTell(source, over.signal)));
          await sleep(TICK_MS, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
        }
      })();
      return {
        async stop() {
          over.abort();
          await running;
        },
      };
    },
  };
}
