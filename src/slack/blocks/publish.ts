import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Intent } from '#domain/incident/intent.js';
import type { ComponentState } from '#domain/status/page.js';
import type { PostPreview } from '#domain/status/publish.js';
import { printable } from '#domain/text.js';
import type { PersonRef } from '#domain/words.js';
import { button } from './buttons.js';
import { type Block, context, cut, escaped, plain, section } from './text.js';

/** Ids under which Slack tells us what was clicked. */
export const PUBLISH_ACTIONS = {
  publish: 'publish',
  change: 'publish:change',
  anyway: 'publish:anyway',
  cancel: 'cancel',
  /** Under the reminder that another post was promised by now. */
  write: 'publish:write',
  /** In the preview of a form. */
  edit: 'publish:edit',
} as const;

/** What can be asked before it stands on the public page. */
export type AskedPost = Extract<Intent<PersonRef>, { type: 'PublishPost' | 'CorrectPost' }>;

/** A public post that was previewed, as it is to be recorded. `key`: of what was typed, so that a double click is one post. */
export const POST_VALUE = z.object({
  ...{ incident: z.number().int().positive(), key: z.string().nullable() },
  // We packed the value and Slack signed what it brought back: only a button of another version of ours can hold something else.
  intent: z.custom<AskedPost>(
    (value) => z.object({ type: z.enum(['PublishPost', 'CorrectPost']) }).safeParse(value).success,
  ),
});
export type CarriedPost = z.infer<typeof POST_VALUE>;

/** What *Write the update* brings back. `n`: the entry of the post that promised another. */
export const WRITE_VALUE = z.object({ incident: z.number().int().positive(), n: z.number().int() });

/**
 * Shown to one person before anything is public.
 * @param ref of the incident: in another's channel nothing else says which one it is
 * @param value what the buttons bring back, see `packed`
 */
export function publishQuestion(preview: PostPreview, ref: string, value: string): Block[] {
  const { publish, change, anyway, cancel } = PUBLISH_ACTIONS;
  const buttons = mustAnswer(preview)
    ? [button(change, 'Change', value, 'primary'), button(anyway, 'Publish anyway…', value)]
    : [button(publish, 'Publish', value, 'primary'), button(change, 'Change', value)];
  const elements = [...buttons, button(cancel, 'Cancel', 'cancel')];
  return [...previewBlocks(preview, ref), ...warningBlocks(preview), { type: 'actions', elements }];
}

/** Has the leak check found something that needs a reason? A drill is on no page, so there is nothing to answer for. */
export function mustAnswer({ leaks, drill }: PostPreview): boolean {
  return leaks.length > 0 && !drill;
}

const STATES: Record<PostPreview['state'], string> = {
  investigating: ':mag: *Investigating*',
  identified: ':dart: *Identified*',
  monitoring: ':eyes: *Monitoring*',
  resolved: ':white_check_mark: *Resolved*',
  postmortem: ':memo: *Postmortem*',
  scheduled: ':calendar: *Scheduled*',
  in_progress: ':wrench: *In progress*',
  completed: ':white_check_mark: *Completed*',
  cancelled: ':no_entry_sign: *Cancelled*',
};

/** How the state of a component is told: a mark, and words for whoever does not see colours. */
export const COMPONENT_MARKS: Record<ComponentState, { mark: string; words: string }> = {
  operational: { mark: ':large_green_circle:', words: 'operational' },
  maintenance: { mark: ':large_blue_circle:', words: 'maintenance' },
  degraded: { mark: ':large_yellow_circle:', words: 'degraded' },
  partial: { mark: ':large_orange_circle:', words: 'partial outage' },
  major: { mark: ':red_circle:', words: 'major outage' },
};

// All of it has to fit into one message (MAX.sum), with room for the marks.
const TEXT = 2_700;
const TEXTS = 2;
const NAMES = 800;
const NOT_SHOWN = '… (cut here, not on the page)';

