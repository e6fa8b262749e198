import { z } from 'zod';
import { duration } from '#runbooks/actions/touch.js';
import { SectionReader } from '#runbooks/definition/words.js';
import { secretName, secretReference } from '#runbooks/keystores/keystore.js';
import { type Host, hostOf } from '#runbooks/reach.js';
import { mailAddress } from './address.js';
import { oneLine } from './words.js';

/** `status.subscribers` of tocsin.yml, checked. */
export interface SubscriberSettings {
  /** null: no mail is sent. */
  readonly email: EmailSettings | null;
  /** null: no webhook is called. `allow`: hosts inside our network, or over http, that strangers may name. */
  readonly webhooks: { readonly allow: readonly Host[] } | null;
  /** A channel of one's own in Slack; null: none. */
  readonly slack: { readonly channel: string } | null;
  readonly digestMs: number;
  /** How many may ask to be told within an hour, of all, and from one network. */
  readonly perHour: number;
  readonly perHourAndNetwork: number;
  /** How many proxies stand before us, of which the outermost is ours: whose address counts for the limits. */
  readonly proxies: number;
}

export interface EmailSettings {
  /** Where mail is handed over: an address, or the name of the secret that holds it, as it does where there is a password in it. */
  readonly smtp: { readonly url: string } | { readonly secret: string };
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo: string | null;
  readonly returnPath: string | null;
  readonly connections: number;
}

const mailbox = z.string().transform((text, context) => {
  const address = mailAddress(text);
  if (address !== null) return address;
  context.addIssue({
    code: 'custom',
    message: 'is not a mail address; write one such as status@example.org',
  });
  return z.NEVER;
});

const from = z.string().transform((text, context) => {
  const [, name = '', inside = text] = /^\s*"?([^"<>]*?)"?\s*<([^<>]+)>\s*$/.exec(text) ?? [];
  const address = mailAddress(inside);
  if (address !== null && name === oneLine(name)) return { name, address };
  context.addIssue({
    code: 'custom',
    message: 'is not a sender; write one such as "Example Status <status@example.org>"',
  });
  return z.NEVER;
});

const smtp = z.union(
  [
    secretReference.transform((reference) => ({ secret: secretName(reference) })),
    z
      .string()
      .refine((text) => !text.startsWith('secret:') && URL.canParse(text) && isSmtp(new URL(text)), {
        message:
          'is not a mail server; write secret:NAME, with smtps://user:password@host:465 as that secret, or smtp://host:25 where there is no password',
      })
      .transform((url) => ({ url })),
  ],
  {
    error:
      'is not a mail server; write secret:NAME, with smtps://user:password@host:465 as that secret, or smtp://host:25 where there is no password',
  },
);

const isSmtp = ({ protocol, hostname, username, password }: URL): boolean =>
  /^smtps?:$/.test(protocol) && hostname !== '' && username + password === '';

/** Is that what a secret may be that says where mail is handed over? */
export const isSmtpAddress = (text: string): boolean =>
  URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '';

const host = z.string().transform((text, context) => {
  const found = hostOf(text);
  if (found) return found;
  context.addIssue({
    code: 'custom',
    message: 'is not a host; write one such as hooks.example.org or 10.0.0.7:8080',
  });
  return z.NEVER;
});

const shape = z.strictObject({
  email: z
    .strictObject({
      smtp,
      from,
      reply_to: mailbox.nullable().default(null),
      return_path: mailbox.nullable().default(null),
      connections: z.int().min(1).max(50).default(10),
    })
    .transform(
      ({ reply_to: replyTo, return_path: returnPath, ...rest }): EmailSettings => ({
        ...rest,
        replyTo,
        returnPath,
      }),
    )
    .nullable()
    .default(null),
  webhooks: z
    .union([
      z.boolean().transform((on) => (on ? { allow: [] } : null)),
      z.strictObject({ allow: z.array(host).default([]) }),
    ])
    .nullable()
    .default(null),
  slack: z
    .strictObject({
      channel: z
        .string()
        .regex(/^#?[^\s#@<>]{1,80}$/, 'is not a channel; write its name or its id')
        .transform((name) => name.replace(/^#/, '')),
    })
    .nullable()
    .default(null),
  digest: duration.default(300_000),
  per_hour: z.int().min(1).max(100_000).default(200),
  per_hour_and_network: z.int().min(1).max(100_000).default(20),
  proxies: z.int().min(0).max(10).default(0),
});

const SECTION = ['status', 'subscribers'];

/**
 * @param raw as it stands in tocsin.yml under `status.subscribers`; absent: nobody can subscribe
 * @param at where a path of keys stands: `['status', 'subscribers', 'email']` → `tocsin.yml:12`
 * @param secrets the names under `secrets:`
 * @returns the settings (null: there are none), or everything that is wrong with them; never a value
 */
export function readSubscriberSettings(
  raw: unknown,
  at: (path: readonly PropertyKey[]) => string,
  secrets: readonly string[],
): { settings: SubscriberSettings | null } | { problems: string[] } {
  if (raw === undefined || raw === null) return { settings: null };
  const reader = new SectionReader(SECTION, at);
  const read = reader.shaped(shape, raw);
  if (!read) return { problems: reader.problems };
  const { digest, per_hour: perHour, per_hour_and_network: perHourAndNetwork, ...rest } = read;
  const { email } = rest;
  if (email && 'secret' in email.smtp && !secrets.includes(email.smtp.secret)) {
    reader.wrong(['email', 'smtp'], 'refers to a secret that is not under `secrets:`; add it there');
    return { problems: reader.problems };
  }
  return { settings: { ...rest, digestMs: digest, perHour, perHourAndNetwork } };
}
