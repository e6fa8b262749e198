import { z } from 'zod';

/** How a setting names a secret: `secret:NAME`, with NAME under `secrets:` in tocsin.yml. */
export type SecretReference = `secret:${string}`;

/** For settings that may be secret. The message does not repeat what stands there: it may be the secret itself. */
export const secretReference = z.custom<SecretReference>(
  (value) => typeof value === 'string' && /^secret:[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value),
  'must be a reference such as secret:NAME, with NAME under `secrets:`; the value itself must not stand in this file',
);

/** @returns NAME of `secret:NAME` */
export const secretName = (reference: SecretReference): string => reference.slice('secret:'.length);
