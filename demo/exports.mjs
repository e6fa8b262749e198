// Fetches every export over HTTP, as an incident commander's browser or script would.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILES = {
  'INC-1.md': 'timeline.md',
  'INC-1.json': 'timeline.json',
  'INC-1.csv': 'timeline.csv',
  'INC-1.html': 'timeline.html',
  'INC-1.facts.jsonl': 'facts.jsonl',
  'postmortem.md': 'postmortem.md',
};

/** Writes `out/INC-1.*` and `out/postmortem.md`. @returns their texts by file name */
export async function fetchExports(botUrl, token, out) {
  await mkdir(out, { recursive: true });
  const texts = {};
  for (const [file, path] of Object.entries(FILES)) {
    const response = await fetch(new URL(`/incidents/INC-1/${path}`, botUrl), {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    await writeFile(join(out, file), bytes);
    texts[file] = bytes.toString('utf8');
  }
  return texts;
}
