import { AppError } from '@prad/errors';
import { add, div, minimum, mul, reduceSum, scalar, sqrt } from '@prad/graph';
import type { Scope, Value } from '@prad/graph';

interface ClippedGradients {
  readonly gradients: readonly Value[];
  /** Scalar: the norm of all gradients together, before clipping. */
  readonly norm: Value;
}

/**
 * torch's `clip_grad_norm_`: all gradients times min(1, maxNorm / (norm + 1e-6)). Without `maxNorm` they stay as
 * they are and only the norm is computed.
 */
export function clipByGlobalNorm(at: Scope, gradients: readonly Value[], maxNorm?: number): ClippedGradients {
  const squares = gradients.map((gradient) =>
    reduceSum(at, mul(at, gradient, gradient), {
      axes: gradient.shape.map((_, axis) => axis),
      keepdims: false,
    }),
  );
  const norm = sqrt(at, sumOf(at, squares));
  if (maxNorm === undefined) return { gradients, norm };
  const ratio = div(at, scalar(at, maxNorm), add(at, norm, scalar(at, 1e-6)));
  const factor = minimum(at, ratio, scalar(at, 1));
  return { gradients: gradients.map((gradient) => mul(at, gradient, factor)), norm };
}

/** As a tree of additions, which rounds less than a chain. */
function sumOf(at: Scope, values: readonly Value[]): Value {
  const [first] = values;
  if (!first)
    throw new AppError({ kind: 'bug', code: 'no_gradients', message: 'there are no gradients to clip' });
  if (values.length === 1) return first;
  const middle = values.length >> 1;
  return add(at, sumOf(at, values.slice(0, middle)), sumOf(at, values.slice(middle)));
}
