import { z } from 'zod';
import { bottleneckFields, field, lowRankFields, projectionFields, tokenFields } from './fields.js';

export { adapterInits, projectionKinds } from './fields.js';

/** An option that a method does not have is refused, with those that it has. */
function optionsOf<Shape extends z.core.$ZodLooseShape>(method: string, shape: Shape) {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys.map((key) => `\`${key}\``).join(', ')}: no option of ${method}; its options are ${names}`
        : undefined,
  });
}

/** The options of every adapter method, with their defaults and bounds; a new method adds its line. */
export const adapterOptions = {
  adapter: optionsOf('adapter', { ...bottleneckFields, ...tokenFields }),
  lora: optionsOf('lora', { ...lowRankFields, ...tokenFields }),
  dora: optionsOf('dora', {
    ...lowRankFields,
    detach_norm: z
      .boolean()
      .default(false)
      .describe('Whether the column norms count as constants in the gradient, as in PEFT.'),
    scale_bias: z
      .boolean()
      .default(true)
      .describe('Whether the frozen bias is scaled too, as in the released code; PEFT leaves it.'),
    ...tokenFields,
  }),
  prefix: optionsOf('prefix', {
    length: field.length(30),
    ...projectionFields,
    dropout: field.dropout,
    ...tokenFields,
  }),
  prompt: optionsOf('prompt', { length: field.length(20), ...tokenFields }),
  mam: optionsOf('mam', {
    prefix_length: field.length(30),
    ...projectionFields,
    ...bottleneckFields,
    ...tokenFields,
  }),
  ia3: optionsOf('ia3', {
    targets: field.targets
      .default(['k_proj', 'v_proj', 'down_proj'])
      .describe('Of down_proj the input is scaled, of all others the output, as PEFT does.'),
    layers: field.layers,
    ...tokenFields,
  }),
} as const;

export type AdapterMethodName = keyof typeof adapterOptions;
export type OptionsOf<M extends AdapterMethodName> = z.output<(typeof adapterOptions)[M]>;

export function isAdapterMethodName(name: string): name is AdapterMethodName {
  return Object.hasOwn(adapterOptions, name);
}
