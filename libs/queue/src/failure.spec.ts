import { AppError } from '@prad/errors';
import { expect, it } from 'vitest';
import { decodeFailure, encodeFailure, toAppError, verdictOf } from './failure.js';

it('carries an error through the queue’s text', () => {
  const error = new AppError({ kind: 'invalid', code: 'bad', message: 'bad row', details: { line: 3 } });
  expect(decodeFailure(encodeFailure(error))).toMatchObject({
    kind: 'invalid',
    code: 'bad',
    details: { line: 3 },
  });
});

it('reads a text that is not ours as unavailable', () => {
  const error = decodeFailure('job stalled more than allowable limit');
  expect(error).toMatchObject({ kind: 'unavailable', message: 'job stalled more than allowable limit' });
});

it('tries again what may pass and nothing else', () => {
  expect(verdictOf(toAppError(new Error('connection reset')))).toBe('retry');
  expect(verdictOf(new AppError({ kind: 'bug', code: 'bug', message: 'bug' }))).toBe('fail');
});
