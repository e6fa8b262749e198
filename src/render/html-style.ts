import { createHash } from 'node:crypto';

/** Everything that an exported page looks like. No fonts, images or scripts are fetched: the page works from a disk. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5c6370; --line: #d9dce1; --page: #fff; --mark: #8a4b00; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7e9; --soft: #a2a8b3; --line: #3a3e45; --page: #16181b; --mark: #f0b565; --link: #8ab8f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 54rem; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; color: var(--soft); font-variant-numeric: tabular-nums; }
h1, .text, .say { white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
p { margin: .5rem 0; }
ul { margin: .5rem 0; padding-left: 1.25rem; }
ul.tasks { list-style: none; padding-left: 0; }
ol { list-style: none; margin: 0; padding: 0; }
ol li { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0 1rem; padding: .4rem 0; border-top: 1px solid var(--line); }
time { font-variant-numeric: tabular-nums; }
.meta, .shift, .prompt, footer { color: var(--soft); font-size: .875rem; }
.kind { color: var(--soft); }
.question { border-left: .25rem solid var(--mark); padding-left: .75rem; }
.question strong { color: var(--mark); }
a { color: var(--link); text-underline-offset: .15em; }
a.cite { text-decoration: none; font-size: .875em; }
:target { outline: 2px solid var(--link); outline-offset: 2px; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
@media (max-width: 34rem) { ol li { grid-template-columns: 1fr; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --mark: #000; --link: #000; } body { padding: 0; max-width: none; font-size: 10pt; } ol li, .question { break-inside: avoid; } h2, h3 { break-after: avoid; } }
`;

/** The page may use this style and nothing else: no script, no form, no fetching. Send it as a header too where a page is served. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** @param title as HTML. @returns the beginning of a page, up to its `<main>` */
export function pageStart(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
`;
}

export const PAGE_END = '</body>\n</html>\n';
