import { createHash } from 'node:crypto';
import { laneBeside } from '#domain/incident/effect.js';
import { isRefusal } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import { fileNameOf } from '#render/exports.js';
import { CANVAS_MARK, type CanvasPage } from '#render/postmortem.js';
import {
  type Attempt,
  type Body,
  isPermanent,
  list,
  needed,
  object,
  opened,
  Refused,
  Undeliverable,
} from '../attempt.js';
import { collect, sendFileOnce } from '../export.js';
import type { World } from '../ports.js';

type Canvas = Attempt<'canvas.refresh'>;

const KIND = 'canvas.refresh';
/** Canvases that are brought up to date at a time: Slack makes twenty a minute, and takes fifty edits. */
const AT_ONCE = 15;

/**
 * Owes what is behind its incident, each once: however much is recorded in a minute, a canvas is written anew once. What is
 * behind is seen from the record, so neither a crash nor a lost queue makes one stay behind.
 * @returns lanes that owe something now
 */
export async function oweCanvases({ canvas, outbox }: Pick<World, 'canvas' | 'outbox'>): Promise<string[]> {
  const behind = (await canvas?.behind(KIND, AT_ONCE)) ?? [];
  for (const { team, incident, seq, again } of behind) {
    const lane = laneBeside(team, incident, KIND);
    // One that was given up is not tried again before there is something new to show.
    const key = `canvas:${incident}:${seq}${again === null ? '' : `:${again}`}`;
    await outbox.owe({ kind: KIND, payload: {} }, { team, lane, incident, key });
  }
  return behind.map(({ team, incident }) => laneBeside(team, incident, KIND));
}

/**
 * Brings the channel's canvas up to date, or makes it. It is ours alone: nobody else may write in it, so that all of it can be
 * written anew; a canvas that somebody else has made is left as it is. Where Slack does not let us have one, the timeline is sent
 * as a file once the incident is over.
 */
export async function refreshCanvas(attempt: Canvas): Promise<Body> {
  const { incident, row, world } = attempt;
  const { canvas: port } = world;
  const channel = incident.channel?.id;
  if (!port || !channel) return { off: true };
  const known = await port.known(row.team, row.incident);
  const page = await port.page(row.team, row.incident);
  if (isRefusal(page)) throw new Undeliverable(page.code);
  const digest = createHash('sha256').update(page.markdown).digest('hex');
  const kept = { canvas: known?.canvas ?? null, seq: page.seq, digest, refused: null, settled: false };
  try {
    const { id, says } = kept.canvas
      ? { id: kept.canvas, says: known?.digest ?? null }
      : await takeCanvas(attempt, channel, { ...page, digest });
    if (says !== digest) await edit(attempt, id, page);
    await port.keep(row.team, row.incident, { ...kept, canvas: id });
    return { canvas: id };
  } catch (error) {
    // What we wrote is at fault, and not what we may.
    if (!isPermanent(error) || error.code === 'canvas_editing_failed') throw error;
    const gone = kept.canvas !== null && GONE.has(error.code);
    const file = incident.status === 'resolved' && !gone ? await sendInstead(attempt) : null;
    const refused = error.message;
    await port.keep(row.team, row.incident, { ...kept, refused, settled: gone || file !== null });
    world.log.warn({ lane: row.lane, error: refused }, 'a channel goes without a canvas');
    return { refused, ...file };
  }
}

/** Somebody took it away: then it is not wanted. */
const GONE: ReadonlySet<string> = new Set(['canvas_not_found', 'canvas_deleted', 'file_not_found']);
/** There is one in that channel. */
const TAKEN: ReadonlySet<string> = new Set([
  'channel_canvas_already_exists',
  'free_team_canvas_tab_already_exists',
]);

/** Makes the channel's canvas, or takes up ours that an interrupted attempt has made. @throws Refused where it is another's */
async function takeCanvas(
  attempt: Canvas,
  channel: string,
  page: CanvasPage & { digest: string },
): Promise<{ id: string; says: string | null }> {
  const made = await make(attempt, channel, page);
  const { id } = made;
  try {
    await attempt.write('canvases.access.set', {
      canvas_id: id,
      access_level: 'read',
      channel_ids: [channel],
    });
    return made;
  } catch (error) {
    if (!isPermanent(error)) throw error;
    // People could write in it, and what they write would be lost.
    await attempt.write('canvases.delete', { canvas_id: id });
    throw error;
  }
}

/** @returns `says`: the digest of what stands in it; null: that is not known */
async function make(
  attempt: Canvas,
  channel: string,
  page: CanvasPage & { digest: string },
): Promise<{ id: string; says: string | null }> {
  const method = 'conversations.canvases.create';
  try {
    const body = await attempt.write(method, {
      channel_id: channel,
      title: page.title,
      document_content: contentOf(page),
    });
    return { id: needed(method, body, 'canvas_id'), says: page.digest };
  } catch (error) {
    if (!(error instanceof Refused) || !TAKEN.has(error.code)) throw error;
    const { channel: told } = await attempt.read('conversations.info', { channel });
    const { file_id: id } = object(object(object(told).properties).canvas);
    if (typeof id !== 'string' || !(await isOurs(attempt, id))) throw error;
    return { id, says: null };
  }
}

async function isOurs(attempt: Canvas, id: string): Promise<boolean> {
  const { sections } = await attempt.read('canvases.sections.lookup', {
    canvas_id: id,
    criteria: { contains_text: CANVAS_MARK },
  });
  return list(sections).length > 0;
}

function contentOf({ markdown }: CanvasPage): Body {
  return { type: 'markdown', markdown };
}

async function edit(attempt: Canvas, id: string, page: CanvasPage): Promise<void> {
  const change = { operation: 'replace', document_content: contentOf(page) };
  await attempt.write('canvases.edit', { canvas_id: id, changes: [change] });
}

/** The timeline as a file, for those who would have looked for the canvas. */
async function sendInstead(attempt: Canvas): Promise<Body> {
  const { row, world } = attempt;
  // In the incident's own channel, and for those who are in it.
  const file = await world.exports.render(row.team, row.incident, 'md', 'UTC', 'tocsin', true);
  if (isRefusal(file)) return { file: null };
  const filename = fileNameOf(row.incident, 'md');
  const words = `${filename}: ${refOf(row.incident)} as it was when it was resolved, times in UTC; Slack keeps no canvas of ours here`;
  const since = opened(attempt);
  const bytes = () => collect(file);
  return sendFileOnce(attempt, { filename, bytes }, { words, since, otherwise: '`export md` has it.' });
}
