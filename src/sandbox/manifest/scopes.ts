/** Scopes by what follows the colon: `chat:write` stands at `write`. */
function scopes(kind: string, families: string): string[] {
  return families.split(/\s+/).map((family) => `${family}:${kind}`);
}

/** Scopes that both kinds of token can have. */
const BOTH: readonly string[] = [
  ...scopes('history', 'channels groups im mpim'),
  ...scopes(
    'read',
    'bookmarks calls canvases channels dnd emoji files groups im links lists mpim pins reactions remote_files team team.billing team.preferences usergroups users users.profile',
  ),
  ...scopes(
    'write',
    'bookmarks calls canvases chat files groups im links lists mpim pins reactions usergroups users',
  ),
  ...scopes('write.invites', 'channels groups'),
  ...scopes('write.topic', 'channels groups im mpim'),
  ...['users:read.email', 'remote_files:share', 'links.embed:write', 'commands', 'tokens.basic'],
  ...['search:read.files', 'search:read.public', 'search:read.users'],
];

/** Every scope that may stand in `/oauth_config/scopes/bot`. */
export const BOT_SCOPES: ReadonlySet<string> = new Set([
  ...BOTH,
  ...['app_mentions:read', 'assistant:write', 'channels:join', 'channels:manage'],
  ...['chat:write.customize', 'chat:write.public', 'incoming-webhook', 'metadata.message:read'],
  ...scopes('read', 'conversations.connect datastore triggers workflows.templates'),
  ...scopes('write', 'conversations.connect datastore triggers workflows.templates remote_files'),
  ...['conversations.connect:manage', 'reminders:read', 'reminders:write', 'workflow.steps:execute'],
  // Documented for bot tokens with eight methods of conversations.
  'channels:write',
]);

/** Every scope that may stand in `/oauth_config/scopes/user`. */
export const USER_SCOPES: ReadonlySet<string> = new Set([
  ...BOTH,
  ...['admin', 'client', 'identify', 'openid', 'email', 'profile', 'auditlogs:read', 'hosting:read'],
  ...scopes(
    'read',
    'admin.analytics admin.app_activities admin.apps admin.barriers admin.conversations admin.invites admin.roles admin.teams admin.usergroups admin.users admin.workflows',
  ),
  ...scopes(
    'write',
    'admin.apps admin.barriers admin.conversations admin.invites admin.roles admin.teams admin.usergroups admin.users admin.workflows app_configurations channels dnd reminders stars users.profile',
  ),
  ...['admin.conversations:manage_objects', 'app_configurations:read', 'reminders:read', 'stars:read'],
  ...['identity.basic', 'identity.email', 'identity.team', 'identity.avatar', 'identity:read'],
  ...['search:read', 'search:read.im', 'search:read.mpim', 'search:read.private'],
]);

/** Scopes of app-level tokens, which no manifest asks for. */
export const APP_SCOPES: ReadonlySet<string> = new Set(['connections:write', 'authorizations:read']);
