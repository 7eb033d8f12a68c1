import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { isChatter, levelOf, readableLine } from './log-line.js';

const time = '2026-03-01T12:00:00.000Z';

function line(fields: object): string {
  return JSON.stringify({ level: 'info', time, service: 'api', ...fields });
}

function readable(text: string): string {
  return stripVTControlCharacters(readableLine('api', text)).replace(/^\d\d:\d\d:\d\d /, '');
}

it('shows a log entry with its fields, a request in short, and other lines as they are', () => {
  expect(readable(line({ msg: 'hello', job: 'x', pid: 1 }))).toBe('api      info  hello job=x');
  const served = {
    msg: 'request completed',
    req: { method: 'GET', url: '/a' },
    res: { statusCode: 200 },
    durationMs: 3,
  };
  expect(readable(line(served))).toBe('api      GET /a 200 3 ms');
  expect(readable('{no json')).toBe('api      {no json');
});

it('knows levels and the chatter of the framework', () => {
  expect(levelOf(line({ level: 'error' }))).toBe('error');
  expect(levelOf('plain')).toBe('info');
  expect(isChatter(line({ msg: 'Mapped', context: 'RouterExplorer' }))).toBe(true);
  expect(isChatter(line({ level: 'warn', msg: 'slow', context: 'RouterExplorer' }))).toBe(false);
});
