import { Router } from 'express';
import type { Workshop } from '../../control/workshop.js';
import { isAdmin } from '../../workspace/objects/user.js';

const MAX_SIZE = 1024;
const HUES = 360;

/** What a browser asks for: the page where people allow the app (they always do), and pictures of everybody. */
export function installRoutes({ world, installation }: Workshop): Router {
  const router = Router();
  router.get('/oauth/v2/authorize', (request, response) => {
    const { client_id, redirect_uri, user_scope, state, user } = request.query;
    const problem = (code: string) => response.status(400).type('text').send(code);
    if (client_id !== installation.credentials.clientId) return problem('invalid_client_id');
    const redirect = typeof redirect_uri === 'string' ? redirect_uri : undefined;
    const allowed = world.manifest.redirectUrls;
    const target = redirect ?? allowed[0];
    if (!target || !URL.canParse(target)) return problem('bad_redirect_uri');
    if (allowed.length > 0 && !allowed.some((it) => target.startsWith(it)))
      return problem('bad_redirect_uri');
    const who = typeof user === 'string' ? world.userNamed(user) : [...world.users.values()].find(isAdmin);
    if (!who) return problem('invalid_user');
    const scopes = typeof user_scope === 'string' && user_scope !== '' ? user_scope.split(',') : [];
    const back = new URL(target);
    back.searchParams.set('code', installation.consent(who.id, redirect, scopes));
    if (typeof state === 'string') back.searchParams.set('state', state);
    return response.redirect(302, back.href);
  });
  router.get('/avatar/:id', (request, response) => {
    const id = request.params.id;
    const name = world.users.get(id)?.realName ?? world.identity.appName;
    const size = Math.min(MAX_SIZE, Math.max(1, Number(request.query.s) || 72));
    response.set({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
    response.type('image/svg+xml').send(avatar(id, initials(name), size));
  });
  return router;
}

function avatar(id: string, letters: string, size: number): string {
  const hue = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % HUES, 7);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 48 48"><rect width="48" height="48" rx="8" fill="hsl(${hue} 45% 38%)"/><text x="24" y="31" text-anchor="middle" font-family="sans-serif" font-size="20" fill="#fff">${letters}</text></svg>`;
}

/** The first letters of the first and the last word; letters and digits only, so that it can stand in markup. */
function initials(name: string): string {
  const words = name.split(/\s+/).map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? '');
  const [first = '?', ...rest] = words.filter((word) => word !== '');
  return `${first}${rest.at(-1) ?? ''}`.toUpperCase();
}
