import { z } from 'zod';
import { checkText } from '#domain/command/entered.js';
import { linesInMessage } from '#domain/command/pasted.js';
import type { TimeContext } from '#domain/command/time/time.js';
import type { Asking, CapturedMessage } from '#domain/incident/intent.js';
import { filesAsWords, type RecordedFile } from '#domain/incident/message.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { linesOffer } from '../blocks/entry.js';
import { type Context, entered, type Reply, said as reply } from '../listener.js';

/** A message that somebody wants in the timeline. `reply`: where they are told. */
export interface Captured {
  message: SlackMessage;
  channel: { id: string; name?: string | undefined };
  reply: string | null;
}

/**
 * Records a message at its own time, which is in its `ts`. Where it holds many lines with times of their own, whoever adds it is
 * offered to take these in instead.
 * The key has the person in it: the same click twice is one fact with one receipt, and somebody else who adds the same
 * message is told who did so first.
 */
export async function capture(
  context: Context,
  captured: Captured,
  incident: number,
  asking: Asking,
): Promise<Reply | Refusal> {
  const read = await readMessage(context, captured, asking.team);
  if (isRefusal(read)) return read;
  const { message, zone } = read;
  const { channel, ts, text } = message;
  const before = await context.read.captured(asking.team, channel, ts);
  const key = `message:${channel}:${ts}:${asking.by.id}${anew(before, incident)}`;
  const outcome = await context.handle({ type: 'CaptureMessage', message }, incident, { ...asking, key });
  if (isRefusal(outcome)) return outcome;
  tick(context, channel, ts);
  const at = { now: sentAt(ts), zone: zone ?? context.zone, zoneKnown: zone !== null };
  const offer = offerOf(text, at, isLimited(asking.account));
  if (offer === null) return reply(outcome.receipt);
  const words = `${outcome.receipt}\n${offer}`;
  return { ...reply(words), blocks: linesOffer(words, { incident, channel, ts }) };
}

/** A message as it is recorded: its words, who wrote it, its address; and its author's zone, if that is known. */
export async function readMessage(
  context: Pick<Context, 'people' | 'groups' | 'permalink' | 'self'>,
  { message, channel }: Captured,
  team: string,
): Promise<{ message: CapturedMessage; zone: string | null } | Refusal> {
  const { ts, raw, author } = message;
  if (author.id === context.self()) return refuse('OWN_MESSAGE', {});
  const here = { id: channel.id, name: channel.name };
  // The link is a courtesy with a short patience; the record does not wait for a Slack that is unwell.
  const [{ text }, known, link] = await Promise.all([
    entered(context, team, raw, here),
    author.name === null ? context.people.known(team, author.id, author.profile) : author,
    context.permalink(channel.id, ts),
  ]);
  const unfit = checkText(text, undefined, 'The message');
  if (unfit) return unfit;
  const { zone = null } = 'zone' in known ? known : {};
  return {
    message: {
      ...{ channel: channel.id, ts, text, author: { id: author.id, name: known.name }, link },
      ...recordedWith(message),
    },
    zone,
  };
}

/** When a message was sent: `ts` is seconds, a dot and a serial number. */
export const sentAt = (ts: string): Date => new Date(Number.parseInt(ts, 10) * 1000);

/**
 * What is said to whoever has added a message that holds many timed lines.
 * @param limited they may not correct the record, which taking them in does
 * @returns null: it holds no such lines, or one whose time cannot be known
 */
export function offerOf(text: string, at: TimeContext, limited: boolean): string | null {
  const read = limited ? null : linesInMessage(text, at);
  if (!read || read.wrong.length > 0) return null;
  return `It holds ${read.lines.length} lines with times of their own: each can be an entry at its time instead.`;
}

/** What else of a message is recorded, as far as there is any of it. */
export function recordedWith({ edited, files }: Pick<SlackMessage, 'edited' | 'files'>): {
  edited?: string;
  files?: readonly RecordedFile[];
} {
  return { ...(edited && { edited }), ...(files && files.length > 0 && { files }) };
}

/** @returns for the key: what was struck is recorded anew, and is not the same once more */
export function anew(
  before: ReadonlyArray<{ incident: number; n: number; struck: boolean }>,
  incident: number,
): string {
  const struck = before.find((one) => one.incident === incident && one.struck);
  return struck ? `:anew:${struck.n}` : '';
}

