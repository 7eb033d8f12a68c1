import { elementCount, tensor, type Shape, type TensorOf } from '@prad/tensor';
import { assertNever } from '@prad/errors';
import { randomStream, type RandomStream } from './random-stream.js';

/** How a tensor is filled before training. */
export type Init =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  /** Uniform in [-bound, bound). */
  | { readonly kind: 'uniform'; readonly bound: number }
  /** Normal with mean 0. */
  | { readonly kind: 'normal'; readonly std: number };

/** A float32 tensor that a model or an adapter is made of. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
}

/** torch's `kaiming_uniform_(a=sqrt(5))` of a layer with `fanIn` inputs: U(-1/sqrt(fanIn), 1/sqrt(fanIn)). */
export function kaimingUniform(fanIn: number): Init {
  return { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
}

/**
 * Fills the tensors of `specs`. Each has its own stream from the seed and its name, so the bytes do not depend on
 * the order or on what else is made.
 */
export function initialise(specs: readonly ParameterSpec[], seed: number): Map<string, TensorOf<'float32'>> {
  return new Map(
    specs.map(({ name, shape, init }) => {
      const data = new Float32Array(elementCount(shape));
      fill(data, init, randomStream(seed, name));
      return [name, tensor('float32', shape, data)];
    }),
  );
}

function fill(data: Float32Array, init: Init, random: RandomStream): void {
  switch (init.kind) {
    case 'zeros':
      return;
    case 'ones':
      data.fill(1);
      return;
    case 'uniform':
      for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * init.bound;
      return;
    case 'normal':
      for (let i = 0; i < data.length; i++) data[i] = random.normal() * init.std;
      return;
    default:
      assertNever(init);
  }
}
