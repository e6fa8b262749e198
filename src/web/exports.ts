import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Express, Request, Response } from 'express';
import { readZone } from '#domain/command/time/zone.js';
import type { Asking } from '#domain/incident/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { numberOf } from '#domain/words.js';
import type { Read } from '#read/read.js';
import { type Format, mediaTypeOf, renderExport } from '#render/exports.js';
import { PAGE_POLICY } from '#render/html.js';
import { admitted, askerOf, bearerOf, say, type Tokens } from './auth.js';

export interface ExportPorts {
  read: Read;
  tokens: Tokens;
  /** May whoever asks export that incident? */
  permits(power: 'export', incident: number, asking: Asking): Promise<Refusal | null>;
  /** Signs links; null: links are not accepted. */
  secret: string | null;
}

/** The last part of an export's address. */
export const EXPORT_FILES: Readonly<Record<Format, string>> = {
  md: 'timeline.md',
  json: 'timeline.json',
  csv: 'timeline.csv',
  html: 'timeline.html',
  facts: 'facts.jsonl',
  'postmortem.md': 'postmortem.md',
  'postmortem.html': 'postmortem.html',
};

/** The page's own policy, and what only a header can say: no other page may frame it, to have somebody click on what they do not see. */
const SERVED_POLICY = `${PAGE_POLICY}; frame-ancestors 'none'`;

/** A reader that stops reading must not hold one of the places for exports for ever. */
const SLOWEST_MS = 120_000;

/** `GET /incidents/INC-7/timeline.md` and its like: the same bytes as the CLI and Slack give. */
export function exportRoutes(app: Express, ports: ExportPorts): void {
  app.get('/incidents/:ref/:file', async (request, response, next) => {
    const formats = Object.keys(EXPORT_FILES) as Format[];
    const format = formats.find((one) => EXPORT_FILES[one] === request.params.file);
    if (!format) return next();
    // What is no reference at all is answered like an incident that does not exist.
    const incident = numberOf(request.params.ref) ?? -1;
    const viewer = await viewerOf(ports, request, response, incident);
    if (!viewer) return;
    const asked = request.query.zone ?? 'UTC';
    if (typeof asked !== 'string') {
      // A parameter that is repeated arrives as a list: which value is meant cannot be known.
      say(response, 400, '`zone` stands there twice. Write it once, such as `?zone=Europe/Berlin`.');
      return;
    }
    // A plus that nobody encoded arrives as a space.
    const zone = readZone(asked.replace(/^ (?=\d)/, '+'));
    if (isRefusal(zone)) {
      say(response, 400, `?zone=: ${zone.sentence} ${zone.next}`);
      return;
    }
    const no = await ports.permits('export', incident, viewer);
    if (no && no.code !== 'NO_SUCH_INCIDENT') {
      say(response, 403, `${no.sentence} ${no.next}`);
      return;
    }
    const file =
      no ?? (await ports.read.exported(viewer, incident, (dossier) => renderExport(format, dossier, zone)));
    if (isRefusal(file)) {
      say(response, 404, `There is no ${request.params.ref.slice(0, 20)} that you can see here.`);
      return;
    }
    try {
      response.status(200).set({
        'Content-Type': mediaTypeOf(format),
        'Content-Length': String(file.length),
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        ...(mediaTypeOf(format).startsWith('text/html') && { 'Content-Security-Policy': SERVED_POLICY }),
      });
      await pipeline(Readable.from(request.method === 'HEAD' ? [] : file.bytes()), response, {
        signal: AbortSignal.timeout(SLOWEST_MS),
      });
    } finally {
      await file.close();
    }
  });
}

/** A bearer token, or a link that carries its own permission. @returns null when the request has been answered. */
async function viewerOf(
  ports: ExportPorts,
  request: Request,
  response: Response,
  incident: number,
): Promise<Asking | null> {
  const asked = { key: null, now: new Date() };
  if (bearerOf(request) === null && ports.secret !== null) {
    const query = new URL(request.url, 'http://localhost').searchParams;
    const now = Math.floor(asked.now.getTime() / 1000);
    const wanted = { incident, file: String(request.params.file) };
    const held = holderOfLink(ports.secret, query, wanted, now);
    // As the person whom it was made for, who may have left a private incident, or the workspace, since.
    if (held !== null) {
      const by = { id: held.user, name: null };
      return { ...asked, team: held.team, by, seesPrivate: false, source: 'slack' };
    }
  }
  const token = await admitted(ports.tokens, request, response, 'read');
  return token && { ...asked, ...askerOf(token) };
}

/** What a link lets its holder read, until when. */
export interface Grant {
  team: string;
  incident: number;
  /** For whom it was made: of a private incident it opens nothing once they have left its channel. */
  user: string;
  /** The last part of the path, such as `timeline.md`. */
  file: string;
  /** Unix seconds. */
  expires: number;
}

/** @returns hex; everything that the link grants is under the signature */
function signature(secret: string, grant: Grant): string {
  const text = JSON.stringify([
    'tocsin.link/2',
    grant.team,
    grant.incident,
    grant.user,
    grant.file,
    grant.expires,
  ]);
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** @returns path and query of a link to one export; anybody who has it reads that one file until it
 *   expires, as the person whom it was made for may. */
export function signedPath(secret: string, grant: Grant, zone: string): string {
  const query = new URLSearchParams({
    zone,
    team: grant.team,
    user: grant.user,
    expires: String(grant.expires),
    signature: signature(secret, grant),
  });
  return `/incidents/INC-${grant.incident}/${grant.file}?${query}`;
}

/** @param now Unix seconds. @returns in which workspace, and as whom it may be read; or null. */
function holderOfLink(
  secret: string,
  query: URLSearchParams,
  asked: { incident: number; file: string },
  now: number,
): { team: string; user: string } | null {
  const team = query.get('team');
  const user = query.get('user');
  const expires = Number(query.get('expires'));
  const given = query.get('signature');
  if (!team || !user || !given || !Number.isInteger(expires) || expires < now) return null;
  const expected = Buffer.from(signature(secret, { team, user, expires, ...asked }), 'hex');
  const actual = Buffer.from(given, 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? { team, user } : null;
}
