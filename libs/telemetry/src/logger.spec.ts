import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withLogContext } from './log-context.js';
import { createLogger, type LoggerOptions } from './logger.js';

function logged(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'api', level: 'info', format: 'json', destination, ...options });
  const records = (): unknown[] => lines.map((line) => JSON.parse(line) as unknown);
  return { logger, lines, records };
}

describe('createLogger', () => {
  it('names level and service and writes the time in ISO form', () => {
    const { logger, records } = logged();
    logger.debug('hidden');
    logger.info('shown');
    expect(records()).toEqual([
      { level: 'info', service: 'api', msg: 'shown', time: expect.stringMatching(/^\d{4}-.*Z$/) as string },
    ]);
  });

  it('never shows secrets', () => {
    const { logger, lines } = logged();
    logger.info({ req: { headers: { authorization: 'Bearer hunter2' } }, db: { password: 'hunter2' } }, 'x');
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('takes secrets out of messages, addresses and errors', async () => {
    const { logger, lines } = logged();
    const secret = `prad_${'aB3_'.repeat(10)}xyz`;
    logger.info({ req: { url: `/v1/files?limit=2&api_key=hunter2&after=file-1` } }, `key ${secret} is new`);
    logger.error({ err: new Error('cannot reach postgres://prad:hunter2@db:5432/prad') }, 'Bearer hunter2');
    logger.info({ url: 'http://localhost:8000/metrics?name=prad_http_request_duration_seconds_bucket' });
    const text = lines.join('');
    expect(text).not.toMatch(/hunter2|aB3_/);
    expect(text).toContain('/v1/files?limit=2&api_key=[secret]&after=file-1');
    expect(text).toContain('postgres://prad:[secret]@db:5432/prad');
    expect(text).toContain('prad_http_request_duration_seconds_bucket');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toHaveLength(3);
    const pretty = logged({ format: 'pretty' });
    pretty.logger.info(`key ${secret} is new`);
    await sleep(20);
    expect(pretty.lines.join('')).toContain('key prad_[secret] is new');
  });

  it('carries the ids of the work around it through awaits, and of parallel work apart', async () => {
    const { logger, records } = logged();
    const work = (jobId: string) =>
      withLogContext({ jobId }, async () => {
        await sleep(1);
        withLogContext({ step: 1 }, () => {
          logger.info(jobId);
        });
      });
    await Promise.all([work('a'), work('b')]);
    logger.info('after');
    expect(records()).toMatchObject([
      { msg: 'a', jobId: 'a', step: 1 },
      { msg: 'b', jobId: 'b', step: 1 },
      { msg: 'after' },
    ]);
    expect(records()[2]).not.toHaveProperty('jobId');
  });

  it('is readable for people', async () => {
    const { logger, lines } = logged({ format: 'pretty' });
    logger.info({ port: 8000 }, 'listening');
    await sleep(20);
    expect(lines.join('')).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: api: listening \{"port":8000\}\n$/);
  });
});
