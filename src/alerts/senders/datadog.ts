import { z } from 'zod';
import {
  digestOf,
  firstText,
  jsonOf,
  labelled,
  type Received,
  refusesPresented,
  type Sender,
  shaped,
  Unreadable,
} from '../sender.js';

/** What Datadog fills into our template (docs/alerts.md). What it does not know it leaves as it is, empty, or as `null`. */
const variable = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => {
    const text = value === null || value === undefined ? '' : String(value).trim();
    return text === '' || text === 'null' || /^\$[A-Z_]+$/.test(text) ? null : text;
  });
const payload = z.object({
  id: variable,
  cycle: variable,
  aggregate: variable,
  monitor: variable,
  transition: variable,
  title: variable,
  text: variable,
  status: variable,
  priority: variable,
  type: variable,
  metric: variable,
  scope: variable,
  tags: variable,
  host: variable,
  date: variable,
  link: variable,
  snapshot: variable,
});

const BEGINS = /^(Re-)?(Triggered|No Data|Warn)$|^Renotify$/i;

/** Datadog: a webhook with the payload that docs/alerts.md has. */
export const datadog: Sender<Record<string, never>> = {
  type: 'datadog',
  inFront: true,
  settings: z.strictObject({}),
  refuses: (hook, secrets) => refusesPresented(hook, secrets),
  read(hook): Received {
    const given = shaped(payload, jsonOf(hook), 'what our template for Datadog sends (docs/alerts.md)');
    const { cycle, aggregate, monitor, scope, transition, date } = given;
    const resolved = transition !== null && /^Recovered$/i.test(transition);
    const delivery = digestOf(cycle, given.id, transition, date, scope);
    // An event that no monitor has made: a comment in which somebody named the webhook.
    if (transition === null || !(resolved || BEGINS.test(transition))) return { delivery, alerts: [] };
    const alert = cycle ?? aggregate ?? (monitor === null ? null : `${monitor} ${scope ?? ''}`);
    if (alert === null)
      throw new Unreadable(
        400,
        'It has neither `cycle`, `aggregate` nor `monitor`: give the webhook in Datadog the payload that docs/alerts.md has.',
      );
    return {
      delivery,
      alerts: [
        {
          alert,
          status: resolved ? 'resolved' : 'firing',
          since: resolved ? null : date,
          until: date,
          title: withoutMark(given.title),
          text: firstText(given.text, given.status),
          labels: labelled(
            {
              monitor,
              // What `Re-Triggered` says beside that stays the same.
              transition: transition.replace(/^Re-/i, ''),
              priority: given.priority,
              type: given.type,
              metric: given.metric,
              scope,
              host: given.host,
            },
            tagsOf(given.tags),
          ),
          links: [
            { title: 'Datadog', url: given.link },
            { title: 'Graph', url: given.snapshot },
          ],
        },
      ],
    };
  },
};

/** Far beyond any title, and what stands before it. */
const LONGEST_TITLE = 2_000;

/** `[Triggered on {host:a}] Disk is full`: what changes from one transition to the next is no part of a title. */
function withoutMark(title: string | null): string | null {
  return title?.slice(0, LONGEST_TITLE).replace(/^(\[[^\]]{0,200}\]\s*)+(?=\S)/, '') ?? null;
}

/** `env:prod, service:tts, urgent` */
function tagsOf(tags: string | null): Record<string, string> {
  const pairs = (tags ?? '').split(',').flatMap((tag) => {
    const at = tag.indexOf(':');
    const name = tag.slice(0, Math.max(0, at)).trim();
    return name === '' ? [] : [[name, tag.slice(at + 1).trim()] as const];
  });
  return Object.fromEntries(pairs);
}
