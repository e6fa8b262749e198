import { computed, type Signal, signal } from '@preact/signals';
import type { Fields } from '../../../fields.js';
import type {
  Conversation,
  Directory,
  Group,
  Message,
  Person,
  Start,
  Told,
  Whisper,
} from '../../protocol.js';
import type { Names } from '../place.js';
import { choicesOf, labelOf, namesOf, samePlaces, titleOf } from './directory.js';
import { Notices } from './notices.js';
import { ask, type Outcome, send } from './server.js';
import { inChannel, Timeline } from './timeline.js';
import { addressOf, type Where } from './where.js';

/** What is constant while the page is open. */
export type Facts = Pick<
  Start,
  'teamName' | 'appName' | 'botUserId' | 'apiUrl' | 'homeTab' | 'commands' | 'shortcuts'
>;

/** A thread that is open: its first message and the replies. */
export interface OpenThread {
  readonly channel: string;
  readonly ts: string;
  readonly messages: readonly Message[];
}

const READ_MS = 150;

/** Everything that this page knows of the workspace, as one person sees it, and what it can do there. */
export class Session {
  readonly notices = new Notices();
  readonly facts: Facts;
  readonly me: string;
  readonly people = signal<ReadonlyMap<string, Person>>(new Map());
  readonly groups = signal<readonly Group[]>([]);
  readonly emoji = signal<Directory['emoji']>({});
  readonly conversations = signal<ReadonlyMap<string, Conversation>>(new Map());
  readonly whispers = signal<readonly Whisper[]>([]);
  readonly views = signal<readonly Fields[]>([]);
  readonly home = signal<Fields | null>(null);
  readonly where: Signal<Where>;
  readonly thread = signal<OpenThread | undefined>(undefined);
  /** Grows with every change of a channel: what shows pins, members and files looks again. */
  readonly stamps = signal<ReadonlyMap<string, number>>(new Map());
  readonly traffic = signal(0);
  /** Whose profile is open. */
  readonly profile = signal<string | undefined>(undefined);
  /** Where reading goes on: time of the last message that had been read when the channel was opened. */
  readonly newFrom = signal('0');
  /** Texts that were begun, by channel or thread. */
  readonly drafts = new Map<string, string>();
  /** The same conversations without what reading changes: what shows names and places is not drawn again for each post. */
  readonly places = computed(() => {
    const all = this.conversations.value;
    this.#places = samePlaces(this.#places, all);
    return this.#places;
  });
  readonly names = computed<Names>(() =>
    namesOf(
      this.people.value,
      this.places.value,
      this.groups.value,
      this.emoji.value,
      () => this.now(),
      this.me,
    ),
  );
  readonly choices = computed(() => choicesOf(this.me, this.people.value, this.places.value));
  #places: ReadonlyMap<string, Conversation> = new Map();
  readonly #timelines = new Map<string, Timeline>();
  readonly #reading = new Map<string, ReturnType<typeof setTimeout>>();
  #clock: { at: number; now: number };
  #epoch: string;
  #seq: number;

