import { z } from 'zod';
import { StoreFailed } from '../keystore.js';
import type { StoreSurroundings } from './kind.js';
import type { SecretReference } from './reference.js';

/** An address that stands in tocsin.yml, and so may hold nothing secret. The messages do not repeat it. */
export const httpAddress = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an address such as http://host:port/path',
  )
  .refine(
    (text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
    'must not hold a user or a password: name a secret for it',
  );

/** @returns an address as it may be shown: without user, password and whatever follows the path */
export function shown(address: string): string {
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** An address that is a secret because of the password in it. */
export class SecretAddress {
  /**
   * @param shownOf gives the address as it may be shown; null, or an error: it is no address of this kind
   * @param example of a right one
   */
  constructor(
    private readonly store: string,
    private readonly reference: SecretReference,
    private readonly surroundings: StoreSurroundings,
    private readonly shownOf: (address: string) => string | null,
    private readonly example: string,
  ) {}

  /** Read anew each time: a changed password needs no restart. @throws StoreFailed when it is no address of this kind */
  reveal(): string {
    const address = this.surroundings.secret(this.reference).reveal();
    if (this.look(address) !== null) return address;
    throw new StoreFailed(`${this.store}: ${this.reference} is not an address such as ${this.example}`);
  }

  /** @returns the address without what is secret in it; while it cannot be read, its name */
  shown(): string {
    try {
      return this.look(this.surroundings.secret(this.reference).reveal()) ?? this.reference;
    } catch {
      return this.reference;
    }
  }

  private look(address: string): string | null {
    try {
      return this.shownOf(address);
    } catch {
      // The error of a parser carries what it was given.
      return null;
    }
  }
}
