/** How a target says a secret back: by status, header, and body. */
export const ECHOES: Record<
  string,
  (value: string) => { status?: number; location?: string; body: string[] }
> = {
  plain: (v) => ({ body: [`you sent ${v}, thank you`] }),
  json: (v) => ({ body: [JSON.stringify({ echo: `\n${v}\t${v}`, deep: { text: [v] } })] }),
  basic: (v) => ({ body: [`Basic ${Buffer.from(`user:${v}`).toString('base64')}`] }),
  'json-basic': (v) => ({
    body: [JSON.stringify({ echo: `a\n${Buffer.from(`us${v}x`).toString('base64')}`, deep: { text: [] } })],
  }),
  mime: (v) => ({ body: [Buffer.from(`u:${v}`).toString('base64').replace(/.{76}/g, '$&\r\n')] }),
  hex: (v) => ({ body: [Buffer.from(v).toString('hex')] }),
  query: (v) => ({ body: [`GET /?token=${encodeURIComponent(v)} HTTP/1.1`] }),
  moved: (v) => ({ status: 302, location: `/login?t=${encodeURIComponent(v)}`, body: [`to ${v}`] }),
  broken: (v) => ({
    status: 500,
    body: [`Error: no user has ${JSON.stringify(v)}\n    at handler (${v}:1)`],
  }),
  halves: (v) => ({ body: [`split ${v.slice(0, v.length >> 1)}`, `${v.slice(v.length >> 1)} here`] }),
  long: (v) => ({ body: [`${`${v} and more words `.repeat(1 + Math.ceil(90_000 / (v.length + 16)))}`] }),
};
export const ECHO_NAMES = Object.keys(ECHOES);

// What stands in ${…} is for the programs: their source is text here.
/* biome-ignore-start lint/suspicious/noTemplateCurlyInString: see above */
/** How a program prints a secret. It gets the value in its environment. */
export const PRINTS: Record<string, string> = {
  plain: 'out(`it is ${v}`)',
  stderr: 'process.stderr.write(`warning: ${v} is old\\n`)',
  base64: 'out(b(v, "base64")); out(b("user:" + v, "base64")); out(b("u:" + v, "base64url"))',
  hex: 'out(b(v, "hex")); out(b(v, "hex").toUpperCase())',
  url: 'out("https://h/?k=" + encodeURIComponent(v)); out("" + new URLSearchParams({ v }))',
  paused: 'process.stdout.write(v.slice(0, 5)); setTimeout(() => out(v.slice(5)), 150)',
  lines: 'out(b("x" + v, "base64").replace(/.{20}/g, "$&\\n  "))',
  megabyte:
    'for (let n = 0; n < 1e6; n += v.length + 7) process.stdout.write(n % 3 ? v + " " : v + "\\n" + n)',
  json: 'out(JSON.stringify({ v })); out(JSON.stringify(JSON.stringify({ v }))); out(inspect({ v }))',
  environment: 'out(JSON.stringify(process.env, null, 2))',
};
export const PRINT_NAMES = Object.keys(PRINTS);
export const program = (print: string) => `
const { inspect } = require('node:util');
const v = process.env.VALUE;
const out = (text) => process.stdout.write(text + '\\n');
const b = (text, letters) => Buffer.from(text).toString(letters);
${print};`;

/** Programs that fail, each in its own way. */
export const FAILS: Record<string, string> = {
  thrown: 'throw new Error(`no luck with ${v}`)',
  enoent: 'require("node:fs").readFileSync(`/nowhere/${v}`)',
  exit: 'console.error(v); process.exitCode = 3',
  killed: 'console.error(v); setTimeout(() => process.kill(process.pid, "SIGKILL"), 100)',
};

/* biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above */
