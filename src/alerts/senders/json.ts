import { z } from 'zod';
import {
  digestOf,
  firstText,
  isSigned,
  jsonOf,
  type Received,
  type Reported,
  refusesPresented,
  type Sender,
  Unreadable,
} from '../sender.js';

/** RFC 6901; the empty one is all of it. */
const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)*$/, 'is no JSON pointer; write one such as /alert/id')
  .max(300);
const words = z.array(z.string().min(1)).min(1);
const settings = z.strictObject({
  /** Where the list of alerts is; absent: the body is one alert. Other pointers begin at each alert. */
  alerts: pointer.optional(),
  members: z.strictObject({
    alert: pointer,
    status: pointer.optional(),
    title: pointer.optional(),
    text: pointer.optional(),
    since: pointer.optional(),
    until: pointer.optional(),
    link: pointer.optional(),
    /** Where the labels are, or where each of them is. */
    labels: z.union([pointer, z.record(z.string().min(1), pointer)]).optional(),
    values: z.union([pointer, z.record(z.string().min(1), pointer)]).optional(),
  }),
  /** What `status` says of an alert that has ended, whatever its case; anything else is one that fires. */
  resolved: words.default(['resolved', 'ok', 'closed', 'recovered', 'up', 'normal']),
  /** An HMAC-SHA-256 of the body in hexadecimal; absent: a token in Authorization. */
  signature: z
    .strictObject({
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,100}$/, 'is not the name of a header; write one such as X-Signature'),
      prefix: z.string().max(40).default(''),
    })
    .nullable()
    .default(null),
});
type Settings = z.infer<typeof settings>;

/** Anything that posts JSON: tocsin.yml says where in it things are. */
export const json: Sender<Settings> = {
  type: 'json',
  settings: settings as z.ZodType<Settings>,
  methods: ['POST', 'PUT'],
  refuses(hook, secrets, { signature }) {
    if (signature === null) return refusesPresented(hook, secrets);
    const given = hook.headers[signature.header.toLowerCase()];
    if (given === undefined) return `${signature.header} is missing`;
    const bare = given.startsWith(signature.prefix) ? given.slice(signature.prefix.length) : '';
    return isSigned([bare], [hook.body], secrets) ? null : `${signature.header} is none of ours`;
  },
  read(hook, { alerts: place, members, resolved, signature }): Received {
    const body = jsonOf(hook);
    const list = place === undefined ? [body] : at(body, place);
    if (!Array.isArray(list))
      throw new Unreadable(400, `There is no list at ${place}, where tocsin.yml says that the alerts are.`);
    const ended = new Set(resolved.map((one) => one.toLowerCase()));
    const alerts = list.map((one, i): Reported => {
      const of = (path: string | undefined) => (path === undefined ? undefined : at(one, path));
      const alert = of(members.alert);
      if ((typeof alert !== 'string' && typeof alert !== 'number') || alert === '')
        throw new Unreadable(
          400,
          `There is no text at ${members.alert}${place === undefined ? '' : ` of alert ${i + 1}`}, where tocsin.yml says what an alert is known by.`,
        );
      const status = of(members.status);
      const isEnd =
        ['string', 'number', 'boolean'].includes(typeof status) && ended.has(`${status}`.toLowerCase());
      return {
        alert: String(alert),
        status: isEnd ? 'resolved' : 'firing',
        since: of(members.since),
        until: of(members.until) ?? hook.now.toISOString(),
        title: of(members.title),
        text: firstText(of(members.text)),
        labels: pairs(one, members.labels),
        values: pairs(one, members.values),
        links: [{ title: 'Source', url: of(members.link) }],
      };
    });
    // Without a time of its own the same words may be said of two firings.
    const timed =
      members.since !== undefined && alerts.every(({ since }) => since !== undefined && since !== null);
    return {
      delivery: digestOf(body, timed ? null : hook.now.getTime()),
      alerts,
      // A signature has no time, so that what was signed once may be sent by anybody who has seen it.
      ...(signature === null && { stoodAt: hook.now }),
    };
  },
};

function pairs(
  one: unknown,
  places: string | Readonly<Record<string, string>> | undefined,
): Record<string, unknown> {
  if (places === undefined) return {};
  if (typeof places !== 'string')
    return Object.fromEntries(Object.entries(places).map(([name, place]) => [name, at(one, place)]));
  const found = at(one, places);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...found } : {};
}

/** @returns what stands at a JSON pointer; undefined: nothing */
function at(value: unknown, path: string): unknown {
  let found = value;
  for (const part of path.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
