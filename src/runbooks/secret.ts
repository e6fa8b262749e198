import { createHmac, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A value that must never be shown. Whatever prints it, by accident or through JSON, prints `[secret]`;
 * only `reveal` gives it, at the one place where it is sent or stored.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Compared in constant time, whatever the lengths. */
  equals(other: Secret): boolean {
    const digest = (value: string) => createHmac('sha256', 'equals').update(value).digest();
    return timingSafeEqual(digest(this.#value), digest(other.#value));
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** @returns the password in an address (`redis://user:password@host`), which may be quoted without the rest; null: none */
export function passwordIn(text: string): string | null {
  const password = URL.canParse(text) ? new URL(text).password : '';
  if (password === '') return null;
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** @returns how a secret is spoken of: `fp:` and 12 hex digits of HMAC-SHA-256 under this installation's pepper. */
export type Fingerprint = (secret: Secret) => string;

/** @param pepper of this installation: without it nobody who reads an export can test guesses of weak keys */
export function fingerprints(pepper: string): Fingerprint {
  return (secret) =>
    `fp:${createHmac('sha256', pepper).update(`fp/v1|${secret.reveal()}`).digest('hex').slice(0, 12)}`;
}
