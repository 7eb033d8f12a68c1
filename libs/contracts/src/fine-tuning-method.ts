import { z } from 'zod';
import { adapterOptions, maskScope, trainingMethodNames, type AdapterMethod } from './adapter-method.js';
import { hyperparameters } from './hyperparameters.js';

/** An adapter method with its own options beside what all have. */
function methodOf<M extends AdapterMethod>(method: M) {
  const options = adapterOptions[method];
  const names = Object.keys(options.shape).join(', ');
  return z.strictObject(
    {
      adapter: z.literal(method).describe('Adapter method.'),
      scope: maskScope.default('prompt').describe('Positions that the adapter acts on.'),
      ...options.shape,
      hyperparameters: hyperparameters.default({}),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `${issue.keys.map((key) => `\`${key}\``).join(', ')}: no option of ${method}, whose options are ${names}`
          : undefined,
    },
  );
}

/** All weights: there is no module whose positions could be chosen. */
const fullMethod = z.strictObject(
  {
    adapter: z.literal('full').describe('Trains all weights; the result is a base model of the project.'),
    scope: z
      .literal('all', {
        error: ({ input }) =>
          `full trains all weights, which every position passes through: its scope is "all", got ${JSON.stringify(input)}`,
      })
      .default('all')
      .describe('Always all.'),
    hyperparameters: hyperparameters.default({}),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys.map((key) => `\`${key}\``).join(', ')}: no option of full, which has none but hyperparameters`
        : undefined,
  },
);

const pradMethod = z
  .preprocess(
    // The paper's own method where none is named.
    (value) => (isObject(value) && value['adapter'] === undefined ? { ...value, adapter: 'adapter' } : value),
    z.discriminatedUnion(
      'adapter',
      [
        methodOf('adapter'),
        methodOf('lora'),
        methodOf('dora'),
        methodOf('prefix'),
        methodOf('prompt'),
        methodOf('mam'),
        methodOf('ia3'),
        fullMethod,
      ],
      {
        error: (issue) =>
          `unknown adapter method ${JSON.stringify(adapterIn(issue.input) ?? null)}: known are ${trainingMethodNames.join(', ')}`,
      },
    ),
  )
  .meta({ id: 'PradMethod' });

/** How to train; `prad` is the only type, for OpenAI's own types train other things. */
export const fineTuningMethod = z
  .strictObject({
    type: z.literal('prad', {
      error: (issue) =>
        `method type ${JSON.stringify(issue.input ?? null)} is not supported: expected "prad"`,
    }),
    prad: pradMethod.prefault({}),
  })
  .meta({ id: 'FineTuningMethod' });
export type FineTuningMethodRequest = z.infer<typeof fineTuningMethod>;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function adapterIn(value: unknown): unknown {
  return isObject(value) ? value['adapter'] : undefined;
}
