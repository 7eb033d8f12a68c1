import { invalid } from '../invalid.js';
import type { GgufFamily } from './families.js';

/** Hugging Face's name of a tensor. @throws AppError invalid for a tensor that this family has not. */
export function tensorName(
  name: string,
  { modelType, topModules, layerPrefix, modules }: GgufFamily,
): string {
  const [, layer, part = '', kind = ''] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const known = layer === undefined ? topModules : modules;
  const module = Object.hasOwn(known, part) ? known[part] : undefined;
  if (module !== undefined) {
    return layer === undefined ? `${module}.${kind}` : `${layerPrefix}.${Number(layer)}.${module}.${kind}`;
  }
  throw invalid(
    'gguf_unsupported',
    `tensor ${JSON.stringify(name)} is not part of a plain ${modelType} model`,
    { tensor: name },
  );
}
