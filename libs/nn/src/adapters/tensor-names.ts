import type { Site } from '../architectures/site.js';
import type { AdapterFamily } from './adapter-family.js';

/** The name of a trained tensor in graphs and artefacts: `model.layers.0.mlp.adapter.down.weight`. */
export function partTensorName(site: Site, part: string, name: string): string {
  return `${site.module}.${part}.${name}`;
}

/** The name of what is served of an adapter at a site: `served.model.layers.0.mlp.adapter.down.weight`. */
export function servedTensorName(site: Site, family: AdapterFamily, name: string): string {
  return `served.${site.module}.${family.key}.${name}`;
}

/** Names of what is served besides. */
export const servedName = {
  /** [P, 2*L*K*D]. */
  prefix: 'served.prefix',
  /** [n, E]. */
  virtualTokens: 'served.virtual_tokens',
} as const;