/** A sign on the message for everybody, after the commit; where the bot is not a member there is none. */
export function tick({ client }: Pick<Context, 'client'>, channel: string, timestamp: string): void {
  void client.call('reactions.add', { channel, timestamp, name: 'white_check_mark' });
}

const text = z.string().nullish().catch(null);
const listed = z.array(z.looseObject({})).nullish().catch(null);

const MESSAGE = z.object({
  ts: z.string().regex(/^\d+\.\d+$/),
  user: text,
  bot_id: text,
  username: text,
  user_profile: z.unknown().optional(),
  bot_profile: z.object({ name: text }).nullish().catch(null),
  files: listed,
  edited: z.object({ ts: z.string(), user: text }).nullish().catch(null),
  subtype: text,
});

/**
 * A message as a payload gives it. `raw` is in Slack's encoding; `author.name` is null for people: they are looked up, and
 * `author.profile` is what the message says of them. `edited`, `editor`: when somebody wrote other words, and who; absent: nobody did.
 */
export interface SlackMessage {
  ts: string;
  raw: string;
  author: { id: string; name: string | null; profile?: unknown };
  edited?: string;
  editor?: string;
  files?: RecordedFile[];
  /** An app wrote it. Absent: a person. */
  app?: true;
}

/** What stands where the first message of a thread was deleted. */
const TOMBSTONE = 'tombstone';

/** @returns the message, or null for something that is none, or is none any more. */
export function messageIn(payload: unknown): SlackMessage | null {
  const read = MESSAGE.safeParse(payload);
  if (!read.success || read.data.subtype === TOMBSTONE) return null;
  const { ts, user, bot_id: bot, username, bot_profile: profile, files, edited } = read.data;
  const recorded = filesIn(files ?? []);
  return {
    ts,
    raw: saidBy(payload, files ?? []),
    author: user
      ? { id: user, name: null, profile: read.data.user_profile }
      : { id: bot ?? 'unknown', name: username || profile?.name || null },
    ...(edited && { edited: edited.ts, ...(edited.user && { editor: edited.user }) }),
    ...(recorded.length > 0 && { files: recorded }),
    ...(bot && { app: true as const }),
  };
}

/** Files that are there: of one that was deleted only its id is left. */
function filesIn(files: readonly Fields[]): RecordedFile[] {
  return files.flatMap(({ id, name, title, mimetype, size, mode }) => {
    if (typeof id !== 'string' || id === '' || mode === TOMBSTONE) return [];
    const type = typeof mimetype === 'string' && mimetype !== '' ? mimetype.slice(0, 100) : null;
    const length = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null;
    const called = (string(name) || string(title) || id).slice(0, 300);
    return [{ id, name: called, type, size: length }];
  });
}

/** What Slack says became of a message. `ts`: of that message; `at`: of the event, in Slack's time. */
interface Change {
  channel: string;
  ts: string;
  at: string;
  /** Its words by now; null: it was deleted. */
  now: SlackMessage | null;
}

const CHANGE = z.object({
  subtype: z.enum(['message_changed', 'message_deleted']),
  channel: z.string(),
  event_ts: text,
  ts: text,
  deleted_ts: text,
  message: z.looseObject({ ts: z.string(), subtype: text }).nullish().catch(null),
  previous_message: z.unknown().optional(),
});

/**
 * @returns that a message has other words by now, or is gone; null: anything else that a channel hears. Slack says of a message
 *   that it changed also when a link in it was unfolded, or its thread grew. An app's message is a display, which shows now this and
 *   now that: recorded is what it showed when somebody wanted it recorded
 */
export function changeIn(event: unknown): Change | null {
  const read = CHANGE.safeParse(event);
  if (!read.success) return null;
  const { subtype, channel, message, previous_message: before, deleted_ts: deleted } = read.data;
  const at = read.data.event_ts ?? read.data.ts;
  const ts = subtype === 'message_deleted' ? deleted : message?.ts;
  if (!at || !ts) return null;
  const gone = subtype === 'message_deleted' || message?.subtype === TOMBSTONE;
  if (gone) return { channel, ts, at, now: null };
  const now = messageIn(message);
  if (!now || now.app || messageIn(before)?.raw === now.raw) return null;
  return { channel, ts, at, now };
}

