import { type Fields, isFields, textOf } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { joined, visible } from '../web-api/conversation.js';
import { canvasProblem, canvasText, headingOf, sectionsOf } from '../workspace/objects/canvas-text.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Canvas, Section, SlackFile } from '../workspace/objects/file.js';
import { announceFile, completeFiles, deleteFile, fileChanged } from '../workspace/sharing.js';

type Level = 'read' | 'write' | 'owner';
type CanvasFile = SlackFile & { canvas: Canvas };

const LEVELS: readonly Level[] = ['read', 'write', 'owner'];
const SECTION_TYPES = ['h1', 'h2', 'h3', 'any_header'];

/** Documents beside a channel, or on their own. */
export const canvases: Methods = {
  'canvases.create': {
    tier: 2,
    scopes: ['canvases:write'],
    errors: ['canvas_creation_failed', 'channel_not_found', 'not_in_channel'],
    run: (call) => {
      const id = call.args.text('channel_id');
      const channel = id ? joined(call, id) : undefined;
      return { canvas_id: create(call, channel, false).id };
    },
  },
  'conversations.canvases.create': {
    tier: 2,
    scopes: ['canvases:write'],
    errors: [
      'canvas_creation_failed',
      'channel_canvas_already_exists',
      'channel_not_found',
      'not_in_channel',
    ],
    run: (call) => {
      const channel = joined(call, call.args.need('channel_id'));
      if (channel.canvas) refuse('channel_canvas_already_exists');
      return { canvas_id: create(call, channel, true).id };
    },
  },
  'canvases.edit': {
    tier: 3,
    scopes: ['canvases:write'],
    errors: ['canvas_not_found', 'canvas_editing_failed', 'restricted_action'],
    run: (call) => {
      const file = canvasOf(call, 'write');
      const changes = call.args.json('changes', 'invalid_arguments');
      if (!Array.isArray(changes)) refuse('invalid_arguments');
      const [change] = changes;
      if (changes.length !== 1 || !isFields(change)) refuse('invalid_arguments');
      apply(call, file, change);
      file.content = Buffer.from(canvasText(file.canvas.sections));
      fileChanged(call.world, file);
      return {};
    },
  },
  'canvases.delete': {
    tier: 3,
    scopes: ['canvases:write'],
    errors: ['canvas_not_found', 'restricted_action'],
    run: (call) => {
      deleteFile(call.world, canvasOf(call, 'owner'));
      return {};
    },
  },
  'canvases.sections.lookup': {
    tier: 3,
    scopes: ['canvases:read'],
    errors: ['canvas_not_found', 'canvas_deleted'],
    run: (call) => {
      if (call.world.files.get(call.args.need('canvas_id'))?.deleted) refuse('canvas_deleted');
      const { canvas } = canvasOf(call, 'read');
      const criteria = call.args.object('criteria', 'invalid_arguments') ?? {};
      const { section_types: types = [], contains_text: words } = criteria;
      if (!Array.isArray(types) || types.some((type) => !SECTION_TYPES.includes(String(type))))
        refuse('invalid_arguments');
      if (types.length === 0 && typeof words !== 'string') refuse('invalid_arguments');
      const found = canvas.sections.filter((section) => matches(section, types.map(String), textOf(words)));
      return { sections: found.map(({ id }) => ({ id })) };
    },
  },
  'canvases.access.set': {
    tier: 3,
    scopes: ['canvases:write'],
    errors: [
      ...['canvas_not_found', 'restricted_action', 'invalid_parameters'],
      ...['channel_not_found', 'user_not_found'],
    ],
    run: (call) => {
      const { canvas } = canvasOf(call, 'owner');
      const level =
        LEVELS.find((it) => it === call.args.need('access_level')) ?? refuse('invalid_parameters');
      const { channels, users } = whom(call);
      // A canvas belongs to people; a channel can only be let in.
      if (level === 'owner' && (channels.length > 0 || users.length !== 1)) refuse('invalid_parameters');
      for (const id of [...channels, ...users]) canvas.access.set(id, level);
      call.world.changed();
      return { failed_to_update_channel_ids: [], failed_to_update_user_ids: [] };
    },
  },
  'canvases.access.delete': {
    tier: 3,
    scopes: ['canvases:write'],
    errors: [
      ...['canvas_not_found', 'restricted_action', 'invalid_parameters'],
      ...['channel_not_found', 'user_not_found'],
    ],
    run: (call) => {
      const { canvas } = canvasOf(call, 'owner');
      const { channels, users } = whom(call);
      for (const id of [...channels, ...users]) canvas.access.delete(id);
      call.world.changed();
      return { failed_to_update_channel_ids: [], failed_to_update_user_ids: [] };
    },
  },
};

