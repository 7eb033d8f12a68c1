import { AppError } from '@prad/errors';
import type { LanguageModel } from '../architectures/architecture.js';
import type { Site, SiteKind } from '../architectures/site.js';
import type { Init } from '../random/initialise.js';

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
