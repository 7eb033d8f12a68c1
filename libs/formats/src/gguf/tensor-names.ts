import { invalid } from '../invalid.js';
import type { GgufFamily } from './families.js';

const topNames: ReadonlyMap<string, string> = new Map([
  ['token_embd', 'model.embed_tokens'],
  ['output_norm', 'model.norm'],
  ['output', 'lm_head'],
]);

/** Hugging Face's name of a tensor. @throws AppError invalid for a tensor that this family has not. */
export function tensorName(name: string, { modelType, modules }: GgufFamily): string {
  const top = /^(\w+)\.weight$/.exec(name);
  const topName = topNames.get(top?.[1] ?? '');
  if (topName !== undefined) return `${topName}.weight`;
  const block = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
  const [, layer = '', part = '', kind = ''] = block ?? [];
  const module = Object.hasOwn(modules, part) ? modules[part] : undefined;
  if (module !== undefined) return `model.layers.${Number(layer)}.${module}.${kind}`;
  throw invalid(
    'gguf_unsupported',
    `tensor ${JSON.stringify(name)} is not part of a plain ${modelType} model`,
    { tensor: name },
  );
}