/** The post as the public will see it, with what it does not say. */
export function previewBlocks(preview: PostPreview, ref: string): Block[] {
  const { state, at, title, text, components, next, withheld, drill, corrects } = preview;
  const read = `${ref}${corrects === null ? '' : ` #${corrects}, corrected`}: the public will read`;
  const time = at === null ? 'at the time of publishing' : when(at);
  const named = components.map(({ name, state: is }) =>
    is === null ? typed(name) : `${COMPONENT_MARKS[is].mark} ${typed(name)} (${COMPONENT_MARKS[is].words})`,
  );
  const facts = [
    named.length > 0 ? cut(`Affects: ${named.join(', ')}`, NAMES) : 'Affects: no component is named.',
    ...(next === null ? [] : [`Next update by ${when(next)}`]),
  ];
  return [
    ...(drill
      ? [section(':performing_arts: *A drill: no public page shows this, and nobody is told.*')]
      : []),
    section(`*${read}*`),
    { type: 'divider' },
    section(`${STATES[state]} · ${time}\n${title === null ? NO_TITLE : `*${cut(typed(title), 400)}*`}`),
    ...pieces(printable(text)).map((piece) => ({ type: 'section' as const, text: plain(piece) })),
    section(facts.join('\n')),
    { type: 'divider' },
    ...(withheld.length > 0 ? [context(cut(`Not told: ${withheld.map(typed).join(', ')}`, 300))] : []),
  ];
}

const NO_TITLE = '_The page words a title from the components._';

/** Names and titles on one line, without what the page does not show either. */
const typed = (text: string) => escaped(printable(text).replace(/\s+/g, ' '));

/** In UTC as the record has it, and as whoever reads it counts. */
function when(at: string): string {
  const clock = `${at.slice(11, 16)} UTC`;
  return `${at.slice(0, 10)} ${clock} (for you <!date^${Math.floor(Date.parse(at) / 1000)}^{time}|${clock}>)`;
}

/** Literally, because the page knows neither Slack's markup nor its names; in parts that Slack takes. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let rest = text.trim() === '' ? '…' : text;
  while (rest !== '' && found.length < TEXTS) {
    const last = found.length === TEXTS - 1;
    const piece = last ? cut(rest, TEXT, NOT_SHOWN) : cut(rest, TEXT, '');
    rest = last ? '' : rest.slice(piece.length);
    if (piece.trim() !== '') found.push(piece);
    else if (piece === '') rest = rest.slice(TEXT);
  }
  return found.length > 0 ? found : ['…'];
}

/** Warnings that are shown one by one. */
const WARNINGS = 10;

/** What the leak check found, a line each. */
export function warningBlocks(preview: PostPreview): Block[] {
  const each = [...new Set(preview.warnings)];
  const more = each.length - WARNINGS;
  return [
    ...each
      .slice(0, WARNINGS)
      .map((warning) => section(`:warning: ${cut(escaped(printable(warning)), 200) || '…'}`)),
    ...(more > 0 ? [section(`:warning: And ${more} more.`)] : []),
  ];
}

/** Something that needs a reason. `id`: the same for the same finding, so that a reason stays with what it answers. */
export interface Finding {
  id: string;
  /** As it is named in what is kept: `“db-3.internal”`. */
  what: string;
  warning: string;
}

/** Questions that one form asks. */
const FINDINGS = 12;

/** What has to be answered for, each once; too many to ask about one by one share the last. */
export function findingsOf(preview: PostPreview): Finding[] {
  if (!mustAnswer(preview)) return [];
  const { leaks, warnings } = preview;
  const each = new Map<string, Finding>();
  leaks.forEach(({ kind, found }, i) => {
    const name = `${kind} ${found}`;
    if (each.has(name)) return;
    const what = `“${cut(printable(found).replace(/\s+/g, ' '), 80)}”`;
    each.set(name, { id: idOf(name), what, warning: printable(warnings[i] ?? found) });
  });
  const all = [...each];
  if (all.length <= FINDINGS) return all.map(([, finding]) => finding);
  const rest = all.slice(FINDINGS - 1);
  const more = {
    id: idOf(rest.map(([name]) => name).join('\n')),
    what: `${rest.length} more`,
    warning: rest.map(([, { what }]) => what).join(', '),
  };
  return [...all.slice(0, FINDINGS - 1).map(([, finding]) => finding), more];
}

function idOf(name: string): string {
  return `why:${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
