/** A training step that two implementations do alike; a JSON file between the processes. */
export interface StepTask {
  /** A folder that `importBaseModel` wrote, which transformers reads as well. */
  readonly modelFolder: string;
  readonly method: 'adapter' | 'lora';
  readonly options: Readonly<Record<string, unknown>>;
  readonly scope: 'prompt' | 'all';
  /** Rows of equal length. */
  readonly tokens: readonly (readonly number[])[];
  readonly promptLength: number;
  readonly learningRate: number;
  readonly totalSteps: number;
  readonly threads: number;
  /** A safetensors file of the start values, which our side writes and the other one reads. */
  readonly start: string;
}
