import { openFile, type ByteSource } from '../byte-source.js';
import { invalid } from '../invalid.js';
import type { ModelSource, ModelTensor } from '../model-source.js';
import type { GgufFamily } from './families.js';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './header.js';
import { permutedHeads, unpermuteRows } from './interleaved-rows.js';
import { familyOf, modelConfig } from './model-config.js';
import { readGgufTensor } from './read-tensor.js';
import { ROPE_FACTORS } from './rope-scaling.js';
import { tensorName } from './tensor-names.js';
import { rebuildTokenizer } from './tokenizer.js';

interface Heads {
  readonly heads: number;
  readonly kvHeads: number;
}

function modelTensor(source: ByteSource, tensor: GgufTensor, family: GgufFamily, heads: Heads): ModelTensor {
  const permuted = family.interleavedRope ? permutedHeads(tensor.name, heads) : undefined;
  const [rows = 0, columns = 1] = tensor.shape;
  if (permuted !== undefined && rows % (2 * permuted) !== 0) {
    throw invalid(
      'gguf_malformed',
      `${source.name}: tensor ${JSON.stringify(tensor.name)} has ${rows} rows for ${permuted} heads`,
      { tensor: tensor.name },
    );
  }
  const isShifted = family.normShift !== 0 && tensor.name.endsWith('_norm.weight');
  return {
    name: tensorName(tensor.name, family),
    shape: tensor.shape,
    read: async () => {
      const values = await readGgufTensor(source, tensor);
      if (isShifted) return values.map((value) => value - family.normShift);
      return permuted === undefined ? values : unpermuteRows(values, permuted, columns);
    },
  };
}

async function toModel(source: ByteSource, header: GgufHeader): Promise<ModelSource> {
  const { metadata, tensors } = header;
  const family = familyOf(metadata);
  const factors = tensors.get(ROPE_FACTORS);
  const config = modelConfig(header, factors && (await readGgufTensor(source, factors)));
  const heads = {
    heads: config['num_attention_heads'] as number,
    kvHeads: config['num_key_value_heads'] as number,
  };
  const byName = [...tensors.values()]
    .filter((tensor) => tensor !== factors)
    .map((tensor) => modelTensor(source, tensor, family, heads));
  const rebuilt = rebuildTokenizer(metadata);
  const vocabulary = metadata.texts('tokenizer.ggml.tokens').length;
  if (vocabulary !== config['vocab_size']) {
    throw metadata.unsupported(
      'tokenizer.ggml.tokens',
      `${String(config['vocab_size'])} texts, not ${vocabulary}`,
    );
  }
  const turnEnd = metadata.optionalInteger('tokenizer.ggml.eot_token_id');
  return {
    config,
    ...rebuilt,
    ...(turnEnd !== undefined && { generationConfig: { eos_token_id: [turnEnd] } }),
    tensors: new Map(byName.map((tensor) => [tensor.name, tensor])),
    close: () => source.close(),
  };
}

/** Opens a GGUF file as a Hugging Face model. @throws AppError notFound or invalid. */
export async function openGgufModel(path: string): Promise<ModelSource> {
  const source = await openFile(path);
  try {
    return await toModel(source, await readGgufHeader(source));
  } catch (cause) {
    await source.close();
    throw cause;
  }
}
