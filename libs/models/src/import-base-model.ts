import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@prad/errors';
import {
  Tokenizer,
  openModelSource,
  writeSafetensors,
  type ModelSource,
  type ModelTensor,
} from '@prad/formats';
import { architectureFor, parameterCount, type ParameterSpec } from '@prad/nn';
import { pathIn, type Manifest, type QuantisedCopy } from './base-model-folder.js';
import { layoutOf } from './layout-of.js';
import { usableTokenizer } from './usable-tokenizer.js';
import type { Quantisation } from './quantisation.js';
import { plannedCopy, writeQuantisedCopy } from './quantised-copy.js';

export interface ImportOptions {
  /** Also write copies of the weights that are rounded so, for decoding. */
  readonly quantise?: readonly Quantisation[];
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** Told after each tensor that was read, and each that was rounded. */
export interface ImportProgress {
  readonly tensorsDone: number;
  readonly tensorsTotal: number;
}

/**
 * Reads a Hugging Face folder or a GGUF file, checks that it is complete and of a supported architecture, and
 * writes the engine's model folder: all weights once, as float32, in one file that the graphs map into memory, and
 * those copies in few bits that are asked for.
 * The folder appears whole or not at all, and replaces an older one of the same path.
 *
 * One tensor is in memory at a time.
 *
 * @throws AppError invalid naming the file and the field or tensor; exhausted on a full disk.
 */
export async function importBaseModel(
  sourcePath: string,
  folder: string,
  { quantise = [], onProgress = () => undefined }: ImportOptions = {},
): Promise<Manifest> {
  const source = await openModelSource(sourcePath);
  const staging = `${folder}.importing-${process.pid}`;
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    const manifest = await writeModel(source, staging, { quantise, onProgress });
    await mkdir(dirname(folder), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
    return manifest;
  } finally {
    await rm(staging, { recursive: true, force: true });
    await source.close();
  }
}

async function writeModel(
  source: ModelSource,
  folder: string,
  { quantise, onProgress }: Required<ImportOptions>,
): Promise<Manifest> {
  const model = architectureFor(source.config);
  const { parameters, dimensions } = model;
  const tensorOf = tensorsOf(source, parameters);
  checkTensors(tensorOf, parameters);
  const tokenizer = usableTokenizer(source.tokenizer, dimensions.vocabSize);
  checkTokenizer({ ...source, tokenizer }, dimensions.vocabSize);

  const copies = [...new Set(quantise)].sort().map((kind) => plannedCopy(model, kind));
  const tensorsTotal = copies.reduce((sum, { weights }) => sum + weights, parameters.length);
  const tensors = parameters.map(({ name }) => ({ ...tensorOf(name), name }));
  let tensorsDone = 0;
  const oneMore = (): void => {
    onProgress({ tensorsDone: ++tensorsDone, tensorsTotal });
  };
  const digest = await writeWeights(pathIn(folder, 'weights'), source, tensors, oneMore);
  const quantised: QuantisedCopy[] = [];
  for (const each of copies) {
    const metadata = { format: 'prad-quantised-weights', format_version: '1', weights_digest: digest };
    quantised.push(await writeQuantisedCopy(folder, each, metadata, oneMore));
  }
  const manifest: Manifest = {
    format: 'prad-model',
    formatVersion: 1,
    digest,
    modelType: model.modelType,
    parameterCount: parameterCount(model),
    contextLength: dimensions.maxPositions,
    vocabularySize: dimensions.vocabSize,
    layout: layoutOf(model),
    quantised,
  };
  await writeJson(pathIn(folder, 'config'), source.config);
  await writeJson(pathIn(folder, 'tokenizer'), tokenizer);
  await writeJson(pathIn(folder, 'tokenizerConfig'), source.tokenizerConfig);
  if (source.generationConfig) await writeJson(pathIn(folder, 'generationConfig'), source.generationConfig);
  await writeJson(pathIn(folder, 'manifest'), manifest);
  return manifest;
}

/** Writes all weights as float32 and returns the file's digest. `onTensor` is told of each. */
async function writeWeights(
  path: string,
  { config }: ModelSource,
  tensors: readonly ModelTensor[],
  onTensor: () => void,
): Promise<string> {
  const { sha256 } = await writeSafetensors(
    path,
    tensors.map(({ name, shape, read }) => ({
      name,
      dtype: 'F32' as const,
      shape,
      read: async () => {
        const values = await read();
        onTensor();
        return values;
      },
    })),
    { format: 'prad-model', format_version: '1', config: JSON.stringify(config) },
    // In the architecture's order, so that what is one product lies side by side.
    { align: 4096, order: 'declared' },
  );
  return sha256;
}

function checkTensors(tensorOf: TensorOf, parameters: readonly ParameterSpec[]): void {
  for (const { name, shape } of parameters) {
    const got = tensorOf(name).shape;
    if (got.join() !== shape.join()) {
      throw invalidModel(
        `tensor ${name}: config.json asks for [${shape.join(', ')}], the file has [${got.join(', ')}]`,
      );
    }
  }
}

type TensorOf = (name: string) => ModelTensor;

/**
 * The source's tensors by the architecture's names. Files of models without a head, GPT-2's own among them, leave out
 * the name of the body (`transformer.`, `model.`) that all names but the head's begin with.
 */
function tensorsOf({ tensors }: ModelSource, parameters: readonly ParameterSpec[]): TensorOf {
  const body = `${parameters[0]?.name.split('.')[0] ?? ''}.`;
  const isBare = ![...tensors.keys()].some((name) => name.startsWith(body));
  return (name) => {
    const tensor = tensors.get(isBare && name.startsWith(body) ? name.slice(body.length) : name);
    if (!tensor) throw invalidModel(`tensor ${name} is missing (${tensors.size} tensors found)`);
    return tensor;
  };
}

function checkTokenizer(source: ModelSource, vocabSize: number): void {
  const tokenizer = Tokenizer.fromJson(source.tokenizer, source.tokenizerConfig);
  if (tokenizer.vocabSize > vocabSize) {
    throw invalidModel(
      `the tokenizer has ${tokenizer.vocabSize} tokens, the model's vocabulary holds ${vocabSize}: it belongs to another model`,
    );
  }
  if (tokenizer.eosTokenId === undefined) {
    throw invalidModel('tokenizer_config.json names no eos_token, which ends every answer');
  }
}

function invalidModel(message: string): AppError {
  return new AppError({ kind: 'invalid', code: 'invalid_model', message });
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value)}\n`);
}
