import { createServer, type Server, type ServerResponse } from 'node:http';
import { AppError } from '@prad/errors';
import type { Metrics } from '@prad/telemetry';

/** What the answers are made of. */
export interface WorkerState {
  /** Milliseconds without a sign of life by compute thread; see `ComputeThread.silentMs`. */
  readonly silentMs: () => Readonly<Record<string, number>>;
  readonly hangTimeoutMs: number;
  /** What keeps the worker from taking jobs; none while it is ready. */
  readonly obstacles: () => Promise<readonly string[]>;
  readonly metrics: Metrics;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * /health, /ready and /metrics of a worker. Three fixed answers need no framework, and a worker that loads one more
 * takes its memory from the models.
 */
export class WorkerServer {
  private constructor(private readonly server: Server) {}

  /** Throws unavailable `port_unusable`. */
  static async listen(state: WorkerState, port: number, host: string): Promise<WorkerServer> {
    const server = createServer((request, response) => {
      void answer(state, request.method, request.url).then((sent) => {
        send(response, sent);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(portUnusable(host, port, cause));
      });
      server.listen(port, host, resolve);
    });
    return new WorkerServer(server);
  }

  /** The port, also where a free one was asked for. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answer(state: WorkerState, method = '', url = ''): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: `expected GET, got ${method}` });
  switch (url.replace(/\?.*$/, '')) {
    case '/health':
      return health(state);
    case '/ready':
      return readiness(await state.obstacles());
    case '/metrics':
      return { status: 200, type: state.metrics.contentType, body: await state.metrics.text() };
    default:
      return json(404, { error: 'a worker has /health, /ready and /metrics' });
  }
}

/** A hang ends by ending the process: a native run cannot be stopped from outside. */
function health({ silentMs, hangTimeoutMs }: WorkerState): Answer {
  const hung = Object.entries(silentMs()).filter(([, ms]) => ms > hangTimeoutMs);
  if (hung.length === 0) return json(200, { status: 'ok', message: null });
  const threads = hung.map(([name, ms]) => `the ${name} thread has hung for ${Math.round(ms / 1000)} s`);
  return json(503, { status: 'down', message: threads.join('; ') });
}

function readiness(obstacles: readonly string[]): Answer {
  const ready = obstacles.length === 0;
  return json(ready ? 200 : 503, {
    status: ready ? 'ok' : 'down',
    message: ready ? null : obstacles.join('; '),
  });
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

function portUnusable(host: string, port: number, cause: Error): AppError {
  return new AppError({
    kind: 'unavailable',
    code: 'port_unusable',
    message: `the worker cannot listen on ${host}:${port} (WORKER_HOST, WORKER_PORT): ${cause.message}`,
    cause,
  });
}
