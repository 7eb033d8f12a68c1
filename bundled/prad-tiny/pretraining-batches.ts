import { documents } from '../world/documents.js';
import { packDocuments } from './pack-documents.js';

/** Seeds of the world's text: what the model learns from, and what its loss is measured on. */
export const TRAINING_SEED = 11;
export const HELD_OUT_SEED = 12;

export interface PretrainingPlan {
  readonly seed: number;
  /** Rows in a batch (B). */
  readonly batchSize: number;
  /** Tokens in a row (T). */
  readonly sequenceLength: number;
  /** Tokens in all, padding included; the last batch is the first to reach the number. */
  readonly tokens: number;
  /** Text to token ids; special tokens in the text are read as such, none are added. */
  readonly encode: (text: string) => readonly number[];
  readonly endToken: number;
}

/** A batch of packed rows, both arrays [B, T] in row-major order. */
export interface PretrainingBatch {
  readonly inputIds: Int32Array;
  /** 1 where a token is text or the end of a document, 0 on padding, whose prediction is not counted. */
  readonly textMask: Float32Array;
}

/** Batches of the world's text, the same for the same plan on every machine. */
export function* pretrainingBatches(plan: PretrainingPlan): Generator<PretrainingBatch> {
  const { batchSize, sequenceLength } = plan;
  const rows = packDocuments(encodeAll(plan), {
    rowLength: sequenceLength,
    endToken: plan.endToken,
    openRows: 64,
  });
  for (let done = 0; done < plan.tokens; done += batchSize * sequenceLength) {
    const inputIds = new Int32Array(batchSize * sequenceLength);
    const textMask = new Float32Array(batchSize * sequenceLength);
    for (let row = 0; row < batchSize; row++) {
      const next = rows.next();
      if (next.done === true) return;
      const from = row * sequenceLength;
      inputIds.set(next.value.tokens, from);
      textMask.fill(1, from, from + next.value.used);
    }
    yield { inputIds, textMask };
  }
}

function* encodeAll(plan: PretrainingPlan): Generator<readonly number[]> {
  for (const document of documents(plan.seed)) yield plan.encode(document);
}