/** @returns in Slack's encoding, what a message says; one without words is named by what it carries */
function saidBy(message: unknown, files: readonly unknown[]): string {
  const words = wordsOf(message);
  if (words.trim() !== '') return words;
  const names = files.flatMap((file) => {
    const { title, name, id, mode } = fields(file);
    if (mode === TOMBSTONE) return [];
    return [title, name, id].find((one): one is string => typeof one === 'string' && one !== '') ?? [];
  });
  if (names.length === 0) return '(a message without text)';
  // A file's name is plain text, and is encoded because it stands in a text of Slack's.
  return encoded(filesAsWords(names));
}

type Fields = Readonly<Record<string, unknown>>;

/** What clients and apps put where a message's words would be. */
const PLACEHOLDER =
  /^\W*(?:this content can.?t be displayed|no preview available|this message contains interactive elements|\(?no text\)?)\W*$/i;

/**
 * The words of a message, whatever it is made of: its text, its blocks, its attachments, messages that were forwarded. Alerting
 * apps leave the text empty, or put a placeholder or a summary there.
 * @returns in Slack's encoding, parts on lines of their own; empty: there are none
 */
export function wordsOf(message: unknown): string {
  const { text, blocks, attachments } = fields(message);
  const head = merged(string(text), blockWords(blocks));
  const parts = [head];
  for (const attachment of list(attachments)) {
    // The preview of a linked page is not the author's words; a forwarded message is what the author wanted to say.
    const preview = Boolean(attachment.from_url ?? attachment.original_url) && !isForwarded(attachment);
    if (preview && head !== '') continue;
    const words = attachmentWords(attachment);
    if (!saidIn(words, parts.join('\n'))) parts.push(words);
  }
  return lines(parts);
}

/** The text beside blocks is often the same, or a summary for notifications: nothing is said twice, and nothing is left out. */
function merged(text: string, blocks: string): string {
  const said = PLACEHOLDER.test(text) ? '' : text;
  if (blocks === '' || saidIn(blocks, said)) return said;
  return saidIn(said, blocks) ? blocks : lines([said, blocks]);
}

/** Whether every word of the one stands in the other, in that order. */
function saidIn(part: string, whole: string): boolean {
  const all = tokens(whole);
  let from = 0;
  for (const word of tokens(part)) {
    from = all.indexOf(word, from) + 1;
    if (from === 0) return false;
  }
  return true;
}

