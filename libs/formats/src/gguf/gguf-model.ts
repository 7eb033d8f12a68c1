import { openFile, type ByteSource } from '../byte-source.js';
import { invalid } from '../invalid.js';
import type { ModelSource, ModelTensor } from '../model-source.js';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './header.js';
import { llamaConfig, llamaTensorName, permutedHeads, unpermuteRows, type LlamaHeads } from './llama.js';
import { readGgufTensor } from './read-tensor.js';
import { rebuildTokenizer } from './tokenizer.js';

function modelTensor(source: ByteSource, tensor: GgufTensor, heads: LlamaHeads): ModelTensor {
  const permuted = permutedHeads(tensor.name, heads);
  const [rows = 0, columns = 1] = tensor.shape;
  if (permuted !== undefined && rows % (2 * permuted) !== 0) {
    throw invalid(
      'gguf_malformed',
      `${source.name}: tensor ${JSON.stringify(tensor.name)} has ${rows} rows for ${permuted} heads`,
      { tensor: tensor.name },
    );
  }
  return {
    name: llamaTensorName(tensor.name),
    shape: tensor.shape,
    read: async () => {
      const values = await readGgufTensor(source, tensor);
      return permuted === undefined ? values : unpermuteRows(values, permuted, columns);
    },
  };
}

function toModel(source: ByteSource, { metadata, tensors }: GgufHeader): ModelSource {
  const config = llamaConfig(metadata, tensors);
  const heads = {
    heads: metadata.integer('llama.attention.head_count'),
    kvHeads: config['num_key_value_heads'] as number,
  };
  const byName = [...tensors.values()].map((tensor) => modelTensor(source, tensor, heads));
  const rebuilt = rebuildTokenizer(metadata);
  const vocabulary = metadata.texts('tokenizer.ggml.tokens').length;
  if (vocabulary !== config['vocab_size']) {
    throw metadata.unsupported(
      'tokenizer.ggml.tokens',
      `${String(config['vocab_size'])} texts, not ${vocabulary}`,
    );
  }
  return {
    config,
    ...rebuilt,
    tensors: new Map(byName.map((tensor) => [tensor.name, tensor])),
    close: () => source.close(),
  };
}

/** Opens a llama-architecture GGUF file as a Hugging Face model. @throws AppError notFound or invalid. */
export async function openGgufModel(path: string): Promise<ModelSource> {
  const source = await openFile(path);
  try {
    return toModel(source, await readGgufHeader(source));
  } catch (cause) {
    await source.close();
    throw cause;
  }
}
