/** `unknown`: Slack does not say; `chosen`: Slack does something else or more, and we chose; `missing`: not here. */
type Why = 'unknown' | 'chosen' | 'missing';

/** Something in which the sandbox differs from Slack, or may. */
export interface Difference {
  readonly area: string;
  readonly what: string;
  /** What the sandbox does. */
  readonly here: string;
  readonly why: Why;
}

/** What is known to differ; the coverage table ends with it. */
export const KNOWN_DIFFERENCES: readonly Difference[] = [
  {
    area: 'Invitations',
    what: 'code for inviting a deactivated person',
    here: '`user_not_found`',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: 'sum of the text of all blocks',
    here: '13,000 characters, then `msg_blocks_too_long`; the setting `block_text_cap` changes it',
    why: 'unknown',
  },
  {
    area: 'Messages',
    what: 'unit of limits on length',
    here: 'UTF-16 units, the stricter reading',
    why: 'unknown',
  },
  {
    area: 'Response addresses',
    what: 'answer of a used-up or expired one',
    here: 'HTTP 404 with `used_url` or `expired_url`',
    why: 'unknown',
  },
  { area: 'Commands', what: 'words of failures', here: 'as Slackbot is known to word them', why: 'unknown' },
  {
    area: 'Rate limits',
    what: 'limits of the methods that Slack calls special',
    here: '300 a minute',
    why: 'unknown',
  },
  {
    area: 'Sockets',
    what: 'when events that were not acknowledged come again',
    here: 'at once, after one and after five minutes, as over HTTP',
    why: 'unknown',
  },
  {
    area: 'Tokens',
    what: 'code for the tokens of an app that was taken off',
    here: '`account_inactive`; `token_revoked` for one that was revoked by itself',
    why: 'unknown',
  },
  {
    area: 'Tokens',
    what: 'token rotation',
    here: 'tokens do not expire, and `grant_type=refresh_token` is `invalid_refresh_token`',
    why: 'missing',
  },
  {
    area: 'OAuth',
    what: 'the page where people allow an app',
    here: '`/oauth/v2/authorize` allows at once, as an admin or as `user=`, and goes back; PKCE is not asked for',
    why: 'chosen',
  },
  {
    area: 'OAuth',
    what: 'a code that is wrong, used or older than ten minutes',
    here: '`invalid_code` for all three',
    why: 'unknown',
  },
  {
    area: 'People',
    what: 'an outsider who shares no conversation with the workspace',
    here: '`user_not_visible` from `users.info`',
    why: 'unknown',
  },
  {
    area: 'People',
    what: 'the size at which `users.list` wants a `limit`',
    here: 'more than 5,000 people, then `limit_required`',
    why: 'unknown',
  },
  {
    area: 'Presence',
    what: 'people going idle',
    here: 'they are as the control API says, by default connected and active',
    why: 'chosen',
  },
  {
    area: 'Rest',
    what: 'what others see of a pause',
    here: 'the pause as the session that runs; `snooze_*` only for the person',
    why: 'unknown',
  },
  {
    area: 'Rest',
    what: 'the longest pause, and the end of one without a pause',
    here: 'a day (`too_long`); `snooze_not_active`',
    why: 'unknown',
  },
  {
    area: 'Profiles',
    what: 'the limit of ten writes a minute for each person',
    here: 'the tier alone',
    why: 'missing',
  },
  {
    area: 'User groups',
    what: 'longest name, description and list of people',
    here: '80, 140 and 1,000; a handle has at most 21 characters',
    why: 'unknown',
  },
  {
    area: 'User groups',
    what: 'free plans (`plan_upgrade_required`)',
    here: 'the workspace pays; order the failure where a test needs it',
    why: 'chosen',
  },
  {
    area: 'Reminders',
    what: 'times in words',
    here: 'numbers and `in 15 minutes` are understood, the rest is `cannot_parse`; recurring ones do not ring',
    why: 'missing',
  },
  {
    area: 'Assistant',
    what: 'status, title and prompts of a thread',
    here: 'kept and checked; a status stays until it is emptied',
    why: 'missing',
  },
  {
    area: 'Manifests',
    what: 'apps made with `apps.manifest.create`',
    here: 'their manifests are kept and exported; only the one app of the sandbox runs',
    why: 'chosen',
  },
  {
    area: 'Manifests',
    what: 'scopes added with `apps.manifest.update`',
    here: 'the token has them after the next `oauth.v2.access`, as with a new installation',
    why: 'unknown',
  },
  {
    area: 'Organisations',
    what: '`auth.test` with a token for the whole organisation',
    here: '`team_id` and `team` are the organisation',
    why: 'unknown',
  },
  {
    area: 'Organisations',
    what: 'such a token without `team_id`',
    here: "`missing_argument`, of user groups `target_team_must_be_specified_in_org_context`; a team that is not the sandbox's own is `team_access_not_granted`",
    why: 'unknown',
  },
  {
    area: 'Organisations',
    what: 'several workspaces with channels of their own',
    here: 'one; further ones have a name in `auth.teams.list` and nothing else',
    why: 'missing',
  },
  {
    area: 'Slack Connect',
    what: 'invitations, and the codes `slack_connect_*`',
    here: 'channels are shared by seed or control API; order those codes as failures',
    why: 'missing',
  },
  {
    area: 'Emoji',
    what: '`cache_ts` and the names of kinds',
    here: 'now, and those of the gemoji library',
    why: 'chosen',
  },
];
