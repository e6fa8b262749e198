import { textOf } from '../../fields.js';
import type { Manifest } from '../../manifest/manifest.js';
import { isAway } from '../../manifest/rules.js';
import type { Parcel } from '../delivery.js';

/**
 * Where the manifest wants a payload: each command has an address of its own, menus that the app fills may have one.
 * @returns undefined where it names none, or one that another machine may answer
 */
export function addressIn(manifest: Manifest, { kind, payload }: Parcel): string | undefined {
  const url = wanted(manifest, kind, payload);
  return isAway(url) ? undefined : url;
}

function wanted(
  { commands, eventsUrl, requestUrl, optionsUrl }: Manifest,
  kind: Parcel['kind'],
  payload: Parcel['payload'],
): string | undefined {
  switch (kind) {
    case 'events_api':
      return eventsUrl;
    case 'slash_commands': {
      const command = textOf(payload.command);
      // What names no command asks after the certificate of any.
      return commands.find((it) => (command === undefined ? it.url : it.command === command))?.url;
    }
    case 'interactive':
      return payload.type === 'block_suggestion' ? (optionsUrl ?? requestUrl) : requestUrl;
  }
}
