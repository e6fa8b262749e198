import { type Fields, isFields } from '../fields.js';
import { type Problem, ProblemsError, problemsWith } from './problem.js';
import { type Elsewhere, problemsBetween } from './rules.js';
import { type CheckedManifest, versionOne, versionTwo } from './schema.js';

type Features = NonNullable<CheckedManifest['features']>;
type Command = NonNullable<Features['slash_commands']>[number];
type Shortcut = NonNullable<Features['shortcuts']>[number];

/** What of an app manifest changes how the sandbox behaves. */
export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly longDescription: string;
  /** `#rgb` or `#rrggbb`. */
  readonly colour: string | undefined;
  /** The bot's handle: its display name in the characters that handles have. */
  readonly botName: string;
  readonly botDisplayName: string;
  readonly alwaysOnline: boolean;
  readonly homeTab: boolean;
  readonly messagesTab: boolean;
  /** People cannot write to the app. */
  readonly messagesTabReadOnly: boolean;
  readonly commands: readonly Command[];
  readonly shortcuts: readonly Shortcut[];
  /** Domains of which the app hears when somebody posts a link. */
  readonly unfurlDomains: readonly string[];
  readonly scopes: ReadonlySet<string>;
  /** Of the tokens with which the app acts as a person. */
  readonly userScopes: ReadonlySet<string>;
  /** Scopes that whoever installs the app may leave out. */
  readonly optionalScopes: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  /** Of what the app hears on behalf of those who gave it a token. */
  readonly userEvents: ReadonlySet<string>;
  readonly metadataSubscriptions: ReadonlyArray<{ readonly app_id: string; readonly event_type: string }>;
  readonly redirectUrls: readonly string[];
  readonly interactive: boolean;
  /** Where events go without Socket Mode. */
  readonly eventsUrl: string | undefined;
  /** Where buttons, shortcuts and modals go without Socket Mode. */
  readonly requestUrl: string | undefined;
  /** Where menus that the app fills are asked for, when elsewhere than `requestUrl`. */
  readonly optionsUrl: string | undefined;
  readonly incomingWebhooks: boolean;
  readonly socketMode: boolean;
  readonly orgDeploy: boolean;
  readonly tokenRotation: boolean;
}

/**
 * Everything that Slack would refuse in a parsed manifest, in the order of the manual: members first, then what is
 * wrong between them.
 * @returns empty when the manifest is in order
 */
export function manifestProblems(source: unknown, elsewhere: Elsewhere = {}): Problem[] {
  if (!isFields(source))
    return [{ pointer: '', message: 'must be a group of members, as an app manifest is' }];
  return [...problemsWith(schemaOf(source), source), ...problemsBetween(source, elsewhere)];
}

/**
 * Reads a parsed manifest.
 * @throws ProblemsError `invalid_manifest` with everything that Slack would refuse, one problem a line
 */
export function readManifest(source: unknown, elsewhere: Elsewhere = {}): Manifest {
  const problems = manifestProblems(source, elsewhere);
  const parsed = isFields(source) ? schemaOf(source).safeParse(source) : undefined;
  if (problems.length > 0 || !parsed?.success) throw new ProblemsError('invalid_manifest', problems);
  return told(parsed.data);
}

/**
 * Where payloads go when the manifest itself says that there is no Socket Mode.
 * @returns undefined in Socket Mode, and when nothing is to be sent
 */
export function ownRequestUrl(manifest: Manifest): string | undefined {
  if (manifest.socketMode) return undefined;
  return manifest.eventsUrl ?? manifest.requestUrl ?? manifest.commands.find(({ url }) => url)?.url;
}

/** A manifest that names no version is one of version 1. */
function schemaOf(source: Fields) {
  const { _metadata } = source;
  return isFields(_metadata) && _metadata.major_version === 2 ? versionTwo : versionOne;
}

function told(manifest: CheckedManifest): Manifest {
  const { display_information: display, features = {}, oauth_config: oauth = {}, settings = {} } = manifest;
  const { app_home: home = {}, bot_user: bot } = features;
  const { scopes = {} } = oauth;
  const { event_subscriptions: heard = {}, interactivity } = settings;
  const displayName = bot?.display_name ?? display.name;
  return {
    name: display.name,
    description: display.description ?? '',
    longDescription: display.long_description ?? '',
    colour: display.background_color,
    botName: handleOf(displayName),
    botDisplayName: displayName,
    alwaysOnline: bot?.always_online ?? false,
    homeTab: home.home_tab_enabled ?? false,
    messagesTab: home.messages_tab_enabled ?? true,
    messagesTabReadOnly: home.messages_tab_read_only_enabled ?? false,
    commands: features.slash_commands ?? [],
    shortcuts: features.shortcuts ?? [],
    unfurlDomains: features.unfurl_domains ?? [],
    scopes: new Set(scopes.bot),
    userScopes: new Set(scopes.user),
    optionalScopes: new Set([...(scopes.bot_optional ?? []), ...(scopes.user_optional ?? [])]),
    events: new Set(heard.bot_events),
    userEvents: new Set(heard.user_events),
    metadataSubscriptions: heard.metadata_subscriptions ?? [],
    redirectUrls: oauth.redirect_urls ?? [],
    interactive: interactivity?.is_enabled ?? false,
    eventsUrl: heard.request_url,
    requestUrl: interactivity?.request_url,
    optionsUrl: interactivity?.message_menu_options_url,
    incomingWebhooks: settings.incoming_webhooks?.incoming_webhooks_enabled ?? false,
    socketMode: settings.socket_mode_enabled ?? false,
    orgDeploy: settings.org_deploy_enabled ?? false,
    tokenRotation: settings.token_rotation_enabled ?? false,
  };
}

/** Handles are lower case and have no blanks, although the display names in manifests may have both. */
function handleOf(displayName: string): string {
  return (
    displayName
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '_')
      .replace(/^_+|_+$/g, '') || 'bot'
  );
}
