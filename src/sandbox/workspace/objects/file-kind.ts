/** What Slack makes of a file by its name. */
export interface Kind {
  readonly mimetype: string;
  readonly filetype: string;
  readonly pretty: string;
  /** `snippet`: shown as text and edited in place; `quip`: a canvas. */
  readonly mode: 'hosted' | 'snippet' | 'quip';
  readonly picture: boolean;
}

// Type in Slack's words → what people read, MIME type, and the endings of file names.
const KINDS: ReadonlyArray<readonly [filetype: string, pretty: string, mimetype: string, endings: string]> = [
  ['text', 'Plain Text', 'text/plain', 'txt text log'],
  ['markdown', 'Markdown (raw)', 'text/markdown', 'md markdown'],
  ['csv', 'CSV', 'text/csv', 'csv'],
  ['tsv', 'TSV', 'text/tab-separated-values', 'tsv'],
  ['html', 'HTML', 'text/html', 'html htm'],
  ['css', 'CSS', 'text/css', 'css'],
  ['javascript', 'JavaScript/JSON', 'text/javascript', 'js mjs cjs'],
  ['json', 'JSON', 'application/json', 'json'],
  ['typescript', 'TypeScript', 'text/typescript', 'ts tsx'],
  ['python', 'Python', 'text/x-python', 'py'],
  ['ruby', 'Ruby', 'text/x-ruby', 'rb'],
  ['go', 'Go', 'text/x-go', 'go'],
  ['rust', 'Rust', 'text/x-rust', 'rs'],
  ['java', 'Java', 'text/x-java', 'java'],
  ['c', 'C', 'text/x-csrc', 'c h'],
  ['cpp', 'C++', 'text/x-c++src', 'cpp cc hpp'],
  ['shell', 'Shell', 'text/x-sh', 'sh bash'],
  ['sql', 'SQL', 'text/x-sql', 'sql'],
  ['yaml', 'YAML', 'text/x-yaml', 'yaml yml'],
  ['xml', 'XML', 'application/xml', 'xml'],
  ['diff', 'Diff', 'text/x-diff', 'diff patch'],
  ['dockerfile', 'Docker', 'text/x-dockerfile', 'dockerfile'],
];
const HOSTED: ReadonlyArray<readonly [filetype: string, pretty: string, mimetype: string]> = [
  ['png', 'PNG', 'image/png'],
  ['jpg', 'JPEG', 'image/jpeg'],
  ['gif', 'GIF', 'image/gif'],
  ['webp', 'WebP', 'image/webp'],
  ['svg', 'SVG', 'image/svg+xml'],
  ['pdf', 'PDF', 'application/pdf'],
  ['zip', 'Zip', 'application/zip'],
  ['gzip', 'Gzip', 'application/gzip'],
  ['docx', 'Word Document', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'Excel Spreadsheet', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['mp3', 'MP3', 'audio/mpeg'],
  ['mp4', 'MPEG 4 Video', 'video/mp4'],
];
const OTHER_ENDINGS: Readonly<Record<string, string>> = { jpeg: 'jpg', gz: 'gzip' };
const PICTURES = new Set(['png', 'jpg', 'gif', 'webp']);

/** Whether an app may name it as the type of a snippet. */
export function isSnippetType(name: string): boolean {
  return KINDS.some(([filetype]) => filetype === name);
}

/** The kind by ending; the type that an app named for its snippet goes first. Unknown ones are binary. */
export function kindOf(name: string, snippetType?: string): Kind {
  const ending = name.includes('.') ? (name.split('.').at(-1)?.toLowerCase() ?? '') : 'txt';
  const text = KINDS.find(([filetype, , , endings]) =>
    snippetType ? filetype === snippetType : endings.split(' ').includes(ending),
  );
  if (text) {
    const [filetype, pretty, mimetype] = text;
    return { filetype, pretty, mimetype, mode: 'snippet', picture: false };
  }
  const wanted = OTHER_ENDINGS[ending] ?? ending;
  const [filetype, pretty, mimetype] = HOSTED.find(([it]) => it === wanted) ?? [
    'binary',
    'Binary',
    'application/octet-stream',
  ];
  return { filetype, pretty, mimetype, mode: 'hosted', picture: PICTURES.has(filetype) };
}
