import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Express, Request, Response } from 'express';
import { isRefusal } from '#domain/refusal.js';
import { numberOf } from '#domain/state.js';
import { EXPORTS, type ExportName, isZone } from '#render/exports.js';
import type { Read, Viewer } from '#read.js';
import { admitted, bearerOf, type FindToken } from './auth.js';
import { teamOfLink } from './signed-link.js';

export interface ExportPorts {
  read: Read;
  findToken: FindToken;
  /** Signs links; null: links are not accepted. */
  secret: string | null;
  now: () => Date;
}

/** A reader who stops reading must not hold a database snapshot for ever. */
const SLOWEST_MS = 120_000;

/** `GET /incidents/INC-7/timeline.md` and its like: the same bytes as the CLI and Slack give. */
export function exportRoutes(app: Express, ports: ExportPorts): void {
  app.get('/incidents/:ref/:file', async (request, response, next) => {
    const name = (Object.keys(EXPORTS) as ExportName[]).find(
      (key) => EXPORTS[key].path === request.params.file,
    );
    const incident = numberOf(request.params.ref);
    if (!name) return next();
    const viewer = await viewerOf(ports, request, response, incident ?? 0);
    if (!viewer) return;
    const zone = typeof request.query.zone === 'string' ? request.query.zone : 'UTC';
    if (!isZone(zone)) {
      plain(
        response,
        400,
        `“${zone}” is not a time zone. Write \`?zone=UTC\` or an area such as \`?zone=Europe/Berlin\`.`,
      );
      return;
    }
    const { type, render } = EXPORTS[name];
    const outcome = await ports.read.dossier(viewer, incident ?? 0, async (dossier) => {
      response.status(200).set({
        'Content-Type': type,
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      });
      await pipeline(Readable.from(render(dossier, zone)), response, {
        signal: AbortSignal.timeout(SLOWEST_MS),
      });
    });
    if (isRefusal(outcome)) plain(response, 404, `${outcome.sentence}`);
  });
}

/** A bearer token, or a link that carries its own permission. @returns null when the request has been answered. */
async function viewerOf(
  ports: ExportPorts,
  request: Request,
  response: Response,
  incident: number,
): Promise<Viewer | null> {
  if (bearerOf(request) === null && ports.secret !== null) {
    const query = new URL(request.url, 'http://localhost').searchParams;
    const now = Math.floor(ports.now().getTime() / 1000);
    const asked = { incident, file: String(request.params.file) };
    const team = teamOfLink(ports.secret, query, asked, now);
    // The link was made for somebody who could see this very incident.
    if (team !== null) return { team, by: { id: 'link', name: null }, seesPrivate: true };
  }
  const token = await admitted(ports.findToken, request, response, 'read');
  return (
    token && {
      team: token.team,
      by: { id: `token:${token.name}`, name: token.name },
      seesPrivate: token.private,
    }
  );
}

function plain(response: Response, status: number, sentence: string): void {
  response.status(status).type('text/plain').send(`${sentence}\n`);
}
