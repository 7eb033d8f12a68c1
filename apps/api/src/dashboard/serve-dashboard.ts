import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const NOT_BUILT =
  'The dashboard was not built: run `npm run build` and start the API again; the API itself is described at /docs.\n';

/** First parts of paths that belong to the API: what it does not know below them is an error and no page. */
const apiPaths = new Set(['v1', 'docs', 'docs-json', 'metrics', 'health', 'ready', 'internal']);

/**
 * Serves the built dashboard at `/`: its files by their names, and its one page for every other path that a browser
 * opens, for the page has routes of its own. Where it was not built, `/` says so.
 */
export async function serveDashboard(server: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    server.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(NOT_BUILT));
    return;
  }
  await server.register(fastifyStatic, {
    root: folder,
    // A route for each file, so that none of the API's can be hidden.
    wildcard: false,
    index: false,
    decorateReply: false,
    globIgnore: ['index.html'],
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('cache-control', cacheControl(path.slice(folder.length + 1)));
    },
  });
  const page = await readFile(join(folder, 'index.html'));
  server.get('/*', (request, reply) => {
    if (!opensAPage(request)) {
      reply.callNotFound();
      return reply;
    }
    return sendPage(reply, page);
  });
}

/** The names of built files hold a hash of their content; the others may change with every release. */
function cacheControl(file: string): string {
  return file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function opensAPage({ url, headers }: FastifyRequest): boolean {
  const path = url.split('?', 1)[0] ?? '';
  if (path === '/') return true;
  return !apiPaths.has(path.split('/')[1] ?? '') && (headers.accept ?? '').includes('text/html');
}

function sendPage(reply: FastifyReply, page: Buffer): FastifyReply {
  return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
}
