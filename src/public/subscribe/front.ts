import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { PlainLog } from '#log.js';
import { isInside, isListed, isNever } from '#runbooks/reach.js';
import type { Secret } from '#runbooks/secret.js';
import type { Subscriber, SubscriberKind, Subscribers } from '#store/public/subscribers.js';
import type { LookSettings } from '../settings.js';
import { hashOf, hookAddress, mailAddress, newId, newSecret } from './address.js';
import { buttonPage, type FormLook, managePage, plainPage, type Sent, subscribePage } from './pages.js';
import type { SubscriberSettings } from './settings.js';

/** A request below `/status/`, as a front hands it on. */
interface FormRequest {
  method: string;
  /** Below `/status/`: `subscribe`, `confirm/TOKEN` … */
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the connection. */
  address: string;
  /** @returns the body; null: it is longer than `most` bytes */
  read(most: number): Promise<Buffer | null>;
}

interface FormAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface FormPorts {
  subscribers: Subscribers;
  /** As they are now; null: nobody can subscribe. */
  settings(): SubscriberSettings | null;
  look(): LookSettings;
  /** Names of what can be chosen: the page's components. */
  components(): Promise<readonly string[]>;
  /** Whose subscribers they are; null: that cannot be told now. */
  team(): Promise<string | null>;
  /** Wakes a share: somebody is to be written to. */
  wake(team: string, share: number): Promise<void>;
  seal(text: string): Secret;
  log: PlainLog;
  /** What a name stands for; the system's resolver. */
  resolve?(host: string): Promise<ReadonlyArray<{ address: string }>>;
}

export interface Forms {
  /** @returns null: there is no such form */
  handle(request: FormRequest): Promise<FormAnswer | null>;
}

const MOST_BYTES = 32_768;
/** Mails to one address within an hour that strangers can bring about. */
const PER_ADDRESS = 3;
const MOST_COMPONENTS = 500;
const RESOLVE_MS = 3_000;
const TOKEN = /^[A-Za-z0-9_-]{20,100}$/;

/** Where strangers say that they want to be told, and those who are told that they want no more. */
export function createForms(ports: FormPorts): Forms {
  return {
    async handle(request) {
      const [name = '', token, ...more] = request.path.split('/');
      if (more.length > 0) return null;
      if (name === 'subscribe' && token === undefined) return new Asked(ports, request, '').subscribe();
      if (token === undefined || !['confirm', 'unsubscribe', 'manage'].includes(name)) return null;
      const asked = new Asked(ports, request, '../');
      if (name === 'confirm') return asked.confirm(token);
      return name === 'unsubscribe' ? asked.unsubscribe(token) : asked.manage(token);
    },
  };
}

/** One request. */
class Asked {
  readonly #look: FormLook;

  constructor(
    private readonly ports: FormPorts,
    private readonly request: FormRequest,
    home: string,
  ) {
    const { title, language, logo } = ports.look();
    this.#look = { title, language, logo, home };
  }

