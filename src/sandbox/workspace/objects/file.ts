import type { Fields } from '../../fields.js';

/** An uploaded file, from the moment its upload address is given. */
export class SlackFile {
  content: Buffer | undefined;
  completed = false;
  title: string;
  /** What a picture shows, in words. */
  altText: string | undefined;
  /** Channel id → time of the message that shares it. */
  readonly shares = new Map<string, { ts: string; isPrivate: boolean; name: string }>();

  constructor(
    readonly id: string,
    readonly name: string,
    readonly length: number,
    readonly user: string,
    readonly created: number,
    readonly baseUrl: string,
    readonly teamId: string,
  ) {
    this.title = name;
  }

  /** The file object of the Web API. */
  show(): Fields {
    const extension = this.name.includes('.') ? (this.name.split('.').at(-1) ?? 'text') : 'text';
    const address = `${this.baseUrl}/files-pri/${this.teamId}-${this.id}`;
    const shares = { public: {} as Fields, private: {} as Fields };
    for (const [channel, { ts, isPrivate, name }] of this.shares) {
      const share = [
        { ts, channel_name: name, team_id: this.teamId, share_user_id: this.user, reply_count: 0 },
      ];
      shares[isPrivate ? 'private' : 'public'][channel] = share;
    }
    return {
      id: this.id,
      created: this.created,
      timestamp: this.created,
      name: this.name,
      title: this.title,
      ...(this.altText === undefined ? {} : { alt_txt: this.altText }),
      mimetype: mimetypeOf(extension),
      filetype: extension,
      pretty_type: extension.toUpperCase(),
      user: this.user,
      size: this.content?.length ?? this.length,
      mode: 'hosted',
      is_external: false,
      is_public: Object.keys(shares.public).length > 0,
      url_private: `${address}/${encodeURIComponent(this.name)}`,
      url_private_download: `${address}/download/${encodeURIComponent(this.name)}`,
      permalink: `${this.baseUrl}/files/${this.user}/${this.id}/${encodeURIComponent(this.name)}`,
      channels: [...this.shares].filter(([, share]) => !share.isPrivate).map(([channel]) => channel),
      groups: [...this.shares].filter(([, share]) => share.isPrivate).map(([channel]) => channel),
      ims: [],
      shares,
    };
  }
}

function mimetypeOf(extension: string): string {
  const known: Record<string, string> = {
    md: 'text/markdown',
    json: 'application/json',
    csv: 'text/csv',
    html: 'text/html',
    txt: 'text/plain',
    png: 'image/png',
    pdf: 'application/pdf',
  };
  return known[extension] ?? 'text/plain';
}
