import type { Asking, CapturedMessage, TypedIntent } from '#domain/incident/intent.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import type { SecretKind } from '#domain/secret/kind.js';
import { scrubAll, scrubLines, scrubSecrets } from '#domain/secret/scrub.js';
import { secretsRemark } from '#render/receipt.js';
import type { Scrub } from '#runbooks/scrub.js';

/** What knows the secrets of this installation, and takes them out of texts. */
export type Scrubbing = Pick<Scrub, 'text' | 'json'>;

interface Surroundings {
  /** Absent: none is known. */
  scrub?: Scrubbing | undefined;
  /** Kinds that are left in what people write. */
  keeps?: ReadonlySet<SecretKind> | undefined;
}

/** What is to be recorded, and remarks for the receipt. */
interface Fit {
  intent: TypedIntent;
  notes: string[];
}

/**
 * Every word of a person passes here on its way into the record, whichever front it comes from.
 *
 * No secret that is known by its value is recorded: what a person writes with one is refused, so that their words are kept as they
 * are or not at all; a message that stands in Slack already, and what the bot itself says, is kept without it. What only
 * looks like a secret is taken out, with a mark in its place, and the rest is kept: at night nobody types a line twice. What the bot
 * and monitoring say is made of what they were told, and is not looked at for looks.
 */
export function withoutSecrets(
  said: TypedIntent,
  asking: Asking,
  { scrub, keeps }: Surroundings,
): Fit | Refusal {
  const known = scrub ? withoutKnown(said, asking, scrub) : { intent: said, notes: [] };
  if (!('intent' in known)) return known;
  const { intent } = known;
  // What the author of a message wrote later is theirs, and only heard of by us.
  const heard = intent.type === 'NoteMessageEdited';
  if (!heard && (asking.source === 'bot' || asking.source === 'alerts')) return known;
  switch (intent.type) {
    case 'CaptureMessage':
      return { intent: { ...intent, message: withoutLooks(intent.message, said, keeps) }, notes: [] };
    case 'OpenIncident': {
      const { message, ...own } = intent;
      const { value, removed } = scrubAll(own, keeps);
      const taken = message && withoutLooks(message, said, keeps);
      return {
        intent: { ...value, ...(taken && { message: taken }) },
        notes: secretsRemark(removed, asking.source),
      };
    }
    case 'NoteMessageEdited': {
      const { edit } = intent;
      const before = said.type === 'NoteMessageEdited' ? said.edit.text : edit.text;
      return { intent: { ...intent, edit: { ...edit, ...written(edit.text, before, keeps) } }, notes: [] };
    }
    case 'RecordLog': {
      const { lines, removed } = scrubLines(
        intent.lines.map(({ text }) => text),
        keeps,
      );
      const clean = intent.lines.map((line, i) => ({ ...line, text: lines[i] ?? line.text }));
      return { intent: { ...intent, lines: clean }, notes: secretsRemark(removed, asking.source) };
    }
    // The address of a call may hold what lets people in. It is what was asked for, goes to the channel, and is in no export.
    case 'OpenBridge':
      return known;
    case 'ProposeRun':
      // A run would be done with the mark in place of what was meant. The definition is a file's, and looked at by lint.
      return valuesIn(intent.inputs).some((value) => scrubSecrets(value, keeps).removed.length > 0)
        ? refuse('SECRET_TYPED', { what: 'input', from: asking.source === 'slack' ? 'slack' : 'elsewhere' })
        : known;
    default: {
      const { value, removed } = scrubAll(intent, keeps);
      return { intent: value, notes: secretsRemark(removed, asking.source) };
    }
  }
}

/** @param before as it was before what is known by its value was taken out */
function written(
  said: string,
  before: string,
  keeps: Surroundings['keeps'],
): { text: string; secrets?: SecretKind[] } {
  const { text, removed } = scrubSecrets(said, keeps);
  const secrets = [...new Set<SecretKind>([...removed, ...(before === said ? [] : (['secret'] as const))])];
  return { text, ...(secrets.length > 0 && { secrets }) };
}

/** @returns the message of Slack's that an intent records; null: it records none */
function messageOf(intent: TypedIntent): CapturedMessage | null {
  return intent.type === 'CaptureMessage' || intent.type === 'OpenIncident' ? (intent.message ?? null) : null;
}

/** Only what the author wrote: the place of the message in Slack is its identity. They are told beside it, by themselves. */
function withoutLooks(
  message: CapturedMessage,
  said: TypedIntent,
  keeps: ReadonlySet<SecretKind> | undefined,
): CapturedMessage {
  const files = message.files?.map((file) => ({ ...file, name: scrubSecrets(file.name, keeps).text }));
  const before = messageOf(said)?.text ?? message.text;
  return { ...message, ...written(message.text, before, keeps), ...(files && { files }) };
}

function withoutKnown(intent: TypedIntent, asking: Asking, scrub: Scrubbing): Fit | Refusal {
  const said = JSON.stringify(intent);
  if (scrub.text(said) === said) return { intent, notes: [] };
  if (asking.source === 'bot' || asking.source === 'alerts') return { intent: scrub.json(intent), notes: [] };
  const message = messageOf(intent);
  // What stands in Slack is kept without it; what is typed beside it is not.
  const typed = JSON.stringify({ ...intent, message: null });
  if (message === null || scrub.text(typed) !== typed) return secretTyped(asking);
  const files = message.files?.map((file) => ({ ...file, name: scrub.text(file.name) }));
  const clean = { ...message, text: scrub.text(message.text), ...(files && { files }) };
  if (intent.type === 'OpenIncident') return { intent: { ...intent, message: clean }, notes: [] };
  return { intent: { type: 'CaptureMessage', message: clean }, notes: [] };
}

/** @returns texts among the inputs of a run, each by itself: what they are called says nothing of them */
function valuesIn(inputs: string): string[] {
  const values: string[] = [];
  try {
    JSON.parse(inputs, (_, value: unknown) => {
      if (typeof value === 'string') values.push(value);
    });
  } catch {
    return [inputs];
  }
  return values;
}

export function secretTyped({ source }: Asking): Refusal {
  return refuse('SECRET_TYPED', { what: 'text', from: source === 'slack' ? 'slack' : 'elsewhere' });
}
