import type { Secret } from '#runbooks/secret.js';
import { type Destination, PARTS, type PublicChange } from '../change.js';
import type { LookSettings } from '../settings.js';
import { type Told, tellingOf } from './story.js';
import { mailWords } from './words.js';

/** Slack's limits: of a header, of a section, of all of the text beside the blocks. */
const HEADER = 150;
const SECTION = 2_900;
const SECTIONS = 10;
const PLAIN = 3_000;
/** As many whole characters as certainly fit: each is two at the most, as Slack counts. */
const PART = new RegExp(`[^]{1,${SECTION / 2}}`, 'gu');

export interface ChannelOptions {
  /** Id or name of the channel, as tocsin.yml has it. */
  channel(): string;
  look(): LookSettings;
  /**
   * Posts a message; `id` is the same for the same message, so that after a crash it can be looked for: it stands there since
   * `since` at the earliest.
   * @throws Refusing where Slack will never take it; anything else: later
   */
  post(channel: string, text: string, blocks: readonly object[], id: string, since: Date): Promise<void>;
  /** What such an id is made with: a digest under this installation's own secret. */
  seal(text: string): Secret;
}

/** A channel of one's own in Slack, where what the public is told is posted. */
export function channelDestination({ channel, look, post, seal }: ChannelOptions): Destination {
  return {
    name: 'slack channel',
    part: PARTS.slack,
    async tell(change) {
      const { text, blocks } = channelMessage(change, look());
      // The number of a private incident is nobody's business there, nor to be found by whoever tries them all.
      const id = seal(`channel|${change.team}/${change.incident}/${change.seq}`).reveal().slice(0, 20);
      await post(channel(), text, blocks, `status:${id}`, new Date(change.recordedAt));
    },
  };
}

/** A change as a message. Whatever somebody wrote stands in plain text, where nothing is a mention, a link or a format. */
export function channelMessage(change: PublicChange, look: LookSettings): { text: string; blocks: object[] } {
  const words = mailWords(look.language);
  const told = tellingOf(change, look, words, look.language);
  const texts = sectionsOf(told, words('mail.cut'));
  const blocks = [
    { type: 'header', text: plain(told.subject, HEADER) },
    ...texts.map((text) => ({ type: 'section', text: plain(text, SECTION) })),
    {
      type: 'context',
      elements: [
        plain(told.time, SECTION),
        ...(told.url
          ? [{ type: 'mrkdwn', text: `<${encoded(told.url)}|${encoded(words('mail.see'))}>`, verbatim: true }]
          : []),
      ],
    },
  ];
  const text = encoded(
    [told.subject, ...texts]
      .join('\n')
      .slice(0, PLAIN)
      .replace(/[\ud800-\udbff]$/, ''),
  );
  return { text, blocks };
}

function sectionsOf({ lead, text, lines }: Told, more: string): string[] {
  const all = [
    ...[lead, text].filter((one) => one !== null && one.trim() !== ''),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
  ] as string[];
  // A part ends between characters, never within one.
  const parts = all.flatMap((one) => one.match(PART) ?? []);
  return parts.length > SECTIONS ? [...parts.slice(0, SECTIONS - 1), more] : parts;
}

function plain(text: string, most: number): { type: 'plain_text'; text: string; emoji: false } {
  // Slack counts as JavaScript does; half of a character is none.
  const short = text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return { type: 'plain_text', text: short === '' ? '–' : short, emoji: false };
}

/** As Slack wants what is not meant for it: no mention, channel or link can begin. */
const encoded = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
