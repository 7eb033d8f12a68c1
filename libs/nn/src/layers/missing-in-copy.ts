import { AppError } from '@prad/errors';

export function missingInCopy(name: string): never {
  throw new AppError({
    kind: 'invalid',
    code: 'invalid_quantised_copy',
    message: `the quantised copy of the weights lacks ${name}: import the model again`,
  });
}
