import multipart from '@fastify/multipart';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, createLogger, carryRequestId, requestId } from '@prad/telemetry';
import type { FastifyInstance } from 'fastify';
import { identifyCallers } from './access/identify-callers.js';
import { KeyRing } from './access/key-ring.js';
import { limitRate } from './access/rate-limit.js';
import { AppModule } from './app.module.js';
import { serveDashboard } from './dashboard/serve-dashboard.js';
import { serveDocs } from './docs.js';
import { ErrorFilter } from './http/error.filter.js';
import { sendSecurityHeaders } from './http/security-headers.js';
import { validationPipe } from './http/validation.pipe.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import type { ApiSettings } from './settings.js';

/** Largest JSON body; files come as forms and have their own limit. */
const MAX_BODY_BYTES = 16 << 20;

/** The whole API, connected to its stores but not yet listening. */
export async function createApp(settings: ApiSettings): Promise<NestFastifyApplication> {
  const logger = createLogger({ service: 'api', level: settings.logLevel, format: settings.logFormat });
  const adapter = fastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(settings, logger), adapter, {
    logger: false,
    abortOnError: false,
  });
  await sendSecurityHeaders(app);
  identifyCallers(serverOf(adapter), app.get(KeyRing), settings);
  await limitRate(app, settings.rateLimitPerMinute);
  await app.register(multipart, {
    limits: { fileSize: settings.maxUploadBytes, files: 1, fields: 8 },
    throwFileSizeLimit: false,
  });
  app.useGlobalFilters(new ErrorFilter());
  app.useGlobalPipes(validationPipe());
  const metrics = app.get(ApiMetrics);
  serverOf(adapter).addHook('onResponse', (request, reply, done) => {
    metrics.observeRequest(request, reply);
    done();
  });
  serveDocs(app);
  await serveDashboard(serverOf(adapter), settings.dashboardFolder);
  await app.init();
  // From here on, for the start logs one line for each route.
  app.useLogger(app.get(NestLogger));
  return app;
}

function fastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: requestId,
    // Adapter names hold colons and may be long.
    routerOptions: { maxParamLength: 300 },
    // Requests that are under way when the server closes are waited for; idle connections are not.
    forceCloseConnections: 'idle',
  });
  carryRequestId(serverOf(adapter));
  return adapter;
}

/** Nest types its own raw server; it is Fastify's instance. */
function serverOf(adapter: FastifyAdapter): FastifyInstance {
  return adapter.getInstance<FastifyInstance>();
}