function create(call: Call, channel: Channel | undefined, isTab: boolean): SlackFile {
  const { args, world } = call;
  const document = args.has('document_content')
    ? markdownOf(args.json('document_content', 'canvas_creation_failed'), 'canvas_creation_failed')
    : '';
  const title = args.text('title') || (isTab && channel ? channel.name : 'Untitled');
  const sections = sectionsOf(document, () => sectionId(call));
  const text = Buffer.from(canvasText(sections));
  const access = new Map<string, Level>(channel ? [[channel.id, 'write']] : []);
  const canvas = { sections, access };
  const file = announceFile(world, title, text.length, call.me, { title, canvas });
  file.content = text;
  completeFiles(world, [file], channel ? [channel] : []);
  if (channel && isTab) channel.canvas = file.id;
  else if (channel) channel.canvasTabs.push(file.id);
  world.changed();
  return file;
}

/** The canvas of the call. @throws SlackError `canvas_not_found`, `restricted_action` */
function canvasOf(call: Call, needed: Level): CanvasFile {
  const file = call.world.files.get(call.args.need('canvas_id'));
  if (!isCanvas(file) || file.deleted) refuse('canvas_not_found');
  const level = levelOf(call, file);
  if (!level) refuse('canvas_not_found');
  if (LEVELS.indexOf(level) < LEVELS.indexOf(needed)) refuse('restricted_action');
  return file;
}

function isCanvas(file: SlackFile | undefined): file is CanvasFile {
  return file?.canvas !== undefined;
}

/** The most that the caller may, as who made it, by themselves or by a channel. */
function levelOf(call: Call, file: CanvasFile): Level | undefined {
  if (file.user === call.me) return 'owner';
  const levels = [...file.canvas.access].flatMap(([id, level]) => {
    const member = call.world.channels.get(id)?.members.has(call.me);
    return id === call.me || member ? [level] : [];
  });
  return LEVELS.findLast((level) => levels.includes(level));
}

/** @throws SlackError `invalid_parameters`, `channel_not_found`, `user_not_found` */
function whom(call: Call): { channels: string[]; users: string[] } {
  const channels = idsOf(call, 'channel_ids');
  const users = idsOf(call, 'user_ids');
  if (channels.length > 0 === users.length > 0) refuse('invalid_parameters');
  for (const id of channels) visible(call, id);
  for (const id of users) if (!call.world.users.has(id)) refuse('user_not_found');
  return { channels, users };
}

/** Ids as a JSON list, which is how the client libraries send them, or with commas. */
function idsOf({ args }: Call, name: string): string[] {
  const text = args.text(name)?.trim();
  if (!text?.startsWith('[')) return args.list(name);
  const list = args.json(name, 'invalid_parameters');
  return Array.isArray(list) ? list.map(String) : [];
}

function apply(call: Call, file: CanvasFile, change: Fields): void {
  const { canvas } = file;
  const { operation, section_id: id } = change;
  const fresh = () => {
    const text = markdownOf(change.document_content, 'canvas_editing_failed');
    return sectionsOf(text, () => sectionId(call));
  };
  const at = () => {
    const found = canvas.sections.findIndex((section) => section.id === id);
    if (found < 0) failed('canvas_editing_failed', `No section ${String(id)}`);
    return found;
  };
  if (operation === 'insert_at_start') canvas.sections.unshift(...fresh());
  else if (operation === 'insert_at_end') canvas.sections.push(...fresh());
  else if (operation === 'insert_before') canvas.sections.splice(at(), 0, ...fresh());
  else if (operation === 'insert_after') canvas.sections.splice(at() + 1, 0, ...fresh());
  else if (operation === 'replace' && id === undefined) canvas.sections = fresh();
  else if (operation === 'replace') canvas.sections.splice(at(), 1, ...fresh());
  else if (operation === 'delete') canvas.sections.splice(at(), 1);
  else if (operation === 'rename') file.title = markdownOf(change.title_content, 'canvas_editing_failed');
  else refuse('invalid_arguments');
}

function markdownOf(content: unknown, code: string): string {
  if (!isFields(content) || content.type !== 'markdown' || typeof content.markdown !== 'string')
    failed(code, 'Content must be {"type": "markdown", "markdown": …}');
  const problem = canvasProblem(content.markdown);
  if (problem) failed(code, problem);
  return content.markdown;
}

function failed(code: string, detail: string): never {
  throw new SlackError(code, { detail });
}

function sectionId(call: Call): string {
  return `temp:C:${call.world.ids.hex(27)}`;
}

function matches(section: Section, types: readonly string[], words: string | undefined): boolean {
  const heading = headingOf(section);
  const kind =
    types.length === 0 ||
    (heading !== undefined && types.some((it) => it === heading || it === 'any_header'));
  return kind && (words === undefined || section.markdown.toLowerCase().includes(words.toLowerCase()));
}
