import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { ZodError } from 'zod';
import { accountRoutes } from './account.js';
import { ControlError } from './actors.js';
import { appRoutes } from './app.js';
import { channelRoutes } from './channels.js';
import { peopleRoutes } from './people.js';
import { placeRoutes } from './places.js';
import { testRoutes } from './tests.js';
import { wireRoutes } from './wire.js';
import type { Workshop } from './workshop.js';

/** The paths of the control API with their verb, as `POST /control/message`. */
export function controlPathsOf(router: Router): string[] {
  const paths = router.stack.flatMap((layer): string[] => {
    const { route } = layer;
    if (route) return route.stack.map((it) => `${it.method.toUpperCase()} /control${route.path}`);
    return isRouter(layer.handle) ? controlPathsOf(layer.handle) : [];
  });
  return [...new Set(paths)].sort();
}

function isRouter(handle: object): handle is Router {
  return 'stack' in handle && Array.isArray(handle.stack);
}

/** `/control/…`: acting as a person and looking inside, in JSON. */
export function controlRoutes(shop: Workshop): Router {
  const router = Router();
  // JSON only: a page of another origin cannot send it without asking first.
  router.use((request, response, next) => {
    if (request.method === 'POST' && !request.is('application/json')) {
      response.status(415).json({ ok: false, error: 'send application/json' });
      return;
    }
    next();
  });
  // Room for the pictures that people drop on the page.
  router.use(express.json({ limit: '64mb' }));
  router.use(peopleRoutes(shop), accountRoutes(shop), channelRoutes(shop), placeRoutes(shop));
  router.use(appRoutes(shop), testRoutes(shop), wireRoutes(shop));
  router.use((request, response) => {
    response.status(404).json({ ok: false, error: `no such control: ${request.method} ${request.path}` });
  });
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (error instanceof ControlError) response.status(400).json({ ok: false, error: error.message });
    else if (error instanceof ZodError)
      response.status(400).json({ ok: false, error: 'invalid', problems: error.issues });
    else next(error);
  });
  return router;
}
