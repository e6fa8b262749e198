import { createTransport } from 'nodemailer';
import type { Letter } from './mail.js';
import { oneLine } from './words.js';

/** How mail goes out: `status.subscribers.email` of tocsin.yml, its secret filled in. */
export interface MailerSettings {
  /** `smtp://user:password@host:587`, or `smtps://`. */
  smtp: string;
  from: { name: string; address: string };
  replyTo: string | null;
  /** Where what cannot be delivered later is sent back to: `bounces@example.org` becomes `bounces+<subscriber>@example.org`; null: to `from`. */
  returnPath: string | null;
  /** To that server, and so mails at the same time. */
  connections: number;
}

/** The recipient is refused: there is no such mailbox, or it wants nothing of us. */
export class Bounced extends Error {}
/** This mail is refused, whoever gets it. */
export class Unwanted extends Error {}
/** The server is not to be had, or takes nothing of ours: nobody is to blame but it. */
export class MailAway extends Error {}

export interface Mailer {
  /**
   * Hands a mail over; what the server says last counts.
   * @param to an address that was checked. @param id of the subscriber
   * @throws Bounced | Unwanted | MailAway; anything else: not now, but perhaps later
   */
  send(letter: Letter, to: string, id: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** One mail may take so long, once it has a connection. */
const MAIL_MS = 60_000;

/** Connections are opened with the first mail, shared by all, and kept. */
export function openMailer(settings: MailerSettings, mailMs = MAIL_MS): Mailer {
  const { from, replyTo, returnPath, connections } = settings;
  const transport = createTransport({
    url: settings.smtp,
    pool: true,
    maxConnections: connections,
    maxMessages: 500,
    // Whether it is sent again is decided by who knows whether it may have arrived.
    maxRequeues: 0,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = hostOfAddress(from.address);
  const slots = new Slots(connections);
  return {
    async send(letter, to, id, signal) {
      const free = await slots.take(signal);
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: to },
          ...(replyTo !== null && { replyTo }),
          envelope: { from: returnPath === null ? from.address : verp(returnPath, id), to },
          subject: letter.subject,
          text: letter.text,
          html: letter.html,
          messageId: `<${letter.messageId}@${host}>`,
          headers: {
            'Auto-Submitted': 'auto-generated',
            'X-Auto-Response-Suppress': 'All',
            ...(letter.unsubscribe !== null && {
              Precedence: 'list',
              'List-Id': `<status.${host}>`,
              'List-Unsubscribe': { prepared: true, value: `<${letter.unsubscribe}>` },
              'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
            }),
          },
          signal: AbortSignal.any([signal, AbortSignal.timeout(mailMs)]),
        });
      } catch (error) {
        throw verdict(error, to);
      } finally {
        free();
      }
    },
    close: () => transport.close(),
  };
}

/**
 * Connects to a mail server and logs in, and sends nothing.
 * @param smtp its address, as for a mailer. @param ms for each step
 * @throws MailAway with what it said, without any address
 */
export async function tryMail(smtp: string, ms: number): Promise<void> {
  const times = { connectionTimeout: ms, greetingTimeout: ms, socketTimeout: ms, dnsTimeout: ms };
  const transport = createTransport({ url: smtp, ...times, disableFileAccess: true, disableUrlAccess: true });
  try {
    await transport.verify();
  } catch (error) {
    throw new MailAway(verdict(error, '').message);
  } finally {
    transport.close();
  }
}

const hostOfAddress = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** `bounces@example.org` → `bounces+ID@example.org` */
function verp(address: string, id: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}+${id}${address.slice(at)}`;
}

interface SmtpError extends Error {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
}

/** Says what an answer of a mail server means. What it says is kept without the address. */
function verdict(thrown: unknown, to: string): Error {
  const { code = '', command = '', response = '', responseCode, message } = thrown as SmtpError;
  const said = oneLine(
    (response || message || String(thrown)).replaceAll(to || '…', '…').replace(/\S+@\S+/g, '…'),
  );
  if (responseCode !== undefined) {
    const lasting = responseCode >= 500;
    // 5.7: a rule of the server's against us (no relaying, no authentication), and not against the mailbox.
    const rule = /^5\d\d[ -]5\.7\./.test(response) || [530, 535, 538].includes(responseCode);
    if (command === 'RCPT TO' && lasting && !rule) return new Bounced(said);
    if (command === 'DATA' && lasting && !rule) return new Unwanted(said);
    if (command === 'RCPT TO' && !lasting && responseCode !== 421) return new Error(said);
    if (command === 'DATA' && !lasting && responseCode !== 421) return new Error(said);
    return new MailAway(said);
  }
  // Nothing was said: there is no server, or it would not let us in.
  if (code === 'EDNS' || code === 'EAUTH' || code === 'ETLS' || code === 'ECONFIG' || code === 'ENOAUTH')
    return new MailAway(said);
  if (
    /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|Connection timeout|Greeting never received/.test(
      message,
    )
  )
    return new MailAway(said);
  return new Error(said);
}

/** So many at the same time; the others wait in order. */
class Slots {
  readonly #waiting: Array<() => void> = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** @returns gives it back */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else
      await new Promise<void>((resolve, reject) => {
        const mine = () => {
          signal.removeEventListener('abort', gone);
          resolve();
        };
        const gone = () => {
          this.#waiting.splice(this.#waiting.indexOf(mine), 1);
          reject(signal.reason as Error);
        };
        this.#waiting.push(mine);
        signal.addEventListener('abort', gone, { once: true });
      });
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}