  constructor(
    start: Start,
    where: Where | undefined,
    /** Members of the address that stay: who one is, that this is a column. */
    readonly keep: URLSearchParams,
  ) {
    this.me = start.me;
    this.facts = start;
    this.#epoch = start.epoch;
    this.#seq = start.seq;
    this.#clock = { at: Date.now(), now: start.now };
    this.#take(start);
    this.where = signal(this.#reachable(where));
  }

  /** Milliseconds since the epoch by the workspace's clock. */
  now(): number {
    return this.#clock.now + Date.now() - this.#clock.at;
  }

  /** Up to which change this page knows everything, for the stream. */
  get mark(): string {
    return `${this.#epoch}:${this.#seq}`;
  }

  get person(): Person | undefined {
    return this.people.value.get(this.me);
  }

  label(id: string): string {
    return labelOf(this.people.value.get(id)) ?? id;
  }

  title(it: Conversation): string {
    return titleOf(it, this.me, this.people.value);
  }

  /** The messages of a channel; loading starts when they are asked for. */
  timeline(channel: string): Timeline {
    const known = this.#timelines.get(channel);
    if (known) return known;
    const made = new Timeline(channel, this.me);
    this.#timelines.set(channel, made);
    return made;
  }

  /** Acts as this person; says so when it fails. @returns the answer */
  async act(path: string, body: Fields = {}): Promise<Outcome> {
    const outcome = await send(`/control/${path}`, { user: this.me, ...body });
    this.notices.judge(outcome);
    return outcome;
  }

  /** Like {@link act}, for those who show the failure themselves. */
  quietly(path: string, body: Fields = {}): Promise<Outcome> {
    return send(`/control/${path}`, { user: this.me, ...body });
  }

  /** Shows something else. */
  async go(where: Where, how: 'push' | 'replace' | 'none' = 'push'): Promise<void> {
    const before = this.where.peek();
    const other = where.view !== 'channel' || before.view !== 'channel' || before.channel !== where.channel;
    if (where.view === 'channel' && other) this.newFrom.value = this.#readUpTo(where.channel);
    this.where.value = where;
    const address = addressOf(where, this.keep);
    if (how === 'push' && other) history.pushState(null, '', address);
    else if (how !== 'none') history.replaceState(null, '', address);
    if (where.view === 'home') await this.act('home', { tab: 'home' });
    if (where.view !== 'channel') return;
    await Promise.all([this.#open(where.channel, where.target), this.#follow(where.channel, where.thread)]);
  }

  /** Goes to a channel. */
  goTo(channel: string, target?: string): Promise<void> {
    return this.go({ view: 'channel', channel, tab: 'messages', ...(target ? { target } : {}) });
  }

  /** Opens or closes the thread of a message beside the channel. */
  openThread(ts: string | undefined): Promise<void> {
    const where = this.where.peek();
    if (where.view !== 'channel') return Promise.resolve();
    const { thread: _thread, about: _about, ...rest } = where;
    return this.go(ts ? { ...rest, thread: ts } : rest, 'replace');
  }

  /** The person has seen everything in a channel. */
  markRead(channel: string): void {
    const it = this.conversations.peek().get(channel);
    if (!it || it.latest <= it.lastRead) return;
    this.#put({ ...it, lastRead: it.latest, unread: 0, mentions: 0 });
    if (!it.isMember) return;
    // While many messages come, the last one says it for all.
    clearTimeout(this.#reading.get(channel));
    const tell = () => void this.quietly('read', { channel, ts: it.latest });
    this.#reading.set(channel, setTimeout(tell, READ_MS));
  }

  /** Takes in what the stream tells. @param seq number of the last of these changes */
  hear(told: readonly Told[], seq: number): void {
    this.#seq = seq;
    for (const one of told) this.#hear(one);
  }

  /** Fetches everything again; what only this person saw stays. */
  async restart(): Promise<void> {
    const start = await ask<Start>('/page/start', { user: this.me });
    // Of another run: nobody knows what was said to this person there.
    if (start.epoch !== this.#epoch) this.whispers.value = [];
    this.#epoch = start.epoch;
    this.#seq = start.seq;
    this.#clock = { at: Date.now(), now: start.now };
    this.#take(start);
    this.#timelines.clear();
    await this.go(this.#reachable(this.where.peek()), 'replace');
  }

  #hear(told: Told): void {
    switch (told.kind) {
      case 'message':
        this.#write(told.channel, told.message);
        return;
      case 'removed':
        this.#remove(told.channel, told.ts);
        return;
      case 'channel':
        this.#put(told.channel);
        return;
      case 'gone':
        this.#forget(told.channel);
        return;
      case 'reload':
        void this.#reload(told.channel);
        return;
      case 'whisper':
        this.#whisper(told.whisper, told.fresh);
        return;
      case 'unwhispered':
        this.whispers.value = this.whispers.peek().filter((it) => it.ts !== told.ts);
        return;
      case 'views':
        this.views.value = told.views;
        return;
      case 'home':
        this.home.value = told.home;
        return;
      case 'people':
        this.#meet(told.directory);
        return;
      case 'traffic':
        this.traffic.value += 1;
        return;
      case 'restart':
        void this.restart();
    }
  }

  #write(channel: string, message: Message): void {
    this.#stamp(channel);
    const where = this.where.peek();
    const here = where.view === 'channel' && where.channel === channel;
    const known = this.#timelines.get(channel);
    let fresh = inChannel(message) ? (known?.put(message) ?? false) : false;
    const open = this.thread.peek();
    if (open?.channel === channel && (message.ts === open.ts || message.thread_ts === open.ts)) {
      const at = open.messages.findIndex((it) => it.ts === message.ts);
      const messages = at >= 0 ? open.messages.with(at, message) : [...open.messages, message];
      this.thread.value = { ...open, messages };
      fresh ||= at < 0;
    }
    if (fresh && here) this.notices.say(this.#spoken(message));
  }

  #remove(channel: string, ts: string): void {
    this.#stamp(channel);
    this.#timelines.get(channel)?.remove(ts);
    const open = this.thread.peek();
    if (open?.channel === channel)
      this.thread.value = { ...open, messages: open.messages.filter((it) => it.ts !== ts) };
  }

  #whisper(whisper: Whisper, fresh: boolean): void {
    const before = this.whispers.peek();
    const at = before.findIndex((it) => it.ts === whisper.ts);
    if (at >= 0) this.whispers.value = before.with(at, whisper);
    else if (fresh) {
      this.whispers.value = [...before, whisper];
      const where = this.where.peek();
      if (where.view === 'channel' && where.channel === whisper.channel)
        this.notices.say(`Only visible to you: ${whisper.text}`);
    }
  }

  #spoken(message: Message): string {
    const { user, username, text } = message;
    const who = typeof username === 'string' ? username : this.label(String(user));
    const said = String(text ?? '')
      .replace(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id: string) => `@${this.label(id)}`)
      .replace(/<[^|>]*\|([^>]*)>/g, '$1')
      .replace(/[<>]/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
    return `${who}: ${said}`;
  }

  #take(start: Start): void {
    this.#meet(start);
    this.conversations.value = new Map(start.conversations.map((it) => [it.id, it]));
    this.views.value = start.views;
    this.home.value = start.home;
  }

  #meet({ people, groups, emoji }: Directory): void {
    this.people.value = new Map(people.map((it) => [it.id, it]));
    this.groups.value = groups;
    this.emoji.value = emoji;
  }

