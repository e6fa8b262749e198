// Standard Markdown → Slack's own; code is left alone. Bold goes by way of a sign that nobody types.
const BOLD = '\u0001';
const RULES: ReadonlyArray<readonly [RegExp, string]> = [
  [/!?\[([^\]\n]*)\]\((https?:\/\/[^)\s]+)\)/g, '<$2|$1>'],
  [/^#{1,6}\s+(.+?)\s*#*$/gm, `${BOLD}$1${BOLD}`],
  [/\*\*(?=\S)([^\n]+?)(?<=\S)\*\*/g, `${BOLD}$1${BOLD}`],
  [/__(?=\S)([^\n]+?)(?<=\S)__/g, `${BOLD}$1${BOLD}`],
  [/^(\s*)[-*+]\s+(?=\S)/gm, '$1• '],
  [/(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])/g, '_$1_'],
  [/~~(?=\S)([^\n]+?)(?<=\S)~~/g, '~$1~'],
  [new RegExp(BOLD, 'g'), '*'],
];

/** Standard Markdown as Slack's mrkdwn: headings and bold, italic, strike, links and lists. */
export function mrkdwnOf(markdown: string): string {
  return markdown
    .split(/(```[\s\S]*?```|`[^`\n]+`)/)
    .map((part, index) =>
      index % 2 === 1 ? part : RULES.reduce((text, [find, put]) => text.replace(find, put), part),
    )
    .join('');
}
