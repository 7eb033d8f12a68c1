import { readFile } from 'node:fs/promises';
import { AppError } from '@prad/errors';
import { ChatTemplate, Tokenizer, openSafetensors, type JsonObject, type TextCodec } from '@prad/formats';
import type { ExternalData } from '@prad/graph';
import { architectureFor, type LanguageModel } from '@prad/nn';
import { modelFiles, pathIn, type Manifest, type QuantisedCopy } from './base-model-folder.js';
import { endTokensOf } from './end-tokens.js';
import { optionalText } from './optional-text.js';

/** An imported base model, opened: everything but the weights' bytes is in memory. */
export interface BaseModel extends LanguageModel, TextCodec {
  readonly folder: string;
  readonly name: string;
  /** Hex SHA-256 of the weight file, which adapters are bound to; models with another tokenizer may have the same. */
  readonly digest: string;
  /** Any of these ends an answer. */
  readonly endTokens: ReadonlySet<number>;
  /** Where the bytes of a weight lie in `model.safetensors`, float32. @throws AppError bug for an unknown name. */
  readonly dataOf: (name: string) => ExternalData;
}

/** Opens a folder that `importBaseModel` wrote. @throws AppError notFound or invalid. */
export async function openBaseModel(folder: string, name: string): Promise<BaseModel> {
  const manifest = await readManifest(folder);
  const json = async (file: keyof typeof modelFiles): Promise<JsonObject> =>
    JSON.parse(await readFile(pathIn(folder, file), 'utf8')) as JsonObject;
  const tokenizerConfig = await json('tokenizerConfig');
  const weights = await openSafetensors(pathIn(folder, 'weights'));
  try {
    const config = await json('config');
    const tokenizer = Tokenizer.fromJson(await json('tokenizer'), tokenizerConfig);
    return {
      ...architectureFor(config),
      folder,
      name,
      digest: manifest.digest,
      tokenizer,
      endTokens: endTokensOf(tokenizer, config, await generationConfig(folder)),
      chatTemplate: ChatTemplate.fromConfig(tokenizerConfig),
      dataOf: (tensor) => {
        const entry = weights.tensors.get(tensor);
        if (!entry)
          throw new AppError({
            kind: 'bug',
            code: 'unknown_weight',
            message: `${folder} has no weight ${tensor}`,
          });
        return { location: modelFiles.weights, offset: entry.byteOffset, length: entry.byteLength };
      },
    };
  } finally {
    await weights.close();
  }
}

async function generationConfig(folder: string): Promise<JsonObject | undefined> {
  const text = await optionalText(pathIn(folder, 'generationConfig'));
  return text === undefined ? undefined : (JSON.parse(text) as JsonObject);
}

/** The manifest of a model folder. @throws AppError notFound when there is none. */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    const manifest = JSON.parse(await readFile(pathIn(folder, 'manifest'), 'utf8')) as StoredManifest;
    const { quantised = [] } = manifest;
    return { ...manifest, quantised: quantised.map(kindOf) };
  } catch (cause) {
    throw new AppError({
      kind: 'notFound',
      code: 'model_folder_not_found',
      message: `${folder} holds no imported base model: ${modelFiles.manifest} is missing or unreadable`,
      cause,
    });
  }
}

/** What folders hold that were written before: no copies, or copies named by their bits. */
type StoredManifest = Omit<Manifest, 'quantised'> & {
  readonly quantised?: readonly (QuantisedCopy | (Omit<QuantisedCopy, 'kind'> & { readonly bits: 4 | 8 }))[];
};

function kindOf(copy: NonNullable<StoredManifest['quantised']>[number]): QuantisedCopy {
  if ('kind' in copy) return copy;
  const { bits, ...rest } = copy;
  return { kind: bits === 4 ? 'q4' : 'q8', ...rest };
}