/** Words without marks of formatting, and names as ids, so that a text and its rich form can be compared. */
function tokens(encoded: string): string[] {
  const bare = encoded.replace(/&(amp|lt|gt);/g, ' ').replace(/[|^]/g, ' ');
  return bare.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function isForwarded(attachment: Fields): boolean {
  return (
    attachment.is_share === true ||
    attachment.is_msg_unfurl === true ||
    Array.isArray(attachment.message_blocks)
  );
}

function attachmentWords(attachment: Fields): string {
  const { pretext, author_name, author_id, title, title_link, text, footer, fallback, image_url } =
    attachment;
  const forwarded = list(attachment.message_blocks).flatMap((one) => list(fields(one.message).blocks));
  const body = merged(string(text), blockWords([...list(attachment.blocks), ...forwarded]));
  const author = string(author_name) || (typeof author_id === 'string' ? `<@${author_id}>` : '');
  const words = lines([
    string(pretext),
    isForwarded(attachment) ? `${author || 'Somebody'} wrote:` : author,
    linked(string(title), title_link),
    body,
    ...list(attachment.fields).map((field) => pair(string(field.title), string(field.value))),
    isForwarded(attachment) ? '' : string(footer),
    buttons(attachment.actions),
  ]);
  const only = isForwarded(attachment) ? `${author || 'Somebody'} wrote:` : '';
  if (words !== '' && words !== only) return words;
  if (!PLACEHOLDER.test(string(fallback)) && string(fallback)) return lines([only, string(fallback)]);
  return typeof image_url === 'string' ? lines([only, `(image: ${address(image_url)})`]) : '';
}

function blockWords(blocks: unknown): string {
  return lines(list(blocks).map(wordsOfBlock));
}

function wordsOfBlock(block: Fields): string {
  switch (block.type) {
    case 'divider':
      return '';
    case 'section':
      return lines([said(block.text), ...list(block.fields).map(said), buttons([block.accessory])]);
    case 'context': {
      const elements = list(block.elements);
      const words = elements.map((one) => (one.type === 'image' ? '' : said(one))).filter(Boolean);
      return words.length > 0
        ? words.join(' ')
        : elements
            .map((one) => said(one.alt_text))
            .join(' ')
            .trim();
    }
    case 'rich_text':
      return lines(richParts(block.elements));
    case 'image':
      return `(image: ${said(block.title) || said(block.alt_text) || address(block.image_url)})`;
    case 'video':
      return lines([
        linked(said(block.title), block.title_url ?? block.video_url),
        said(block.description),
        said(block.author_name) || said(block.provider_name),
      ]);
    case 'table':
    case 'data_table':
      return lines([said(block.caption), ...rows(block.rows)]);
    case 'actions':
    case 'context_actions':
      return buttons(block.elements);
    case 'input':
      return pair(said(block.label), lines([enteredIn(fields(block.element)), said(block.hint)]));
    case 'file':
      return `(file: ${encoded(string(block.external_id) || string(block.file_id) || 'without a name')})`;
    case 'call': {
      const { name, join_url, display_id } = fields(fields(block.call).v1 ?? block.call);
      return `(call: ${linked(string(name) || string(display_id) || 'without a name', join_url)})`;
    }
    case 'task_card':
      return lines([
        pair(said(block.title), said(block.status)),
        said(block.details),
        said(block.output),
        ...list(block.sources).map((one) => linked(said(one.text) || said(one.title), one.url)),
      ]);
    default:
      return anyWords(block);
  }
}

// Members are read in the order in which they are shown; an element that has none of them has no words that we know of.
const WORDS =
  'hero_image icon rich_text_title title subtitle caption label text body description alt_text details output fields rows elements cards tasks child_blocks blocks series categories options name value actions hint'.split(
    ' ',
  );

/** A block of another kind, also of one that Slack has yet to invent: all that is called as words are called. */
function anyWords(block: Fields): string {
  return lines(
    WORDS.flatMap((key) => {
      const value = block[key];
      if (key === 'actions') return buttons(value);
      if (Array.isArray(value)) return value.map((one) => said(one));
      return said(value);
    }),
  );
}

/** A text, a text object, rich text, or a block within a block. */
function said(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(said).filter(Boolean).join(' ');
  if (typeof value !== 'object' || value === null) return '';
  const one = fields(value);
  if (one.type === 'plain_text' || one.type === 'mrkdwn' || one.type === 'raw_text') return string(one.text);
  if (one.type === 'raw_number') return string(one.text) || said(one.value);
  if (one.type === 'button' || one.type === 'workflow_button' || one.type === 'icon_button')
    return buttons([one]);
  return typeof one.type === 'string' ? wordsOfBlock(one) : anyWords(one);
}

function rows(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((row) => {
    const cells = Array.isArray(row) ? row : list(fields(row).cells);
    return cells.map((cell) => said(cell).replaceAll('\n', ' ')).join(' | ');
  });
}

/** `[Acknowledge] [Runbook (https://…)]`: what could be pressed, and where it led; what was to be ticked, on lines of its own. */
function buttons(value: unknown): string {
  const parts: string[] = [];
  let row: string[] = [];
  for (const element of list(value)) {
    if (element.type === 'checkboxes' || element.type === 'radio_buttons') {
      parts.push(row.join(' '), choices(element));
      row = [];
      continue;
    }
    const name = said(element.text) || chosen(element) || said(element.placeholder);
    if (element.type !== 'image' && name !== '') row.push(`[${linked(name, element.url)}]`);
  }
  return lines([...parts, row.join(' ')]);
}

/** All that there is to tick, with what is ticked when the message comes. */
function choices(element: Fields): string {
  const ticked = [element.initial_option, ...list(element.initial_options)].map((one) => fields(one).value);
  return lines(
    list(element.options).map(
      (one) => `${one.value !== undefined && ticked.includes(one.value) ? '☑' : '☐'} ${option(one)}`,
    ),
  );
}

function option(value: unknown): string {
  const { text, description } = fields(value);
  const more = said(description);
  return more === '' ? said(text) : `${said(text)} (${more})`;
}

/** What an element shows before anybody has touched it. */
function chosen(element: Fields): string {
  const first = (name: string) => element[`initial_${name}`];
  const several = (name: string) => [first(name), ...[first(`${name}s`)].flat()];
  const at = first('date_time');
  return [
    said(first('value')),
    string(first('date')),
    string(first('time')),
    typeof at === 'number' ? `<!date^${at}^{date_num} {time}>` : '',
    ...several('option').map(option),
    ...['user', 'channel', 'conversation'].flatMap((name) => several(name).map(place)),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** A person or a channel by its id. */
function place(id: unknown): string {
  if (typeof id !== 'string') return '';
  if (/^[UW]/.test(id)) return `<@${id}>`;
  return /^[CG]/.test(id) ? `<#${id}>` : id;
}

function enteredIn(element: Fields): string {
  if (Array.isArray(element.options) && /^(checkboxes|radio_buttons)$/.test(string(element.type)))
    return choices(element);
  return chosen(element) || said(element.placeholder);
}

/** Sections, lists, quotes and preformatted texts, each on lines of its own; a list's depth is its indentation. */
function richParts(elements: unknown): string[] {
  return list(elements).flatMap((element) => {
    switch (element.type) {
      case 'rich_text_list': {
        const indent = '  '.repeat(count(element.indent));
        const items = list(element.elements).map((item) => inline(item.elements));
        const first = count(element.offset) + 1;
        return items.map((item, i) => {
          const mark = element.style === 'ordered' ? `${first + i}.` : '•';
          return `${indent}${mark} ${item.replaceAll('\n', `\n${indent}  `)}`;
        });
      }
      case 'rich_text_quote':
        return inline(element.elements).replace(/^/gm, '&gt; ');
      case 'rich_text_section':
      case 'rich_text_preformatted':
        return inline(element.elements).replace(/\n$/, '');
      default:
        return Array.isArray(element.elements) ? richParts(element.elements) : inline([element]);
    }
  });
}

function inline(elements: unknown): string {
  return list(elements)
    .map((element) => {
      const { text, url, timestamp, format, fallback } = element;
      switch (element.type) {
        case 'link':
          return `<${address(url)}${text ? `|${encoded(string(text))}` : ''}>`;
        case 'emoji':
          return `:${string(element.name)}:`;
        case 'user':
          return `<@${string(element.user_id)}>`;
        case 'usergroup':
          return `<!subteam^${string(element.usergroup_id)}>`;
        case 'channel':
          return `<#${string(element.channel_id)}>`;
        case 'team':
          return string(element.team_id);
        case 'broadcast':
          return `<!${string(element.range)}>`;
        case 'color':
          return string(element.value);
        case 'date':
          return `<!date^${String(timestamp)}^${encoded(string(format))}${url ? `^${address(url)}` : ''}${fallback ? `|${encoded(string(fallback))}` : ''}>`;
        default:
          return text === undefined ? inline(element.elements) : encoded(string(text));
      }
    })
    .join('');
}

function linked(words: string, url: unknown): string {
  if (typeof url !== 'string' || !/^[a-z][a-z0-9+.-]*:/i.test(url)) return words;
  // What is a link already, or holds one, cannot stand within another.
  if (words === '' || words.includes('<')) return lines([words, address(url)]);
  return `<${address(url)}|${words.replaceAll('>', '&gt;')}>`;
}

function pair(name: string, value: string): string {
  if (name === '' || value === '') return name || value;
  return `${name}${/[:?]\W*$/.test(name) ? '' : ':'}${value.includes('\n') ? '\n' : ' '}${value}`;
}

/** Parts, each on a line; a single part stays as it is, blanks included. */
function lines(parts: readonly string[]): string {
  const filled = parts.filter((part) => part.trim() !== '');
  return filled.length < 2 ? (filled[0] ?? '') : filled.map((part) => part.trimEnd()).join('\n');
}

/** Rich text holds characters as they are; everything else is in Slack's encoding. */
function encoded(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** An address comes either way. */
function address(url: unknown): string {
  return encoded(string(url).replaceAll('&amp;', '&'));
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? Math.min(value, 20) : 0;
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}
