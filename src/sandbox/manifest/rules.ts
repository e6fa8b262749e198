import { type Fields, isFields, listOf, textOf } from '../fields.js';
import { EVENT_SCOPES, UNASKED } from './events.js';
import { meant, type Problem, pointerOf } from './problem.js';
import { APP_SCOPES, BOT_SCOPES, USER_SCOPES } from './scopes.js';

/** What a manifest is read for, where the app has no Socket Mode. */
export interface Elsewhere {
  /** The request URL is told in another way, so the manifest need not have one. */
  readonly requestUrl?: boolean | undefined;
  /** Payloads are going to be sent: request URLs must be of this machine. */
  readonly sending?: boolean | undefined;
}

/**
 * What Slack refuses although every member for itself is in order: unknown scopes and events, events without their
 * scope, what needs the scope `commands` or interactivity, the same command twice, and no address for payloads.
 * Members of the wrong type are passed over; the schema tells of them.
 */
export function problemsBetween(manifest: Fields, elsewhere: Elsewhere = {}): Problem[] {
  return [...scopeProblems(manifest), ...eventProblems(manifest), ...featureProblems(manifest, elsewhere)];
}

const KINDS = [
  ['bot', BOT_SCOPES, USER_SCOPES, 'user'],
  ['user', USER_SCOPES, BOT_SCOPES, 'bot'],
  ['bot_optional', BOT_SCOPES, USER_SCOPES, 'user'],
  ['user_optional', USER_SCOPES, BOT_SCOPES, 'bot'],
] as const;

function scopeProblems(manifest: Fields): Problem[] {
  const scopes = member(manifest, 'oauth_config', 'scopes');
  return KINDS.flatMap(([kind, known, others, other]) =>
    textsOf(scopes?.[kind]).flatMap(([index, scope]) => {
      if (known.has(scope)) return [];
      const pointer = pointerOf(['oauth_config', 'scopes', kind, index]);
      if (APP_SCOPES.has(scope))
        return [
          { pointer, message: `${scope} is a scope of app-level tokens, and of no manifest: leave it out` },
        ];
      if (others.has(scope))
        return [{ pointer, message: `${scope} is a scope of ${other} tokens only: move it to "${other}"` }];
      return [{ pointer, message: `there is no scope ${JSON.stringify(scope)}${meant(scope, [...known])}` }];
    }),
  );
}

function eventProblems(manifest: Fields): Problem[] {
  const subscriptions = member(manifest, 'settings', 'event_subscriptions');
  const scopes = member(manifest, 'oauth_config', 'scopes');
  return (['bot', 'user'] as const).flatMap((kind) => {
    const held = new Set(textsOf(scopes?.[kind]).map(([, scope]) => scope));
    return textsOf(subscriptions?.[`${kind}_events`]).flatMap(([index, event]) => {
      const pointer = pointerOf(['settings', 'event_subscriptions', `${kind}_events`, index]);
      if (UNASKED.has(event))
        return [{ pointer, message: `${event} is sent without a subscription: leave it out` }];
      const needed = EVENT_SCOPES.get(event);
      if (!needed) return [{ pointer, message: unknownEvent(event) }];
      if (needed.length === 0 || needed.some((scope) => held.has(scope))) return [];
      const where = pointerOf(['oauth_config', 'scopes', kind]);
      return [{ pointer, message: `${event} needs the scope ${needed.join(' or ')} in ${where}` }];
    });
  });
}

function unknownEvent(event: string): string {
  const kinds = [...EVENT_SCOPES.keys()];
  const hint =
    event === 'message' ? '; there are message.channels, message.groups, message.im, message.mpim' : '';
  return `there is no event ${JSON.stringify(event)}${hint || meant(event, kinds)}`;
}

function featureProblems(manifest: Fields, elsewhere: Elsewhere): Problem[] {
  const features = member(manifest, 'features');
  const settings = member(manifest, 'settings');
  const interactivity = member(manifest, 'settings', 'interactivity');
  const subscriptions = member(manifest, 'settings', 'event_subscriptions');
  const botScopes = textsOf(member(manifest, 'oauth_config', 'scopes')?.bot).map(([, scope]) => scope);
  const commands = listOf(features?.slash_commands);
  const shortcuts = listOf(features?.shortcuts);
  const problems: Problem[] = [];
  const tell = (path: Array<string | number>, message: string) =>
    problems.push({ pointer: pointerOf(path), message });

  if (!botScopes.includes('commands')) {
    const scope = 'need the scope "commands" in /oauth_config/scopes/bot';
    if (commands.length > 0) tell(['features', 'slash_commands'], `commands ${scope}`);
    if (shortcuts.length > 0) tell(['features', 'shortcuts'], `shortcuts ${scope}`);
  }
  if (shortcuts.length > 0 && interactivity?.is_enabled !== true)
    tell(['features', 'shortcuts'], 'shortcuts need /settings/interactivity/is_enabled: true');

  const seen = new Set<string>();
  for (const [index, { command }] of commands.entries()) {
    if (typeof command !== 'string') continue;
    const at = ['features', 'slash_commands', index, 'command'];
    if (seen.has(command)) tell(at, `${command} stands there twice`);
    if (/\s/.test(command)) tell(at, `${JSON.stringify(command)} must be one word`);
    seen.add(command);
  }

  const away =
    'is not on this machine, and a local Slack sends nothing away: say where the bot listens, --events-url URL';
  const http = settings?.socket_mode_enabled !== true && !elsewhere.requestUrl;
  const instead = 'or /settings/socket_mode_enabled: true';
  if (http) {
    for (const [index, { url }] of commands.entries()) {
      if (url === undefined) tell(['features', 'slash_commands', index], `needs a url, ${instead}`);
      else if (elsewhere.sending && isAway(url)) tell(['features', 'slash_commands', index, 'url'], away);
    }
    for (const [path, url] of [
      [['settings', 'interactivity', 'request_url'], interactivity?.request_url],
      [['settings', 'interactivity', 'message_menu_options_url'], interactivity?.message_menu_options_url],
      [['settings', 'event_subscriptions', 'request_url'], subscriptions?.request_url],
    ] as const)
      if (elsewhere.sending && isAway(url)) tell([...path], away);
    if (interactivity?.is_enabled === true && textOf(interactivity.request_url) === undefined)
      tell(['settings', 'interactivity'], `needs a request_url, ${instead}`);
    const heard = [...textsOf(subscriptions?.bot_events), ...textsOf(subscriptions?.user_events)];
    if (heard.length > 0 && textOf(subscriptions?.request_url) === undefined)
      tell(['settings', 'event_subscriptions'], `needs a request_url, ${instead}`);
  }
  return problems;
}

/** An address that another machine may answer: a production manifest is tried out here, and its bot must not hear of it. */
export function isAway(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  const near = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.*\.)?localhost|host\.docker\.internal)$/.test(hostname);
  // One word is a neighbour: a service of the same compose file.
  return !near && hostname.includes('.');
}

/** The group of members at that path, when there is one. */
function member(manifest: Fields, ...path: string[]): Fields | undefined {
  let here: unknown = manifest;
  for (const step of path) here = isFields(here) ? here[step] : undefined;
  return isFields(here) ? here : undefined;
}

function textsOf(value: unknown): Array<[index: number, text: string]> {
  if (!Array.isArray(value)) return [];
  return value.flatMap(
    (item: unknown, index): Array<[number, string]> => (typeof item === 'string' ? [[index, item]] : []),
  );
}
