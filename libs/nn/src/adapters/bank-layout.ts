import type { Site } from '../architectures/site.js';
import type { AdapterFamily } from './adapter-family.js';
import type { ModelAdapter } from './registry.js';

/** The sites at which a bank has room for a family. */
export interface BankFamily {
  readonly family: AdapterFamily;
  readonly sites: readonly Site[];
}

/** What a bank's graph inputs depend on: the families and their sites, not the ranks or the number of adapters. */
export interface BankLayout {
  readonly families: readonly BankFamily[];
  /** Whether prompts may have tokens of an adapter's own. */
  readonly virtualTokens: boolean;
}

export const emptyLayout: BankLayout = { families: [], virtualTokens: false };

/**
 * The layout that has room for all of `adapters`, and for all that `base` has room for; the same set of adapters gives
 * the same layout in any order.
 */
export function bankLayout(adapters: readonly ModelAdapter[], base: BankLayout = emptyLayout): BankLayout {
  const all = [...base.families, ...adapters.flatMap(({ parts }) => parts)];
  const keys = [...new Set(all.map(({ family }) => family.key))].sort();
  return {
    families: keys.flatMap((key) => {
      const ofFamily = all.filter(({ family }) => family.key === key);
      const [first] = ofFamily;
      if (!first) return [];
      const sites = new Map(ofFamily.flatMap((entry) => entry.sites).map((site) => [site.module, site]));
      const ordered = [...sites.values()].sort(
        (a, b) => a.layer - b.layer || a.module.localeCompare(b.module, 'en'),
      );
      return [{ family: first.family, sites: ordered }];
    }),
    virtualTokens: base.virtualTokens || adapters.some(({ virtualTokens }) => virtualTokens !== undefined),
  };
}

/** Equal for layouts that the same graph serves. */
export function bankLayoutKey({ families, virtualTokens }: BankLayout): string {
  return [
    ...families.map(({ family, sites }) => `${family.key}:${sites.map(({ module }) => module).join(',')}`),
    ...(virtualTokens ? ['virtual_tokens'] : []),
  ].join(';');
}

/** Graph input names of a bank. */
export const bankInput = {
  /** A tensor of all adapters, [n, ...]. */
  tensor: (site: Site, family: AdapterFamily, name: string): string =>
    `bank.${site.module}.${family.key}.${name}`,
  /** Which of them each row of the batch takes, int64 [B]; 0 is the adapter that changes nothing. */
  row: (family: AdapterFamily): string => `bank.${family.key}.row`,
  /** The rows of all adapters' virtual tokens, [n, E]; row 0 stands for none. */
  virtualTable: 'bank.virtual_tokens',
  /** Which of them each position takes, int64 [B, T]; 0 where the token is the vocabulary's. */
  virtualIndex: 'bank.virtual_tokens.index',
};
