/**
 * What a secret is called: in its marker, in what people are told, and in `secrets_in_text:` of tocsin.yml. Facts and texts of
 * the record name them, so none is taken away or called otherwise.
 */
export const SECRET_KINDS = [
  'private key',
  'AWS access key',
  'AWS secret key',
  'Google key',
  'Stripe key',
  'GitHub token',
  'Slack token',
  'Slack webhook address',
  'PagerDuty key',
  'npm token',
  'service token',
  'JSON web token',
  'authorization',
  'API key',
  'password',
  'password in an address',
  'signed address',
  'token',
  'secret',
] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

/** Something that is a secret, or looks like one. Offsets count UTF-16 units, as strings do. */
export interface SecretFound {
  readonly kind: SecretKind;
  /** All of it: `password: hunter2`. */
  readonly start: number;
  readonly end: number;
  /** What of it is secret: `hunter2`. */
  readonly from: number;
  readonly to: number;
  /** What may be told of it: how it begins, where that says only whose it is, and how long it is. */
  readonly shown: string;
  /** Nobody would write this if it were none. Else it is worth a question, and nothing more. */
  readonly sure: boolean;
}
