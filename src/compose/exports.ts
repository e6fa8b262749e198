import type { Exports } from '#deliver/ports.js';
import { typedZone } from '#domain/command/time/zone.js';
import { isRefusal } from '#domain/refusal.js';
import type { Read } from '#read/read.js';
import { type Format, renderExport } from '#render/exports.js';
import { EXPORT_FILES, signedPath } from '#web/exports.js';

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
    async render(team, incident, format, zone, user, here) {
      // Who asked in the incident's own channel is in it; anybody else may have left since.
      const by = { id: user, name: null };
      const viewer = { team, by, seesPrivate: here, source: 'slack' as const, now: now() };
      const file = await read.exported(viewer, incident, (dossier) =>
        renderExport(format as Format, dossier, zone),
      );
      if (isRefusal(file)) return file;
      try {
        // An upload has to say its length first and is sent in one piece.
        const parts: Uint8Array[] = [];
        for await (const part of file.bytes()) parts.push(part);
        return (async function* () {
          yield* parts;
        })();
      } finally {
        await file.close();
      }
    },
    link(team, incident, format, zone, user) {
      if (publicUrl === null) return null;
      const expires = Math.floor(now().getTime() / 1000) + LINK_SECONDS;
      const file = EXPORT_FILES[format as Format];
      return publicUrl + signedPath(secret, { team, incident, user, file, expires }, typedZone(zone));
    },
  };
}
