import { AppError } from '@prad/errors';
import { z } from 'zod';
import type { LanguageModel } from '../architectures/architecture.js';
import { projectionKinds, type Site, type SiteKind } from '../architectures/site.js';
import type { Init } from '../random/initialise.js';
import { adapterInits } from './adapter-method.js';

/** The largest rank of any method. */
const MAX_RANK = 4096;
const MAX_VIRTUAL_TOKENS = 1024;

const wholeNumber = (most: number) => {
  const error = (issue: { input?: unknown }): string =>
    `must be a whole number from 1 to ${most}, got ${JSON.stringify(issue.input)}`;
  return z.int({ error }).min(1, { error }).max(most, { error });
};

/** Width of a bottleneck or of low-rank factors. */
export const rankOption = (standard: number) => wholeNumber(MAX_RANK).default(standard);
/** Number of positions that a method puts in front. */
export const lengthOption = (standard: number) => wholeNumber(MAX_VIRTUAL_TOKENS).default(standard);
/** Width of a layer that is only used in training. */
export const widthOption = (standard: number) => wholeNumber(MAX_RANK).default(standard);
export const initOption = z.enum(adapterInits).default('identity');
/** Share of numbers that are zeroed in training, from 0 up to, not including, 1. */
export const dropoutOption = z.number().min(0).lt(1).default(0);
/** Kinds of projections, in every layer. */
export const targetsOption = z.array(z.enum(projectionKinds)).min(1);

/** Layers, counted from 0; all where they are not given. */
export const layersOption = z
  .array(z.int().min(0))
  .min(1)
  .refine((layers) => new Set(layers).size === layers.length, { error: 'must differ from each other' })
  .optional();

/** What every method has. */
export const tokenOptions = {
  /** Texts that become tokens of their own in prompts, each with a trained row; the answer's tokens are the base's. */
  special_tokens: z
    .array(z.string().min(1).max(64))
    .max(MAX_VIRTUAL_TOKENS)
    .refine((texts) => new Set(texts).size === texts.length, { error: 'must differ from each other' })
    .default([]),
  /** The rows also extend the head, and the first one ends the answer: the released GPT-2 code, for comparison. */
  special_tokens_tied: z.boolean().default(false),
};

/** What transformers' loader makes of weights that a checkpoint does not have. */
export const releasedInit: Init = { kind: 'normal', std: 0.02 };
export const zerosInit: Init = { kind: 'zeros' };
export const onesInit: Init = { kind: 'ones' };

/** @throws AppError invalid `invalid_adapter_options` for a rank above the model's hidden size. */
export function requireRank(method: string, { dimensions }: LanguageModel, rank: number): void {
  const { hiddenSize } = dimensions;
  if (rank > hiddenSize)
    throw badOption(method, 'rank', `at most the model's hidden size of ${hiddenSize}, got ${rank}`);
}

/**
 * The model's sites of these kinds, in these layers.
 * @throws AppError invalid `invalid_adapter_options` naming the kinds or layers that the model does not have.
 */
export function sitesOf(
  method: string,
  model: LanguageModel,
  kinds: readonly SiteKind[],
  layers: readonly number[] | undefined,
): readonly Site[] {
  const missing = kinds.filter((kind) => !model.sites.some((site) => site.kind === kind));
  if (missing.length > 0)
    throw badOption(method, 'targets', `${model.modelType} has no ${missing.join(', ')}`);
  const above = layers?.find((layer) => layer >= model.dimensions.layers);
  if (above !== undefined) {
    const last = model.dimensions.layers - 1;
    throw badOption(method, 'layers', `${model.modelType} has layers 0 to ${last}, got ${above}`);
  }
  const wanted = new Set(kinds);
  return model.sites.filter(({ kind, layer }) => wanted.has(kind) && (layers?.includes(layer) ?? true));
}

/** The one error about a method's options. */
export function badOption(method: string, field: string, problem: string): AppError {
  return new AppError({
    kind: 'invalid',
    code: 'invalid_adapter_options',
    message: `adapter method ${method}: ${field}: ${problem}`,
    details: { method, field },
  });
}
