/** Nothing happened; it may be tried at `until`. Not an attempt: a full lane is nobody's fault. */
export class Later extends Error {
  /** @param told Slack said so in this attempt (Retry-After); otherwise we knew before and did not ask */
  constructor(
    readonly until: Date,
    readonly method: string,
    readonly told: boolean,
  ) {
    super(`${method} must wait`);
  }
}

/** Slack said no. `errors`: its answers for single items, where a call has several. */
export class Refused extends Error {
  constructor(
    readonly method: string,
    readonly code: string,
    readonly errors: unknown[] = [],
  ) {
    super(`${method}: ${code}`);
  }
}

/** Nobody can say whether it happened. */
export class Unknown extends Error {
  constructor(
    readonly method: string,
    why: string,
  ) {
    super(`${method}: ${why}`);
  }
}

/** We say no: this can never be delivered as things stand. Dead at once, and a person may retry it. */
export class Undeliverable extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** The database could not take a fact now; what Slack made is found again by the next attempt. */
export class NotRecorded extends Error {}

// From Slack's list of errors that any method can return. Everything that is in neither list is a plain no.
const AUTH = new Set([
  'not_authed',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'user_removed_from_team',
  'team_disabled',
  'team_access_not_granted',
  'ekm_access_denied',
  'access_denied',
  'accesslimited',
  'enterprise_is_restricted',
  'two_factor_setup_required',
]);
const TRANSIENT = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'org_login_required',
  'team_added_to_org',
  'external_channel_migrating',
  'update_failed',
]);

/** `auth`: the bot is shut out until a person acts; keep what is owed. `transient`: may have happened all the same. */
export function natureOf(code: string): 'auth' | 'transient' | 'permanent' {
  if (AUTH.has(code)) return 'auth';
  return TRANSIENT.has(code) ? 'transient' : 'permanent';
}

/** Is this a no that stays a no, so that a part of a delivery can do without it? */
export function isPermanent(error: unknown): error is Refused {
  return error instanceof Refused && natureOf(error.code) === 'permanent';
}

// A no to the message itself rather than to its channel: of several entries in it perhaps one is to blame.
const ABOUT_THE_MESSAGE =
  /^chat\.\w+: (invalid_blocks|invalid_blocks_format|invalid_attachments|msg_.*|no_text|metadata_.*|invalid_metadata.*)$/;

/** @param error `method: code`, as kept with the row */
export function isAboutTheMessage(error: string): boolean {
  return ABOUT_THE_MESSAGE.test(error);
}