  #put(it: Conversation): void {
    const all = new Map(this.conversations.peek());
    all.set(it.id, it);
    this.conversations.value = all;
    this.#stamp(it.id);
  }

  #forget(channel: string): void {
    const all = new Map(this.conversations.peek());
    if (!all.delete(channel)) return;
    this.conversations.value = all;
    this.#timelines.delete(channel);
    const where = this.where.peek();
    if (where.view === 'channel' && where.channel === channel)
      void this.go(this.#reachable(undefined), 'replace');
  }

  #stamp(channel: string): void {
    const all = new Map(this.stamps.peek());
    all.set(channel, (all.get(channel) ?? 0) + 1);
    this.stamps.value = all;
  }

  async #reload(channel: string): Promise<void> {
    await this.#timelines.get(channel)?.load();
    const open = this.thread.peek();
    if (open?.channel === channel) await this.#follow(channel, open.ts);
  }

  async #open(channel: string, target: string | undefined): Promise<void> {
    const timeline = this.timeline(channel);
    const { ready, messages, newer } = timeline.loaded.peek();
    if (target ? !messages.some((it) => it.ts === target) : !ready || newer) await timeline.load(target);
  }

  async #follow(channel: string, ts: string | undefined): Promise<void> {
    const open = this.thread.peek();
    if (!ts) {
      this.thread.value = undefined;
      return;
    }
    if (open?.channel === channel && open.ts === ts && open.messages.length > 0) return;
    this.thread.value = { channel, ts, messages: [] };
    const messages = await ask<Message[]>('/page/thread', { user: this.me, channel, ts });
    if (this.thread.peek()?.ts === ts) this.thread.value = { channel, ts, messages };
  }

  #readUpTo(channel: string): string {
    const it = this.conversations.peek().get(channel);
    return it && it.unread > 0 ? it.lastRead : '~';
  }

  /** Where to be when the wanted place is not there: the first channel of this person. */
  #reachable(where: Where | undefined): Where {
    const all = this.conversations.peek();
    if (where && (where.view !== 'channel' || all.has(where.channel))) return where;
    const channels = [...all.values()].filter((it) => it.kind === 'channel' && !it.isArchived);
    const mine = channels.filter((it) => it.isMember);
    const first = mine.find((it) => it.name === 'incidents') ?? mine[0] ?? channels[0];
    return first ? { view: 'channel', channel: first.id, tab: 'messages' } : { view: 'traffic' };
  }
}
