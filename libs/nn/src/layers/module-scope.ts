import type { Scope } from '@prad/graph';

/** Where a module's nodes are placed: `model.layers.0.mlp` at `/model/layers.0/mlp`. */
export function moduleScope(at: Scope, module: string): Scope {
  return at.at(module.replaceAll(/\.(?!\d)/g, '/'));
}
