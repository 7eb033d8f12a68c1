import { AppError } from '@prad/errors';

/** @throws AppError invalid `weight_not_finite`. */
export function checkFinite(values: Float32Array, row: number): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw new AppError({
      kind: 'invalid',
      code: 'weight_not_finite',
      message: `row ${row} of the weight holds ${value}: only finite numbers can be rounded to few bits`,
    });
  }
}
