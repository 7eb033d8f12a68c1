import { Writable } from 'node:stream';
import { Controller, Get, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyInstance } from 'fastify';
import { Logger as NestLogger } from 'nestjs-pino';
import { expect, it } from 'vitest';
import { createLogger } from './logger.js';
import { carryRequestId, requestId, requestLogging } from './request-logging.js';

@Controller()
class ProbeController {
  @Get('health')
  health(): string {
    return 'ok';
  }

  @Get('work')
  work(): string {
    return 'done';
  }
}

it('logs each request once with its id, and no probe', async () => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'api', level: 'info', format: 'json', destination });

  @Module({ imports: [requestLogging(logger)], controllers: [ProbeController] })
  class ProbeModule {}

  const adapter = new FastifyAdapter({ genReqId: requestId });
  carryRequestId(adapter.getInstance<FastifyInstance>());
  const module = await Test.createTestingModule({ imports: [ProbeModule] }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(adapter);
  app.useLogger(app.get(NestLogger));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  lines.length = 0;
  await app.inject('/health');
  const secret = { authorization: 'Bearer hunter2', 'x-request-id': 'my-id' };
  const answer = await app.inject({ url: '/work?a=1', headers: secret });
  await app.close();
  expect(answer.headers['x-request-id']).toBe('my-id');
  const requests = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => 'res' in line);
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    requestId: 'my-id',
    req: { method: 'GET', url: '/work?a=1' },
    res: { statusCode: 200 },
    level: 'info',
  });
  expect(lines.join('')).not.toContain('hunter2');
});
