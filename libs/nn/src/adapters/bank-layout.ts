import type { Site } from '../architectures/site.js';
import type { AdapterFamily } from './adapter-method.js';
import { adapterMethodNames, type ModelAdapter } from './registry.js';

/** The sites at which a bank has room for a family. */
export interface BankFamily {
  readonly family: AdapterFamily;
  readonly sites: readonly Site[];
}

/** What a bank's graph inputs depend on: the families and their sites, not the ranks or the number of adapters. */
export type BankLayout = readonly BankFamily[];

/**
 * The layout that has room for all of `adapters`, and for all that `base` has room for; the same set of adapters gives
 * the same layout in any order.
 */
export function bankLayout(adapters: readonly ModelAdapter[], base: BankLayout = []): BankLayout {
  const all: BankLayout = [...base, ...adapters];
  return adapterMethodNames.flatMap((name) => {
    const ofFamily = all.filter(({ family }) => family.name === name);
    const [first] = ofFamily;
    if (!first) return [];
    const sites = new Map(ofFamily.flatMap((entry) => entry.sites).map((site) => [site.module, site]));
    const ordered = [...sites.values()].sort(
      (a, b) => a.layer - b.layer || a.module.localeCompare(b.module, 'en'),
    );
    return [{ family: first.family, sites: ordered }];
  });
}

/** Equal for layouts that the same graph serves. */
export function bankLayoutKey(layout: BankLayout): string {
  return layout
    .map(({ family, sites }) => `${family.name}:${sites.map(({ module }) => module).join(',')}`)
    .join(';');
}

/** Graph input names of a bank. */
export const bankInput = {
  /** A tensor of all adapters, [n, ...]. */
  tensor: (adapterTensor: string): string => `bank.${adapterTensor}`,
  /** Their scales, [n, 1, 1]. */
  scale: (family: AdapterFamily): string => `bank.${family.name}.scale`,
  /** Which of them each row of the batch takes, int64 [B]; 0 is the adapter that changes nothing. */
  row: (family: AdapterFamily): string => `bank.${family.name}.row`,
};
