import type { Fields } from '../../fields.js';
import { type Kind, kindOf } from './file-kind.js';
import { type PictureSize, pictureSize } from './picture-size.js';

/** A message that shows a file. */
interface Share {
  ts: string;
  isPrivate: boolean;
  direct: boolean;
  name: string;
  threadTs?: string | undefined;
}

/** A part of a canvas, in Slack's Markdown. */
export interface Section {
  readonly id: string;
  markdown: string;
}

/** What makes a file a canvas. */
export interface Canvas {
  sections: Section[];
  /** Who may do what, by the id of a person or channel. */
  readonly access: Map<string, 'read' | 'write' | 'owner'>;
}

/** An uploaded file, from the moment its upload address is given; a canvas is one too. */
export interface SlackFile {
  readonly id: string;
  readonly name: string;
  /** Announced bytes. */
  readonly length: number;
  readonly user: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly baseUrl: string;
  readonly teamId: string;
  title: string;
  completed: boolean;
  deleted: boolean;
  content?: Buffer | undefined;
  /** What a picture shows, in words. */
  altText?: string | undefined;
  /** The language of a snippet, as the app named it. */
  snippetType?: string | undefined;
  canvas?: Canvas | undefined;
  /** Channel id → the message that shares it there. */
  readonly shares: Map<string, Share>;
}

// Slack shows the first lines of a text beside its name, and says how many more there are.
const PREVIEW_LINES = 5;
const PREVIEW_CHARACTERS = 500;
const THUMBS = [64, 80, 160, 360, 480, 720, 800, 960, 1024];
// Small pictures have these whatever their size.
const ALWAYS = 160;
// Square ones, cut from the middle.
const SQUARE = new Set([64, 80, 160]);

/** The file object of the Web API. A deleted file leaves only its id. */
export function renderFile(file: SlackFile): Fields {
  if (file.deleted) return { id: file.id, mode: 'tombstone' };
  const kind = file.canvas ? CANVAS : kindOf(file.name, file.snippetType);
  const { baseUrl, teamId, id, user } = file;
  const name = encodeURIComponent(file.name);
  const address = `${baseUrl}/files-pri/${teamId}-${id}`;
  const shares = { public: {} as Fields, private: {} as Fields };
  for (const [channel, share] of file.shares)
    shares[share.isPrivate ? 'private' : 'public'][channel] = [renderShare(file, share)];
  const places = [...file.shares];
  return {
    id,
    created: file.created,
    timestamp: file.created,
    name: file.name,
    title: file.title,
    ...(file.altText === undefined ? {} : { alt_txt: file.altText }),
    mimetype: kind.mimetype,
    filetype: kind.filetype,
    pretty_type: kind.pretty,
    user,
    user_team: teamId,
    editable: kind.mode !== 'hosted',
    size: file.content?.length ?? file.length,
    mode: kind.mode,
    is_external: false,
    external_type: '',
    is_public: Object.keys(shares.public).length > 0,
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    file_access: 'visible',
    url_private: `${address}/${name}`,
    url_private_download: `${address}/download/${name}`,
    permalink: `${baseUrl}/files/${user}/${id}/${name}`,
    permalink_public: `${baseUrl}/files-public/${teamId}-${id}`,
    ...(kind.mode === 'hosted' ? {} : { edit_link: `${baseUrl}/files/${user}/${id}/${name}/edit` }),
    ...(kind.mode === 'snippet' ? previewOf(file) : {}),
    ...(kind.picture && file.content ? picturesOf(file, pictureSize(file.content)) : {}),
    has_rich_preview: false,
    media_display_type: 'unknown',
    ...(file.canvas ? { updated: file.created, is_channel_space: false, canvas_printing_enabled: true } : {}),
    channels: places.filter(([, it]) => !it.isPrivate).map(([channel]) => channel),
    groups: places.filter(([, it]) => it.isPrivate && !it.direct).map(([channel]) => channel),
    ims: places.filter(([, it]) => it.direct).map(([channel]) => channel),
    shares,
    comments_count: 0,
  };
}

const CANVAS: Kind = {
  mimetype: 'application/vnd.slack-docs',
  filetype: 'quip',
  pretty: 'Canvas',
  mode: 'quip',
  picture: false,
};

function renderShare(file: SlackFile, { ts, name, threadTs }: Share): Fields {
  return {
    ts,
    ...(threadTs ? { thread_ts: threadTs } : {}),
    channel_name: name,
    team_id: file.teamId,
    share_user_id: file.user,
    source: 'UNKNOWN',
    reply_users: [],
    reply_users_count: 0,
    reply_count: 0,
  };
}

function previewOf(file: SlackFile): Fields {
  if (!file.content) return {};
  const text = file.content.toString('utf8');
  const lines = text.replace(/\n$/, '').split('\n');
  const preview = lines.slice(0, PREVIEW_LINES).join('\n').slice(0, PREVIEW_CHARACTERS);
  const escaped = preview.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return {
    preview,
    preview_highlight: `<div class="CodeMirror cm-s-default CodeMirrorServer">\n<div class="CodeMirror-code">\n<div><pre>${escaped}</pre></div>\n</div>\n</div>\n`,
    preview_is_truncated: preview.length < text.replace(/\n$/, '').length,
    lines: lines.length,
    lines_more: Math.max(0, lines.length - PREVIEW_LINES),
  };
}

function picturesOf(file: SlackFile, size: PictureSize | undefined): Fields {
  if (!size) return {};
  const { width, height } = size;
  const longest = Math.max(width, height);
  const base = `${file.baseUrl}/files-tmb/${file.teamId}-${file.id}-${file.created.toString(16)}`;
  const stem = encodeURIComponent(file.name.replace(/\.[^.]*$/, ''));
  const ending = file.name.split('.').at(-1) ?? 'png';
  const thumbs = THUMBS.filter((edge) => edge <= ALWAYS || edge <= longest || edge === 360).map((edge) => {
    const factor = Math.min(1, edge / longest);
    const address = { [`thumb_${edge}`]: `${base}/${stem}_${edge}.${ending}` };
    if (SQUARE.has(edge)) return address;
    return {
      ...address,
      [`thumb_${edge}_w`]: Math.round(width * factor),
      [`thumb_${edge}_h`]: Math.round(height * factor),
    };
  });
  return Object.assign({ original_w: width, original_h: height, image_exif_rotation: 1 }, ...thumbs);
}
