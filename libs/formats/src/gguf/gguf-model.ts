import { openFile, type ByteSource } from '../byte-source.js';
import type { ModelSource, ModelTensor } from '../model-source.js';
import type { GgufFamily } from './families.js';
import { familyFacts } from './family-facts.js';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './header.js';
import { familyOf, modelConfig } from './model-config.js';
import { readGgufTensor } from './read-tensor.js';
import type { Heads } from './restore.js';
import { ROPE_FACTORS } from './rope-scaling.js';
import { tensorName } from './tensor-names.js';
import { rebuildTokenizer } from './tokenizer.js';

function modelTensor(source: ByteSource, tensor: GgufTensor, family: GgufFamily, heads: Heads): ModelTensor {
  const restored = family.restore?.(tensor, heads);
  return {
    name: tensorName(tensor.name, family),
    shape: restored?.shape ?? tensor.shape,
    read: async () => {
      const values = await readGgufTensor(source, tensor);
      return restored ? restored.values(values) : values;
    },
  };
}

async function toModel(source: ByteSource, header: GgufHeader): Promise<ModelSource> {
  const { metadata, tensors } = header;
  const family = familyOf(metadata);
  const ropeFactors = tensors.get(ROPE_FACTORS);
  const facts = familyFacts(header, ropeFactors && (await readGgufTensor(source, ropeFactors)));
  const config = modelConfig(family, facts);
  const byName = [...tensors.values()]
    .filter((tensor) => tensor !== ropeFactors)
    .map((tensor) => modelTensor(source, tensor, family, facts));
  const rebuilt = rebuildTokenizer(metadata);
  const vocabulary = metadata.texts('tokenizer.ggml.tokens').length;
  if (vocabulary !== config.vocab_size) {
    throw metadata.unsupported('tokenizer.ggml.tokens', `${config.vocab_size} texts, not ${vocabulary}`);
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
