import type { JsonObject } from './json.js';

/** Scores of a base model, alone or with an adapter version, on one data file. */
export interface EvaluationResult {
  readonly id: string;
  readonly baseModel: string;
  readonly adapterVersionId: string | null;
  readonly fileId: string;
  readonly task: string | null;
  /** Metric name to value, for example `bleu`. */
  readonly scores: Readonly<Record<string, number>>;
  /** How the answers were generated. */
  readonly settings: JsonObject;
  /** Number of examples scored. */
  readonly rows: number;
  readonly createdAt: Date;
}

export type NewEvaluationResult = Omit<EvaluationResult, 'id' | 'createdAt'>;
