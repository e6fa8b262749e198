import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '#compose/core.js';
import { seePage, toldSettings } from '#compose/public.js';
import { statusSettings } from '#compose/publishing.js';
import { openRunbooks, type Runbooks } from '#compose/runbooks.js';
import { BadConfig, type Config } from '#config/config.js';
import { isWebhookSecret } from '#public/elsewhere/outgoing.js';
import { type SecretPlace, secretAt } from '#public/elsewhere/there.js';
import { PageNotWritten } from '#public/folder.js';
import { tryMail } from '#public/subscribe/mailer.js';
import { type EmailSettings, isSmtpAddress } from '#public/subscribe/settings.js';
import { bad, type Finding, inTime, messageOf } from './finding.js';
import type { PublicInSlack } from './slack.js';

/** `status:` of tocsin.yml, all of it. @throws BadConfig with everything that is wrong there */
function settingsOf(config: Config) {
  const status = statusSettings(config);
  return { status, told: toldSettings(config, status) };
}

/** What the status page names in Slack; nothing, where its settings are wrong, which is said elsewhere. */
export function publicInSlack(config: Config): PublicInSlack {
  try {
    const { status, told } = settingsOf(config);
    const groups = (status.publishers ?? []).filter((name) => name.startsWith('@'));
    return { channel: told.subscribers?.slack?.channel ?? null, groups };
  } catch (error) {
    if (error instanceof BadConfig) return { channel: null, groups: [] };
    throw error;
  }
}

const PAGE = 'status page';
/** The bot looks after its page every few seconds. */
const LOOKS = 8;
const LOOK_MS = 1_000;

/** How the page is in its folder. @param team whose page; null: not known yet, and then there is none of ours */
export async function checkFolder(core: Core, team: string | null): Promise<Finding> {
  try {
    let page = await seePage(core, team ?? '');
    for (let i = 0; i < LOOKS && ['old', 'torn'].includes(page.is); i++) {
      await sleep(LOOK_MS);
      page = await seePage(core, team ?? '');
    }
    const { dir, insteadOf, uid } = page;
    const mine = process.getuid?.() ?? null;
    const by = uid === null || uid === mine ? '' : `, written by the user ${uid} (this is ${mine})`;
    const where = insteadOf === null ? dir : `${dir}, because ${insteadOf} cannot be written`;
    const fix =
      'start the bot, which mends that within seconds; where it runs, its log says what keeps it from doing so';
    switch (page.is) {
      case 'none':
        return { what: PAGE, ok: true, detail: `not there yet; the bot writes it into ${where}` };
      case 'old':
        return bad(PAGE, `in ${where}${by}: it is older than what is recorded`, fix);
      case 'torn':
        return bad(PAGE, `in ${where}${by}: it is not whole, or somebody else has changed its files`, fix);
      case 'remade':
        return {
          what: PAGE,
          ok: true,
          detail: `in ${where}${by}, of another version or with other settings; a bot that starts with these makes it anew`,
        };
      case 'current':
        return { what: PAGE, ok: true, detail: `in ${where}${by}, as new as what is recorded` };
    }
  } catch (error) {
    if (!(error instanceof PageNotWritten)) throw error;
    const { code, path, why, fix } = error;
    const owner = await stat(path).catch(() => null);
    const whose =
      owner && ['EACCES', 'EPERM'].includes(code)
        ? `; it is the user ${owner.uid}’s, and this is ${process.getuid?.()}`
        : '';
    return bad(PAGE, `it cannot be written to ${path} (${code}): ${why}${whose}`, fix);
  }
}

/** Whether what is published reaches those who are to hear of it. Says nothing where no page is configured. */
export async function checkPage(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  if (Object.keys(config.org.status).length === 0) return [];
  let settings: ReturnType<typeof settingsOf>;
  try {
    settings = settingsOf(config);
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    return error.problems.map((problem) => bad('tocsin.yml', problem, 'mend the settings at that line'));
  }
  const { status, told } = settings;
  const { subscribers, statuspage, webhook } = told;
  const findings: Finding[] = [];
  if (status.look.url === null)
    findings.push(
      bad(
        PAGE,
        'its address is not known, so feeds, mails and the JSON lead nowhere',
        'write where the public finds it as `status: url:` in tocsin.yml, or set PUBLIC_URL where the bot serves it',
      ),
    );
  if (subscribers && (subscribers.email ?? subscribers.webhooks) !== null && config.publicUrl === null)
    findings.push(
      bad(
        'subscribers',
        'PUBLIC_URL is not set, so nobody can subscribe, confirm or leave',
        'set PUBLIC_URL to the address under which everybody reaches the bot, such as https://tocsin.example.com',
      ),
    );
  // What is wrong with other settings is said above.
  const runbooks = await openRunbooks(config).catch(() => null);
  if (!runbooks) return findings;
  const { at } = config.org;
  const secret = (what: string, place: SecretPlace, wrong: (value: string) => string | null) =>
    findings.push(checkPlace(what, place, at(['status', ...what.split('.').slice(1)]), wrong, runbooks, env));
  if (statuspage)
    secret('status.statuspage.key', statuspage.key, (key) =>
      /^[\x21-\x7e]+$/.test(key) ? null : 'copy the API key again, alone and on one line',
    );
  if (webhook)
    secret('status.webhook.secret', webhook.secret, (value) =>
      isWebhookSecret(value) ? null : 'put one there: whsec_ and 32 random bytes in base64',
    );
  if (subscribers?.email) findings.push(...(await checkMail(subscribers.email, config, runbooks)));
  return runbooks.scrub.json(findings);
}

/** @param wrong what to do where that is no such secret; null: it can be one */
function checkPlace(
  what: string,
  place: SecretPlace,
  line: string,
  wrong: (value: string) => string | null,
  { scrub }: Runbooks,
  env: NodeJS.ProcessEnv,
): Finding {
  try {
    const fix = wrong(secretAt(place, { env, scrub }).reveal());
    if (fix === null) return { what, ok: true, detail: `is in ${place}` };
    return bad(what, `what is in ${place} cannot be that`, fix);
  } catch (error) {
    const fix = `put it there, readable by whoever runs Tocsin, or correct the place: ${line}`;
    return bad(what, messageOf(error), fix);
  }
}

const MAIL_MS = 2_500;

/** Does the mail server let us in? Nothing is said of a secret that is not there: all of them are looked at elsewhere. */
async function checkMail(
  { smtp }: EmailSettings,
  { org }: Config,
  { systems }: Runbooks,
): Promise<Finding[]> {
  const what = 'mail server';
  let address: string;
  try {
    address = 'url' in smtp ? smtp.url : systems.secret(smtp.secret).reveal();
  } catch {
    return [];
  }
  const place = org.at(['status', 'subscribers', 'email', 'smtp']);
  if (!isSmtpAddress(address)) {
    const detail = 'the secret of status.subscribers.email.smtp is no address of a mail server';
    return [bad(what, detail, 'put one there such as smtps://user:password@host:465')];
  }
  const { hostname, port } = new URL(address);
  const where = port === '' ? hostname : `${hostname}:${port}`;
  try {
    await inTime(where, () => tryMail(address, MAIL_MS));
    return [{ what, ok: true, detail: `${where} lets us in` }];
  } catch (error) {
    const said = messageOf(error);
    const fix = /certificate/i.test(said)
      ? 'renew its certificate, or name the server as its certificate does'
      : 'see to it that it can be reached from this machine, with that user and password';
    return [bad(what, `${where}: ${said}`, `${fix}; its settings: ${place}`)];
  }
}
