import type { Answerer } from '#answer.js';
import type { Asking, TypedIntent } from '#domain/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import type { Handle } from '#handle.js';
import type { Log } from '#log.js';
import type { Runbooks } from './runbooks.js';

type Hiding = Pick<Runbooks['scrub'], 'text' | 'json'>;

/**
 * The last look at whatever is to be recorded, from every front: no known secret gets past it. What a person writes is
 * refused, so that their words are kept as they are or not at all; a message that stands in Slack already, and what we
 * say ourselves, is kept without the secret.
 */
export function guardedHandle(handle: Handle, scrub: Hiding): Handle {
  return (intent, target, asking, notes) => {
    const said = JSON.stringify(intent);
    if (scrub.text(said) === said) return handle(intent, target, asking, notes);
    if (asking.source === 'bot') return handle(scrub.json(intent), target, asking, notes);
    if (intent.type === 'CaptureMessage') return handle(withoutSecrets(intent, scrub), target, asking, notes);
    return Promise.resolve(secretIn(asking));
  };
}

/**
 * One line for each command that was recorded, and none of its words: which incident, which request, how long it took. What
 * we say ourselves (a channel that was made, a step that was done) is only told to who asks for more.
 */
export function loggedHandle(handle: Handle, log: Pick<Log, 'info' | 'debug'>): Handle {
  return async (intent, target, asking, notes) => {
    const began = performance.now();
    const outcome = await handle(intent, target, asking, notes);
    const about = {
      incident: target === null ? null : refOf(target),
      what: intent.type,
      source: asking.source,
      by: asking.by.id,
      request: asking.key,
      ms: Math.round(performance.now() - began),
    };
    if (isRefusal(outcome)) log.debug({ ...about, code: outcome.code }, 'refused');
    else {
      const { ref, repeated, facts } = outcome;
      const line = {
        ...about,
        incident: ref,
        facts: facts.map(({ seq }) => seq),
        ...(repeated && { repeated }),
      };
      log[asking.source === 'bot' ? 'debug' : 'info'](line, 'recorded');
    }
    return outcome;
  };
}

function secretIn({ source }: Asking): Refusal {
  return refuse('SECRET_TYPED', { what: 'text', from: source === 'slack' ? 'slack' : 'elsewhere' });
}

/** Only what the author wrote: its place in Slack is its identity. */
function withoutSecrets(intent: Extract<TypedIntent, { type: 'CaptureMessage' }>, scrub: Hiding) {
  const { message } = intent;
  return { ...intent, message: { ...message, text: scrub.text(message.text) } };
}

/** A line with a known secret is not even looked at: what is asked back, and the buttons under it, would carry it on. */
export function guardedAnswer(answer: Answerer, scrub: Hiding): Answerer {
  return async (typed) => {
    const { text } = typed.entered;
    if (scrub.text(text) !== text) {
      return { kind: 'refused', refusal: secretIn(typed.asking) };
    }
    const said = await answer(typed);
    // What is wrong with a definition may quote it.
    return said.kind === 'refused' ? { ...said, refusal: scrub.json(said.refusal) } : said;
  };
}
