import type { JsonObject } from './json.js';

/** OpenAI's purposes that this system accepts or makes. */
export const filePurposes = ['fine-tune', 'fine-tune-results', 'evals'] as const;
export type FilePurpose = (typeof filePurposes)[number];

/** What files are uploaded as; they are kept as JSON lines. */
export const fileFormats = ['jsonl', 'csv', 'tsv', 'parquet'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** An uploaded data set whose bytes lie in the blob store. */
export interface DataFile {
  readonly id: string;
  readonly project: string;
  /** As it was uploaded. */
  readonly filename: string;
  readonly purpose: FilePurpose;
  /** What it was uploaded as. */
  readonly format: FileFormat;
  /** Of the JSON lines, as everything below. */
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Number of examples; null where the purpose has none. */
  readonly rows: number | null;
  /** What its rows were read as: a task's reference; null: prompts with completions, or conversations. */
  readonly task: JsonObject | null;
  readonly blobKey: string;
  readonly createdAt: Date;
}
