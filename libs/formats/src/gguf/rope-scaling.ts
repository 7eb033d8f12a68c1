import { invalid } from '../invalid.js';
import type { JsonObject } from '../strict-json.js';
import type { GgufMetadata } from './metadata.js';

/** The tensor of LLaMA 3.1 and later that holds what each rotary frequency is divided by. */
export const ROPE_FACTORS = 'rope_freqs.weight';

/**
 * `rope_scaling` of a config.json. LLaMA 3's own parameters are not in the file, only the `factors` that come of them.
 * @throws AppError invalid for other kinds of scaling.
 */
export function ropeScaling(
  metadata: GgufMetadata,
  architecture: string,
  factors: Float32Array | undefined,
): JsonObject | null {
  const [typeKey, factorKey] = [`${architecture}.rope.scaling.type`, `${architecture}.rope.scaling.factor`];
  // A factor without a type is linear to llama.cpp; the first files had another key for it.
  const factor =
    metadata.optionalNumber(factorKey) ?? metadata.optionalNumber(`${architecture}.rope.scale_linear`);
  const type = metadata.optionalText(typeKey) ?? (factor === undefined ? 'none' : 'linear');
  if (type !== 'none' && (type !== 'linear' || factors)) {
    throw metadata.unsupported(typeKey, factors ? `"none" beside ${ROPE_FACTORS}` : '"none" or "linear"');
  }
  if (factors) return { rope_type: 'factors', factors: checked(factors) };
  if (type === 'none') return null;
  if (factor === undefined || factor < 0) throw metadata.unsupported(factorKey, 'a factor of at least 0');
  // As in llama.cpp, 0 is no scaling.
  return factor === 0 || factor === 1 ? null : { rope_type: 'linear', factor };
}

function checked(factors: Float32Array): number[] {
  const wrong = factors.find((factor) => !(factor > 0 && factor < Infinity));
  if (wrong === undefined) return [...factors];
  throw invalid('gguf_unsupported', `tensor "${ROPE_FACTORS}" must hold positive numbers, got ${wrong}`, {
    tensor: ROPE_FACTORS,
  });
}
