import { QueryFailedError } from 'typeorm';
import { expect, it } from 'vitest';
import { connectionLost } from './connection-lost.js';

const withCode = (code: string, message = 'x') => Object.assign(new Error(message), { code });
const unreachable = { kind: 'unavailable', code: 'database_unreachable' };

it.each([
  ['a query that the server ended', new QueryFailedError('SELECT 1', [], withCode('57P01'))],
  ['a server that starts', withCode('57P03')],
  ['no server', withCode('ECONNREFUSED')],
  ['a cut connection', new Error('Connection terminated unexpectedly')],
  [
    'a query on one',
    new QueryFailedError(
      'x',
      [],
      new Error('Client has encountered a connection error and is not queryable'),
    ),
  ],
])('tells of %s', (_, error) => {
  expect(connectionLost(error)).toMatchObject(unreachable);
});

it('leaves other errors alone', () => {
  expect(connectionLost(new QueryFailedError('x', [], withCode('23503')))).toBeUndefined();
  expect(connectionLost(new Error('no such column'))).toBeUndefined();
  expect(connectionLost('text')).toBeUndefined();
});
