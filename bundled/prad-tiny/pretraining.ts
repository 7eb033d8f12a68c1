import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@prad/errors';
import {
  ChatTemplate,
  Tokenizer,
  decodeSafetensors,
  encodeSafetensors,
  type JsonObject,
} from '@prad/formats';
import type { TokenExample } from '@prad/formats';
import type { BaseModel } from '@prad/models';
import { architectureFor } from '@prad/nn';
import { float32ToFloat16, tensor } from '@prad/tensor';
import { fit, type TrainingEvent } from '@prad/training';
import { documents } from '../world/documents.js';
import { packDocuments } from './pack-documents.js';

/** Seeds of the world's text: what the model learns from, and what its loss is measured on. */
export const TRAINING_SEED = 11;
const HELD_OUT_SEED = 12;
const ROW_LENGTH = 128;
const HELD_OUT_ROWS = 128;

export interface PretrainingOptions {
  /** Folder with config.json and the tokenizer; receives model.safetensors, anew at every evaluation. */
  readonly folder: string;
  /** Tokens to learn from, each seen once. */
  readonly tokens: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly intraOpThreads: number;
}

/** Pretrains the bundled model from nothing in `full` mode and writes its weights as float16. */
export async function pretrain(
  options: PretrainingOptions,
  onEvent: (event: TrainingEvent) => void,
): Promise<void> {
  const workFolder = await mkdtemp(join(tmpdir(), 'prad-tiny-'));
  try {
    const model = await untrainedModel(options.folder, workFolder);
    const rows = Math.ceil(options.tokens / ROW_LENGTH);
    const run = fit(
      {
        model,
        examples: packedRows(model, TRAINING_SEED, rows),
        validation: packedRows(model, HELD_OUT_SEED, HELD_OUT_ROWS),
        plan: {
          trainable: { kind: 'full' },
          seed: TRAINING_SEED,
          workFolder,
          intraOpThreads: options.intraOpThreads,
          hyperparameters: {
            epochs: 1,
            batchSize: options.batchSize,
            learningRate: options.learningRate,
            warmupRatio: 0.03,
            weightDecay: 0.1,
            maxGradNorm: 1,
            maxLength: ROW_LENGTH,
            evaluationSteps: 500,
          },
        },
      },
      new AbortController().signal,
    );
    for await (const event of run) {
      onEvent(event);
      // Each checkpoint replaces the one before, so that a look at the model need not wait for the end.
      if (event.type === 'checkpoint' || event.type === 'finished')
        await writeAsFloat16(event.path, options.folder);
    }
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/** The architecture and tokenizer without weights: all of them are trained, so none is read. */
async function untrainedModel(folder: string, workFolder: string): Promise<BaseModel> {
  const json = async (name: string): Promise<JsonObject> =>
    JSON.parse(await readFile(join(folder, name), 'utf8')) as JsonObject;
  const tokenizerConfig = await json('tokenizer_config.json');
  await mkdir(workFolder, { recursive: true });
  return {
    ...architectureFor(await json('config.json')),
    folder: workFolder,
    name: 'prad-tiny',
    digest: '',
    tokenizer: Tokenizer.fromJson(await json('tokenizer.json'), tokenizerConfig),
    chatTemplate: ChatTemplate.fromConfig(tokenizerConfig),
    endTokens: new Set(),
    dataOf: (name) => {
      throw new AppError({ kind: 'bug', code: 'no_weights', message: `${name} is not stored yet` });
    },
  };
}

/** Rows of whole documents; everything but a row's first token is to be predicted. */
function packedRows({ tokenizer }: BaseModel, seed: number, count: number): TokenExample[] {
  function* encoded(): Generator<number[]> {
    for (const document of documents(seed)) yield tokenizer.encode(document, { addSpecialTokens: false });
  }
  const rows = packDocuments(encoded(), {
    rowLength: ROW_LENGTH,
    endToken: tokenizer.eosTokenId ?? 0,
    openRows: 64,
  });
  const examples: TokenExample[] = [];
  for (const { tokens, used } of rows) {
    examples.push({ tokens: [...tokens.subarray(0, used)], promptLength: 1 });
    if (examples.length === count) break;
  }
  return examples;
}

async function writeAsFloat16(path: string, folder: string): Promise<void> {
  const { tensors } = await decodeSafetensors(await readFile(path));
  const halves = new Map(
    [...tensors].map(([name, { shape, data }]) => [
      name,
      tensor('float16', shape, float32ToFloat16(data as Float32Array)),
    ]),
  );
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(halves, { format: 'pt' }));
}
