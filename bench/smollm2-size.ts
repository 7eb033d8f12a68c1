import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@prad/formats';
import { importBaseModel, openBaseModel, type BaseModel, type ImportOptions } from '@prad/models';
import { architectureFor, initialise } from '@prad/nn';

/** The sizes of SmolLM2-135M. The bench asks how fast, not how well: its weights are random. */
const config = {
  model_type: 'llama',
  vocab_size: 49152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  max_position_embeddings: 8192,
  rope_theta: 100000,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};

/** Makes and imports such a model in a temporary folder, hands it to `use` and removes it. */
export async function withSmolLM2Size<T>(
  use: (model: BaseModel) => Promise<T>,
  options: Pick<ImportOptions, 'quantise'> = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'prad-bench-'));
  try {
    const source = join(folder, 'source');
    await cp('bundled/prad-tiny', source, {
      recursive: true,
      filter: (path) => !path.endsWith('.safetensors'),
    });
    await writeFile(join(source, 'config.json'), JSON.stringify(config));
    await writeSafetensors(
      join(source, 'model.safetensors'),
      architectureFor(config).parameters.map((spec) => ({
        name: spec.name,
        dtype: 'F32' as const,
        shape: spec.shape,
        read: () => Promise.resolve(initialise([spec], 1).get(spec.name)?.data ?? new Float32Array()),
      })),
    );
    await importBaseModel(source, join(folder, 'model'), options);
    await rm(source, { recursive: true });
    return await use(await openBaseModel(join(folder, 'model'), 'smollm2-size'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
