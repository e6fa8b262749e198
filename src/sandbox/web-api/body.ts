import { type Fields, isFields } from '../fields.js';
import { SlackError } from '../refuse.js';

/**
 * Reads the arguments of a Web API call: query, form, JSON or multipart.
 * @throws SlackError `invalid_json`, `json_not_object`, `invalid_form_data`, `invalid_post_type`
 */
export async function readArguments(
  query: Fields,
  contentType: string | undefined,
  body: Buffer,
): Promise<Fields> {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (body.length === 0) return { ...query };
  if (type === 'application/json') return { ...query, ...readJson(body) };
  if (type === 'multipart/form-data') return { ...query, ...(await readMultipart(contentType ?? '', body)) };
  if (type === 'application/x-www-form-urlencoded' || type === '') {
    return { ...query, ...Object.fromEntries(new URLSearchParams(body.toString('utf8'))) };
  }
  throw new SlackError('invalid_post_type');
}

/** The first file of a multipart body, or the body itself. */
export async function readUpload(contentType: string | undefined, body: Buffer): Promise<Buffer> {
  if (!contentType?.startsWith('multipart/form-data')) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData();
  for (const value of form.values())
    if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
}

function readJson(body: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SlackError('invalid_json');
  }
  if (!isFields(value)) throw new SlackError('json_not_object');
  return value;
}

async function readMultipart(contentType: string, body: Buffer): Promise<Fields> {
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData();
    return Object.fromEntries([...form].filter(([, value]) => typeof value === 'string'));
  } catch {
    throw new SlackError('invalid_form_data');
  }
}
