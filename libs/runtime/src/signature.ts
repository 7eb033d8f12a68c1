import { AppError } from '@prad/errors';
import type { Dtype, Shape } from '@prad/tensor';
import type { InferenceSession } from 'onnxruntime-node';
import { isDtype } from './native-tensor.js';

/** A tensor that goes into or comes out of a session; an axis known only at run time has a name. */
export interface TensorSignature {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly (number | string)[];
}

/** What of a tensor is checked, wherever its values are. */
interface Typed {
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/** The tensors among inputs or outputs; sequences and tensors of other dtypes are left out. */
export function signatures(metadata: readonly InferenceSession.ValueMetadata[]): TensorSignature[] {
  return metadata.flatMap((value) =>
    value.isTensor && isDtype(value.type)
      ? [{ name: value.name, dtype: value.type, shape: value.shape }]
      : [],
  );
}

/**
 * Checks tensors against a graph's inputs (all of them) before anything runs, so the error names the tensor.
 * @throws AppError bug `missing_feed`, `unknown_feed`, `feed_mismatch`.
 */
export function checkFeeds(
  expected: readonly TensorSignature[],
  feeds: Readonly<Record<string, Typed>>,
): void {
  const sizes = new Map<string, { size: number; name: string }>();
  for (const signature of expected) {
    const feed = feeds[signature.name];
    if (!feed) throw refused('missing_feed', `the graph needs ${describe(signature)}, which was not fed`);
    checkTensor(signature, feed, sizes);
  }
  if (Object.keys(feeds).length === expected.length) return;
  const known = new Set(expected.map(({ name }) => name));
  const unknown = Object.keys(feeds).find((name) => !known.has(name));
  throw refused('unknown_feed', `the graph has no input ${String(unknown)}`);
}

/** Checks tensors given for some of the outputs. */
export function checkOutputs(
  known: ReadonlyMap<string, TensorSignature>,
  outputs: Readonly<Record<string, Typed>>,
): void {
  for (const [name, output] of Object.entries(outputs)) {
    const signature = known.get(name);
    if (!signature) throw refused('unknown_output', `the graph has no output ${name}`);
    checkTensor(signature, output, undefined);
  }
}

type Sizes = Map<string, { size: number; name: string }>;

function checkTensor(signature: TensorSignature, given: Typed, sizes: Sizes | undefined): void {
  const { name, dtype, shape } = signature;
  const fits = given.dtype === dtype && given.shape.length === shape.length;
  const misfit = shape.findIndex((dim, axis) => typeof dim === 'number' && dim !== given.shape[axis]);
  if (!fits || misfit !== -1) {
    const got = `${given.dtype} [${given.shape.join(', ')}]`;
    throw refused('feed_mismatch', `${describe(signature)} expected, got ${got}`);
  }
  shape.forEach((dim, axis) => {
    const size = given.shape[axis];
    if (typeof dim !== 'string' || dim === '' || size === undefined || !sizes) return;
    const earlier = sizes.get(dim);
    if (earlier && earlier.size !== size) {
      throw refused(
        'feed_mismatch',
        `${name} has ${dim} = ${size}, but ${earlier.name} has ${dim} = ${earlier.size}`,
      );
    }
    sizes.set(dim, { size, name });
  });
}

function describe({ name, dtype, shape }: TensorSignature): string {
  return `${name}: ${dtype} [${shape.join(', ')}]`;
}

function refused(code: string, message: string): AppError {
  return new AppError({ kind: 'bug', code, message });
}
