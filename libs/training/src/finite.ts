import { AppError } from '@prad/errors';

/** A loss or norm; one that is not a number ends the run before it spoils the tensors that are kept. */
export function finite(value: unknown, name: string): number {
  const found = Number(value);
  if (Number.isFinite(found)) return found;
  throw new AppError({
    kind: 'invalid',
    code: 'training_diverged',
    message: `training diverged: ${name} is ${found}; a smaller learning_rate may help`,
  });
}
