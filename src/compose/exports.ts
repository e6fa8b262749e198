import type { Exports } from '#deliver/ports.js';
import { typedZone } from '#domain/command/zone.js';
import { isRefusal } from '#domain/refusal.js';
import type { Read } from '#read.js';
import { type Format, renderExport } from '#render/exports.js';
import { EXPORT_FILES } from '#web/exports.js';
import { signedPath } from '#web/signed-link.js';

/** How long a link in a message opens the export: a shift and a night. */
const LINK_SECONDS = 24 * 3600;

export interface ExportParts {
  read: Read;
  secret: string;
  publicUrl: string | null;
  now: () => Date;
}

/** Exports for deliveries: the same bytes as everywhere, and a link that opens them. */
export function exportsOf({ read, secret, publicUrl, now }: ExportParts): Exports {
  return {
    async render(team, incident, format, zone, user) {
      // The person was let in when the export was asked for; the channel may be the only proof of that.
      const viewer = { team, by: { id: user, name: null }, seesPrivate: true };
      // An upload has to say its length first, so the text is gathered here, inside the snapshot.
      const chunks = await read.dossier(viewer, incident, async (dossier) => {
        const parts: string[] = [];
        for await (const part of renderExport(format as Format, dossier, zone)) parts.push(part);
        return parts;
      });
      if (isRefusal(chunks)) return chunks;
      return (async function* () {
        yield* chunks;
      })();
    },
    link(team, incident, format, zone) {
      if (publicUrl === null) return null;
      const expires = Math.floor(now().getTime() / 1000) + LINK_SECONDS;
      const file = EXPORT_FILES[format as Format];
      return publicUrl + signedPath(secret, { team, incident, file, expires }, typedZone(zone));
    },
  };
}