  async subscribe(): Promise<FormAnswer> {
    const settings = this.ports.settings();
    if (!settings?.email && !settings?.webhooks) return this.#says(404, 'page.none', 'page.none.text');
    if (this.#reads) return page(200, await this.#form(settings, null));
    if (this.request.method !== 'POST') return this.#notAllowed();
    if (!this.#isOurs()) return this.#says(403, 'page.wrong', 'page.strange');
    const form = await this.#body();
    if (form === null) return this.#says(413, 'page.wrong', 'page.wrong.email');
    const kind: SubscriberKind = form.get('kind') === 'webhook' ? 'webhook' : 'email';
    if (!(kind === 'email' ? settings.email : settings.webhooks))
      return this.#says(404, 'page.none', 'page.none.text');
    // Nobody sees that field; who fills it in is answered like everybody.
    if ((form.get('name') ?? '') !== '') return this.#says(200, 'page.asked', 'page.asked.text');
    const typed = form.get('address') ?? '';
    const address = kind === 'email' ? mailAddress(typed) : this.#hook(typed, settings);
    const wrong = async () => {
      const components = form.getAll('component').slice(0, MOST_COMPONENTS);
      const sent = { kind, address: typed, components, wrong: `page.wrong.${kind}` };
      return page(422, await this.#form(settings, sent));
    };
    if (address === null) return wrong();
    const team = await this.ports.team();
    if (team === null) return this.#busy();
    const may = await this.#may(team, kind, address, settings);
    if (may === 'busy') return this.#busy();
    if (kind === 'webhook' && !(await this.#isOutside(address, settings))) return wrong();
    // More for one address than anybody needs: as for all others, but that nothing comes of it.
    if (may === 'yes') await this.#ask(team, kind, address, await this.#chosen(form));
    return this.#says(200, 'page.asked', 'page.asked.text');
  }

  async #ask(
    team: string,
    kind: SubscriberKind,
    address: string,
    components: readonly string[],
  ): Promise<void> {
    const { subscribers, wake } = this.ports;
    const one = {
      ...{ team, kind, address, components, ...newId() },
      language: this.#look.language,
      secret: kind === 'webhook' ? newSecret() : null,
    };
    const { share } = await subscribers.ask(one);
    await wake(team, share);
  }

  async confirm(token: string): Promise<FormAnswer> {
    const { subscribers } = this.ports;
    const team = await this.ports.team();
    const hash = hashOf(token);
    const known =
      team !== null && TOKEN.test(token) ? await subscribers.byToken(team, hash, 'confirm') : null;
    if (known === null || team === null) return this.#noLink();
    // Programs that look at what is behind the links of a mail press no button.
    if (this.#reads)
      return page(200, buttonPage(this.#look, 'page.confirm', 'page.confirm.text', 'page.confirm.button'));
    if (this.request.method !== 'POST') return this.#notAllowed();
    const confirmed = await subscribers.confirm(team, hash);
    if (!confirmed) return this.#noLink();
    return page(200, plainPage(this.#look, 'page.confirmed', 'page.confirmed.text', confirmed.secret));
  }

  async unsubscribe(token: string): Promise<FormAnswer> {
    const known = await this.#holder(token);
    if (this.#reads) {
      if (!known) return this.#noLink();
      return page(
        200,
        buttonPage(this.#look, 'page.unsubscribe', 'page.unsubscribe.text', 'page.unsubscribe'),
      );
    }
    if (this.request.method !== 'POST') return this.#notAllowed();
    // Read and passed over: programs of mail providers say `List-Unsubscribe=One-Click`, the button says nothing.
    await this.#body();
    if (!known) return this.#noLink();
    await this.ports.subscribers.remove(known.team, known.id);
    return this.#says(200, 'page.unsubscribed', 'page.unsubscribed.text');
  }

  async manage(token: string): Promise<FormAnswer> {
    const known = await this.#holder(token);
    if (!known) return this.#noLink();
    const offered = await this.ports.components();
    const shown = (components: readonly string[], saved: boolean) =>
      page(
        200,
        managePage(
          this.#look,
          { address: known.address, components, offered },
          `../unsubscribe/${token}`,
          saved,
        ),
      );
    if (this.#reads) return shown(known.components, false);
    if (this.request.method !== 'POST') return this.#notAllowed();
    const form = await this.#body();
    if (form === null) return this.#noLink();
    const wanted = new Set([...offered, ...known.components]);
    const components = form
      .getAll('component')
      .filter((name) => wanted.has(name))
      .slice(0, MOST_COMPONENTS);
    await this.ports.subscribers.choose(known.team, known.id, components);
    return shown(components, true);
  }

  async #holder(token: string): Promise<Subscriber | null> {
    const team = await this.ports.team();
    if (team === null || !TOKEN.test(token)) return null;
    return this.ports.subscribers.byToken(team, hashOf(token), 'manage');
  }

  /** Of the network somebody asks from, altogether, and of that address; counted in the database, for all processes. */
  async #may(
    team: string,
    kind: SubscriberKind,
    address: string,
    { perHour, perHourAndNetwork, proxies }: SubscriberSettings,
  ): Promise<'yes' | 'busy' | 'silent'> {
    const { seal, subscribers } = this.ports;
    const digest = (what: string) => hashOf(seal(`sign-up|${what}`).reveal());
    const network = digest(`network|${networkOf(this.#client(proxies))}`);
    const one = digest(`address|${kind}|${address.toLowerCase()}`);
    // Who is refused for where they are uses up nothing of what others have.
    const near = await subscribers.count(team, [network]);
    if ((near.get(network) ?? 0) > perHourAndNetwork) return 'busy';
    const all = digest('all');
    const counted = await subscribers.count(team, [all, one]);
    if ((counted.get(all) ?? 0) > perHour) {
      this.ports.log.warn({ per_hour: perHour }, 'more people ask to be told than `per_hour` allows');
      return 'busy';
    }
    return (counted.get(one) ?? 0) > PER_ADDRESS ? 'silent' : 'yes';
  }

  /** Whoever talks to the outermost of our proxies: what stands further in front in that header anybody can write. */
  #client(proxies: number): string {
    const { headers, address } = this.request;
    const named = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((one) => one.trim());
    const found = proxies > 0 ? named.at(-proxies) : undefined;
    return found !== undefined && isIP(found) !== 0 ? found : address;
  }

  #hook(typed: string, settings: SubscriberSettings): string | null {
    const read = hookAddress(typed, settings.webhooks?.allow ?? []);
    return 'url' in read ? read.url : null;
  }

  /** What the name stands for now. It is looked at again with each call: it may stand for something else by then. */
  async #isOutside(address: string, { webhooks }: SubscriberSettings): Promise<boolean> {
    const url = new URL(address);
    const listed = isListed(webhooks?.allow ?? [], url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0) return listed ? !isNever(host) : !isInside(host);
    const resolve = this.ports.resolve ?? ((name: string) => lookup(name, { all: true }));
    const timeout = AbortSignal.timeout(RESOLVE_MS);
    const late = new Promise<null>((done) =>
      timeout.addEventListener('abort', () => done(null), { once: true }),
    );
    const found = await Promise.race([resolve(host).catch(() => null), late]);
    if (found === null || found.length === 0) return false;
    return found.every((one) => (listed ? !isNever(one.address) : !isInside(one.address)));
  }

  async #chosen(form: URLSearchParams): Promise<string[]> {
    const known = new Set(await this.ports.components());
    const chosen = [...new Set(form.getAll('component'))].filter((name) => known.has(name));
    return chosen.length === known.size ? [] : chosen.slice(0, MOST_COMPONENTS);
  }

  async #form({ email, webhooks }: SubscriberSettings, sent: Sent | null): Promise<string> {
    const offer = {
      email: email !== null,
      webhooks: webhooks !== null,
      components: await this.ports.components(),
    };
    return subscribePage(this.#look, offer, 'subscribe', sent);
  }

  get #reads(): boolean {
    return this.request.method === 'GET' || this.request.method === 'HEAD';
  }

  /**
   * Was the form on a page of ours? There is no session that another site could use; but it should not have people's browsers
   * ask in their name. Who says nothing of where it comes from is no browser of today.
   */
  #isOurs(): boolean {
    const { headers } = this.request;
    const site = headers['sec-fetch-site'];
    if (site === 'same-origin' || site === 'none') return true;
    const { origin } = headers;
    if (origin === undefined) return site === undefined;
    const { url } = this.ports.look();
    const text = String(origin);
    if (!URL.canParse(text)) return false;
    // The page may be served by others from its folder, and its form lead here.
    return new URL(text).host === headers.host || (url !== null && new URL(url).origin === text);
  }

  async #body(): Promise<URLSearchParams | null> {
    const body = await this.request.read(MOST_BYTES);
    return body && new URLSearchParams(body.toString('utf8'));
  }

  #says(status: number, heading: string, text: string): FormAnswer {
    return page(status, plainPage(this.#look, heading, text));
  }

  /** The same for what was never good, is not any more, and was used. */
  #noLink(): FormAnswer {
    return this.#says(404, 'page.link', 'page.link.text');
  }

  #busy(): FormAnswer {
    const answer = this.#says(429, 'page.busy', 'page.busy.text');
    return { ...answer, headers: { ...answer.headers, 'Retry-After': '3600' } };
  }

  #notAllowed(): FormAnswer {
    const answer = this.#says(405, 'page.link', 'page.link.text');
    return { ...answer, headers: { ...answer.headers, Allow: 'GET, HEAD, POST' } };
  }
}

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function page(status: number, body: string): FormAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      // An address of these pages is a permission.
      'Referrer-Policy': 'strict-origin',
      'Cache-Control': 'no-store',
      'X-Robots-Tag': 'noindex',
    },
    body,
  };
}

/** @returns a /64 of IPv6, an address of IPv4, however it is written */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const plain = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  // The same in the digits of IPv6: a whole internet would share one network otherwise.
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high !== undefined && low !== undefined)
    return [high, low]
      .flatMap((two) => [Number.parseInt(two, 16) >> 8, Number.parseInt(two, 16) & 255])
      .join('.');
  const [front = '', back] = plain.split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [words(front), words(back ?? '')];
  return [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
    .slice(0, 4)
    .join(':');
}

/**
 * The form for the folder that others serve: it leads to us, and its links stay in the folder.
 * @param formsUrl where our forms are, `https://bot.example.org/status`
 */
export function subscribeFile(
  look: Pick<LookSettings, 'title' | 'language' | 'logo'>,
  settings: SubscriberSettings,
  components: readonly string[],
  formsUrl: string,
): string {
  const offer = { email: settings.email !== null, webhooks: settings.webhooks !== null, components };
  return subscribePage({ ...look, home: '' }, offer, `${formsUrl}/subscribe`);
}
