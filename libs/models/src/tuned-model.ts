import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors } from '@prad/formats';
import { tensor, type HostTensor } from '@prad/tensor';
import { readManifest, type BaseModel } from './base-model.js';
import { modelFiles, pathIn, type Manifest } from './base-model-folder.js';
import { importBaseModel } from './import-base-model.js';

/** All weights of an imported model, in memory: what training them starts from. */
export async function storedWeights({ folder, parameters }: BaseModel): Promise<Map<string, HostTensor>> {
  const weights = await openSafetensors(pathIn(folder, 'weights'));
  try {
    const tensors = new Map<string, HostTensor>();
    for (const { name, shape } of parameters)
      tensors.set(name, tensor('float32', shape, await weights.readFloat32(name)));
    return tensors;
  } finally {
    await weights.close();
  }
}

/**
 * Makes a model folder of other weights for a model: config and tokenizer are those of `base`, and it has the
 * copies that the base has. The file of weights, under the architecture's names, is moved.
 * @throws AppError as `importBaseModel` does.
 */
export async function tunedModel(base: BaseModel, weightsFile: string, folder: string): Promise<Manifest> {
  const source = `${folder}.source`;
  await mkdir(source, { recursive: true });
  for (const file of [modelFiles.config, modelFiles.tokenizer, modelFiles.tokenizerConfig])
    await copyFile(join(base.folder, file), join(source, file));
  await copyFile(pathIn(base.folder, 'generationConfig'), pathIn(source, 'generationConfig')).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    },
  );
  await rename(weightsFile, pathIn(source, 'weights'));
  const { quantised } = await readManifest(base.folder);
  const manifest = await importBaseModel(source, folder, { quantise: quantised.map(({ kind }) => kind) });
  await rm(source, { recursive: true });
  return manifest;
}
