import { type Fields, isFields } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';

/** What came with a Web API call, before anybody knows whether it makes sense. */
export interface Incoming {
  /** HTTP verb in capitals. */
  readonly verb: string;
  readonly query: Fields;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** The arguments of a call, and what Slack thinks of how they were sent. */
export interface Given {
  readonly args: Fields;
  /** Token of a form; Slack takes none from an address or from JSON. */
  readonly token?: string;
  /** `missing_charset`, `superfluous_charset`. */
  readonly warnings: readonly string[];
}

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';
const TEXT = 'text/plain';
const CHARSETS = new Set(['utf-8', 'utf8', 'iso-8859-1']);
const LONGEST_NAME = 100;

/**
 * Reads the arguments of a Web API call: query, form, JSON or multipart. Where a body is given the query does not count.
 * @param takesJson false: JSON is accepted and not looked at, as Slack does for methods that only read
 * @throws SlackError `invalid_post_type`, `missing_post_type`, `invalid_charset`, `invalid_json`, `json_not_object`,
 *   `invalid_form_data`, `invalid_arg_name`, `invalid_array_arg`
 */
export async function readArguments(incoming: Incoming, takesJson: boolean): Promise<Given> {
  const { verb, query, body } = incoming;
  const { token: _token, ...named } = query;
  if (verb === 'GET' || body.length === 0) return { args: checkedNames(named), warnings: [] };
  const header = incoming.contentType;
  if (!header) refuse('missing_post_type');
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim());
  const charset = parameters
    .find((part) => /^charset=/i.test(part))
    ?.slice(8)
    .replace(/^"|"$/g, '');
  if (charset !== undefined && !CHARSETS.has(charset.toLowerCase())) refuse('invalid_charset');
  const text = () => body.toString(charset?.toLowerCase() === 'iso-8859-1' ? 'latin1' : 'utf8');
  switch (type.toLowerCase()) {
    case JSON_TYPE: {
      const warnings = charset === undefined ? ['missing_charset'] : [];
      const { token: _inJson, ...args } = readJson(text());
      return { args: takesJson ? args : {}, warnings };
    }
    case FORM: {
      const warnings = charset === undefined ? [] : ['superfluous_charset'];
      return { ...readForm(text()), warnings };
    }
    case TEXT: {
      const warnings = charset === undefined ? ['missing_charset'] : [];
      return { ...readForm(text()), warnings };
    }
    case MULTIPART:
      return { ...(await readMultipart(header, body)), warnings: [] };
    default:
      refuse('invalid_post_type');
  }
}

/**
 * A message sent to an address that needs no token: JSON, or a form with JSON in `payload`.
 * @returns undefined when it is neither
 */
export function readPayload(contentType: string | undefined, body: Buffer): Fields | undefined {
  const text = body.toString('utf8');
  const form = contentType?.toLowerCase().startsWith(FORM);
  try {
    const value: unknown = JSON.parse(form ? (new URLSearchParams(text).get('payload') ?? '') : text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The first file of a multipart body, or the body itself. */
export async function readUpload(contentType: string | undefined, body: Buffer): Promise<Buffer> {
  if (!contentType?.startsWith(MULTIPART)) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData();
  for (const value of form.values())
    if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
}

function readJson(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SlackError('invalid_json');
  }
  if (!isFields(value)) refuse('json_not_object');
  return checkedNames(value);
}

function readForm(text: string): Pick<Given, 'args' | 'token'> {
  // A percent sign that is followed by no number.
  if (/%(?![0-9a-f]{2})/i.test(text)) refuse('invalid_form_data');
  return apart(Object.fromEntries(new URLSearchParams(text)));
}

async function readMultipart(contentType: string, body: Buffer): Promise<Pick<Given, 'args' | 'token'>> {
  let fields: Array<[string, unknown]>;
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData();
    fields = [...form].filter(([, value]) => typeof value === 'string');
  } catch {
    throw new SlackError('invalid_form_data');
  }
  return apart(Object.fromEntries(fields));
}

function apart(fields: Fields): Pick<Given, 'args' | 'token'> {
  const { token, ...args } = checkedNames(fields);
  return { args, ...(typeof token === 'string' ? { token } : {}) };
}

/** PHP's way of sending lists, `users[]=…`, is not Slack's; other names are letters, digits and `_`. */
function checkedNames(args: Fields): Fields {
  for (const name of Object.keys(args)) {
    if (/^\w+\[\w*\]$/.test(name)) refuse('invalid_array_arg');
    if (!/^[\w-]+$/.test(name) || name.length > LONGEST_NAME) refuse('invalid_arg_name');
  }
  return { ...args };
}
