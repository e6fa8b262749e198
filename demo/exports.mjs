// Fetches every export over HTTP, as an incident commander's browser or script would.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const filesOf = (ref, postmortem) => ({
  [`${ref}.md`]: 'timeline.md',
  [`${ref}.json`]: 'timeline.json',
  [`${ref}.csv`]: 'timeline.csv',
  [`${ref}.html`]: 'timeline.html',
  [`${ref}.facts.jsonl`]: 'facts.jsonl',
  [postmortem]: 'postmortem.md',
});

/**
 * Writes `out/INC-1.*` and the postmortem.
 * @param {{url: string, token: string}} bot
 * @param {{ref: string, postmortem: string, out: string}} what
 * @returns their texts by file name
 */
export async function fetchExports({ url, token }, { ref, postmortem, out }) {
  await mkdir(out, { recursive: true });
  const texts = {};
  for (const [file, path] of Object.entries(filesOf(ref, postmortem))) {
    const response = await fetch(new URL(`/incidents/${ref}/${path}`, url), {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    await writeFile(join(out, file), bytes);
    texts[file] = bytes.toString('utf8');
  }
  return texts;
}
