import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeAdapterFolder } from '@prad/adapter-files';
import { tensor, type HostTensor } from '@prad/tensor';
import { values } from '../../../libs/adapter-files/testing/files.js';
import { tinyConfig } from './tiny-model.js';

/** A LoRA of the value projections as PEFT writes it. */
export async function writePeftLora(folder: string, seed = 0): Promise<void> {
  const [width, rank, out] = [
    tinyConfig.hidden_size,
    4,
    tinyConfig.num_key_value_heads * tinyConfig.head_dim,
  ];
  const tensors = new Map<string, HostTensor>();
  for (let layer = 0; layer < tinyConfig.num_hidden_layers; layer++) {
    const at = `base_model.model.model.layers.${layer}.self_attn.v_proj`;
    const [a, b] = [values([rank, width], seed + layer + 1), values([out, rank], seed + layer + 3)];
    tensors.set(`${at}.lora_A.weight`, tensor('float32', [rank, width], a));
    tensors.set(`${at}.lora_B.weight`, tensor('float32', [out, rank], b));
  }
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    r: rank,
    lora_alpha: 16,
    target_modules: ['v_proj'],
  };
  const { config: json, weights } = encodeAdapterFolder({ config, tensors });
  await mkdir(folder);
  await writeFile(join(folder, 'adapter_config.json'), json);
  await writeFile(join(folder, 'adapter_model.safetensors'), weights);
}
