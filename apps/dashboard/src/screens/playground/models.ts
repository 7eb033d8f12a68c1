import type { ModelObject } from '@prad/contracts';

/** Models that can answer. */
export interface KnownModels {
  readonly bases: readonly string[];
  readonly adapters: readonly { readonly id: string; readonly base: string }[];
}

export interface ChosenModels {
  readonly base: string;
  readonly adapters: readonly string[];
}

/** Adapters that are compared before anything was chosen. */
const FIRST_ADAPTERS = 2;

export function modelsOf(models: readonly ModelObject[]): KnownModels {
  const ready = models.filter(({ prad }) => prad.status === 'ready');
  return {
    bases: ready.flatMap(({ id, prad }) => (prad.kind === 'base' ? [id] : [])),
    adapters: ready.flatMap(({ id, prad }) => (prad.kind === 'adapter' ? [{ id, base: prad.base }] : [])),
  };
}

/** The adapter that was asked for with its base, or a base, the one asked for where it is one, with its newest adapters. */
export function firstModels({ bases, adapters }: KnownModels, asked: string | undefined): ChosenModels {
  const wanted = adapters.find(({ id }) => id === asked);
  if (wanted !== undefined) return { base: wanted.base, adapters: [wanted.id] };
  const askedBase = bases.find((id) => id === asked);
  const base = askedBase ?? adapters[0]?.base ?? bases[0] ?? '';
  return { base, adapters: adaptersOf({ bases, adapters }, base).slice(0, FIRST_ADAPTERS) };
}

export function adaptersOf({ adapters }: KnownModels, base: string): readonly string[] {
  return adapters.flatMap((adapter) => (adapter.base === base ? [adapter.id] : []));
}
