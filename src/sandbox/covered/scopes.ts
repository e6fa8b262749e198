import { type Fields, isFields, textOf } from '../fields.js';
import { methods } from '../methods/all.js';
import { startSandbox } from '../sandbox.js';

/** An app that may nothing: what a method misses then is what it needs. */
const POOR = {
  display_information: { name: 'Coverage' },
  features: { bot_user: { display_name: 'coverage' } },
  settings: { socket_mode_enabled: true },
};
const PERSON = 'U0BO000002';

/** What only a running sandbox tells: the scopes that depend on the arguments, and the paths of the control API. */
export interface Observed {
  /** By method; only those whose scopes depend on what they are called with. */
  readonly scopes: ReadonlyMap<string, readonly string[]>;
  readonly controlPaths: readonly string[];
}

/** Starts a sandbox, asks it, and stops it. */
export async function observe(): Promise<Observed> {
  const sandbox = await startSandbox({ manifest: POOR, settings: { rateLimits: false } });
  try {
    const act = (path: string, body: object) =>
      answerOf(`${sandbox.url}/control/${path}`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const call = (method: string, args: Record<string, string>) =>
      answerOf(`${sandbox.apiUrl}${method}`, {
        headers: { authorization: `Bearer ${sandbox.botToken}` },
        body: new URLSearchParams(args),
      });
    const closed = await act('channel', { user: PERSON, name: 'closed', private: true });
    const direct = await act('dm', { user: PERSON });
    const channels = ['C0GENERAL1', textOf(closed.channel) ?? '', textOf(direct.channel) ?? ''];
    const scopes = new Map<string, string[]>();
    for (const [name, method] of Object.entries(methods)) {
      if (typeof method.scopes !== 'function') continue;
      const answers = await Promise.all(callsOf(channels).map((args) => call(name, args)));
      const needed = answers.flatMap((answer) => textOf(answer.needed)?.split(',') ?? []);
      scopes.set(name, [...new Set(needed)]);
    }
    return { scopes, controlPaths: sandbox.controlPaths };
  } finally {
    await sandbox.stop();
  }
}

async function answerOf(url: string, init: RequestInit): Promise<Fields> {
  const response = await fetch(url, { method: 'POST', ...init });
  const answer: unknown = await response.json();
  return isFields(answer) ? answer : {};
}

/** Arguments that lead a method to each kind of conversation. */
function callsOf(channels: readonly string[]): Array<Record<string, string>> {
  return [
    {},
    { is_private: 'true' },
    ...['public_channel', 'private_channel', 'im', 'mpim'].map((types) => ({ types })),
    { users: PERSON },
    { users: `${PERSON},U0CHEN0003` },
    ...channels.map((channel) => ({ channel, channel_id: channel })),
  ];
}
