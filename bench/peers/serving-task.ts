/** Requests that two implementations answer alike; a JSON file between the processes. */
export interface ServingTask {
  /** A folder that `importBaseModel` wrote, which transformers reads as well. */
  readonly modelFolder: string;
  /** Folders in PEFT's layout by the adapters' names. */
  readonly adapters: Readonly<Record<string, string>>;
  /** Rows of equal length. */
  readonly prompts: readonly (readonly number[])[];
  /** The adapter of each row, by the name of such a mix. */
  readonly mixes: Readonly<Record<string, readonly string[]>>;
  readonly threads: number;
}

/** What either side answers to a command. */
export interface ServedBatch {
  readonly tokens: readonly (readonly number[])[];
  readonly seconds: number;
}
